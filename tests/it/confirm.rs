//! Showing anew who one is before something that matters is changed (docs/rules.md §4.16).

use futures_util::future::{join, join_all};
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    officers::{self, signs_in},
    provider::Persona,
    tables,
    vendors::{self, ADDRESS, ID, PASSWORD, Phone, active, confirms_on_the_way_to},
};

const MEI: &str = "mei@tech.gov.sg";
const NEW_APP: &str = "/account/security/authenticators/new";
const ASKED: &str = "/account/security/confirm?next=%2Faccount%2Fsecurity%2Fauthenticators%2Fnew";
const WRONG: &str = "The password or the code is not right, or the code was used. Wait for the next one in your app";

/// The page that asks, on the way to adding an app.
async fn asked(portal: &Portal, visitor: &Visitor) -> Page {
    portal.waits(Duration::seconds(30));
    let answer = visitor.opens(NEW_APP).await;
    answer.leads_to(ASKED);
    visitor.follows(&answer).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn password_and_code_open_what_matters_for_ten_minutes(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    confirms_on_the_way_to(NEW_APP, &portal, &ana, &phone).await.is(200).headed("Add an authenticator app");
    ana.opens("/account/security").await.says("You showed once more that it is you");
    portal.waits(Duration::minutes(10) - Duration::SECOND);
    ana.opens(NEW_APP).await.is(200);
    ana.opens(ASKED).await.leads_to(NEW_APP);
    portal.waits(Duration::SECOND);
    ana.opens(NEW_APP).await.leads_to(ASKED);
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'confirmed'").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn which_part_was_wrong_is_never_told_and_nothing_is_opened(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    let (right, wrong) = (phone.shows(&portal), "000000".to_owned());
    for (password, code) in [(PASSWORD, &wrong), ("not it", &right), ("not it", &wrong)] {
        let refused = ana.fills_in(&page, &[("password", password), ("code", code)]).await;
        refused.is(422).has_field_error("password", WRONG).holds("next", NEW_APP);
        assert!(!refused.body.contains(password) && !refused.body.contains(code.as_str()), "secrets do not come back");
        ana.opens(NEW_APP).await.leads_to(ASKED);
    }
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'sign_in_failed'").await, 3);
    // A right code beside a wrong password was not used up.
    ana.fills_in(&page, &[("password", PASSWORD), ("code", &right)]).await.leads_to(NEW_APP);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_missing_is_told_beside_each_field(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    let refused = ana.fills_in(&page, &[]).await;
    refused.is(422).has_field_error("password", "Enter your password");
    refused.has_field_error("code", "Enter the code that your app shows, or a recovery code");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_session_goes_on_under_a_new_id_and_the_old_one_is_dead(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    let before = sessions(&database).await;
    ana.fills_in(&page, &[("password", PASSWORD), ("code", &phone.shows(&portal))]).await.leads_to(NEW_APP);
    let after = sessions(&database).await;
    assert!(before.len() == 1 && after.len() == 1 && before != after, "{before:?} {after:?}");
}

async fn sessions(database: &PgPool) -> Vec<Vec<u8>> {
    sqlx::query_scalar("select id from sessions where account_id is not null").fetch_all(database).await.expect("ids")
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_that_was_used_does_not_count_and_neither_does_one_of_many_at_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let other = vendors::signs_in(&portal, ID, &phone).await;
    // The code that has just let the other browser in.
    let page = ana.follows(&ana.opens(NEW_APP).await).await;
    let used = [("password", PASSWORD), ("code", &*phone.shows(&portal))];
    ana.fills_in(&page, &used).await.is(422).has_field_error("password", WRONG);
    portal.waits(Duration::seconds(30));
    let code = phone.shows(&portal);
    let page_there = other.follows(&other.opens(NEW_APP).await).await;
    let (fields, mut answers) = ([("password", PASSWORD), ("code", &*code)], Vec::new());
    answers.extend(join_all([ana.fills_in(&page, &fields), other.fills_in(&page_there, &fields)]).await);
    let taken = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(taken, 1, "one of two browsers at once");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn tries_are_those_of_signing_in_and_the_owner_hears_of_the_lock(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    for _ in 0..5 {
        ana.fills_in(&page, &[("password", "not it"), ("code", "000000")]).await.is(422);
    }
    let locked = ana.fills_in(&page, &[("password", PASSWORD), ("code", &phone.shows(&portal))]).await;
    locked.is(429).has_field_error("code", "Too many tries. Try again in 15 minutes");
    // The same budget at sign-in.
    let thief = portal.visitor();
    let codes = thief.follows(&vendors::gives_password(&thief, ID, PASSWORD).await).await;
    thief.fills_in(&codes, &[("code", &phone.shows(&portal))]).await.is(429);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    assert_eq!(mails.len(), 1, "told once");
    assert_eq!(mails[0].subject(), "Somebody gave too many wrong TechPass codes");
    // A recovery code is another way in, and the tries of the password were given back at sign-in.
    portal.waits(Duration::minutes(15));
    ana.fills_in(&page, &[("password", PASSWORD), ("code", &phone.shows(&portal))]).await.leads_to(NEW_APP);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn ten_wrong_passwords_go_cold_whatever_the_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    for number in 0..10 {
        // As recovery codes, whose tries are counted apart.
        ana.fills_in(&page, &[("password", "not it"), ("code", &format!("ABCD-2345-EFGH-{number:04}"))]).await.is(422);
    }
    let locked = ana.fills_in(&page, &[("password", PASSWORD), ("code", "ABCD-2345-EFGH-6789")]).await;
    locked.is(429).has_field_error("password", "Too many tries. Try again in 60 minutes");
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS)[0].subject(), "Somebody gave too many wrong TechPass passwords");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_recovery_code_stands_in_for_the_app_once_and_the_owner_hears_of_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    vendors::registered(&portal).await;
    let ana = portal.visitor();
    let answer = vendors::gives_password(&ana, ID, vendors::INITIAL).await;
    let (_, answer) = vendors::sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    vendors::finishes(&portal, &ana, answer).await.is(200);
    let page = asked(&portal, &ana).await;
    let fields = [("password", PASSWORD), ("code", codes[4].as_str())];
    ana.fills_in(&page, &fields).await.leads_to(NEW_APP);
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS)[0].subject(), "A recovery code of your TechPass was used");
    portal.waits(Duration::minutes(11));
    let page = asked(&portal, &ana).await;
    ana.fills_in(&page, &fields).await.is(422).has_field_error("password", WRONG);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn afterwards_one_goes_on_to_pages_of_the_portal_only(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        let encoded: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = ana.opens(&format!("/account/security/confirm?next={encoded}")).await;
        page.is(200).holds("next", "/account/security");
    }
    portal.waits(Duration::seconds(30));
    let page = ana.opens("/account/security/confirm").await;
    let fields = [("password", PASSWORD), ("code", &*phone.shows(&portal)), ("next", "//evil.example")];
    ana.fills_in(&page, &fields).await.leads_to("/account/security");
    // A second click, and the way back: it is done already.
    ana.fills_in(&page, &fields).await.leads_to("/account/security");
    ana.opens("/account/security/confirm?next=//evil.example").await.leads_to("/account/security");
}

