//! E-mail on its way out: nothing lost, nothing doubled, nothing given up early.

use std::collections::HashMap;

use futures_util::future::join_all;
use portal::{
    chance::Chance,
    messages::{AlreadyActive, Message},
    store::outbox,
};
use sqlx::{PgPool, Row};
use time::Duration;

use crate::support::{Answer, Mail, Portal, tables};

const MEI: &str = "mei@tech.gov.sg";

/// Puts a message into the outbox, as a journey does; gives the Message-ID that it must have.
async fn put(portal: &Portal, recipient: &str) -> String {
    let chance: &dyn Chance = &*portal.app.chance;
    let message = Message::AlreadyActive(AlreadyActive {}).seal(&portal.app.keys, chance, portal.now());
    let query = "insert into outbox (id, channel, recipient, kind, body, status, due_at, created_at)
                 values ($1, 'email', $2, $3, $4, 'queued', $5, $5)";
    let insert =
        sqlx::query(query).bind(message.id).bind(recipient).bind(message.kind).bind(message.body).bind(portal.now());
    insert.execute(&portal.database).await.expect("a message");
    format!("{}@techpass.example", message.id)
}

/// How the one message stands, how often it was tried, and the last reason against it.
async fn stands(database: &PgPool) -> (String, i32, String) {
    let query = "select status, attempts, coalesce(last_error, '') as reason from outbox";
    let row = sqlx::query(query).fetch_one(database).await.expect("one message");
    (row.get("status"), row.get("attempts"), row.get("reason"))
}

