//! The secret key is changed twice, and nobody loses anything (docs/rules.md §4.25).

use portal::jobs::renew::renew;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    portal::KEY,
    tables,
    vendors::{ID, INITIAL, PASSWORD, finishes, gives_password, registered, sets_up_app},
};

const SECOND: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";
const THIRD: &str = "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmE5ODc2NTQ=";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn authenticators_and_recovery_codes_outlive_a_second_change_once_secrets_are_encrypted_anew(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (phone, answer) = sets_up_app(&portal, &ana, &answer).await;
    let codes = ana.follows(&answer).await.texts(".codes code");
    finishes(&portal, &ana, answer).await.is(200);
    portal.waits(Duration::MINUTE);
    assert_eq!(renew(&portal.app).await.expect("an answer"), 0, "nothing was changed yet");

    let once = portal.copy(1, &[("SECRET_KEY", SECOND), ("SECRET_KEY_PREVIOUS", KEY)]).await;
    assert_eq!(renew(&once.app).await.expect("an answer"), 1);
    assert_eq!(renew(&once.app).await.expect("an answer"), 0, "once is enough");

    let twice = portal.copy(2, &[("SECRET_KEY", THIRD), ("SECRET_KEY_PREVIOUS", SECOND)]).await;
    let by_app = twice.visitor();
    let page = by_app.follows(&gives_password(&by_app, ID, PASSWORD).await).await;
    by_app.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    let by_code = twice.visitor();
    gives_password(&by_code, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    let page = by_code.opens("/sign-in/recovery").await;
    by_code.fills_in(&page, &[("code", &codes[3])]).await.leads_to("/account/security/authenticators?done=recovered");
    twice.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_still_needs_the_previous_key_is_counted(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    sets_up_app(&portal, &ana, &answer).await;
    let rotated = portal.copy(1, &[("SECRET_KEY", SECOND), ("SECRET_KEY_PREVIOUS", KEY)]).await;
    rotated.attends();
    let shows = async |count: &str| {
        crate::support::process::until("the figure", async || {
            let metrics = rotated.visitor().opens("/metrics").await.body;
            metrics.contains(&format!("\nportal_secrets_under_previous_key {count}\n")).then_some(())
        })
        .await;
    };
    shows("1").await;
    renew(&rotated.app).await.expect("an answer");
    shows("0").await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn many_secrets_are_found_by_their_key_without_reading_the_table(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let many = "insert into authenticators (id, account_id, name, secret, created_at)
                select md5(n::text)::uuid, a.id, 'App', '\\x00000000'::bytea || sha256(n::text::bytea), a.created_at
                  from accounts a, generate_series(1, 20000) n";
    sqlx::query(many).execute(&database).await.expect("secrets under some other key");
    sqlx::raw_sql("analyze").execute(&database).await.expect("statistics");
    let before = tables::whole_reads(&database, &["authenticators"]).await;
    let rotated = portal.copy(1, &[("SECRET_KEY", SECOND), ("SECRET_KEY_PREVIOUS", KEY)]).await;
    assert_eq!(renew(&rotated.app).await.expect("an answer"), 0);
    rotated.app.pool.close().await;
    assert_eq!(tables::whole_reads(&database, &["authenticators"]).await, before);
}
