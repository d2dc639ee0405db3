//! A passkey as the second factor, beside the code or without one.

use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    officers::{accepts, accepts_terms, invited, signs_in},
    passkeys::{adds, asks, confirms, has_one, options, sends},
    provider::Persona,
    tables,
    vendors::{self, ADDRESS, ID, PASSWORD, active, gives_password, registered_as, sets_up_app},
};

const FORM: &str = "/sign-in/mfa/passkey";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_will_do_in_the_place_of_a_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    let page = ana.follows(&answer).await;
    page.is(200).titled("Enter the code from your app").has_button("Use a passkey");
    assert_eq!(page.form().action, "/sign-in/mfa", "the code comes first");
    let question = options(&asks(&ana, &page, FORM).await);
    assert_eq!(question["allowCredentials"].as_array().map(Vec::len), Some(1));
    let credential = device.uses(&question).await;
    sends(&ana, &page, FORM, &credential).await.leads_to("/account");
    let proven = "select count(*) from audit where event = 'factor_proven' and details->>'by' = 'passkey'";
    assert_eq!(tables::count(&database, proven).await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_passkeys_only_is_asked_for_one_and_has_the_recovery_codes_besides(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    sqlx::query("delete from authenticators").execute(&database).await.expect("no app");
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    answer.leads_to("/sign-in/mfa");
    let page = ana.follows(&answer).await;
    page.is(200).titled("Use your passkey").links_to("/sign-in/recovery");
    assert_eq!(page.form().action, FORM);
    let credential = device.uses(&options(&asks(&ana, &page, FORM).await)).await;
    sends(&ana, &page, FORM, &credential).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn somebody_else_s_passkey_is_no_second_factor(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    has_one(&portal, ADDRESS).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let (mut bens, _) = has_one(&portal, "ben@vendor.example").await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    let page = ana.follows(&answer).await;
    let mut question = options(&asks(&ana, &page, FORM).await);
    question["allowCredentials"] = serde_json::json!([]);
    let credential = bens.uses(&question).await;
    let message = "We do not know this passkey. Perhaps it was removed. Log in another way";
    sends(&ana, &page, FORM, &credential).await.is(422).has_field_error("passkey", message);
    ana.opens("/account").await.leads_to("/sign-in/mfa");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_passkey_answers_for_nobody_who_has_signed_in_at_this_browser_meanwhile(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let ben = portal.visitor();
    let answer = gives_password(&ben, "ben", vendors::INITIAL).await;
    sets_up_app(&portal, &ben, &answer).await;
    has_one(&portal, "ben@vendor.example").await;
    let shared = portal.visitor();
    let answer = gives_password(&shared, ID, PASSWORD).await;
    let anas = shared.follows(&answer).await;
    let credential = device.uses(&options(&asks(&shared, &anas, FORM).await)).await;
    let answer = gives_password(&shared, "ben", vendors::INITIAL).await;
    let page = shared.follows(&answer).await;
    let message = "This took too long, or it was sent twice. Try again";
    sends(&shared, &page, FORM, &credential).await.is(422).has_field_error("passkey", message);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_s_passkey_is_a_second_factor_where_the_provider_vouches_for_none(database: PgPool) {
    let portal = Portal::on(&database).await;
    let email = "mei@tech.gov.sg";
    let link = invited(&portal, email).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(email)).await;
    accepts_terms(&mei, arrived).await.leads_to("/activate/done");
    // Her provider vouches for a second factor: a passkey would be asked for nowhere.
    mei.opens("/activate/done").await.does_not_link_to("/account/security/passkeys").does_not_say("passkey");
    confirms(&portal, email).await;
    let mut device = adds(&portal, &mei).await;
    portal.waits(Duration::MINUTE);
    let elsewhere = portal.visitor();
    let answer = signs_in(&elsewhere, &portal, &Persona::of(email).with("amr", vec!["pwd"])).await;
    answer.leads_to("/sign-in/mfa");
    let page = elsewhere.follows(&answer).await;
    let credential = device.uses(&options(&asks(&elsewhere, &page, FORM).await)).await;
    let answer = sends(&elsewhere, &page, FORM, &credential).await;
    answer.leads_to("/activate/recovery-codes");
    let page = elsewhere.follows(&answer).await;
    page.says("You have no recovery codes yet");
    let answer = elsewhere.fills_in(&page, &[]).await;
    let page = elsewhere.follows(&answer).await;
    assert_eq!(page.texts(".codes code").len(), 10);
    elsewhere.fills_in(&page, &[]).await.leads_to("/account");

    // Where the provider vouched for a factor, none is needed here; where it did not, the last one stays.
    confirms(&portal, email).await;
    let links = mei.opens("/account/security/passkeys").await.links();
    let remove = links.iter().find(|link| link.ends_with("/remove")).expect("a link");
    elsewhere.opens(remove).await.has_no_form().says("Add another passkey or an authenticator app first");
    let page = mei.opens(remove).await;
    mei.fills_in(&page, &[]).await.leads_to("/account/security/passkeys?done=removed");
    mei.opens("/account/security/passkeys").await.says("You have no passkey yet");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_last_page_offers_a_passkey_to_whom_it_helps_and_says_what_it_does_for_them(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let page = ana.opens("/activate/done").await;
    page.links_to("/account/security/passkeys")
        .says("With a passkey you log in by fingerprint, face or PIN, without a code");
    let email = "mei@tech.gov.sg";
    let link = invited(&portal, email).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(email).with("amr", vec!["pwd"])).await;
    let (_, answer) = sets_up_app(&portal, &mei, &arrived).await;
    let answer = mei.fills_in(&mei.follows(&answer).await, &[]).await;
    let page = mei.follows(&accepts_terms(&mei, answer).await).await;
    page.headed("You have successfully onboarded to TechPass").links_to("/account/security/passkeys");
    page.says("After your agency’s sign-in").says("can stand in for the code").does_not_say("without a code");
    portal.delivers().await;
    portal.mail.reads_all();
}
