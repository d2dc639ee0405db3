//! Asked to stop, it finishes what it has begun.

use std::time::Duration;

use sqlx::PgPool;

use super::url;
use crate::support::{
    process::{Running, until},
    smtp::{Answer, Sink},
};

/// What an operator waits for at most.
const AT_MOST: Duration = Duration::from_secs(10);

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn asked_to_stop_it_answers_what_is_under_way_and_ends_well(database: PgPool) {
    let mail = Sink::start().await;
    let mut portal =
        Running::serve(&url(&database), &[("CAPTCHA__ENABLED", "false"), ("MAIL__URL", &mail.url())]).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let mut lock = database.begin().await.expect("a transaction");
    sqlx::query("lock table accounts in access exclusive mode").execute(&mut *lock).await.expect("a lock");
    let fields = [("email", "mei@tech.gov.sg"), ("device", "gmd"), ("seed", "no")];
    let signing_up = visitor.fills_in(&form, &fields);
    let stopping = async {
        until("a sign-up under way", async || {
            let query =
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
            let waiting: i64 = sqlx::query_scalar(query).fetch_one(&database).await.expect("a count");
            (waiting > 0).then_some(())
        })
        .await;
        portal.asks_to_stop();
        until("the news that it stops", async || portal.output().contains("stopping").then_some(())).await;
        lock.rollback().await.expect("the lock is released");
    };

    let (answer, ()) = tokio::join!(signing_up, stopping);

    answer.leads_to("/sign-up/done?seed=no");
    let status = portal.ends_within(AT_MOST).await;
    assert_eq!(status.code(), Some(0), "{}", portal.output());
    let accounts: i64 =
        sqlx::query_scalar("select count(*) from accounts").fetch_one(&database).await.expect("a count");
    assert_eq!(accounts, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn asked_to_stop_it_leaves_an_idle_connection_and_takes_no_new_one(database: PgPool) {
    let mut portal = Running::serve(&url(&database), &[]).await;
    let visitor = portal.visitor();
    visitor.opens("/").await.is(200);
    portal.asks_to_stop();
    assert_eq!(portal.ends_within(AT_MOST).await.code(), Some(0));
    assert!(visitor.tries(visitor.request(reqwest::Method::GET, "/")).await.is_err());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn asked_to_stop_in_the_middle_of_much_mail_it_gives_back_what_it_has_not_begun(database: PgPool) {
    let mail = Sink::start().await;
    let mut portal =
        Running::serve(&url(&database), &[("CAPTCHA__ENABLED", "false"), ("MAIL__URL", &mail.url())]).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    let emails: Vec<String> = (0..40).map(|number| format!("officer{number}@tech.gov.sg")).collect();
    let posts = emails.iter().map(|email| visitor.fills_in_sign_up(&form, super::crashes::sign_up(email)));
    futures_util::future::join_all(posts).await;
    portal.asks_to_stop();
    assert_eq!(portal.ends_within(AT_MOST).await.code(), Some(0), "{}", portal.output());
    let statuses: Vec<String> = sqlx::query_scalar("select distinct status from outbox order by 1")
        .fetch_all(&database)
        .await
        .expect("statuses");
    assert!(!statuses.contains(&"sending".to_owned()), "{statuses:?}");
    let sent: i64 = sqlx::query_scalar("select count(*) from outbox where status = 'sent'")
        .fetch_one(&database)
        .await
        .expect("a count");
    assert_eq!(usize::try_from(sent).expect("few"), mail.reads_all().len());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn asked_to_stop_it_does_not_wait_for_a_mail_server_that_says_nothing(database: PgPool) {
    let mail = Sink::start().await;
    mail.always_answers("mei@tech.gov.sg", Answer::Hang);
    let mut portal =
        Running::serve(&url(&database), &[("CAPTCHA__ENABLED", "false"), ("MAIL__URL", &mail.url())]).await;
    let visitor = portal.visitor();
    visitor.signs_up(super::crashes::sign_up("mei@tech.gov.sg")).await.leads_to("/sign-up/done?seed=no");
    until("a mail under way", async || (mail.tries() > 0).then_some(())).await;
    portal.asks_to_stop();
    assert_eq!(portal.ends_within(AT_MOST).await.code(), Some(0), "{}", portal.output());
}
