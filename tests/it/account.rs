//! Looking after how one signs in: the password, the recovery codes, and that one has looked through it all (docs/rules.md §4.18,
//! §4.19, §7.13).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor, officers, tables,
    vendors::{self, ADDRESS, ID, PASSWORD, active, confirms_on_the_way_to, gives_password},
};

const ADDRESS_OF_PASSWORD: &str = "/account/security/password";
const CODES: &str = "/account/security/recovery-codes";
const CHANGED: &str = "/account/security?done=password";
const NEW: &str = "quantum ferry under saffron";

async fn changes(visitor: &Visitor, current: &str, new: &str, repeat: &str) -> Page {
    let page = visitor.opens(ADDRESS_OF_PASSWORD).await;
    let fields = [("current_password", current), ("new_password", new), ("repeat_password", repeat)];
    visitor.fills_in(&page, &fields).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_password_takes_the_place_of_the_old_one_and_ends_every_other_session(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let elsewhere = vendors::signs_in(&portal, ID, &phone).await;
    ana.opens(ADDRESS_OF_PASSWORD).await.is(200).says("You chose the one of now on 22 Nov 2026");
    let answer = changes(&ana, PASSWORD, NEW, NEW).await;
    answer.leads_to(CHANGED);
    ana.follows(&answer).await.is(200).says("Your password is changed").says("The password was changed");
    elsewhere.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(422);
    gives_password(&portal.visitor(), ID, NEW).await.leads_to("/sign-in/mfa");
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS)[0].subject(), "Your TechPass password was changed");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_for_a_new_password_that_was_open_is_dead_afterwards(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let form = portal.visitor();
    let page = form.opens("/sign-in/forgotten").await;
    form.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let link = portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/");
    form.opens(&link).await.is(200);
    changes(&ana, PASSWORD, NEW, NEW).await.leads_to(CHANGED);
    form.opens(&link).await.is(410).has_no_form();
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_wrong_with_it_is_told_beside_each_field_and_no_password_comes_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let not_same = "The two passwords are not the same. Type the new one again";
    let same = "Choose another password than the one that you have";
    let name = "Leave out your name and your TechPass ID: they are the first thing that others try";
    for (current, new, repeat, field, message) in [
        ("", NEW, NEW, "current_password", "Enter the password that you log in with now"),
        ("not it", NEW, NEW, "current_password", "This is not the password that you log in with now"),
        (PASSWORD, NEW, "another", "repeat_password", not_same),
        (PASSWORD, PASSWORD, PASSWORD, "new_password", same),
        (PASSWORD, "wobbly limbang moon 7", "wobbly limbang moon 7", "new_password", name),
    ] {
        let refused = changes(&ana, current, new, repeat).await;
        refused.is(422).has_field_error(field, message);
        assert!(!refused.body.contains(NEW) && !refused.body.contains(PASSWORD), "{field}");
    }
    gives_password(&portal.visitor(), ID, PASSWORD).await.leads_to("/sign-in/mfa");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn guessing_the_password_of_now_goes_cold_with_the_tries_of_signing_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    for _ in 0..10 {
        changes(&ana, "not it", NEW, NEW).await.is(422);
    }
    let locked = changes(&ana, PASSWORD, NEW, NEW).await;
    locked.is(429).has_field_error("current_password", "Too many tries. Try again in 60 minutes");
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(429);
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS)[0].subject(), "Somebody gave too many wrong TechPass passwords");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_second_click_changes_the_password_once_and_is_answered_alike(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    for answer in join_all((0..3).map(|_| changes(&ana, PASSWORD, NEW, NEW))).await {
        answer.leads_to(CHANGED);
    }
    changes(&ana, PASSWORD, NEW, NEW).await.leads_to(CHANGED);
    ana.opens("/account").await.is(200);
    // Later it is no second click any more.
    portal.waits(Duration::MINUTE);
    changes(&ana, PASSWORD, NEW, NEW).await.is(422);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_who_signs_in_at_the_agency_sees_only_what_applies(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, "mei@tech.gov.sg").await;
    let hub = mei.opens("/account/security").await;
    hub.is(200).says("At your agency").does_not_say("Recovery codes").does_not_say("Authenticator apps");
    for address in
        [ADDRESS_OF_PASSWORD, CODES, "/account/security/recovery-codes/download", "/account/security/authenticators"]
    {
        mei.opens(address).await.is(404);
    }
    let csrf = hub.form().fields;
    for address in [ADDRESS_OF_PASSWORD, CODES] {
        mei.posts(address, &csrf).await.is(404);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn ten_new_recovery_codes_take_the_place_of_the_old_ones_and_are_shown_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    vendors::registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, vendors::INITIAL).await;
    let (phone, answer) = vendors::sets_up_app(&portal, &ana, &answer).await;
    let old = ana.follows(&answer).await.texts(".codes code");
    vendors::finishes(&portal, &ana, answer).await.is(200);
    ana.opens("/account/security").await.says("10 of 10 left");

    let page = confirms_on_the_way_to(CODES, &portal, &ana, &phone).await;
    page.is(200).headed("Recovery codes").says("You have 10 of 10 left");
    ana.fills_in(&page, &[]).await.leads_to(CODES);
    let shown = ana.opens(CODES).await;
    let new = shown.headed("Keep your recovery codes").texts(".codes code");
    assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)), "{new:?}");
    assert_eq!(ana.opens(CODES).await.texts(".codes code"), new, "a reload shows the same");
    let file = ana.opens("/account/security/recovery-codes/download").await;
    assert!(file.is(200).header("content-disposition").is_some_and(|header| header.contains("attachment")));
    assert!(new.iter().all(|code| file.body.contains(code.as_str())), "{}", file.body);
    ana.opens("/account/security").await.says("You have not told us that you kept them");
    ana.fills_in(&shown, &[]).await.leads_to("/account/security?done=codes");
    ana.opens("/account/security").await.says("10 of 10 left").does_not_say("You have not told us");
    ana.opens(CODES).await.headed("Recovery codes");
    ana.opens("/account/security/recovery-codes/download").await.is(404);

    for (code, is_good) in [(&old[0], false), (&new[0], true), (&new[0], false)] {
        let thief = portal.visitor();
        gives_password(&thief, ID, PASSWORD).await.leads_to("/sign-in/mfa");
        let page = thief.opens("/sign-in/recovery").await;
        let status = thief.fills_in(&page, &[("code", code)]).await.status;
        assert_eq!(status == 303, is_good, "{code}");
    }
    ana.opens("/account/security").await.says("9 of 10 left");
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject().to_owned()).collect();
    assert!(subjects.contains(&"New recovery codes were made for your TechPass".to_owned()), "{subjects:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_second_click_and_a_second_tab_make_recovery_codes_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = confirms_on_the_way_to(CODES, &portal, &ana, &phone).await;
    for answer in join_all((0..4).map(|_| ana.fills_in(&page, &[]))).await {
        answer.leads_to(CODES);
    }
    let codes = ana.opens(CODES).await.texts(".codes code");
    ana.fills_in(&page, &[]).await.leads_to(CODES);
    assert_eq!(ana.opens(CODES).await.texts(".codes code"), codes);
    let made = "select count(*) from audit where event = 'recovery_codes_made'";
    assert_eq!(tables::count(&database, made).await, 1);
    // What is shown is what works.
    let thief = portal.visitor();
    gives_password(&thief, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    let recovery = thief.opens("/sign-in/recovery").await;
    thief.fills_in(&recovery, &[("code", &codes[9])]).await.leads_to("/activate/recovery-codes");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn codes_are_kept_even_if_writing_them_down_takes_longer_than_a_confirmation_counts(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = confirms_on_the_way_to(CODES, &portal, &ana, &phone).await;
    ana.fills_in(&page, &[]).await.leads_to(CODES);
    portal.waits(Duration::minutes(11));
    let shown = ana.opens(CODES).await;
    ana.fills_in(&shown, &[]).await.leads_to("/account/security?done=codes");
    // Making more asks anew.
    ana.opens(CODES).await.leads_to("/account/security/confirm?next=%2Faccount%2Fsecurity%2Frecovery-codes");
    ana.fills_in(&page, &[]).await.leads_to("/account/security/confirm?next=%2Faccount%2Fsecurity%2Frecovery-codes");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_looked_through_it_is_asked_again_after_180_days(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, "mei@tech.gov.sg").await;
    mei.opens("/account/security").await.says("We ask you to by 21 May 2027");
    portal.waits(Duration::hours(10));
    let review = mei.opens("/account/security").await.form_to("/account/security/review");
    for answer in join_all((0..3).map(|_| mei.posts(&review.action, &review.fields))).await {
        answer.leads_to("/account/security?done=review");
    }
    mei.opens("/account/security?done=review").await.says("Thank you for looking").says("You last did on 23 Nov 2026");
    mei.opens("/account").await.says("22 May 2027, 5:07 am");
    let reviews = "select count(*) from audit where event = 'security_reviewed'";
    assert_eq!(tables::count(&database, reviews).await, 1);
}

/// What the script of the page shows for a password.
async fn strength(visitor: &Visitor, page: &Page, password: &str, link: &str) -> (u16, serde_json::Value) {
    let csrf = page.form().fields.into_iter().find(|(name, _)| name == "csrf").expect("a token");
    let fields = [csrf, ("new_password".to_owned(), password.to_owned()), ("link".to_owned(), link.to_owned())];
    let answer = visitor.posts("/password-strength", &fields).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_meter_says_what_will_be_said_when_the_form_is_sent(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let page = ana.opens(ADDRESS_OF_PASSWORD).await;
    let before = tables::dump(&database).await;
    let long = "y".repeat(257);
    for new in ["short", "wobbly limbang moon 7", "password1234", "aaaaaaaaaaaa", "Singapore2026", long.as_str()] {
        let (status, said) = strength(&ana, &page, new, "").await;
        assert!(status == 200 && said["strength"].as_u64().is_some_and(|strength| strength < 3), "{new}: {said}");
        let says = said["says"].as_str().expect("a sentence").to_owned();
        // Without the password of now nothing is tried, and the same is said.
        changes(&ana, "", new, new).await.is(422).has_field_error("new_password", &says);
    }
    let (_, said) = strength(&ana, &page, NEW, "").await;
    assert_eq!(
        (said["strength"].as_u64(), said["says"].as_str()),
        (Some(4), Some("Very strong: nobody guesses this password"))
    );
    assert_eq!(tables::dump(&database).await, before, "nothing is kept");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_meter_knows_the_names_of_whoever_a_link_is_for_and_tells_strangers_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    vendors::registered(&portal).await;
    let ana = portal.visitor();
    let asked = ana.opens("/sign-in/forgotten").await;
    ana.fills_in(&asked, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let link = portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let token = link.replace("/sign-in/forgotten/", "");
    assert!(page.body.contains(&format!("data-link=\"{token}\"")));
    let (status, said) = strength(&ana, &page, "wobbly limbang moon 7", &token).await;
    assert!(
        status == 200 && said["says"].as_str().is_some_and(|says| says.starts_with("Leave out your name")),
        "{said}"
    );
    for link in ["", "never-was"] {
        assert_eq!(strength(&ana, &page, NEW, link).await.0, 404, "{link:?}");
    }
    portal.waits(Duration::HOUR);
    assert_eq!(strength(&ana, &page, NEW, &token).await.0, 404, "a dead link");
}
