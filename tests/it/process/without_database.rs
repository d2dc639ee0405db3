//! PostgreSQL gone: what needs no data still answers, the rest says so quickly, and all is well soon after its return.

use std::time::{Duration, Instant};

use crate::support::{
    SignUp,
    cluster::{Cluster, WELL_AGAIN_WITHIN},
    portal::KEY,
    process::{Running, run, until, until_within},
    smtp::Sink,
};

#[tokio::test]
async fn without_postgresql_pages_still_answer_and_soon_after_its_return_all_is_well() {
    let mut postgresql = Cluster::start().await;
    let url = postgresql.url();
    assert_eq!(run(&["migrate"], &[("DATABASE_URL", &url), ("SECRET_KEY", KEY)]).code, Some(0));
    let mail = Sink::start().await;
    let portal = Running::serve(&url, &[("CAPTCHA__ENABLED", "false"), ("MAIL__URL", &mail.url())]).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let stylesheet = form.body.split_once("href=\"/static/css").expect("a style sheet").1;
    let stylesheet = format!("/static/css{}", stylesheet.split_once('"').expect("its address").0);
    visitor.fills_in_sign_up(&form, SignUp::from("mei@tech.gov.sg").without_proof()).await.is(303);
    until("her mail", async || mail.reads("mei@tech.gov.sg").pop()).await;

    postgresql.goes_away();

    for address in
        ["/", "/start", "/sign-up", "/help", "/start/answer?domain=tech.gov.sg&device=gmd", "/healthz", &stylesheet]
    {
        visitor.opens(address).await.is(200);
    }
    visitor.opens("/readyz").await.is(503);
    for _ in 0..3 {
        let began = Instant::now();
        let page = visitor.fills_in_sign_up(&form, SignUp::from("ana@tech.gov.sg").without_proof()).await;
        // Two seconds, and half a one for a machine that is busy with other tests.
        assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
        page.is(503).titled("We cannot do this right now");
        assert_eq!(page.header("retry-after"), Some("5"));
    }

    postgresql.comes_back().await;

    until_within(WELL_AGAIN_WITHIN, "a sign-up that works", async || {
        let answer = visitor.fills_in_sign_up(&form, SignUp::from("ana@tech.gov.sg").without_proof()).await;
        (answer.status == 303).then_some(())
    })
    .await;
    until("her mail", async || mail.reads("ana@tech.gov.sg").pop()).await;
    assert!(!portal.output().contains("panicked"), "{}", portal.output());
}
