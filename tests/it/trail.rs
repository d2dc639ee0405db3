//! The audit trail is sealed, and whatever is done to it behind the portal's back is found (docs/rules.md §8.9).

use futures_util::future::join_all;
use portal::{
    commands::audit::{NotWhole, Whole, verify},
    domain::trail::Sealing,
    jobs::seal::{CannotSeal, seal_due},
    store::{
        audit::{self, Entry, Event},
        audit_seals,
    },
};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use time::Duration;
use uuid::Uuid;

use crate::support::{Portal, portal::KEY, tables, vendors};

/// Does to the database what only a superuser can who also switches the triggers off.
async fn tampers(database: &PgPool, sql: &str) {
    let mut connection = database.acquire().await.expect("a connection");
    let sql = format!("set session_replication_role = replica; {sql}; set session_replication_role = origin");
    connection.execute(AssertSqlSafe(sql)).await.expect("a superuser may do everything");
}

/// Writes an entry whose id says which one it is.
async fn writes(portal: &Portal, number: u128) {
    let (id, account) = (Uuid::from_u128(number), Uuid::from_u128(7));
    let details = serde_json::json!({"number": u64::try_from(number).expect("a small number")});
    let entry =
        Entry { id, actor: Some(account), event: Event::SignedIn, account, request_id: "7F3K-22QD-9B", details };
    let mut connection = portal.database.acquire().await.expect("a connection");
    audit::record(&mut connection, &entry, portal.now()).await.expect("an entry");
}

/// Twelve entries, a minute apart, four under a seal.
async fn three_seals(portal: &Portal) {
    tampers(&portal.database, "truncate audit, audit_sealed, audit_seals").await;
    for number in 1..=12 {
        portal.waits(Duration::MINUTE);
        writes(portal, number).await;
        if number % 4 == 0 {
            portal.seals().await;
        }
    }
}

async fn is_whole(portal: &Portal) -> Whole {
    verify(&portal.app, None).await.expect("a whole trail")
}

