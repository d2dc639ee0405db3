//! Recovery codes: who sees them, which ones count, and what they open (docs/rules.md §4.4).

use futures_util::future::join;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    portal::KEY,
    tables,
    vendors::{
        ID, INITIAL, PASSWORD, Phone, adds_another_app, finishes, gives_password, registered, registered_as,
        sets_up_app, signs_in,
    },
};

const RECOVERED: &str = "/account/security/authenticators?done=recovered";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn five_wrong_codes_in_15_minutes_lock_the_codes_and_a_recovery_code_still_lets_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);

    let again = portal.visitor();
    let answer = gives_password(&again, ID, PASSWORD).await;
    let page = again.follows(&answer).await;
    for _ in 0..5 {
        again.fills_in(&page, &[("code", "000000")]).await.is(422);
    }
    let locked = again.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    locked
        .is(429)
        .has_field_error("code", "Too many tries. Try again in 15 minutes. A recovery code still lets you in");
    let page = again.opens("/sign-in/recovery").await;
    again.fills_in(&page, &[("code", "2222-2222-2222-2222")]).await.is(422);
    again.fills_in(&page, &[("code", &codes[0].to_lowercase().replace('-', " "))]).await.leads_to(RECOVERED);
    let thief = portal.visitor();
    gives_password(&thief, ID, PASSWORD).await.is(303);
    let page = thief.opens("/sign-in/recovery").await;
    thief.fills_in(&page, &[("code", &codes[0])]).await.is(422);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads_all().into_iter().map(|mail| mail.subject().to_owned()).collect();
    assert!(subjects.contains(&"Somebody gave too many wrong TechPass codes".to_owned()), "{subjects:?}");
    assert!(subjects.contains(&"A recovery code of your TechPass was used".to_owned()), "{subjects:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn recovery_codes_are_shown_to_nobody_else_who_signs_in_at_the_same_browser(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let (shared, elsewhere) = (portal.visitor(), portal.visitor());
    let answer = gives_password(&elsewhere, "ben", INITIAL).await;
    let page = elsewhere.follows(&answer).await;
    let bens = Phone::reads(&page);
    elsewhere.fills_in(&page, &[("code", &bens.shows(&portal))]).await.leads_to("/activate/recovery-codes");
    let answer = gives_password(&shared, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &shared, &answer).await;
    let anas = shared.follows(&answer).await.texts(".codes code");
    assert_eq!(anas.len(), 10);
    portal.waits(Duration::MINUTE);
    let answer = gives_password(&shared, "ben", INITIAL).await;
    let page = shared.follows(&answer).await;
    let answer = shared.fills_in(&page, &[("code", &bens.shows(&portal))]).await;
    answer.leads_to("/activate/recovery-codes");
    let page = shared.follows(&answer).await;
    page.says("Your codes were shown in another browser");
    assert!(anas.iter().all(|code| !page.body.contains(code.as_str())));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn codes_that_no_longer_work_cannot_be_kept(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let (first, second) = (portal.visitor(), portal.visitor());
    let answer = gives_password(&first, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &first, &answer).await;
    let dead = first.follows(&answer).await;
    portal.waits(Duration::MINUTE);
    let answer = gives_password(&second, ID, INITIAL).await;
    let page = second.follows(&answer).await;
    let answer = second.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    second.fills_in(&second.follows(&answer).await, &[]).await.leads_to("/activate/recovery-codes");
    first.fills_in(&dead, &[]).await.leads_to("/activate/recovery-codes");
    first.opens("/activate/recovery-codes").await.says("Your codes were shown in another browser");
    let alive = second.opens("/activate/recovery-codes").await;
    second.fills_in(&alive, &[]).await.leads_to("/activate/phone");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_clicks_on_get_new_codes_make_them_once_and_show_those_that_work(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let elsewhere = portal.visitor();
    let answer = gives_password(&elsewhere, ID, INITIAL).await;
    let (phone, _) = sets_up_app(&portal, &elsewhere, &answer).await;
    portal.waits(Duration::MINUTE);
    let ana = portal.visitor();
    let page = ana.follows(&gives_password(&ana, ID, INITIAL).await).await;
    let answer = ana.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    let page = ana.follows(&answer).await;
    page.says("Your codes were shown in another browser").has_button("Get new codes");
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let clicks = join(ana.fills_in(&page, &[]), ana.fills_in(&page, &[]));
    let (answers, ()) = join(clicks, async {
        tables::are_waiting(&database, 2).await;
        holding.rollback().await.expect("an end");
    })
    .await;
    for answer in [answers.0, answers.1] {
        answer.leads_to("/activate/recovery-codes");
    }
    // And one more, on the page that stayed open.
    portal.waits(Duration::SECOND);
    ana.fills_in(&page, &[("new", "yes")]).await.is(303);
    let made = "select count(*) from audit where event = 'recovery_codes_made'";
    assert_eq!(tables::count(&database, made).await, 1);
    let shown = ana.opens("/activate/recovery-codes").await;
    ana.fills_in(shown.has_button("I have kept them"), &[]).await.leads_to("/activate/phone");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn recovery_codes_and_authenticators_outlive_a_change_of_the_secret_key(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);
    let settings = [("SECRET_KEY", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc="), ("SECRET_KEY_PREVIOUS", KEY)];
    let rotated = portal.copy(1, &settings).await;
    let by_app = rotated.visitor();
    let page = by_app.follows(&gives_password(&by_app, ID, PASSWORD).await).await;
    by_app.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    let by_code = rotated.visitor();
    gives_password(&by_code, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    let page = by_code.opens("/sign-in/recovery").await;
    by_code.fills_in(&page, &[("code", &codes[3])]).await.leads_to(RECOVERED);
    rotated.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_last_recovery_code_is_enough_to_log_in_and_set_up_a_new_phone(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);
    let keep = "delete from recovery_codes where ctid <> (select max(ctid) from recovery_codes)";
    sqlx::query(keep).execute(&database).await.expect("one code left");

    let with_new_phone = portal.visitor();
    let mut led_to = String::new();
    for code in codes {
        gives_password(&with_new_phone, ID, PASSWORD).await.is(303);
        let page = with_new_phone.opens("/sign-in/recovery").await;
        let answer = with_new_phone.fills_in(&page, &[("code", &code)]).await;
        if let Some(address) = answer.location() {
            address.clone_into(&mut led_to);
            break;
        }
    }
    assert_eq!(led_to, RECOVERED);
    with_new_phone.opens(&led_to).await.is(200).says("You are logged in with a recovery code");
    let new = adds_another_app(&portal, &with_new_phone).await;
    let list = with_new_phone.opens("/account/security/authenticators").await;
    let old = list.links().into_iter().find(|link| link.ends_with("/remove")).expect("a link");
    let page = with_new_phone.opens(&old).await;
    with_new_phone.fills_in(&page, &[]).await.is(303);
    signs_in(&portal, ID, &new).await;
    portal.waits(Duration::minutes(10));
    with_new_phone
        .opens("/account/security/authenticators/new")
        .await
        .leads_to("/account/security/confirm?next=%2Faccount%2Fsecurity%2Fauthenticators%2Fnew");
    portal.delivers().await;
    portal.mail.reads_all();
}
