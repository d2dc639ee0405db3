//! What is logged, even at its most talkative, names nobody and opens nothing.

use std::time::Duration;

use sqlx::PgPool;

use super::url;
use crate::support::{
    Answer,
    process::{Running, until},
    smtp::Sink,
};

const CANARY: &str = "canary.of.mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_address_no_token_and_no_proof_is_ever_logged(database: PgPool) {
    let mail = Sink::start().await;
    mail.answers(CANARY, &[Answer::RefuseForNow]);
    mail.always_answers("canary.of.ana@tech.gov.sg", Answer::RefuseForGood);
    let mail_url = mail.url();
    let settings = [("LOG", "debug"), ("MAIL__URL", mail_url.as_str()), ("CAPTCHA__MAX_NUMBER", "2")];
    let mut portal = Running::serve(&url(&database), &settings).await;
    let visitor = portal.visitor();
    let proof = visitor.proves().await;
    let answer = visitor.signs_up(crate::support::SignUp::from(CANARY).with_proof(&proof)).await;
    visitor.follows(&answer).await;
    portal.visitor().signs_up("canary.of.ana@tech.gov.sg").await.is(303);
    portal.visitor().signs_up("canary.of.mei@gmail.com").await.is(422);
    portal.visitor().signs_up("<canary>\r\ncanary").await.is(422);
    let start = visitor.opens("/start").await;
    visitor.fills_in(&start, &[("email", CANARY), ("device", "gmd")]).await.is(303);
    let found = until("the mail, after one refusal", async || mail.reads(CANARY).pop()).await;
    let link = found.link("/accept/");
    let page = visitor.opens(&link).await;
    // No provider is set up here.
    visitor.fills_in(&page, &[]).await.is(503);
    visitor.opens("/accept/canary-token").await.is(404);
    visitor.opens("/sign-in?next=/canary").await;
    visitor.opens("/canary").await.is(404);
    portal.asks_to_stop();
    portal.ends_within(Duration::from_secs(10)).await;

    let log = portal.output();
    let token = link.replace("/accept/", "");
    assert!(log.contains("answered") && log.contains("route=\"/accept/{token}\""), "there is no log: {log}");
    assert!(log.contains("refused for good") && log.contains("trying again later"), "{log}");
    for secret in ["canary", token.as_str(), &proof, crate::support::portal::KEY] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    assert!(!log.contains(&page.form().fields[0].1), "the form's token is in the log: {log}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_reference_of_an_error_page_is_in_the_log(database: PgPool) {
    let portal = Running::serve(&url(&database), &[]).await;
    let page = portal.visitor().opens("/nowhere").await;
    let reference = page.header("x-request-id").expect("a reference").to_owned();
    until("the line of the request", async || portal.output().contains(&reference).then_some(())).await;
}
