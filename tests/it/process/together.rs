//! Several processes on one database: those that answer, and those that send.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::{crashes::sign_up, url};
use crate::support::{
    process::{Running, until_within},
    smtp::Sink,
};

/// A worker that nobody rings for looks every five seconds: five mails in a row, each sooner than this, are no luck.
const SOON: Duration = Duration::from_secs(2);

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_worker_in_another_process_hears_of_each_mail_at_once(database: PgPool) {
    let (mail, url) = (Sink::start().await, url(&database));
    let settings = [("CAPTCHA__ENABLED", "false"), ("MAIL__URL", &*mail.url())];
    let portal = Running::serve_without_worker(&url, &settings).await;
    let _worker = Running::work(&url, &settings).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    for number in 0..5 {
        let email = format!("officer{number}@tech.gov.sg");
        visitor.fills_in_sign_up(&form, sign_up(&email)).await.leads_to("/sign-up/done?seed=no");
        let answered = Instant::now();
        let mails = until_within(SOON, "the mail", async || {
            let mails = mail.reads(&email);
            (!mails.is_empty()).then_some(mails)
        })
        .await;
        assert_eq!(mails.len(), 1, "after {:?}", answered.elapsed());
    }
}
