//! The database goes away while somebody signs up: nothing is lost, and trying again does it (docs/rules.md §2.15, §2.17).

use sqlx::PgPool;
use time::Duration;

use super::the_mail;
use crate::support::{Portal, SignUp};

const MEI: &str = "mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_same_form_sent_again_after_an_error_is_carried_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = portal.visitor();
    mei.signs_up(MEI).await;
    the_mail(&portal, MEI).await;
    portal.waits(Duration::MINUTE);

    let mut lock = database.begin().await.expect("a transaction");
    sqlx::query("select 1 from accounts where email = $1 for update")
        .bind(MEI)
        .execute(&mut *lock)
        .await
        .expect("a lock");
    let proof = mei.proves().await;
    mei.signs_up(SignUp::from(MEI).with_proof(&proof)).await.is(503);
    lock.rollback().await.expect("the lock is released");

    mei.signs_up(SignUp::from(MEI).with_proof(&proof)).await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, MEI).await;
}
