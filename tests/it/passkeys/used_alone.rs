//! Signing in with a passkey and nothing else.

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal, officers,
    passkeys::{Device, adds, asks, confirms, has_one, options, sends, signs_in_with},
    tables,
    vendors::{self, ADDRESS, active},
};

const FORM: &str = "/sign-in/passkey";
const LATE: &str = "This took too long, or it was sent twice. Try again";
const UNKNOWN: &str = "We do not know this passkey. Perhaps it was removed. Log in another way";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_alone_stands_for_password_and_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    confirms(&portal, ADDRESS).await;
    let mut device = adds(&portal, &ana).await;
    let elsewhere = portal.visitor();
    signs_in_with(&elsewhere, &mut device).await.leads_to("/account");
    elsewhere.opens("/account").await.is(200).says("Ana Limbang");
    let wanting = portal.visitor();
    let page = wanting.opens("/sign-in?next=/account/security").await;
    let credential = device.uses(&options(&asks(&wanting, &page, FORM).await)).await;
    sends(&wanting, &page, FORM, &credential).await.leads_to("/account/security");
    let by_passkey =
        "select count(*) from audit where event in ('sign_in_begun', 'factor_proven') and details->>'by' = 'passkey'";
    assert_eq!(tables::count(&database, by_passkey).await, 4);
    confirms(&portal, ADDRESS).await;
    ana.opens("/account/security/passkeys").await.says("last used 22 Nov 2026, 7:08 pm");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_the_browser_is_asked_tells_nothing_about_who_has_an_account(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    has_one(&portal, ADDRESS).await;
    let stranger = portal.visitor();
    let page = stranger.opens("/sign-in").await;
    let question = options(&asks(&stranger, &page, FORM).await);
    assert_eq!(question["allowCredentials"], serde_json::json!([]));
    assert_eq!(
        (question["rpId"].as_str(), question["userVerification"].as_str()),
        (Some("localhost"), Some("required"))
    );
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_that_is_unknown_or_was_removed_is_told_so(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    sqlx::query("delete from passkeys").execute(&database).await.expect("none");
    signs_in_with(&portal.visitor(), &mut device).await.is(422).has_field_error("passkey", UNKNOWN);
    // And so is one that says it is somebody else's.
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    vendors::registered_as(&portal, "ben", "ben@vendor.example").await;
    sqlx::query("update passkeys set account_id = (select id from accounts where username = 'ben')")
        .execute(&database)
        .await
        .expect("an update");
    signs_in_with(&portal.visitor(), &mut device).await.is(422).has_field_error("passkey", UNKNOWN);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_counts_once_within_five_minutes_and_in_the_browser_that_was_asked(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-in").await;
    let question = options(&asks(&visitor, &page, FORM).await);
    let late = device.uses(&question).await;
    portal.waits(Duration::minutes(5));
    sends(&visitor, &page, FORM, &late).await.is(422).has_field_error("passkey", LATE);

    let question = options(&asks(&visitor, &page, FORM).await);
    let credential = device.uses(&question).await;
    let thief = portal.visitor();
    let other_page = thief.opens("/sign-in").await;
    asks(&thief, &other_page, FORM).await.is(200);
    sends(&thief, &other_page, FORM, &credential).await.is(422).has_field_error("passkey", LATE);
    sends(&visitor, &page, FORM, &credential).await.leads_to("/account");
    sends(&visitor, &page, FORM, &credential).await.is(422).has_field_error("passkey", LATE);
    visitor.opens("/account").await.is(200);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_counts_once_however_often_it_is_sent_at_once_on_two_copies(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    // A passkey that is kept in many places does not count how often it is used.
    device.stops_counting();
    sqlx::query("update passkeys set credential = jsonb_set(credential, '{cred,counter}', '0')")
        .execute(&database)
        .await
        .expect("an update");
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-in").await;
    let credential = device.uses(&options(&asks(&visitor, &page, FORM).await)).await;
    let answers = join_all((0..20).map(|_| sends(&visitor, &page, FORM, &credential))).await;
    let let_in = answers.iter().filter(|answer| answer.location() == Some("/account")).count();
    assert_eq!(let_in, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_question_of_another_purpose_is_not_answered_by_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let visitor = portal.visitor();
    let answer = vendors::gives_password(&visitor, vendors::ID, vendors::PASSWORD).await;
    let at_code = visitor.follows(&answer).await;
    let credential = device.uses(&options(&asks(&visitor, &at_code, "/sign-in/mfa/passkey").await)).await;
    let page = visitor.opens("/sign-in").await;
    sends(&visitor, &page, FORM, &credential).await.is(422).has_field_error("passkey", LATE);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_counter_that_goes_back_is_refused_and_the_owner_is_told(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    signs_in_with(&portal.visitor(), &mut device).await.leads_to("/account");
    signs_in_with(&portal.visitor(), &mut device).await.leads_to("/account");
    device.counts_back(2);
    let message = "We cannot take this passkey: there may be a copy of it. Log in another way, and remove it";
    signs_in_with(&portal.visitor(), &mut device).await.is(422).has_field_error("passkey", message);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    mails[0].has_subject("A passkey of your TechPass may have been copied").says("We let nobody in with it.");
    let trail = "select count(*) from audit where event = 'sign_in_failed' and details->>'because' = 'passkey counter'";
    assert_eq!(tables::count(&database, trail).await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_device_that_did_not_check_who_holds_it_lets_nobody_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-in").await;
    let mut question = options(&asks(&visitor, &page, FORM).await);
    question["userVerification"] = "discouraged".into();
    let credential = device.uses(&question).await;
    let message = "Your device did not check that it is you. Try again, and unlock it when it asks you to";
    sends(&visitor, &page, FORM, &credential).await.is(422).has_field_error("passkey", message);
    visitor.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn how_an_account_stands_is_told_to_whoever_has_its_passkey(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    tables::set_status(&database, ADDRESS, "disabled").await;
    let page = signs_in_with(&portal.visitor(), &mut device).await;
    page.is(403).titled("Your TechPass is disabled").links_to("/help");
    tables::set_status(&database, ADDRESS, "terminated").await;
    signs_in_with(&portal.visitor(), &mut device).await.is(403).titled("Your TechPass has ended");
    tables::set_status(&database, ADDRESS, "pending").await;
    portal.waits(Duration::days(30));
    signs_in_with(&portal.visitor(), &mut device).await.is(403).titled("Your TechPass has ended");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_pending_account_goes_on_at_its_step(database: PgPool) {
    let portal = Portal::on(&database).await;
    vendors::registered(&portal).await;
    let ana = portal.visitor();
    let answer = vendors::gives_password(&ana, vendors::ID, vendors::INITIAL).await;
    vendors::walks_to("/activate/phone", &portal, &ana, answer).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    portal.waits(Duration::days(4));
    let elsewhere = portal.visitor();
    signs_in_with(&elsewhere, &mut device).await.leads_to("/activate/phone");
    elsewhere.opens("/account").await.leads_to("/activate/phone");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_logs_in_at_an_agency_is_never_let_in_by_a_passkey_alone(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, "mei@tech.gov.sg").await;
    confirms(&portal, "mei@tech.gov.sg").await;
    let mut device = adds(&portal, &mei).await;
    let visitor = portal.visitor();
    let page = signs_in_with(&visitor, &mut device).await;
    let message = "You log in at your agency, and this passkey is for the step after it. Enter your e-mail address as your TechPass ID";
    page.is(422).has_field_error("passkey", message);
    visitor.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wrong_signature_reads_like_an_unknown_passkey(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let (mut other, _) = has_one(&portal, ADDRESS).await;
    gives_the_signature_of(&mut other, &portal, &mut device).await;
    assert_eq!(tables::count(&database, WRONG).await, 1);
}

const WRONG: &str = "select count(*) from audit where event = 'sign_in_failed' and details->>'because' = 'passkey'";

/// Uses a passkey in a new browser, with the signature of another one.
async fn gives_the_signature_of(other: &mut Device, portal: &Portal, device: &mut Device) {
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-in").await;
    let question = options(&asks(&visitor, &page, FORM).await);
    let mut answer: serde_json::Value = serde_json::from_str(&device.uses(&question).await).expect("JSON");
    let others: serde_json::Value = serde_json::from_str(&other.uses(&question).await).expect("JSON");
    answer["response"]["signature"] = others["response"]["signature"].clone();
    sends(&visitor, &page, FORM, &answer.to_string()).await.is(422).has_field_error("passkey", UNKNOWN);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn wrong_answers_fill_nobody_s_trail_and_hide_no_copy(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let (mut other, _) = has_one(&portal, ADDRESS).await;
    signs_in_with(&portal.visitor(), &mut device).await.leads_to("/account");
    for _ in 0..12 {
        gives_the_signature_of(&mut other, &portal, &mut device).await;
    }
    assert_eq!(tables::count(&database, WRONG).await, 10);
    signs_in_with(&portal.visitor(), &mut device).await.leads_to("/account");
    for _ in 0..7 {
        device.counts_back(1);
        signs_in_with(&portal.visitor(), &mut device).await.is(422);
    }
    let copies =
        "select count(*) from audit where event = 'sign_in_failed' and details->>'because' = 'passkey counter'";
    assert_eq!(tables::count(&database, copies).await, 5);
    portal.waits(Duration::HOUR);
    gives_the_signature_of(&mut other, &portal, &mut device).await;
    assert_eq!(tables::count(&database, WRONG).await, 11);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS).into_iter();
    assert_eq!(mails.filter(|mail| mail.subject() == "A passkey of your TechPass may have been copied").count(), 5);
}
