//! The command line: 0 done, 1 failed and one line on stderr says why, 2 usage.

use sqlx::PgPool;

use super::url;
use crate::support::{
    portal::KEY,
    process::{Running, run, until},
};

#[test]
fn serve_refuses_unsafe_production_settings_and_names_each_on_one_line() {
    let ended = run(
        &["serve"],
        &[
            ("ENV", "production"),
            ("BASE_URL", "http://portal.techpass.gov.sg"),
            ("CAPTCHA__ENABLED", "false"),
            ("MAIL__URL", "smtp://mail.gov.sg"),
        ],
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    for name in ["BASE_URL", "CAPTCHA__ENABLED", "MAIL__URL", "MAIL__FROM", "SECRET_KEY", "DATABASE_URL"] {
        assert!(ended.stderr.contains(&format!("PORTAL_{name} ")), "{name} is not named: {}", ended.stderr);
    }
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let ended = run(&["serve"], &[("DATABASE_URL", "postgres://portal:hunter2@h/p"), ("SECRET_KEY", "c3dvcmRmaXNo")]);
    assert_eq!(ended.code, Some(1));
    assert!(!ended.stderr.contains("c3dvcmRmaXNo") && !ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn what_is_no_command_is_a_usage_error() {
    for arguments in [&[][..], &["frobnicate"], &["serve", "--fast"], &["migrate", "twice"]] {
        assert_eq!(run(arguments, &[]).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn asking_for_help_is_no_failure() {
    assert_eq!(run(&["--help"], &[]).code, Some(0));
    assert_eq!(run(&["--version"], &[]).code, Some(0));
}

#[sqlx::test(migrations = false)]
async fn a_database_that_was_never_migrated_is_refused_and_the_way_out_is_named(database: PgPool) {
    let url = url(&database);
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY), ("LISTEN", "127.0.0.1:0")];
    for command in ["serve", "work"] {
        let ended = run(&[command], &settings);
        assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
        assert!(ended.stderr.contains("portal migrate"), "{}", ended.stderr);
    }
}

#[sqlx::test(migrations = false)]
async fn migrate_brings_an_empty_database_up_to_date_and_a_second_time_changes_nothing(database: PgPool) {
    let url = url(&database);
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY)];
    for _ in 0..2 {
        assert_eq!(run(&["migrate"], &settings).code, Some(0));
    }
    let portal = Running::serve(&url, &[]).await;
    portal.visitor().opens("/readyz").await.is(200);
}

#[sqlx::test(migrations = false)]
async fn two_that_migrate_at_once_do_not_disturb_each_other(database: PgPool) {
    let url = url(&database);
    let migrate = |url: String| {
        tokio::task::spawn_blocking(move || run(&["migrate"], &[("DATABASE_URL", &url), ("SECRET_KEY", KEY)]))
    };
    let (first, second) = tokio::join!(migrate(url.clone()), migrate(url));
    let (first, second) = (first.expect("it ran"), second.expect("it ran"));
    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{first:?} {second:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn audit_verify_says_on_one_line_that_the_trail_is_whole_or_names_the_first_broken_place(database: PgPool) {
    let url = url(&database);
    let verify = |more: &[&str]| {
        run(&[&["audit", "verify"], more].concat(), &[("DATABASE_URL", &url), ("SECRET_KEY", KEY), ("LOG", "warn")])
    };
    let whole = verify(&[]);
    assert_eq!((whole.code, whole.stdout.lines().count(), whole.stderr.as_str()), (Some(0), 1, ""), "{whole:?}");
    assert!(whole.stdout.starts_with("the audit trail is whole: 0 sealed, 0 not yet"), "{}", whole.stdout);
    let anew = verify(&["--expect", &"ab".repeat(32)]);
    assert_eq!((anew.code, anew.stderr.lines().count()), (Some(1), 1), "{anew:?}");
    assert!(anew.stderr.contains("no seal has the hash abab"), "{}", anew.stderr);
    assert_eq!(verify(&["--expect", "abab"]).code, Some(2));
    let slipped_in =
        "insert into audit (id, at, event) values (gen_random_uuid(), now() - interval '2 hours', 'signed_in')";
    sqlx::query(slipped_in).execute(&database).await.expect("an entry");
    let broken = verify(&[]);
    assert_eq!((broken.code, broken.stdout.as_str(), broken.stderr.lines().count()), (Some(1), "", 1), "{broken:?}");
    assert!(broken.stderr.starts_with("portal: the audit trail is broken: entry "), "{}", broken.stderr);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_worker_seals_the_trail_and_notes_the_hash_in_its_log(database: PgPool) {
    let url = url(&database);
    sqlx::query("insert into audit (id, at, event) values (gen_random_uuid(), now(), 'signed_in')")
        .execute(&database)
        .await
        .expect("an entry");
    let worker = Running::work(&url, &[]).await;
    let hash = until("a seal in the log", async || {
        let log = worker.output();
        let (_, rest) = log.split_once("sealed the audit trail")?;
        Some(rest.split_once("hash=\"")?.1.split_once('"')?.0.to_owned())
    })
    .await;
    let settings = [("DATABASE_URL", url.as_str()), ("SECRET_KEY", KEY), ("LOG", "warn")];
    let whole = run(&["audit", "verify", "--expect", &hash], &settings);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(whole.stdout.contains("1 sealed") && whole.stdout.contains(&hash), "{}", whole.stdout);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_that_is_taken_is_named(database: PgPool) {
    let url = url(&database);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("the port").to_string();
    let ended = run(&["serve"], &[("DATABASE_URL", &url), ("SECRET_KEY", KEY), ("LISTEN", &address)]);
    assert_eq!((ended.code, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}
