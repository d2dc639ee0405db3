//! `/metrics`: the figures count what happened, and are not for everybody in production.

use std::time::Duration;

use sqlx::PgPool;

use super::process::url;
use crate::support::{
    Portal,
    process::{Running, until},
};

/// The value of one figure, with its labels as Prometheus writes them.
fn figure(metrics: &str, name: &str) -> Option<f64> {
    metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_figures_count_what_happened_and_say_what_they_are(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    for _ in 0..3 {
        visitor.opens("/start").await.is(200);
    }
    visitor.opens("/canary-that-no-route-has").await.is(404);
    visitor.signs_up("mei@tech.gov.sg").await.is(303);
    portal.delivers().await;
    portal.mail.reads_all();

    let metrics = visitor.opens("/metrics").await;
    metrics.is(200);
    let figure = |name| figure(&metrics.body, name);
    assert_eq!(figure(r#"portal_requests_total{route="/start",status="200"}"#), Some(3.0), "{}", metrics.body);
    assert_eq!(figure(r#"portal_requests_total{route="/sign-up",status="303"}"#), Some(1.0));
    assert_eq!(figure(r#"portal_request_seconds_count{route="/start"}"#), Some(3.0));
    assert_eq!(figure(r#"portal_deliveries_total{outcome="sent"}"#), Some(1.0));
    assert!(!metrics.body.contains("canary"), "a stranger makes up figures");
    for name in
        ["portal_requests_total", "portal_request_seconds", "portal_deliveries_total", "portal_delivery_seconds"]
    {
        assert!(metrics.body.contains(&format!("# HELP {name} ")), "{name} is not explained");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_of_their_own_has_the_figures_and_nothing_else(database: PgPool) {
    let portal = Running::serve(&url(&database), &[("METRICS_LISTEN", "127.0.0.1:0")]).await;
    let address = until("the address of the figures", async || {
        let log = portal.output();
        Some(log.split_once("metrics=127.0.0.1:")?.1.split_whitespace().next()?.to_owned())
    })
    .await;
    let own = format!("http://127.0.0.1:{address}");
    let ask = async |path: &str| reqwest::get(format!("{own}{path}")).await.expect("an answer");
    portal.visitor().opens("/").await.is(200);
    let metrics = ask("/metrics").await;
    assert_eq!(metrics.status(), 200);
    let text = metrics.text().await.expect("text");
    assert_eq!(figure(&text, r#"portal_requests_total{route="/",status="200"}"#), Some(1.0), "{text}");
    assert_eq!(ask("/").await.status(), 404);
    portal.asks_to_stop();
    let mut portal = portal;
    portal.ends_within(Duration::from_secs(10)).await;
}