/// Sends an officer to the provider from the page that asks; gives where the portal leads then.
async fn asked_at_provider(portal: &Portal, officer: &Visitor, persona: &Persona) -> Page {
    let page = officer.opens("/account/security/confirm?next=%2Faccount").await;
    page.is(200).says("Sign in at your agency once more");
    let leaving = officer.fills_in(&page, &[]).await;
    let address = leaving.is(303).location().expect("an address").to_owned();
    let query: Vec<(String, String)> =
        url::Url::parse(&address).expect("an address").query_pairs().into_owned().collect();
    for (name, value) in [("prompt", "login"), ("max_age", "0"), ("login_hint", MEI)] {
        assert!(query.contains(&(name.to_owned(), value.to_owned())), "{name}: {query:?}");
    }
    officer.opens(&portal.provider.lets_in(&address, persona)).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_shows_it_at_the_provider(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    let now = portal.now().unix_timestamp();
    asked_at_provider(&portal, &mei, &Persona::of(MEI).with("auth_time", now)).await.leads_to("/account");
    mei.opens("/account/security/confirm?next=%2Faccount").await.leads_to("/account");
    portal.waits(Duration::minutes(10));
    mei.opens("/account/security/confirm?next=%2Faccount").await.is(200);
    asked_at_provider(&portal, &mei, &Persona::of(MEI)).await.leads_to("/account");
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'confirmed'").await, 2);
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'signed_in'").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn another_person_and_one_who_was_not_asked_again_confirm_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    officers::active(&portal, "tan@tech.gov.sg").await;
    let (tan, stranger) = (Persona::of("tan@tech.gov.sg"), Persona::of(MEI).with("sub", "another"));
    for persona in [tan, stranger] {
        let page = asked_at_provider(&portal, &mei, &persona).await;
        page.is(403).headed("That was somebody else").says(MEI).has_button("Use another account");
    }
    let long_ago = portal.now().unix_timestamp() - 61;
    let page = asked_at_provider(&portal, &mei, &Persona::of(MEI).with("auth_time", long_ago)).await;
    page.is(403).headed("Your agency’s sign-in did not ask you");
    let forged = asked_at_provider(&portal, &mei, &Persona::of(MEI).with("nonce", "another")).await;
    forged.is(403).headed("We could not trust that sign-in");
    let failures = tables::failures(&database, MEI).await;
    assert_eq!(failures, ["not asked", "not believed", "other person", "other person"]);
    assert!(tables::failures(&database, "tan@tech.gov.sg").await.is_empty());
    mei.opens("/account/security/confirm?next=%2Faccount").await.is(200);
    // Trying again asks anew, and comes back to where it was wanted.
    let leaving = mei.fills_in(&page, &[]).await;
    let address = leaving.is(303).location().expect("an address").to_owned();
    assert!(address.contains("prompt=login") && address.contains("max_age=0"), "{address}");
    mei.opens(&portal.provider.lets_in(&address, &Persona::of(MEI))).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_provider_that_does_not_say_when_it_asked_confirms_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    let silent = Persona::of(MEI).with("auth_time", serde_json::Value::Null);
    let page = asked_at_provider(&portal, &mei, &silent).await;
    page.is(403).headed("Your agency’s sign-in did not ask you");
    mei.opens("/account/security/confirm?next=%2Faccount").await.is(200).says("Sign in at your agency once more");
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'confirmed'").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_whose_provider_vouches_for_no_second_factor_gives_a_code_as_well(database: PgPool) {
    let portal = Portal::on(&database).await;
    let unvouched = Persona::of(MEI).with("amr", serde_json::json!(["pwd"]));
    let link = officers::invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = officers::accepts(&mei, &portal, &link, &unvouched).await;
    arrived.leads_to("/activate/mfa");
    let page = mei.follows(&arrived).await;
    let phone = Phone::reads(&page);
    let answer = mei.fills_in(&page, &[("code", &phone.shows(&portal))]).await;
    let answer = mei.fills_in(&mei.follows(&answer).await, &[]).await;
    officers::accepts_terms(&mei, answer).await.leads_to("/activate/done");

    portal.waits(Duration::seconds(30));
    let back = asked_at_provider(&portal, &mei, &unvouched).await;
    back.leads_to("/account/security/confirm?next=%2Faccount");
    let page = mei.follows(&back).await;
    page.says("did not ask for a second proof");
    mei.fills_in(&page, &[("code", "000000")])
        .await
        .is(422)
        .has_field_error("code", "The code is not right, or it was used. Wait for the next one in your app");
    mei.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    mei.opens("/account/security/confirm?next=%2Faccount").await.leads_to("/account");
    // Of who is back from the provider a code is asked for as long as a confirmation would count.
    portal.waits(Duration::minutes(10));
    asked_at_provider(&portal, &mei, &unvouched).await.is(303);
    portal.waits(Duration::minutes(10));
    mei.opens("/account/security/confirm").await.says("Sign in at your agency once more");
    // Where the provider vouches, no code is asked for.
    asked_at_provider(&portal, &mei, &Persona::of(MEI)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_confirms_for_a_browser_that_is_not_signed_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let stranger = portal.visitor();
    stranger.opens(NEW_APP).await.leads_to("/sign-in?next=%2Faccount%2Fsecurity%2Fauthenticators%2Fnew");
    stranger.opens(ASKED).await.leads_to("/sign-in?next=%2Faccount%2Fsecurity%2Fconfirm");
    let mei = officers::active(&portal, MEI).await;
    let page = mei.opens("/account/security/confirm?next=%2Faccount").await;
    let leaving = mei.fills_in(&page, &[]).await;
    let address = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    // Signed out meanwhile: the trip is forgotten with the session.
    let security = mei.opens("/account/security").await;
    mei.fills_in(&security, &[]).await.leads_to("/?signed-out=yes");
    mei.opens(&address).await.is(400).headed("Please start again");
    signs_in(&mei, &portal, &Persona::of(MEI)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_clicks_on_one_code_are_one_proof_and_both_lead_on(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = asked(&portal, &ana).await;
    let code = phone.shows(&portal);
    let fields = [("password", PASSWORD), ("code", code.as_str())];
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from authenticators for update").execute(&mut *holding).await.expect("a lock");
    let clicks = join_all((0..2).map(|_| ana.fills_in(&page, &fields)));
    let (answers, ()) = join(clicks, async {
        tables::are_waiting(&database, 2).await;
        holding.rollback().await.expect("an end");
    })
    .await;
    for answer in answers {
        answer.leads_to(NEW_APP);
        let cookie = answer.cookies().into_iter().find(|cookie| cookie.starts_with("session=")).expect("a session");
        let request = portal.visitor().request(reqwest::Method::GET, NEW_APP).header("cookie", cookie);
        portal.visitor().sends(request).await.is(200);
    }
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'confirmed'").await, 1);
}
