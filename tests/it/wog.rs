//! Accepting an invitation and signing in at the identity provider of one's agency (docs/rules.md §2.24 to §2.27, §4.12).

use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, SignUp,
    officers::{accepts, accepts_terms, active, invited, signs_in},
    portal::BEGINNING,
    provider::Persona,
    tables,
    vendors::sets_up_app,
};

const MEI: &str = "mei@tech.gov.sg";

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
async fn who_has_seed_accepts_the_policy_for_managed_devices_as_well(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, SignUp::from(MEI).with_seed()).await;
    let mei = portal.visitor();
    let mut answer = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    for document in ["privacy", "terms-of-use", "mdm-aup"] {
        answer.leads_to(&format!("/activate/terms/{document}"));
        let page = mei.follows(&answer).await;
        answer = mei.fills_in(&page, &[("accept", "yes")]).await;
    }
    answer.leads_to("/activate/done");
    let accepted: Vec<(String, i32, bool)> = sqlx::query_as(
        "select c.document, c.version, c.hash = sha256(convert_to(t.content, 'UTF8'))
           from acceptances c join terms t using (document, version) order by c.accepted_at, c.document",
    )
    .fetch_all(&database)
    .await
    .expect("acceptances");
    assert_eq!(accepted.len(), 3);
    assert!(accepted.iter().all(|(_, version, is_its_hash)| *version == 1 && *is_its_hash), "{accepted:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_skips_a_document(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let csrf = page.form().fields.iter().find(|(name, _)| name == "csrf").cloned().expect("a token");
    for address in ["/activate/terms/terms-of-use", "/activate/terms/mdm-aup", "/activate"] {
        let fields = [csrf.clone(), ("accept".to_owned(), "yes".to_owned()), ("version".to_owned(), "1".to_owned())];
        mei.posts(address, &fields).await.leads_to("/activate/terms/privacy");
        if address != "/activate" {
            mei.opens(address).await.leads_to("/activate/terms/privacy");
        }
    }
    mei.opens("/account").await.leads_to("/activate/terms/privacy");
    mei.opens("/activate/done").await.leads_to("/activate/terms/privacy");
    let refused = mei.fills_in(&page, &[]).await;
    refused.is(422).has_field_error("accept", "Tick the box to accept, or stop here: your account stays as it is");
    assert_eq!(tables::count(&database, "select count(*) from acceptances").await, 0);
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_stopped_at_the_terms_goes_on_there_by_the_link_or_by_signing_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
    portal.waits(Duration::days(3));
    let again = portal.visitor();
    let arrived = accepts(&again, &portal, &link, &Persona::of(MEI)).await;
    let page = again.follows(&arrived).await;
    again.fills_in(&page, &[("accept", "yes")]).await.leads_to("/activate/terms/terms-of-use");
    let elsewhere = portal.visitor();
    let arrived = signs_in(&elsewhere, &portal, &Persona::of(MEI)).await;
    arrived.leads_to("/activate/terms/terms-of-use");
    accepts_terms(&elsewhere, arrived).await.leads_to("/activate/done");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_double_click_on_accept_does_nothing_twice(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let answers = futures_util::future::join_all((0..10).map(|_| mei.fills_in(&page, &[("accept", "yes")]))).await;
    assert!(answers.iter().any(|answer| answer.location() == Some("/activate/terms/terms-of-use")));
    assert_eq!(tables::count(&database, "select count(*) from acceptances").await, 1);
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'terms_accepted'").await, 1);
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
    let slow_clock = Persona::of(MEI).with("exp", now - 59).with("iat", now + 59);
    accepts(&portal.visitor(), &portal, &link, &slow_clock).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_key_of_the_provider_is_asked_for(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    portal.provider.rotates_its_key();
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_provider_that_does_not_answer_is_told_and_nothing_is_lost(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    portal.provider.is_out(true);
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    let answer = visitor.fills_in(&page, &[]).await;
    answer.is(503).titled("Your agency’s sign-in does not answer").has_button("Try again");
    portal.provider.is_out(false);
    let leaving = visitor.fills_in(&answer, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    portal.provider.is_out(true);
    visitor.opens(&back).await.is(503).titled("Your agency’s sign-in does not answer");
    portal.provider.is_out(false);
    accepts(&visitor, &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_provider_that_is_not_set_up_is_told_in_words_of_its_own_and_nothing_is_lost(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let (invitation, sign_in) = (visitor.opens(&link).await, visitor.opens("/sign-in").await);
    let to_provider = async |provider| {
        sqlx::query("insert into identity_providers (name) values ('new') on conflict do nothing")
            .execute(&database)
            .await
            .expect("a provider");
        let query = "update agency_domains set provider = $1 where domain = 'tech.gov.sg'";
        sqlx::query(query).bind(provider).execute(&database).await.expect("an edit");
        portal.learns_what_changed().await;
    };
    to_provider("new").await;
    for (answer, keeps_link) in [
        (visitor.fills_in(&invitation, &[]).await, true),
        (visitor.fills_in(&sign_in, &[("techpass_id", MEI)]).await, false),
    ] {
        answer.is(503).titled("Your agency’s sign-in is not set up yet").has_no_form().links_to("/help");
        assert_eq!(answer.main_text().contains("Your invitation stays valid"), keeps_link);
    }
    to_provider("wog").await;
    accepts(&visitor, &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn turning_back_at_the_provider_changes_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    let leaving = visitor.fills_in(&page, &[]).await;
    let back = portal.provider.turns_away(leaving.location().expect("an address"), "access_denied");
    let answer = visitor.opens(&back).await;
    answer.is(403).titled("You did not sign in").has_button("Try again").says("still valid");
    visitor.fills_in(&answer, &[]).await.is(303);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn coming_back_works_once_and_only_in_the_browser_that_left(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    portal.visitor().opens(&back).await.is(400).titled("Please start again");
    mei.opens(&back).await.leads_to("/activate/terms/privacy");
    mei.opens(&back).await.is(400).titled("Please start again");
    for made_up in ["", "?code=x", "?state=x&code=y", "?error=server_error&state=x", "?state=%00&code=%FF"] {
        mei.opens(&format!("/auth/wog/callback{made_up}")).await.is(400);
    }
    mei.opens("/auth/nobody/callback?code=x&state=y").await.is(404);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_tabs_at_the_provider_do_not_disturb_each_other(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let (first, second) = (mei.fills_in(&page, &[]).await, mei.fills_in(&page, &[]).await);
    for leaving in [first, second] {
        let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
        mei.opens(&back).await.leads_to("/activate/terms/privacy");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_active_officer_signs_in_and_goes_where_they_wanted(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let mei = portal.visitor();
    let asked = mei.opens("/account").await;
    asked.leads_to("/sign-in?next=%2Faccount");
    let page = mei.follows(&asked).await;
    let leaving = mei.fills_in(&page, &[("techpass_id", " MEI@tech.gov.sg ")]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    mei.opens(&back).await.leads_to("/account");
    mei.opens("/account").await.is(200);
    mei.opens("/sign-in").await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn only_the_person_whom_the_provider_named_first_is_let_in_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let renamed = Persona::of("mei.lin@tech.gov.sg").with("sub", format!("sub-{MEI}"));
    signs_in(&portal.visitor(), &portal, &renamed).await.leads_to("/account");
    let successor = Persona::of(MEI).with("sub", "somebody else");
    let page = signs_in(&portal.visitor(), &portal, &successor).await;
    page.is(403).titled("This address belongs to another sign-in").links_to("/help");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_no_account_or_a_disabled_one_is_told_once_it_is_proven(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = signs_in(&portal.visitor(), &portal, &Persona::of(MEI)).await;
    page.is(403).titled("There is no TechPass for this account").says("m•••@tech.gov.sg").links_to("/sign-up");
    let mei = active(&portal, MEI).await;
    tables::set_status(&database, MEI, "disabled").await;
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    signs_in(&portal.visitor(), &portal, &Persona::of(MEI)).await.is(403).titled("Your TechPass is disabled");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_version_of_the_terms_is_asked_for_at_the_next_sign_in_with_what_changed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    let new = "insert into terms (document, version, title, content, hash, effective_at)
               select document, 2, title, content || E'\\nA new paragraph.\\n', sha256(convert_to(content || E'\\nA new paragraph.\\n', 'UTF8')), $1
                 from terms where document = 'privacy'";
    sqlx::query(new).bind(portal.now()).execute(&database).await.expect("a new version");
    portal.learns_what_changed().await;
    mei.opens("/account").await.is(200);
    let again = portal.visitor();
    let arrived = signs_in(&again, &portal, &Persona::of(MEI)).await;
    arrived.leads_to("/activate/terms/privacy");
    let page = again.follows(&arrived).await;
    page.is(200).says("What changed since you accepted it").says("New: A new paragraph.");
    again.fills_in(&page, &[("accept", "yes")]).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_becomes_active_before_a_document_is_published(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let comes = portal.now() + Duration::days(2);
    let query = "update terms set effective_at = $1 where document = 'terms_of_use'";
    let from = async |when| {
        sqlx::query(query).bind(when).execute(&database).await.expect("an edit");
        portal.learns_what_changed().await;
    };
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let next = mei.fills_in(&page, &[("accept", "yes")]).await;
    next.leads_to("/activate/terms/terms-of-use");
    let was_published = mei.follows(&next).await;
    from(comes).await;
    for page in [mei.follows(&next).await, mei.fills_in(&was_published, &[("accept", "yes")]).await] {
        page.is(503).titled("This document is not published yet").has_no_form().says("accept the Terms of Use");
        page.links_to("/activate/terms/terms-of-use").links_to("/help");
    }
    mei.opens("/account").await.leads_to("/activate/terms/terms-of-use");
    mei.opens("/activate").await.leads_to("/activate/terms/terms-of-use");
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
    // SEED is not provisioned: nobody waits for its policy.
    sqlx::query("delete from terms where document = 'mdm_aup'").execute(&database).await.expect("an edit");
    portal.waits(Duration::days(2) - Duration::SECOND);
    let again = portal.visitor();
    let arrived = signs_in(&again, &portal, &Persona::of(MEI)).await;
    again.follows(&arrived).await.is(503);
    portal.waits(Duration::SECOND);
    portal.learns_what_changed().await;
    accepts_terms(&again, arrived).await.leads_to("/activate/done");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn signing_out_ends_the_session_for_good(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    let stolen = mei.clone();
    let page = mei.opens("/account").await;
    let csrf = page.form_to("/sign-out").fields;
    mei.posts("/sign-out", &csrf).await.leads_to("/?signed-out=yes");
    assert_eq!(tables::count(&database, "select count(*) from sessions").await, 0);
    stolen.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_session_is_over_after_twelve_hours_whatever_happens(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    for _ in 0..11 {
        portal.waits(Duration::HOUR);
        mei.opens("/account").await.is(200);
    }
    portal.waits(Duration::HOUR - Duration::SECOND);
    mei.opens("/account").await.is(200);
    portal.waits(Duration::SECOND);
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_session_s_cookie_changes_when_somebody_proves_who_they_are(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let before = session_of(&leaving);
    let arrived = mei.opens(&portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI))).await;
    let on_the_way = session_of(&arrived);
    assert_ne!(before, on_the_way);
    accepts_terms(&mei, arrived).await.leads_to("/activate/done");
    let request =
        portal.visitor().request(reqwest::Method::GET, "/account").header("cookie", format!("session={before}"));
    portal.visitor().sends(request).await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_second_click_on_the_last_document_or_a_lost_answer_signs_nobody_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let next = mei.fills_in(&page, &[("accept", "yes")]).await;
    let page = mei.follows(&next).await;
    let answers = futures_util::future::join_all((0..5).map(|_| mei.fills_in(&page, &[("accept", "yes")]))).await;
    for answer in &answers {
        answer.leads_to("/activate/done");
    }
    mei.fills_in(&page, &[("accept", "yes")]).await.leads_to("/activate/done");
    mei.opens("/account").await.is(200);
    for query in [
        "select count(*) from audit where event = 'activated'",
        "select count(*) from audit where event = 'signed_in'",
        "select count(*) - 1 from audit where event = 'terms_accepted'",
    ] {
        assert_eq!(tables::count(&database, query).await, 1, "{query}");
    }
}

fn session_of(page: &Page) -> String {
    let cookie = page.cookies().into_iter().find(|cookie| cookie.starts_with("session=")).expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.trim_start_matches("session=").split(';').next().unwrap_or_default().to_owned()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_dump_of_the_database_opens_no_session(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let state = url::Url::parse(leaving.location().expect("an address")).expect("a URL");
    let state = state.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    let dump = tables::dump(&database).await;
    let session = session_of(&leaving);
    for (table, rows) in &dump {
        assert!(!rows.contains(&state) && !rows.contains(&session), "{table} holds what opens a session");
        assert!(!rows.contains(link.trim_start_matches("/accept/")), "{table} holds the link");
    }
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
async fn who_stops_on_the_way_can_sign_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    mei.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
    mei.opens("/activate/terms/privacy").await.leads_to("/sign-in?next=%2Factivate%2Fterms%2Fprivacy");
}
