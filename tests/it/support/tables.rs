//! What is in the database, for tests that ask whether a request changed anything, or made what it should.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, FromRow, PgPool};
use time::OffsetDateTime;

use super::process::until;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Account {
    /// Whose it is.
    pub email: Option<String>,
    /// How it stands.
    pub status: String,
    /// What it was signed up from; none for who was invited.
    pub device: Option<String>,
    /// How it stands with SEED.
    pub seed_status: String,
    /// Until when the SEED e-mail is valid.
    pub seed_email_expires: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Until when it can be activated.
    pub activation_ends: OffsetDateTime,
}

/// All accounts of an address, oldest first.
pub async fn accounts(database: &PgPool, email: &str) -> Vec<Account> {
    let query = "select email, status, device, seed_status, seed_email_expires, created_at, activation_ends
                   from accounts where email = $1 order by created_at, status desc";
    sqlx::query_as(query).bind(email).fetch_all(database).await.expect("accounts")
}

/// The one account of an address; fails the test if there are more or none.
pub async fn account(database: &PgPool, email: &str) -> Account {
    let mut accounts = accounts(database, email).await;
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    accounts.remove(0)
}

/// Puts the account of an address into another state.
pub async fn set_status(database: &PgPool, email: &str, status: &str) {
    let query = "update accounts set status = $2, terminated_at = case when $2 = 'terminated' then created_at end where email = $1";
    let done = sqlx::query(query).bind(email).bind(status).execute(database).await.expect("an update");
    assert_eq!(done.rows_affected(), 1, "{email} has one account");
}

/// Gives the account of an address another mobile number, not proven.
pub async fn set_mobile(database: &PgPool, email: &str, country: &str, number: &str) {
    let query = "update accounts set mobile_country = $2, mobile = $3 where email = $1";
    let done = sqlx::query(query).bind(email).bind(country).bind(number).execute(database).await.expect("an update");
    assert_eq!(done.rows_affected(), 1, "{email} has one account");
}

/// Notes that somebody has accepted every document, without their going on: as after a crash in between.
pub async fn accept_everything(database: &PgPool, email: &str) {
    let query = "insert into acceptances (account_id, document, version, hash, accepted_at)
                 select a.id, t.document, t.version, t.hash, a.created_at from accounts a, terms t where a.email = $1";
    sqlx::query(query).bind(email).execute(database).await.expect("acceptances");
}

/// Waits until so many statements of portals wait for a lock that the test holds.
pub async fn are_waiting(database: &PgPool, how_many: i64) {
    until("a statement that waits for a lock", async || {
        let query = "select count(*) from pg_stat_activity
                      where datname = current_database() and application_name like 'portal%' and wait_event_type = 'Lock'";
        (count(database, query).await >= how_many).then_some(())
    })
    .await;
}

/// A link by which the owner of an address says that a change of the password was not them.
pub async fn put_not_me_link(database: &PgPool, email: &str, token: &str, now: OffsetDateTime) {
    let query = "insert into tokens (hash, purpose, account_id, created_at, expires_at, happened, happened_at)
                 select $2, 'not_me', id, $3, $3 + interval '7 days', 'password_changed', $3 from accounts where email = $1";
    let hash = portal::keys::token_hash(token);
    sqlx::query(query).bind(email).bind(hash.as_slice()).bind(now).execute(database).await.expect("a link");
}

/// How often these tables were read from end to end. A connection tells what it read when it is closed.
pub async fn whole_reads(database: &PgPool, tables: &[&str]) -> i64 {
    let query = "select sum(seq_scan)::bigint from pg_stat_user_tables where relname = any($1)";
    let mut connection = database.acquire().await.expect("a connection").detach();
    let reads = sqlx::query_scalar(query).bind(tables).fetch_one(&mut connection).await.expect("a count");
    connection.close().await.expect("an end");
    reads
}

/// What the trail says of why the owner of an address, or somebody else in their place, did not get in; in the order of the alphabet.
pub async fn failures(database: &PgPool, email: &str) -> Vec<String> {
    let query = "select u.details->>'because' from audit u join accounts a on a.id = u.account_id
                  where u.event = 'sign_in_failed' and u.actor is null and a.email = $1 order by 1";
    sqlx::query_scalar(query).bind(email).fetch_all(database).await.expect("entries")
}

/// A count.
pub async fn count(database: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(database).await.expect("a count")
}

/// The whole database as text, a table an entry. Two dumps are equal if nothing was changed in between.
pub async fn dump(database: &PgPool) -> BTreeMap<String, String> {
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
            .fetch_all(database)
            .await
            .expect("the tables");
    let mut dump = BTreeMap::new();
    for table in tables {
        let query =
            format!("select coalesce(string_agg(row::text, E'\\n' order by row::text), '') from \"{table}\" as row");
        let rows = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(database).await.expect("a table");
        dump.insert(table, rows);
    }
    dump
}

/// Whether no person has left a trace: no account, link, message, audit entry.
pub async fn is_empty(database: &PgPool) -> bool {
    let dump = dump(database).await;
    ["accounts", "tokens", "outbox", "audit"].iter().all(|table| dump[*table].is_empty())
}
