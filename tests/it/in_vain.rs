//! What was tried in vain stands in the audit trail, and so does, once, that there were too many tries (docs/rules.md §4.2b).

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    vendors::{
        ADDRESS, ID, INITIAL, PASSWORD, Phone, active, confirms_on_the_way_to, gives_password, latest_code_to,
        registered, sms_code, walks_to,
    },
};

const LOCK: &str = "Too many codes: for a while no more were looked at or sent";

/// What is written down about events of a kind. Whoever tried in vain is nobody that we know.
async fn noted(portal: &Portal, event: &str) -> Vec<Value> {
    let query = "select details from audit where event = $1 and actor is null order by details::text";
    sqlx::query_scalar(query).bind(event).fetch_all(&portal.database).await.expect("entries")
}

/// Goes to a step of the activation; gives the page.
async fn is_at(step: &str, portal: &Portal) -> (Visitor, Page) {
    registered(portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let page = ana.follows(&walks_to(step, portal, &ana, answer).await).await;
    (ana, page)
}

fn another_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wrong_code_by_sms_is_written_down_as_often_as_it_is_looked_at_and_never_the_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, page) = is_at("/activate/phone", &portal).await;
    let page = ana.follows(&ana.fills_in(&page, &[]).await).await;
    let wrong = another_than(&sms_code(&portal).await);
    ana.fills_in(&page, &[("code", "")]).await.is(422);
    for _ in 0..7 {
        ana.fills_in(&page, &[("code", wrong)]).await.is(422);
    }
    assert_eq!(
        noted(&portal, "code_wrong").await,
        vec![json!({"of": "phone"}); 5],
        "the code is dead after five tries"
    );
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wrong_code_for_a_new_number_is_written_down_and_the_owner_sees_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = ana.opens("/account/edit").await;
    ana.fills_in(&page, &[("mobile", "8123 4567")]).await.is(303);
    let page = confirms_on_the_way_to("/account/edit/mobile", &portal, &ana, &phone).await;
    let page = ana.follows(&ana.fills_in(&page, &[]).await).await;
    let code = latest_code_to(&portal, "+6581234567").await;
    ana.fills_in(&page, &[("code", another_than(&code))]).await.is(422);
    assert_eq!(noted(&portal, "code_wrong").await, [json!({"of": "phone"})]);
    ana.opens("/account/security").await.says("A code that was not right");
    ana.opens("/account/security/not-me").await.does_not_say("A code that was not right");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn too_many_codes_by_sms_are_written_down_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, page) = is_at("/activate/phone", &portal).await;
    let number = page.form();
    for _ in 0..5 {
        ana.posts(&number.action, &number.fields).await.is(303);
        portal.waits(Duration::MINUTE);
    }
    for _ in 0..2 {
        ana.posts(&number.action, &number.fields).await.is(429);
    }
    assert_eq!(noted(&portal, "codes_locked").await, [json!({"tried": "sms"})]);
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn wrong_first_codes_of_an_app_are_written_down_and_too_many_of_them_are_told_to_the_owner(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, page) = is_at("/activate/mfa", &portal).await;
    let right = Phone::reads(&page).shows(&portal);
    for _ in 0..5 {
        ana.fills_in(&page, &[("code", another_than(&right))]).await.is(422);
    }
    for _ in 0..2 {
        ana.fills_in(&page, &[("code", &right)]).await.is(429);
    }
    assert_eq!(noted(&portal, "code_wrong").await, vec![json!({"of": "new authenticator"}); 5]);
    assert_eq!(noted(&portal, "codes_locked").await, [json!({"tried": "totp"})]);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects, ["Somebody gave too many wrong TechPass codes"]);
    portal.waits(Duration::minutes(15));
    ana.fills_in(&page, &[("code", &Phone::reads(&page).shows(&portal))]).await.leads_to("/activate/recovery-codes");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wrong_first_code_of_one_more_app_is_written_down(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = confirms_on_the_way_to("/account/security/authenticators/new", &portal, &ana, &phone).await;
    let right = Phone::reads(&page).shows(&portal);
    ana.fills_in(&page, &[("code", another_than(&right))]).await.is(422);
    ana.fills_in(&page, &[("code", "")]).await.is(422);
    assert_eq!(noted(&portal, "code_wrong").await, [json!({"of": "new authenticator"})]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_lock_is_written_down_once_and_the_owner_sees_it_without_being_asked_about_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let thief = portal.visitor();
    let page = thief.follows(&gives_password(&thief, ID, PASSWORD).await).await;
    for _ in 0..7 {
        thief.fills_in(&page, &[("code", "000000")]).await;
    }
    portal.waits(Duration::SECOND);
    let page = thief.opens("/sign-in/recovery").await;
    for _ in 0..12 {
        thief.fills_in(&page, &[("code", "ABCD-2345-EFGH-6789")]).await;
    }
    ana.opens("/account/security").await.says(LOCK).says("A sign-in that failed");
    portal.waits(Duration::SECOND);
    for _ in 0..12 {
        gives_password(&portal.visitor(), ID, "not it").await;
    }
    assert_eq!(noted(&portal, "codes_locked").await, [json!({"tried": "recovery"}), json!({"tried": "totp"})]);
    assert_eq!(noted(&portal, "password_locked").await, [json!({"tried": "password"})]);
    assert_eq!(noted(&portal, "sign_in_failed").await.len(), 5 + 10 + 10);
    ana.opens("/account/security").await.says("Too many wrong passwords: for a while no more were looked at");
    ana.opens("/account/security/not-me").await.does_not_say(LOCK).does_not_say("Too many wrong passwords");
    portal.delivers().await;
    assert_eq!(portal.mail.reads_all().len(), 3, "one for each lock");
}
