//! Budgets hold in any stretch of time, for all copies together (docs/rules.md §4.2a).

use futures_util::future::join_all;
use portal::store::budgets::{self, Budget, UsedUp};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

use crate::support::portal::BEGINNING;

const BUDGET: Budget = Budget { times: 3, within: Duration::HOUR };

fn after(seconds: i64) -> OffsetDateTime {
    BEGINNING + Duration::seconds(seconds)
}

async fn take(connection: &mut PgConnection, key: &[u8], now: OffsetDateTime) -> Result<(), UsedUp> {
    budgets::take(connection, key, BUDGET, now).await.expect("an answer")
}

/// What ought to be: every moment at which one was taken.
#[derive(Default)]
struct Model {
    taken: Vec<OffsetDateTime>,
    told_until: Option<OffsetDateTime>,
}

impl Model {
    fn take(&mut self, now: OffsetDateTime) -> Result<(), UsedUp> {
        let recent: Vec<OffsetDateTime> = self.taken.iter().copied().filter(|at| now - *at < BUDGET.within).collect();
        let times = usize::try_from(BUDGET.times).expect("few");
        if recent.len() < times {
            self.taken.push(now);
            return Ok(());
        }
        let is_first = self.told_until.is_none_or(|until| until <= now);
        if is_first {
            self.told_until = recent.last().map(|newest| *newest + BUDGET.within);
        }
        Err(UsedUp { until: recent[recent.len() - times] + BUDGET.within, is_first })
    }
}

/// Plays seconds between one try and the next through the database and through the model.
async fn plays(connection: &mut PgConnection, key: &[u8], pauses: &[i64]) -> Result<(), TestCaseError> {
    let (mut model, mut now) = (Model::default(), BEGINNING);
    for pause in pauses {
        now += Duration::seconds(*pause);
        let answer = take(connection, key, now).await;
        prop_assert_eq!(answer, model.take(now), "at {}", now - BEGINNING);
    }
    // In any stretch that begins with one, and so in any stretch at all.
    for (number, first) in model.taken.iter().enumerate() {
        let within = model.taken[number..].iter().filter(|at| **at - *first < BUDGET.within).count();
        prop_assert!(within <= 3, "{within} in the hour after {first}");
    }
    // Until then there is none, and then there is one.
    if let Err(used_up) = take(connection, key, now).await {
        let before = take(connection, key, used_up.until - Duration::MICROSECOND).await;
        prop_assert_eq!(before.map_err(|used_up| used_up.until), Err(used_up.until));
        prop_assert_eq!(take(connection, key, used_up.until).await, Ok(()));
        let oldest = used_up.until - BUDGET.within;
        if model.taken.iter().filter(|at| **at == oldest).count() == 1 {
            prop_assert!(take(connection, key, used_up.until).await.is_err(), "there was one more than one");
        }
    }
    Ok(())
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_order_of_tries_gets_more_than_the_budget_in_any_hour(database: PgPool) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, cases: 96, ..Config::default() });
    // Bursts, the seconds around the edge, and all in between.
    let pause = prop_oneof![Just(0_i64), 1..60_i64, 1_190..1_210_i64, 3_598..3_603_i64, 0..8_000_i64];
    let cases = std::iter::repeat_with(|| {
        let tree = proptest::collection::vec(pause.clone(), 1..24).new_tree(&mut runner).expect("a case");
        tree.current()
    });
    let cases: Vec<Vec<i64>> = cases.take(96).collect();
    let mut connection = database.acquire().await.expect("a connection");
    for (number, pauses) in cases.iter().enumerate() {
        let played = plays(&mut connection, &number.to_be_bytes(), pauses).await;
        played.unwrap_or_else(|why| panic!("{why}, with pauses of {pauses:?} seconds"));
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_is_free_again_from_the_second_at_which_the_oldest_is_an_hour_old(database: PgPool) {
    let mut connection = database.acquire().await.expect("a connection");
    for seconds in [0, 10, 3_599] {
        assert_eq!(take(&mut connection, b"key", after(seconds)).await, Ok(()));
    }
    let used_up = |is_first| Err(UsedUp { until: after(3_600), is_first });
    assert_eq!(take(&mut connection, b"key", after(3_599)).await, used_up(true));
    assert_eq!(take(&mut connection, b"another", after(3_599)).await, Ok(()), "another one's budget");
    assert_eq!(take(&mut connection, b"key", after(3_600)).await, Ok(()));
    // Around the edge of the first hour there is one more, and not three.
    assert_eq!(take(&mut connection, b"key", after(3_601)).await, Err(UsedUp { until: after(3_610), is_first: false }));
    assert_eq!(take(&mut connection, b"key", after(3_610)).await, Ok(()));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_is_refused_waits_no_longer_for_it_and_is_told_of_once_a_cold_spell(database: PgPool) {
    let mut connection = database.acquire().await.expect("a connection");
    for seconds in 0..3 {
        take(&mut connection, b"key", after(seconds)).await.expect("one");
    }
    let mut told = Vec::new();
    // One try every ten seconds for three hours.
    for seconds in (10..10_800).step_by(10) {
        if take(&mut connection, b"key", after(seconds)).await.is_err_and(|used_up| used_up.is_first) {
            told.push(seconds);
        }
    }
    assert_eq!(told, [10, 3_630, 7_230], "once all that used it up no longer counts");
    budgets::give_back(&mut connection, b"key").await.expect("an answer");
    for _ in 0..3 {
        take(&mut connection, b"key", after(10_800)).await.expect("one");
    }
    assert_eq!(
        take(&mut connection, b"key", after(10_800)).await,
        Err(UsedUp { until: after(14_400), is_first: true })
    );
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn however_many_try_at_once_on_several_connections_only_so_many_get_one(database: PgPool) {
    for (round, seconds) in [0, 3_599, 3_600].into_iter().enumerate() {
        let answers = join_all((0..40).map(async |_| {
            let mut connection = database.acquire().await.expect("a connection");
            take(&mut connection, b"key", after(seconds)).await
        }))
        .await;
        let taken = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(taken, if round == 1 { 0 } else { 3 }, "after {seconds} s");
        let told = answers.iter().filter(|answer| answer.is_err_and(|used_up| used_up.is_first)).count();
        assert_eq!(told, usize::from(round != 1), "after {seconds} s");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_version_before_counts_with_the_same_rows(database: PgPool) {
    let before = async |now: OffsetDateTime| -> i32 {
        let query = "insert into budgets as b (key, started_at, ends_at, used) values ($1, $2, $3, 1)
                     on conflict (key) do update set
                        used       = case when b.ends_at <= $2 then 1 else b.used + 1 end,
                        started_at = case when b.ends_at <= $2 then $2 else b.started_at end,
                        ends_at    = case when b.ends_at <= $2 then $3 else b.ends_at end
                     returning used";
        let query = sqlx::query_scalar(query).bind(b"key".as_slice()).bind(now).bind(now + BUDGET.within);
        query.fetch_one(&database).await.expect("an answer")
    };
    let mut connection = database.acquire().await.expect("a connection");
    take(&mut connection, b"key", after(0)).await.expect("one");
    take(&mut connection, b"key", after(1)).await.expect("one");
    assert_eq!(before(after(2)).await, 3, "it sees what was taken");
    take(&mut connection, b"key", after(3)).await.expect("one");
    assert!(take(&mut connection, b"key", after(4)).await.is_err());
    assert!(before(after(5)).await > BUDGET.times, "it is cold for both");
    assert_eq!(before(after(3_603)).await, 1, "and warm again for both");
    assert_eq!(take(&mut connection, b"key", after(3_603)).await, Ok(()));
}
