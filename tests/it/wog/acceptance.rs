//! From the invitation to active (docs/rules.md §2.24 to §2.27).

use sqlx::PgPool;
use time::Duration;

use super::MEI;
use crate::support::{
    Portal,
    officers::{accepts, accepts_terms, active, invited, signs_in},
    portal::BEGINNING,
    provider::Persona,
    tables,
    vendors::sets_up_app,
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_who_signed_up_is_active_after_one_sitting(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    arrived.leads_to("/activate/terms/privacy");
    mei.follows(&arrived).await.is(200).headed("Privacy Policy").says("What we keep");
    let done = accepts_terms(&mei, arrived).await;
    done.leads_to("/activate/done");
    let page = mei.follows(&done).await;
    page.is(200).headed("You have successfully onboarded to TechPass").says(MEI).says("Verify your TechPass login");
    assert_eq!(tables::account(&database, MEI).await.status, "active");
    mei.opens("/account").await.is(200).says("Mei Tan").says(MEI);
    portal.visitor().opens(&link).await.is(410).titled("This invitation was used");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn another_account_is_told_which_one_is_expected_and_may_switch(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let page = accepts(&visitor, &portal, &link, &Persona::of("tan@tech.gov.sg")).await;
    page.is(403).titled("This invitation is for another account").says("m•••@tech.gov.sg").does_not_say(MEI);
    page.has_button("Use another account");
    let leaving = visitor.fills_in(&page, &[]).await;
    let address = leaving.location().expect("an address").to_owned();
    assert!(address.contains("prompt=select_account"), "{address}");
    visitor.opens(&portal.provider.lets_in(&address, &Persona::of(MEI))).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_the_provider_does_not_vouch_for_is_refused_and_the_link_stays_good(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let now = BEGINNING.unix_timestamp();
    let mei = || Persona::of(MEI);
    for (what, persona, status, title) in [
        ("not verified", mei().with("email_verified", false), 403, "Your address is not confirmed"),
        ("verified in words", mei().with("email_verified", "yes"), 403, "We could not trust that sign-in"),
        ("no address", mei().with("email", serde_json::Value::Null), 403, "This invitation is for another account"),
        ("another nonce", mei().with("nonce", "another"), 403, "We could not trust that sign-in"),
        ("another issuer", mei().with("iss", "https://evil.example"), 403, "We could not trust that sign-in"),
        ("for another client", mei().with("aud", "another"), 403, "We could not trust that sign-in"),
        ("expired", mei().with("exp", now - 61), 503, "The clocks do not agree"),
        ("from the future", mei().with("iat", now + 61), 503, "The clocks do not agree"),
        (
            "a domain of nobody",
            mei().with("email", "mei@vendor.example"),
            403,
            "This invitation is for another account",
        ),
    ] {
        let page = accepts(&portal.visitor(), &portal, &link, &persona).await;
        assert_eq!(
            (page.status, page.title().split(" – ").next()),
            (status, Some(title)),
            "{what}: {}",
            page.main_text()
        );
    }
    assert_eq!(tables::count(&database, "select count(*) from accounts where provider_subject is not null").await, 0);
    let expected = [
        "not believed",
        "not believed",
        "not believed",
        "not believed",
        "other account",
        "other account",
        "unverified",
    ];
    // Clocks that do not agree are nobody's try to get in.
    assert_eq!(tables::failures(&database, MEI).await, expected);
    let slow_clock = Persona::of(MEI).with("exp", now - 59).with("iat", now + 59);
    accepts(&portal.visitor(), &portal, &link, &slow_clock).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_whose_provider_vouches_for_no_second_factor_sets_one_up_here(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let (mei, alone) = (portal.visitor(), Persona::of(MEI).with("amr", serde_json::json!(["pwd"])));
    let arrived = accepts(&mei, &portal, &link, &alone).await;
    let (phone, answer) = sets_up_app(&portal, &mei, &arrived).await;
    answer.leads_to("/activate/recovery-codes");
    let answer = mei.fills_in(&mei.follows(&answer).await, &[]).await;
    accepts_terms(&mei, answer).await.leads_to("/activate/done");
    portal.waits(Duration::MINUTE);
    let again = portal.visitor();
    let answer = signs_in(&again, &portal, &alone).await;
    answer.leads_to("/sign-in/mfa");
    let page = again.follows(&answer).await;
    again.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    signs_in(&portal.visitor(), &portal, &Persona::of(MEI)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_class_of_sign_in_that_the_settings_name_stands_for_a_second_factor(database: PgPool) {
    let portal = Portal::with(&database, &[("OIDC__WOG__MFA_ACR", "phr,https://refeds.org/profile/mfa")]).await;
    let link = invited(&portal, MEI).await;
    let persona = |class: &str| Persona::of(MEI).with("amr", serde_json::json!(["pwd"])).with("acr", class);
    accepts(&portal.visitor(), &portal, &link, &persona("sfa")).await.leads_to("/activate/mfa");
    accepts(&portal.visitor(), &portal, &link, &persona("phr")).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_audit_trail_is_only_ever_added_to(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let events: Vec<String> =
        sqlx::query_scalar("select event from audit order by event").fetch_all(&database).await.expect("events");
    let expected = [
        "activated",
        "bound_to_provider",
        "sign_in_begun",
        "signed_in",
        "signed_up",
        "terms_accepted",
        "terms_accepted",
    ];
    assert_eq!(events, expected);
    for change in ["update audit set event = 'nothing'", "delete from audit", "truncate audit"] {
        assert!(sqlx::query(change).execute(&database).await.is_err(), "{change}");
    }
}
