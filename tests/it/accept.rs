//! The invitation behind the link in the e-mail (docs/rules.md §2.20 to §2.23).

use reqwest::Method;
use sqlx::PgPool;
use time::Duration;

use crate::support::{Portal, tables};

const MEI: &str = "mei@tech.gov.sg";

/// A portal at which Mei signed up, and the link that she got.
async fn invited(database: &PgPool) -> (Portal, String) {
    let portal = Portal::on(database).await;
    portal.visitor().signs_up(MEI).await.is(303);
    portal.delivers().await;
    let link = portal.mail.reads(MEI).remove(0).link("/accept/");
    (portal, link)
}

async fn consume(database: &PgPool, portal: &Portal) {
    sqlx::query("update tokens set consumed_at = $1").bind(portal.now()).execute(database).await.expect("an update");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_page_says_whom_the_invitation_is_for_and_until_when(database: PgPool) {
    let (portal, link) = invited(&database).await;
    let page = portal.visitor().opens(&link).await;
    page.is(200).titled("Accept your TechPass invitation").has_button("Accept invitation");
    page.says("m•••@tech.gov.sg").says("22 Dec 2026, 7:07 pm (Singapore time)");
    assert!(!page.body.contains(MEI), "the whole address is on the page");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn opening_the_link_changes_nothing_however_often(database: PgPool) {
    let (portal, link) = invited(&database).await;
    let before = tables::dump(&database).await;
    for _ in 0..20 {
        let scanner = portal.visitor();
        let head = scanner.sends(scanner.request(Method::HEAD, &link)).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""));
        scanner.opens(&link).await.is(200).has_button("Accept invitation");
    }
    assert_eq!(tables::dump(&database).await, before);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_that_never_was_is_not_found_and_has_no_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    let long = "a".repeat(4_000);
    for token in ["x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "%00", "%3Cscript%3E", "..%2f..%2fetc", &long] {
        portal
            .visitor()
            .opens(&format!("/accept/{token}"))
            .await
            .is(404)
            .titled("We do not know this invitation")
            .has_no_form()
            .links_to("/sign-up");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_with_one_letter_changed_never_was(database: PgPool) {
    let (portal, link) = invited(&database).await;
    let changed = link.strip_suffix(|_| true).expect("a letter");
    let other = if link.ends_with('A') { 'E' } else { 'A' };
    for link in [changed.to_owned(), format!("{changed}{other}"), format!("{link}A")] {
        portal.visitor().opens(&link).await.is(404).has_no_form();
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_that_a_mail_program_took_the_full_stop_with_still_works(database: PgPool) {
    let (portal, link) = invited(&database).await;
    for after in [".", ",", "%3E", ")", "%0A", ").%20"] {
        portal.visitor().opens(&format!("{link}{after}")).await.is(200).has_button("Accept invitation");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_is_open_until_the_second_before_it_expires(database: PgPool) {
    let (portal, link) = invited(&database).await;
    portal.waits(Duration::days(30) - Duration::SECOND);
    portal.visitor().opens(&link).await.is(200).has_button("Accept invitation");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_is_dead_from_the_second_at_which_it_expires_on(database: PgPool) {
    let (portal, link) = invited(&database).await;
    portal.waits(Duration::days(30));
    for _ in 0..2 {
        let page = portal.visitor().opens(&link).await;
        page.is(410).titled("This invitation has expired").has_no_form();
        page.says("valid until 22 Dec 2026, 7:07 pm").links_to("/sign-up");
        portal.waits(Duration::SECOND);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_page_that_was_opened_in_time_cannot_be_used_after_the_link_expired(database: PgPool) {
    let (portal, link) = invited(&database).await;
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    portal.waits(Duration::days(30));
    visitor.fills_in(&page, &[]).await.is(410).titled("This invitation has expired").has_no_form();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_that_was_used_says_so_even_after_it_expired(database: PgPool) {
    let (portal, link) = invited(&database).await;
    consume(&database, &portal).await;
    for _ in 0..2 {
        let page = portal.visitor().opens(&link).await;
        page.is(410).titled("This invitation was used").has_no_form().links_to("/sign-in");
        portal.waits(Duration::days(31));
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_link_of_an_account_that_was_activated_counts_as_used(database: PgPool) {
    let (portal, link) = invited(&database).await;
    tables::set_status(&database, MEI, "active").await;
    let page = portal.visitor().opens(&link).await;
    page.is(410).titled("This invitation was used").has_no_form().links_to("/sign-in").does_not_link_to("/sign-up");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_link_of_an_account_that_is_disabled_leads_to_those_who_can_open_it(database: PgPool) {
    let (portal, link) = invited(&database).await;
    tables::set_status(&database, MEI, "disabled").await;
    for _ in 0..2 {
        let page = portal.visitor().opens(&link).await;
        page.is(410).titled("Your TechPass is disabled").has_no_form().links_to("/help").does_not_link_to("/sign-up");
        portal.waits(Duration::days(31));
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_link_of_an_account_that_ended_says_so(database: PgPool) {
    let (portal, link) = invited(&database).await;
    tables::set_status(&database, MEI, "terminated").await;
    let page = portal.visitor().opens(&link).await;
    page.is(410).titled("This invitation is no longer valid").has_no_form().links_to("/sign-up");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_link_of_somebody_who_was_deleted_names_nobody(database: PgPool) {
    let (portal, link) = invited(&database).await;
    tables::set_status(&database, MEI, "terminated").await;
    sqlx::query("update accounts set email = null").execute(&database).await.expect("an update");
    portal.visitor().opens(&link).await.is(410).has_no_form().does_not_say("tech.gov.sg");
}
