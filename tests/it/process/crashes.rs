//! Killed at any moment: every sign-up that was answered has its account, and its e-mail goes out (docs/rules.md §2.6).

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use sqlx::PgPool;

use super::url;
use crate::support::{
    SignUp, Visitor,
    process::{Running, until},
    smtp::Sink,
    tables,
};

const KILLS: usize = 3;
const SIGN_UPS: usize = 20;

/// A sign-up where nothing holds back robots.
pub fn sign_up(email: &str) -> SignUp {
    SignUp::from(email).without_proof()
}

/// Signs somebody up; true if the portal lived long enough to answer.
async fn is_answered(visitor: Visitor, form: crate::support::Page, email: &str, answered: &AtomicUsize) -> bool {
    let fields = form.form().fields.into_iter().map(|(name, held)| match name.as_str() {
        "email" => (name, email.to_owned()),
        "device" => (name, "gmd".to_owned()),
        _ => (name, held),
    });
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request =
        visitor.request(reqwest::Method::POST, "/sign-up").header("content-type", "application/x-www-form-urlencoded");
    match visitor.tries(request.body(body)).await {
        Ok(answer) => {
            answer.is(303);
            answered.fetch_add(1, Ordering::Relaxed);
            true
        }
        Err(_) => false,
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_answered_sign_up_survives_a_kill_and_its_mail_is_sent(database: PgPool) {
    let mail = Sink::start().await;
    let (url, mail_url) = (url(&database), mail.url());
    let settings = [("CAPTCHA__ENABLED", "false"), ("MAIL__URL", mail_url.as_str())];
    let mut answered = HashSet::new();
    for round in 0..=KILLS {
        let portal = Running::serve(&url, &settings).await;
        let emails: Vec<String> = (0..SIGN_UPS).map(|number| format!("officer{number}.{round}@tech.gov.sg")).collect();
        let visitor = portal.visitor();
        let form = visitor.opens("/sign-up").await;
        let count = Arc::new(AtomicUsize::new(0));
        let sign_ups = emails.iter().map(|email| is_answered(visitor.clone(), form.clone(), email, &count));
        let killing = async {
            if round < KILLS {
                // In the middle: some are answered, others under way, mails going out.
                until("an answer", async || (count.load(Ordering::Relaxed) > round * 4).then_some(())).await;
                portal.dies();
                None
            } else {
                Some(portal)
            }
        };
        let (results, survivor) = tokio::join!(join_all(sign_ups), killing);
        answered.extend(
            emails.iter().zip(&results).filter(|(_, is_answered)| **is_answered).map(|(email, _)| email.clone()),
        );
        if round == KILLS {
            // The dead hold leases for up to 45 s yet; here those end at once.
            let query = "update outbox set lease_ends = created_at where status = 'sending'";
            sqlx::query(query).execute(&database).await.expect("an update");
            until("an empty outbox", async || {
                let query = "select count(*) from outbox where status in ('queued', 'sending')";
                (tables::count(&database, query).await == 0).then_some(())
            })
            .await;
            let mut portal = survivor.expect("the last one lives");
            portal.asks_to_stop();
            assert_eq!(portal.ends_within(Duration::from_secs(10)).await.code(), Some(0));
        }
    }

    assert!(answered.len() >= SIGN_UPS, "only {} were answered", answered.len());
    let mails = mail.reads_all();
    let mut ids: HashMap<&str, HashSet<String>> = HashMap::new();
    for one in &mails {
        ids.entry(&one.recipient).or_default().insert(one.message_id());
    }
    for email in &answered {
        assert_eq!(tables::account(&database, email).await.status, "pending");
        assert_eq!(ids.get(email.as_str()).map(HashSet::len), Some(1), "the mail to {email}, told apart by Message-ID");
    }
    let repeats = mails.len() - ids.values().map(HashSet::len).sum::<usize>();
    assert!(repeats <= KILLS * portal::jobs::deliver::LANES, "{repeats} mails came twice");
    assert_eq!(tables::count(&database, "select count(*) from accounts where status <> 'pending'").await, 0);
    let orphans = "select count(*) from accounts a where not exists (select from outbox where account_id = a.id)
                       or not exists (select from tokens where account_id = a.id)
                       or not exists (select from audit where account_id = a.id)";
    assert_eq!(tables::count(&database, orphans).await, 0, "an account without its link, message or audit entry");
}