fn ids(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(Mail::message_id).collect()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_is_sent_once_and_stays_in_the_table_as_sent(database: PgPool) {
    let portal = Portal::on(&database).await;
    let id = put(&portal, MEI).await;
    assert_eq!(portal.delivers().await, 1);
    assert_eq!(portal.delivers().await, 0);
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
    assert_eq!(stands(&database).await, ("sent".to_owned(), 1, String::new()));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_refused_for_now_is_tried_again_later_and_later_with_the_same_message_id(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.answers(MEI, &[Answer::RefuseForNow, Answer::RefuseForNow]);
    let id = put(&portal, MEI).await;
    // The waits are 5 s and 10 s, a quarter less or more.
    for (wait, tried) in [(0, 1), (3, 0), (4, 1), (7, 0), (6, 1)] {
        portal.waits(Duration::seconds(wait));
        assert_eq!(portal.delivers().await, tried, "{}", portal.now());
    }
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
    assert_eq!(stands(&database).await.1, 3);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_refused_for_good_is_kept_as_bounced_and_not_tried_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.answers(MEI, &[Answer::RefuseForGood]);
    put(&portal, MEI).await;
    portal.delivers().await;
    let (status, attempts, reason) = stands(&database).await;
    assert_eq!((status.as_str(), attempts), ("bounced", 1));
    assert!(reason.contains("550"), "{reason}");
    portal.waits(Duration::days(2));
    assert_eq!(portal.delivers().await, 0);
    assert_eq!(portal.mail.tries(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_server_that_wants_us_to_log_in_first_bounces_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.answers(MEI, &[Answer::RefuseToTalk]);
    let id = put(&portal, MEI).await;
    portal.delivers().await;
    assert_eq!(stands(&database).await.0, "queued");
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_bad_address_holds_up_nobody_else(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.always_answers("gone@tech.gov.sg", Answer::RefuseForGood);
    for number in 0..20 {
        put(&portal, "gone@tech.gov.sg").await;
        put(&portal, &format!("officer{number}@tech.gov.sg")).await;
    }
    portal.delivers().await;
    assert_eq!(portal.mail.reads_all().len(), 20);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn mail_waits_for_a_server_that_is_down_and_goes_out_when_it_is_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.goes_down();
    let id = put(&portal, MEI).await;
    portal.delivers().await;
    assert_eq!(stands(&database).await.0, "queued");
    portal.waits(Duration::hours(1));
    portal.delivers().await;
    portal.mail.comes_back().await;
    portal.waits(Duration::minutes(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_pooled_connection_that_the_server_closed_costs_one_try_at_most(database: PgPool) {
    let portal = Portal::on(&database).await;
    put(&portal, MEI).await;
    portal.delivers().await;
    portal.mail.goes_down();
    portal.mail.comes_back().await;
    put(&portal, MEI).await;
    portal.delivers().await;
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(portal.mail.reads(MEI).len(), 2);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_server_that_hangs_up_before_saying_so_gets_the_message_again_with_the_same_id(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.answers(MEI, &[Answer::TakeAndHangUp]);
    let id = put(&portal, MEI).await;
    portal.delivers().await;
    assert_eq!(stands(&database).await.0, "queued");
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads(MEI)), [id.clone(), id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_server_that_says_nothing_more_is_left_and_tried_again(database: PgPool) {
    let portal =
        Portal::tuned(&database, &[], |config| config.mail.timeout = std::time::Duration::from_millis(500)).await;
    portal.mail.answers(MEI, &[Answer::Hang]);
    let id = put(&portal, MEI).await;
    portal.delivers().await;
    let (status, _, reason) = stands(&database).await;
    assert_eq!((status.as_str(), reason.as_str()), ("queued", "the mail server took too long"));
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_that_comes_too_late_is_not_taken_for_the_answer_to_the_next_message(database: PgPool) {
    let portal =
        Portal::tuned(&database, &[], |config| config.mail.timeout = std::time::Duration::from_millis(500)).await;
    portal.mail.answers(MEI, &[Answer::TakeLate]);
    let first = put(&portal, MEI).await;
    portal.delivers().await;
    portal.mail.goes_on();
    assert_eq!(ids(&portal.mail.reads(MEI)), [first]);
    sqlx::query("delete from outbox").execute(&database).await.expect("the first is out of the way");

    portal.mail.answers("ana@tech.gov.sg", &[Answer::RefuseContentForNow]);
    let second = put(&portal, "ana@tech.gov.sg").await;
    portal.delivers().await;
    assert_eq!(stands(&database).await.0, "queued", "the server refused it");
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads("ana@tech.gov.sg")), [second]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_is_tried_for_three_days_and_then_kept_for_a_person_to_see(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.mail.always_answers(MEI, Answer::RefuseForNow);
    put(&portal, MEI).await;
    portal.delivers().await;
    portal.waits(Duration::days(3) - Duration::SECOND);
    assert_eq!(portal.delivers().await, 1);
    assert_eq!(stands(&database).await.0, "queued", "a second before the three days are over");
    portal.waits(Duration::minutes(7));
    assert_eq!(portal.delivers().await, 1);
    let (status, attempts, reason) = stands(&database).await;
    assert_eq!((status.as_str(), attempts), ("given_up", 3));
    assert!(reason.contains("451"), "{reason}");
    portal.waits(Duration::days(1));
    assert_eq!(portal.delivers().await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_dead_worker_s_message_is_taken_over_when_its_lease_ends_and_not_before(database: PgPool) {
    let portal = Portal::on(&database).await;
    let id = put(&portal, MEI).await;
    let (lease, now) = (portal.app.chance.id(portal.now()), portal.now());
    let claimed = outbox::claim(&database, lease, now + Duration::seconds(45), 8, now).await.expect("a claim");
    assert_eq!(claimed.len(), 1);

    portal.waits(Duration::seconds(45) - Duration::MICROSECOND);
    assert_eq!(portal.delivers().await, 0);
    portal.waits(Duration::MICROSECOND);
    assert_eq!(portal.delivers().await, 1);

    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
    let late = outbox::Outcome::Bounced { reason: "from the dead".to_owned() };
    let is_noted = outbox::record(&database, claimed[0].id, lease, &late, portal.now()).await.expect("an answer");
    assert!(!is_noted && stands(&database).await.0 == "sent", "who lost the lease has no say any more");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_worker_claims_for_less_than_a_minute(database: PgPool) {
    let portal =
        Portal::tuned(&database, &[], |config| config.mail.timeout = std::time::Duration::from_millis(50)).await;
    portal.mail.answers(MEI, &[Answer::Hang]);
    put(&portal, MEI).await;
    let query = "create function note() returns trigger language plpgsql as $$ begin
                     insert into leases values (new.lease_ends); return new; end $$;
                 create table leases (ends timestamptz);
                 create trigger note before update on outbox for each row when (new.status = 'sending') execute function note()";
    sqlx::raw_sql(query).execute(&database).await.expect("a trigger");
    portal.delivers().await;
    let ends: time::OffsetDateTime =
        sqlx::query_scalar("select ends from leases").fetch_one(&database).await.expect("a lease");
    assert!(ends > portal.now() && ends <= portal.now() + Duration::MINUTE, "{ends}");
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn four_workers_at_once_send_each_of_two_hundred_messages_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mut expected = Vec::new();
    for number in 0..200 {
        expected.push(put(&portal, &format!("officer{number}@tech.gov.sg")).await);
    }
    let mut copies = Vec::new();
    for number in 1..4 {
        copies.push(portal.copy(number, &[]).await);
    }
    let claimed = join_all(copies.iter().chain([&portal]).map(Portal::delivers)).await;
    assert_eq!(claimed.iter().sum::<usize>(), 200, "{claimed:?}");
    assert!(claimed.iter().all(|count| *count > 0), "all of them worked: {claimed:?}");
    let mut sent = ids(&portal.mail.reads_all());
    sent.sort();
    expected.sort();
    assert_eq!(sent, expected);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn each_message_reaches_the_one_it_is_for(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mut expected = HashMap::new();
    for number in 0..20 {
        let recipient = format!("officer{number}@tech.gov.sg");
        expected.insert(put(&portal, &recipient).await, recipient);
    }
    portal.delivers().await;
    for mail in portal.mail.reads_all() {
        assert_eq!(expected.get(&mail.message_id()), Some(&mail.recipient));
        mail.says(&format!("signed up for TechPass with {}", mail.recipient));
    }
}

const NEW_KEY: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_sealed_before_the_key_was_rotated_is_still_sent(database: PgPool) {
    let portal = Portal::on(&database).await;
    let id = put(&portal, MEI).await;
    let old = crate::support::portal::KEY;
    let rotated = portal.copy(1, &[("SECRET_KEY", NEW_KEY), ("SECRET_KEY_PREVIOUS", old)]).await;
    assert_eq!(rotated.delivers().await, 1);
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_that_cannot_be_opened_waits_for_its_key(database: PgPool) {
    let portal = Portal::on(&database).await;
    let id = put(&portal, MEI).await;
    let without = portal.copy(1, &[("SECRET_KEY", NEW_KEY)]).await;
    assert_eq!(without.delivers().await, 1);
    assert_eq!(stands(&database).await.0, "queued");
    portal.waits(Duration::seconds(7));
    portal.delivers().await;
    assert_eq!(ids(&portal.mail.reads(MEI)), [id]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_message_moved_to_another_row_cannot_be_opened(database: PgPool) {
    let portal = Portal::on(&database).await;
    put(&portal, MEI).await;
    sqlx::query("update outbox set id = gen_random_uuid()").execute(&database).await.expect("a move");
    portal.delivers().await;
    assert_eq!((stands(&database).await.0.as_str(), portal.mail.tries()), ("queued", 0));
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_outbox_holds_nothing_that_opens_an_account(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up(MEI).await;
    let before = tables::dump(&database).await["outbox"].clone();
    portal.delivers().await;
    let after = tables::dump(&database).await["outbox"].clone();
    let token = portal.mail.reads(MEI).remove(0).link("/accept/").replace("/accept/", "");
    let hex: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    for rows in [before, after] {
        assert!(rows.contains(MEI) && !rows.contains(&token) && !rows.contains(&hex), "{rows}");
    }
}
