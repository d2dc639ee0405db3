//! The database role as which the portal works: it adds to the audit trail, and can do nothing else to it (docs/rules.md §8.9d).

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

use crate::{
    headers::PRODUCTION,
    support::{
        Portal,
        cluster::Cluster,
        portal::KEY,
        process::{Ended, Running, run},
    },
};

/// What PostgreSQL says to somebody who may not.
const DENIED: &str = "42501";

async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let error = connection.execute(AssertSqlSafe(sql)).await.err()?;
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned())
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_portal_can_neither_change_nor_delete_nor_empty_the_trail_and_its_seals(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mut connection = portal.app.pool.acquire().await.expect("a connection");
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(&mut *connection).await.expect("a role");
    assert_eq!(role, "portal_app");
    for table in ["audit", "audit_seals", "audit_sealed"] {
        let column = if table == "audit_sealed" { "entry" } else { "hash" };
        let column = if table == "audit" { "event" } else { column };
        for sql in [
            format!("update {table} set {column} = {column}"),
            format!("delete from {table}"),
            format!("truncate {table}"),
            format!("alter table {table} disable trigger all"),
            format!("drop table {table}"),
            format!("select from {table} for update"),
        ] {
            assert_eq!(refusal(&mut connection, &sql).await.as_deref(), Some(DENIED), "{sql}");
        }
        assert_eq!(refusal(&mut connection, &format!("select from {table}")).await, None);
    }
    for sql in [
        "set session_replication_role = replica",
        "create or replace function refuse_change_of_audit() returns trigger language plpgsql as 'begin return null; end'",
        "update _sqlx_migrations set success = true",
        "create table mine ()",
        "select let_portal_app_work()",
    ] {
        assert_eq!(refusal(&mut connection, sql).await.as_deref(), Some(DENIED), "{sql}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_portal_may_use_tables_that_come_later(database: PgPool) {
    let portal = Portal::on(&database).await;
    database.execute("create table later (number bigserial primary key)").await.expect("a table");
    let mut connection = portal.app.pool.acquire().await.expect("a connection");
    for sql in ["insert into later default values", "update later set number = 7", "delete from later"] {
        assert_eq!(refusal(&mut connection, sql).await, None, "{sql}");
    }
    assert_eq!(refusal(&mut connection, "truncate later").await.as_deref(), Some(DENIED));
}

/// A server of its own, for roles belong to the whole server; and a database on it that somebody owns who is no superuser.
async fn managed(rights: &str) -> (Cluster, PgConnection, String) {
    let cluster = Cluster::start().await;
    let superuser = cluster.url();
    let mut server = PgConnection::connect(&superuser).await.expect("the server");
    for sql in [&format!("create role managed login {rights}"), "create database managed owner managed"] {
        server.execute(AssertSqlSafe(sql)).await.expect("a superuser may");
    }
    let url = superuser.replace("portal@", "managed@").replace("/postgres?", "/managed?");
    (cluster, server, url)
}

fn on(command: &[&str], url: &str) -> Ended {
    let ended = run(command, &[("DATABASE_URL", url), ("SECRET_KEY", KEY)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

/// What the portal says at its start when it is not on the role.
const COULD: &str = "the portal could change the audit trail";

#[tokio::test]
async fn without_the_role_the_portal_starts_and_warns_and_once_somebody_has_made_it_all_is_well() {
    let (_cluster, mut server, url) = managed("").await;
    on(&["migrate"], &url);
    let portal = Running::serve(&url, &[]).await;
    portal.visitor().opens("/readyz").await.is(200);
    assert_eq!(portal.output().matches(COULD).count(), 1, "{}", portal.output());
    drop(portal);

    for sql in ["create role portal_app nologin", "grant portal_app to managed"] {
        server.execute(sql).await.expect("a superuser may");
    }
    on(&["migrate"], &url);
    let portal = Running::serve(&url, &[]).await;
    portal.visitor().opens("/readyz").await.is(200);
    assert!(!portal.output().contains(COULD), "{}", portal.output());
}

#[tokio::test]
async fn who_may_make_roles_makes_it_by_migrating_and_a_user_who_owns_nothing_can_be_given_it() {
    let (_cluster, mut server, url) = managed("createrole").await;
    on(&["migrate"], &url);
    let looked = on(&["audit", "verify"], &url);
    assert!(!looked.stdout.contains(COULD), "{looked:?}");
    server.execute("create role portal_web login in role portal_app").await.expect("a superuser may");
    let web = url.replace("managed@", "portal_web@");
    let portal = Running::serve(&web, &[]).await;
    portal.visitor().signs_up("mei@tech.gov.sg").await.is(303);
    assert!(!portal.output().contains(COULD), "{}", portal.output());
    assert_eq!(run(&["migrate"], &[("DATABASE_URL", &web), ("SECRET_KEY", KEY)]).code, Some(1));
}

/// What the portal says at its start in production when it could leave the role.
const COULD_LEAVE: &str = "could take the role portal_app off";

#[tokio::test]
async fn in_production_the_portal_warns_where_its_user_owns_the_trail_or_is_a_superuser_and_only_there() {
    let (cluster, mut server, url) = managed("createrole").await;
    on(&["migrate"], &url);
    server.execute("create role portal_web login in role portal_app").await.expect("a superuser may");
    let superuser = cluster.url().replace("/postgres?", "/managed?");
    for (url, warns) in [(&url, true), (&superuser, true), (&url.replace("managed@", "portal_web@"), false)] {
        let mut settings = PRODUCTION.to_vec();
        settings.extend([("MAIL__URL", "smtps://mail.gov.example"), ("MAIL__FROM", "TechPass <no-reply@gov.example>")]);
        settings.extend([("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY)]);
        let looked = run(&["audit", "verify"], &settings);
        assert_eq!(looked.code, Some(0), "{looked:?}");
        let said = [looked.stdout, looked.stderr].concat();
        assert_eq!(said.matches(COULD_LEAVE).count(), usize::from(warns), "{url}: {said}");
        let in_development = on(&["audit", "verify"], url);
        assert!(!in_development.stdout.contains(COULD_LEAVE), "{in_development:?}");
    }
}
