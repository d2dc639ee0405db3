//! The error page: what happened, what to do, and a reference that the log has too.

use reqwest::Method;
use sqlx::PgPool;
use time::Duration;

use crate::support::{Page, Portal};

/// What holds for every error page.
fn is_error_page(page: &Page, status: u16, title: &str) {
    page.is(status).titled(title).headed(title).has_no_form().says("What you can do").links_to("/").links_to("/help");
    let reference = page.texts(".reference code").concat();
    assert_eq!(Some(reference.as_str()), page.header("x-request-id"), "the reference is that of the header");
    let body = page.body.to_lowercase();
    for leak in ["sqlx", "postgres", "panicked", "src/", ".rs", "select ", "relation", "axum", "backtrace", "error("] {
        assert!(!body.contains(leak), "{leak:?} is on the page: {}", page.main_text());
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_no_form_is_a_bad_request(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let request = visitor.request(Method::POST, "/start").header("content-type", "application/json").body("{}");
    is_error_page(&visitor.sends(request).await, 400, "We could not read that");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_form_from_elsewhere_is_forbidden(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = portal.visitor().posts_raw("/sign-up", "email=mei%40tech.gov.sg").await;
    is_error_page(&page, 403, "We could not accept that");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_that_is_none_is_not_found(database: PgPool) {
    let portal = Portal::on(&database).await;
    for address in ["/nowhere", "/sign-up/", "/start/answer/more", "/accept", "/.env", "/%3Cscript%3E", "/admin"] {
        is_error_page(&portal.visitor().opens(address).await, 404, "Page not found");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_verb_that_a_page_does_not_take_is_told_which_ones_it_does(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    for (verb, address, allowed) in [
        (Method::DELETE, "/sign-up", "GET,HEAD,POST"),
        (Method::POST, "/help", "GET,HEAD"),
        (Method::GET, "/sign-up/again", "POST"),
    ] {
        let page = visitor.sends(visitor.request(verb, address)).await;
        is_error_page(&page, 405, "This page cannot do that");
        assert_eq!(page.header("allow"), Some(allowed), "{address}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_link_that_is_dead_is_gone(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up("mei@tech.gov.sg").await;
    portal.delivers().await;
    let link = portal.mail.reads("mei@tech.gov.sg").remove(0).link("/accept/");
    portal.waits(Duration::days(30));
    portal.visitor().opens(&link).await.is(410).headed("This invitation has expired").has_no_form();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_form_that_is_a_byte_too_large_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let csrf = visitor.opens("/start").await.form().fields.remove(0).1;
    let start = format!("csrf={csrf}&email=");
    let fits = visitor.posts_raw("/start", format!("{start}{}", "a".repeat(16 * 1024 - start.len()))).await;
    fits.is(422);
    let page = visitor.posts_raw("/start", format!("{start}{}", "a".repeat(16 * 1024 - start.len() + 1))).await;
    is_error_page(&page, 413, "That is too large");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn too_many_forms_are_told_when_to_come_back(database: PgPool) {
    let portal = Portal::with(&database, &[("LIMITS__NETWORK_PER_MINUTE", "1")]).await;
    let visitor = portal.visitor();
    visitor.posts_raw("/start", "").await.is(403);
    let page = visitor.posts_raw("/start", "").await;
    is_error_page(&page, 429, "Too many tries");
    let seconds: u64 = page.header("retry-after").expect("a time to wait").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    page.says("Try again in");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_database_that_is_gone_is_said_to_be_unavailable_where_it_is_needed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    portal.app.pool.close().await;

    let page = visitor.fills_in_sign_up(&form, "mei@tech.gov.sg").await;
    is_error_page(&page, 503, "We cannot do this right now");
    assert_eq!(page.header("retry-after"), Some("5"));
    is_error_page(&visitor.opens("/accept/unknown").await, 503, "We cannot do this right now");
    visitor.opens("/readyz").await.is(503);
    for address in
        ["/", "/start", "/start/answer?domain=tech.gov.sg&device=gmd", "/sign-up", "/help", "/healthz", "/captcha"]
    {
        visitor.opens(address).await.is(200);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_database_that_does_not_answer_makes_nobody_wait(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let mut lock = database.begin().await.expect("a transaction");
    sqlx::query("lock table accounts in access exclusive mode").execute(&mut *lock).await.expect("a lock");

    let began = std::time::Instant::now();
    let page = visitor.fills_in_sign_up(&form, "mei@tech.gov.sg").await;
    // Two seconds, and half a one for a machine that is busy with other tests.
    assert!(began.elapsed() < std::time::Duration::from_millis(2_500), "{:?}", began.elapsed());
    is_error_page(&page, 503, "We cannot do this right now");

    lock.rollback().await.expect("the lock is released");
    visitor.signs_up("mei@tech.gov.sg").await.is(303);
    portal.delivers().await;
    assert_eq!(portal.mail.reads("mei@tech.gov.sg").len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_mistake_of_ours_is_told_without_its_details(database: PgPool) {
    let portal = Portal::on(&database).await;
    sqlx::query("alter table tokens rename column hash to other").execute(&database).await.expect("a change");
    is_error_page(&portal.visitor().opens("/accept/unknown").await, 500, "Something went wrong on our side");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_two_errors_have_the_same_reference(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let mut references = std::collections::HashSet::new();
    for _ in 0..100 {
        let page = visitor.opens("/nowhere").await;
        assert!(references.insert(page.header("x-request-id").expect("a reference").to_owned()));
    }
}
