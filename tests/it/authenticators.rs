//! The authenticator apps of an account: one more, another name, away with one, and never none (docs/rules.md §4.19).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    passkeys::{asks, has_one, options, sends},
    tables,
    vendors::{self, ADDRESS, ID, PASSWORD, Phone, active, adds_another_app, confirms_on_the_way_to, gives_password},
};

const LIST: &str = "/account/security/authenticators";
const NEW: &str = "/account/security/authenticators/new";

/// The links to remove each, in the order of the list.
async fn removals(visitor: &Visitor) -> Vec<String> {
    visitor.opens(LIST).await.links().into_iter().filter(|link| link.ends_with("/remove")).collect()
}

async fn lets_in(portal: &Portal, phone: &Phone) -> bool {
    portal.waits(Duration::seconds(30));
    let browser = portal.visitor();
    let page = browser.follows(&gives_password(&browser, ID, PASSWORD).await).await;
    browser.fills_in(&page, &[("code", &phone.shows(portal))]).await.status == 303
}

fn subjects(portal: &Portal) -> Vec<String> {
    portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject().to_owned()).collect()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_phone_is_added_and_the_old_one_removed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, old) = active(&portal).await;
    ana.opens(LIST).await.is(200).says("Authenticator app").says("Added on 22 Nov 2026").does_not_say("Second phone");
    confirms_on_the_way_to(NEW, &portal, &ana, &old).await;
    let new = adds_another_app(&portal, &ana).await;
    ana.opens("/account/security/authenticators?done=added").await.says("The app is added").says("Second phone");
    assert!(lets_in(&portal, &old).await && lets_in(&portal, &new).await, "both let in");

    let page = ana.opens(&removals(&ana).await[0]).await;
    page.is(200).says("The codes of Authenticator app will no longer work").has_button("Remove it");
    ana.fills_in(&page, &[]).await.leads_to("/account/security/authenticators?done=removed");
    // A second click.
    ana.fills_in(&page, &[]).await.leads_to("/account/security/authenticators?done=removed");
    assert!(!lets_in(&portal, &old).await && lets_in(&portal, &new).await, "only the new one lets in");
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 1);
    portal.delivers().await;
    let [added, removed] =
        ["An authenticator app was added to your TechPass", "An authenticator app was removed from your TechPass"];
    assert_eq!(subjects(&portal), [added, removed]);
    ana.opens("/account/security")
        .await
        .says("An authenticator app was added")
        .says("An authenticator app was removed");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_last_one_stays_whatever_is_sent(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let last = removals(&ana).await.remove(0);
    let page = confirms_on_the_way_to(&last, &portal, &ana, &phone).await;
    page.is(200).says("is the only one that you have").links_to(NEW).has_no_form();
    let csrf = ana.opens("/account/security").await.form().fields;
    ana.posts(&last, &csrf).await.is(422).says("Add the app on your new phone first");
    // Of two that are removed at once, one stays.
    adds_another_app(&portal, &ana).await;
    let both = removals(&ana).await;
    join_all(both.iter().map(|one| ana.posts(one, &csrf))).await;
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn there_are_five_at_most_also_when_many_are_added_at_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let other = vendors::signs_in(&portal, ID, &phone).await;
    confirms_on_the_way_to(NEW, &portal, &ana, &phone).await;
    confirms_on_the_way_to(NEW, &portal, &other, &phone).await;
    for _ in 0..3 {
        adds_another_app(&portal, &ana).await;
    }
    // The fifth and the sixth, from two browsers.
    let pages = [ana.opens(NEW).await, other.opens(NEW).await];
    let codes = [Phone::reads(&pages[0]).shows(&portal), Phone::reads(&pages[1]).shows(&portal)];
    let [first, second] = [[("code", codes[0].as_str())], [("code", codes[1].as_str())]];
    join_all([ana.fills_in(&pages[0], &first), other.fills_in(&pages[1], &second)]).await;
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 5);
    ana.opens(LIST).await.says("You have 5, and more are not possible").does_not_link_to(NEW);
    ana.opens(NEW).await.leads_to(LIST);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_reload_shows_the_same_picture_and_a_second_click_adds_it_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = confirms_on_the_way_to(NEW, &portal, &ana, &phone).await;
    let key = |page: &Page| page.texts("code.key");
    assert_eq!(key(&ana.opens(NEW).await), key(&page));
    let refused = ana.fills_in(&page, &[("code", "000000"), ("name", "Tablet")]).await;
    refused.is(422).holds("name", "Tablet");
    assert_eq!(key(&refused), key(&page));
    let fields = [("code", &*Phone::reads(&page).shows(&portal))];
    for answer in join_all((0..3).map(|_| ana.fills_in(&page, &fields))).await {
        answer.leads_to("/account/security/authenticators?done=added");
    }
    ana.fills_in(&page, &fields).await.leads_to("/account/security/authenticators?done=added");
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 2);
    portal.delivers().await;
    assert_eq!(subjects(&portal).len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_secret_comes_twice_not_even_after_one_was_removed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let first = confirms_on_the_way_to(NEW, &portal, &ana, &phone).await;
    let mut keys = vec![first.texts("code.key")];
    for _ in 0..3 {
        adds_another_app(&portal, &ana).await;
        let added = ana.opens(&removals(&ana).await[1]).await;
        ana.fills_in(&added, &[]).await.is(303);
        keys.push(ana.opens(NEW).await.texts("code.key"));
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4);
    // A form that stayed open shows the new picture, and says why.
    let refused = ana.fills_in(&first, &[("code", &Phone::reads(&first).shows(&portal))]).await;
    refused.is(422).says("Another app was added meanwhile");
    assert!(keys.contains(&refused.texts("code.key")));
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_app_gets_another_name(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let one = removals(&ana).await.remove(0).replace("/remove", "");
    let page = confirms_on_the_way_to(&one, &portal, &ana, &phone).await;
    page.is(200).holds("name", "Authenticator app");
    for (name, message) in [
        ("  ", "Enter a name, such as Work phone"),
        (&*"x".repeat(65), "Use 64 characters or fewer"),
        ("a\u{0}b", "Leave out characters that cannot be seen, such as line breaks"),
    ] {
        ana.fills_in(&page, &[("name", name)]).await.is(422).has_field_error("name", message);
    }
    for _ in 0..2 {
        ana.fills_in(&page, &[("name", " <b>Work phone ")])
            .await
            .leads_to("/account/security/authenticators?done=renamed");
    }
    ana.opens(LIST).await.says("<b>Work phone");
    let renamed = "select count(*) from audit where event = 'authenticator_renamed'";
    assert_eq!(tables::count(&database, renamed).await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_touches_the_apps_of_somebody_else(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let (ben, bens) = vendors::active_as(&portal, "ben", "ben@vendor.example").await;
    let theirs = removals(&ben).await.remove(0);
    confirms_on_the_way_to(NEW, &portal, &ana, &phone).await;
    adds_another_app(&portal, &ana).await;
    let csrf = ana.opens("/account/security").await.form().fields;
    for address in [
        theirs.as_str(),
        &theirs.replace("/remove", ""),
        &format!("{LIST}/nonsense"),
        &format!("{LIST}/nonsense/remove"),
    ] {
        ana.opens(address).await.is(404);
    }
    let mut named = csrf.clone();
    named.push(("name".to_owned(), "Mine".to_owned()));
    ana.posts(&theirs.replace("/remove", ""), &named).await.is(404);
    // As if it were gone: nothing is told about it, and nothing is done.
    ana.posts(&theirs, &csrf).await.is(303);
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 3);
    confirms_on_the_way_to(NEW, &portal, &ben, &bens).await.is(200);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_a_passkey_may_remove_the_last_app_and_logs_in_with_the_passkey(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let last = removals(&ana).await.remove(0);
    let page = confirms_on_the_way_to(&last, &portal, &ana, &phone).await;
    let answer = ana.fills_in(&page, &[]).await;
    answer.leads_to("/account/security/authenticators?done=removed");
    ana.follows(&answer).await.says("The app is removed").says("You have none: you log in with a passkey");
    let elsewhere = portal.visitor();
    let answer = gives_password(&elsewhere, ID, PASSWORD).await;
    let page = elsewhere.follows(&answer).await;
    page.is(200).has_button("Use a passkey");
    let form = "/sign-in/mfa/passkey";
    let credential = device.uses(&options(&asks(&elsewhere, &page, form).await)).await;
    sends(&elsewhere, &page, form, &credential).await.leads_to("/account");
    portal.delivers().await;
    portal.mail.reads_all();
}
