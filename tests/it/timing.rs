//! Known and unknown addresses wait alike (docs/rules.md §2.12). How exactly they are alike is measured by a benchmark; what
//! cannot be luck is checked here.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use crate::support::{Portal, SignUp, tables};

/// What every answer of the sign-up form takes at least.
const ANSWER_TIME: Duration = Duration::from_millis(50);

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_sign_up_is_answered_before_the_time_that_all_of_them_take(database: PgPool) {
    let portal = Portal::with(&database, &[("CAPTCHA__ENABLED", "false")]).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/sign-up").await;
    for status in ["unknown", "pending", "active", "disabled", "terminated"] {
        if status != "unknown" {
            tables::set_status(&database, "mei@tech.gov.sg", status).await;
        }
        let began = Instant::now();
        visitor.fills_in_sign_up(&form, SignUp::from("mei@tech.gov.sg").without_proof()).await.is(303);
        assert!(began.elapsed() >= ANSWER_TIME, "{status}: {:?}", began.elapsed());
    }
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn sending_it_again_takes_the_same_time_whether_it_is_sent_or_not(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let answer = visitor.signs_up("mei@tech.gov.sg").await;
    let done = visitor.follows(&answer).await;
    for _ in 0..2 {
        let began = Instant::now();
        visitor.fills_in(&done, &[]).await.is(303);
        assert!(began.elapsed() >= ANSWER_TIME, "{:?}", began.elapsed());
        portal.waits(time::Duration::MINUTE);
    }
    portal.delivers().await;
    portal.mail.reads_all();
}