async fn newest_hash(portal: &Portal) -> [u8; 32] {
    let mut connection = portal.database.acquire().await.expect("a connection");
    audit_seals::newest(&mut connection).await.expect("an answer").expect("a seal").hash
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_people_do_is_sealed_and_the_trail_is_whole(database: PgPool) {
    let portal = Portal::on(&database).await;
    assert_eq!(is_whole(&portal).await.to_string(), "the audit trail is whole: 0 sealed, 0 not yet; there is no seal");
    vendors::active(&portal).await;
    let entries = u64::try_from(tables::count(&database, "select count(*) from audit").await).expect("a count");
    assert!(entries > 5);
    let before = is_whole(&portal).await;
    assert_eq!((before.sealed, before.waiting), (0, entries));
    portal.seals().await;
    let after = is_whole(&portal).await;
    assert_eq!((after.sealed, after.waiting), (entries, 0));
    let (number, hash, at) = after.newest.expect("a seal");
    assert_eq!((number, at), (1, portal.now()));
    assert_eq!(hash, hex(&newest_hash(&portal).await));
    portal.seals().await;
    assert_eq!(tables::count(&database, "select count(*) from audit_seals").await, 1, "there was nothing to seal");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is done, and what is said about it then.
const ATTACKS: &[(&str, &str)] = &[
    ("update audit set details = '{\"number\": 66}' where id = ID6", "seal 2 does not fit its entries, of 22 Nov 2026, 7:"),
    ("update audit set at = at + interval '1 microsecond' where id = ID6", "seal 2 does not fit its entries"),
    ("update audit set event = 'signed_out' where id = ID6", "seal 2 does not fit its entries"),
    ("update audit set actor = null where id = ID6", "seal 2 does not fit its entries"),
    ("update audit set account_id = id where id = ID6", "seal 2 does not fit its entries"),
    ("update audit set request_id = null where id = ID6", "seal 2 does not fit its entries"),
    ("update audit set id = gen_random_uuid() where id = ID6", "entry ID6 is missing, place 1 under seal 2"),
    ("delete from audit where id = ID6", "entry ID6 is missing, place 1 under seal 2"),
    ("delete from audit where id = ID6; delete from audit_sealed where entry = ID6", "seal 2 is for 4 entries, and 3 are under it"),
    ("delete from audit_sealed where entry = ID6", "seal 2 is for 4 entries, and 3 are under it"),
    (
        "update audit_sealed set position = 90 where entry = ID6; update audit_sealed set position = 1 where entry = ID7;
         update audit_sealed set position = 2 where entry = ID6",
        "seal 2 does not fit its entries",
    ),
    ("update audit_sealed set seal = 3, position = 9 where entry = ID6", "seal 2 is for 4 entries, and 3 are under it"),
    ("update audit_sealed set seal = 0 where entry = ID1", "seal 1 is for 4 entries, and 0 are under it"),
    (
        "insert into audit (id, at, event) select gen_random_uuid(), at - interval '2 days', 'signed_in' from audit where id = ID1",
        "is under no seal, and is more than an hour old",
    ),
    (
        "insert into audit (id, at, event) select ID99, at, 'signed_in' from audit where id = ID6;
         insert into audit_sealed values (ID99, 2, 4)",
        "seal 2 is for 4 entries, and 5 are under it",
    ),
    (
        "insert into audit (id, at, event) select ID99, at, 'signed_in' from audit where id = ID6;
         insert into audit_sealed values (ID99, 2, 4); update audit_seals set count = 5 where number = 2",
        "seal 2 does not fit its entries",
    ),
    ("insert into audit_sealed values (ID99, 4, 0)", "seal 4 is missing"),
    ("truncate audit", "entry ID1 is missing, place 0 under seal 1"),
    ("truncate audit, audit_sealed", "seal 1 is for 4 entries, and 0 are under it"),
    ("truncate audit_seals, audit_sealed", "entry ID1 of "),
    ("delete from audit_seals where number = 1", "seal 1 is missing"),
    ("delete from audit_seals where number = 2", "seal 2 is missing"),
    ("delete from audit_seals where number = 3", "seal 3 is missing"),
    ("delete from audit_seals", "seal 1 is missing"),
    ("update audit_seals set hash = sha256('x') where number = 2", "seal 2 does not fit its entries"),
    ("update audit_seals set previous = sha256('x') where number = 2", "seal 2 does not follow the one before it"),
    ("update audit_seals set sealed_at = sealed_at + interval '1 second' where number = 2", "seal 2 does not fit its entries"),
    ("update audit_seals set mac = sha256('x') where number = 3", "the newest seal, 3, was not made with PORTAL_SECRET_KEY"),
];

/// `ID6` in a text is the id of entry 6; in SQL it is quoted.
fn with_ids(text: &str, quote: &str) -> String {
    [99, 1, 6, 7].iter().fold(text.to_owned(), |text, number| {
        text.replace(&format!("ID{number}"), &format!("{quote}{}{quote}", Uuid::from_u128(*number)))
    })
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_attack_on_the_trail_is_found_and_its_first_place_named(database: PgPool) {
    let portal = Portal::on(&database).await;
    for (attack, finding) in ATTACKS {
        three_seals(&portal).await;
        portal.waits(Duration::hours(2));
        is_whole(&portal).await;
        tampers(&database, &with_ids(attack, "'")).await;
        let found = verify(&portal.app, None).await.map_err(|broken| broken.to_string());
        let found = found.expect_err(attack);
        assert!(found.starts_with("the audit trail is broken: "), "{attack}: {found}");
        assert!(found.contains(&with_ids(finding, "")), "{attack}: {found}");
        assert!(!found.contains('\n'), "one line: {found}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_lacks_the_key_cannot_seal_what_they_changed_and_nobody_seals_on_behind_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    three_seals(&portal).await;
    tampers(&database, &with_ids("update audit set event = 'signed_out' where id = ID6", "'")).await;
    // Everything but the key is known: the whole chain is made anew from the changed place on.
    let mut connection = database.acquire().await.expect("a connection");
    let seals = audit_seals::after(&mut connection, 0, 10).await.expect("seals");
    let under = audit_seals::sealed_after(&mut connection, 0, 0, 100).await.expect("entries");
    let mut previous = [0; 32];
    for seal in seals {
        let mut head = seal.head;
        head.previous = previous;
        let mut sealing = Sealing::begin(&head);
        for sealed in under.iter().filter(|sealed| sealed.seal == head.number) {
            sealing.add(sealed.entry.as_ref().expect("an entry"));
        }
        let hash = sealing.finish();
        let sql = format!(
            "update audit_seals set previous = '\\x{}', hash = '\\x{}' where number = {}",
            hex(&previous),
            hex(&hash),
            head.number
        );
        tampers(&database, &sql).await;
        previous = hash;
    }
    let found = verify(&portal.app, None).await;
    assert!(matches!(found, Err(NotWhole::NotOurs(3))), "{found:?}");
    writes(&portal, 13).await;
    let refused = seal_due(&portal.app).await;
    assert!(matches!(refused, Err(CannotSeal::NotOurs(3))), "{refused:?}");
    assert_eq!(tables::count(&database, "select count(*) from audit_seals").await, 3);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_trail_that_was_cut_or_begun_anew_does_not_have_a_hash_that_was_noted(database: PgPool) {
    let portal = Portal::on(&database).await;
    three_seals(&portal).await;
    let noted = newest_hash(&portal).await;
    assert_eq!(verify(&portal.app, Some(noted)).await.expect("whole").sealed, 12);
    portal.waits(Duration::MINUTE);
    writes(&portal, 13).await;
    portal.seals().await;
    assert_eq!(verify(&portal.app, Some(noted)).await.expect("a seal of before is still there").sealed, 13);
    let cut = "delete from audit where id in (select entry from audit_sealed where seal >= 3);
               delete from audit_sealed where seal >= 3; delete from audit_seals where number >= 3";
    for attack in [cut, "truncate audit, audit_sealed, audit_seals"] {
        tampers(&database, attack).await;
        is_whole(&portal).await;
        let found = verify(&portal.app, Some(noted)).await;
        assert!(matches!(&found, Err(NotWhole::MissingHash(hash)) if *hash == hex(&noted)), "{attack}: {found:?}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_entry_that_was_committed_late_is_sealed_and_one_from_long_ago_is_not(database: PgPool) {
    let portal = Portal::on(&database).await;
    three_seals(&portal).await;
    portal.waits(-Duration::hours(23));
    writes(&portal, 13).await;
    portal.waits(-Duration::hours(2));
    writes(&portal, 14).await;
    portal.waits(Duration::hours(26));
    portal.seals().await;
    let sealed = "select count(*) from audit_sealed where entry = '00000000-0000-0000-0000-00000000000d'";
    assert_eq!(tables::count(&database, sealed).await, 1);
    let found = verify(&portal.app, None).await;
    assert!(matches!(&found, Err(NotWhole::Unsealed { entry, .. }) if *entry == Uuid::from_u128(14)), "{found:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn entries_that_nobody_seals_are_told_after_an_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    writes(&portal, 1).await;
    portal.waits(Duration::HOUR);
    assert_eq!(is_whole(&portal).await.waiting, 1);
    portal.waits(Duration::MICROSECOND);
    assert!(matches!(verify(&portal.app, None).await, Err(NotWhole::Unsealed { .. })));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn many_copies_that_seal_at_once_seal_every_entry_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let copies = [portal.copy(1, &[]).await, portal.copy(2, &[]).await];
    for round in 0..10 {
        for number in 1..=5 {
            writes(&portal, round * 5 + number).await;
        }
        let sealing = copies.iter().chain([&portal]).map(|copy| seal_due(&copy.app));
        for sealed in join_all(sealing).await {
            sealed.expect("one seals, the others leave it to them");
        }
    }
    portal.seals().await;
    assert_eq!(is_whole(&portal).await.sealed, 50);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_writes_an_entry_does_not_wait_for_who_seals(database: PgPool) {
    let portal = Portal::on(&database).await;
    three_seals(&portal).await;
    let mut sealing = database.begin().await.expect("a transaction");
    assert!(audit_seals::begin_sealing(&mut sealing).await.expect("an answer"));
    audit_seals::unsealed(&mut sealing, portal.now() - Duration::DAY, 100).await.expect("entries");
    let written = tokio::time::timeout(std::time::Duration::from_secs(5), writes(&portal, 13)).await;
    assert!(written.is_ok(), "a writer waits for the sealer");
    sealing.rollback().await.expect("an end");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_chain_is_carried_over_from_key_to_key(database: PgPool) {
    let portal = Portal::on(&database).await;
    three_seals(&portal).await;
    let second = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";
    let third = "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmE5ODc2NTQ=";
    let once = portal.copy(1, &[("SECRET_KEY", second), ("SECRET_KEY_PREVIOUS", KEY)]).await;
    let twice = portal.copy(2, &[("SECRET_KEY", third), ("SECRET_KEY_PREVIOUS", second)]).await;
    is_whole(&once).await;
    let lost = verify(&twice.app, None).await;
    assert!(matches!(lost, Err(NotWhole::NotOurs(3))), "{lost:?}");
    once.seals().await;
    once.seals().await;
    assert_eq!(tables::count(&database, "select count(*) from audit_seals").await, 4, "carried over once");
    assert_eq!(is_whole(&twice).await.sealed, 12);
    twice.seals().await;
    writes(&twice, 13).await;
    twice.seals().await;
    assert_eq!(is_whole(&twice).await.sealed, 13);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn neither_sealing_nor_verifying_reads_a_whole_table(database: PgPool) {
    let portal = Portal::on(&database).await;
    let many = "insert into audit (id, at, event, account_id, request_id)
                select md5(n::text)::uuid, '2026-01-01'::timestamptz + n * interval '1 minute', 'signed_in', md5('a')::uuid, 'R'
                  from generate_series(1, 30000) n";
    sqlx::query(many).execute(&database).await.expect("entries");
    sqlx::raw_sql("analyze").execute(&database).await.expect("statistics");
    portal.seals().await;
    sqlx::raw_sql("analyze").execute(&database).await.expect("statistics");
    let before = tables::whole_reads(&database, &["audit", "audit_sealed"]).await;
    let reader = portal.copy(1, &[]).await;
    let new = "insert into audit (id, at, event) select md5(n::text)::uuid, '2026-01-21 20:00'::timestamptz + n * interval '1 second', 'x'
                 from generate_series(40001, 40050) n";
    sqlx::query(new).execute(&database).await.expect("entries");
    reader.seals().await;
    assert!(verify(&reader.app, None).await.is_ok());
    reader.app.pool.close().await;
    assert_eq!(
        tables::whole_reads(&database, &["audit", "audit_sealed"]).await,
        before,
        "a table was read from end to end"
    );
    assert_eq!(tables::count(&database, "select count(*) from audit_sealed").await, 30_050);
}
