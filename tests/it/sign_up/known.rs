//! Addresses that are known: the same answer for everybody, and the fitting e-mail (docs/rules.md §2.11 to §2.15, §2.21).

use sqlx::PgPool;
use time::Duration;

use super::{mails, the_mail};
use crate::support::{Portal, SignUp, portal::BEGINNING, tables};

const MEI: &str = "mei@tech.gov.sg";
const DAY_30: Duration = Duration::days(30);

/// A portal at which Mei signed up a while ago and has read her mail.
async fn with_mei(database: &PgPool) -> (Portal, String) {
    let portal = Portal::on(database).await;
    portal.visitor().signs_up(MEI).await.leads_to("/sign-up/done?seed=no");
    let link = the_mail(&portal, MEI).await.link("/accept/");
    (portal, link)
}

async fn signs_up_again(portal: &Portal, sign_up: impl Into<SignUp>) {
    let sign_up = sign_up.into();
    let seed = sign_up.seed;
    portal.visitor().signs_up(sign_up).await.leads_to(&format!("/sign-up/done?seed={seed}"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn known_and_unknown_addresses_get_the_same_answer(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    for status in ["pending", "active", "disabled", "terminated"] {
        tables::set_status(&database, MEI, status).await;
        portal.waits(Duration::MINUTE);
        let (known, stranger) = (portal.visitor(), portal.visitor());
        let answers = [known.signs_up(MEI).await, stranger.signs_up(&*format!("{}@tech.gov.sg", &status[..3])).await];
        assert_eq!(answers[0].body, answers[1].body);
        let headers = answers.clone().map(|answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(headers[0], headers[1], "{status}");
        let cookies = answers.clone().map(|answer| answer.cookies().iter().map(String::len).collect::<Vec<_>>());
        assert_eq!(cookies[0], cookies[1], "{status}");
        let pages = [known.follows(&answers[0]).await, stranger.follows(&answers[1]).await];
        assert_eq!(pages[0].without_nonces(), pages[1].without_nonces(), "{status}");
    }
    portal.leaves_mail_unread();
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_repeat_within_59_seconds_sends_nothing(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    portal.waits(Duration::seconds(59));
    signs_up_again(&portal, MEI).await;
    assert_eq!(mails(&portal, MEI).await.len(), 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_repeat_after_60_seconds_sends_the_invitation_again_and_the_old_link_still_works(database: PgPool) {
    let (portal, first) = with_mei(&database).await;
    portal.waits(Duration::seconds(60));
    signs_up_again(&portal, MEI).await;
    let second = the_mail(&portal, MEI).await.link("/accept/");
    assert_ne!(first, second);
    for link in [first, second] {
        portal.visitor().opens(&link).await.is(200).has_button("Accept invitation");
    }
    assert_eq!(tables::account(&database, MEI).await.created_at, BEGINNING);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_invitation_that_is_sent_again_is_valid_until_the_first_day_30_and_not_longer(database: PgPool) {
    let (portal, first) = with_mei(&database).await;
    portal.waits(Duration::days(20));
    signs_up_again(&portal, MEI).await;
    let mail = the_mail(&portal, MEI).await;
    mail.has_subject("Accept your TechPass invitation before 22 Dec 2026").says("valid until 22 Dec 2026, 7:07 pm");
    let second = mail.link("/accept/");
    portal.waits(Duration::days(10) - Duration::SECOND);
    for link in [&first, &second] {
        portal.visitor().opens(link).await.is(200);
    }
    portal.waits(Duration::SECOND);
    for link in [&first, &second] {
        portal.visitor().opens(link).await.is(410);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_is_written_to_five_times_an_hour_and_then_again_when_the_hour_is_over(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    for expected in [1, 1, 1, 1, 0, 0] {
        portal.waits(Duration::MINUTE);
        signs_up_again(&portal, MEI).await;
        assert_eq!(mails(&portal, MEI).await.len(), expected, "{}", portal.now());
    }
    portal.waits(Duration::minutes(54) - Duration::SECOND);
    signs_up_again(&portal, MEI).await;
    assert_eq!(mails(&portal, MEI).await.len(), 0, "a second before the hour is over");
    portal.waits(Duration::SECOND);
    signs_up_again(&portal, MEI).await;
    assert_eq!(mails(&portal, MEI).await.len(), 1, "when the hour is over");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_two_mails_of_a_sign_up_with_seed_count_as_one_time(database: PgPool) {
    let portal = Portal::on(&database).await;
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    assert_eq!(mails(&portal, MEI).await.len(), 2);
    for expected in [1, 1, 1, 1, 0] {
        portal.waits(Duration::MINUTE);
        signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
        assert_eq!(mails(&portal, MEI).await.len(), expected, "{}", portal.now());
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_owner_of_an_active_account_is_told_where_to_sign_in(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    tables::set_status(&database, MEI, "active").await;
    portal.waits(Duration::days(40));
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    let mail = the_mail(&portal, MEI).await;
    mail.has_subject("You already have TechPass").says("active TechPass already").does_not_say("/accept/");
    assert_eq!(mail.links(), [format!("{}/account", portal.base_url())]);
    let account = tables::account(&database, MEI).await;
    assert_eq!((account.status.as_str(), account.seed_status.as_str()), ("active", "not_required"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_owner_of_a_disabled_account_is_told_how_to_have_it_re_enabled(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    tables::set_status(&database, MEI, "disabled").await;
    portal.waits(Duration::days(40));
    signs_up_again(&portal, MEI).await;
    let mail = the_mail(&portal, MEI).await;
    mail.has_subject("Your TechPass is disabled: how to get it back")
        .says("Re-enable account")
        .does_not_say("/accept/");
    assert_eq!(tables::account(&database, MEI).await.status, "disabled");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_active_or_disabled_account_is_written_to_once_a_minute(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    for status in ["active", "disabled"] {
        tables::set_status(&database, MEI, status).await;
        portal.waits(Duration::MINUTE);
        signs_up_again(&portal, MEI).await;
        portal.waits(Duration::seconds(59));
        signs_up_again(&portal, MEI).await;
        assert_eq!(mails(&portal, MEI).await.len(), 1, "{status}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_had_a_terminated_account_gets_a_new_one(database: PgPool) {
    let (portal, old_link) = with_mei(&database).await;
    tables::set_status(&database, MEI, "terminated").await;
    portal.waits(Duration::SECOND);
    signs_up_again(&portal, MEI).await;
    let new_link = the_mail(&portal, MEI).await.link("/accept/");
    let statuses: Vec<String> =
        tables::accounts(&database, MEI).await.into_iter().map(|account| account.status).collect();
    assert_eq!(statuses, ["terminated", "pending"]);
    portal.visitor().opens(&old_link).await.is(410);
    portal.visitor().opens(&new_link).await.is(200);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_pending_account_is_the_same_until_the_last_second_before_its_day_30(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    portal.waits(DAY_30 - Duration::SECOND);
    signs_up_again(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn at_its_day_30_a_pending_account_is_ended_and_a_new_one_replaces_it(database: PgPool) {
    let (portal, old_link) = with_mei(&database).await;
    portal.waits(DAY_30);
    signs_up_again(&portal, MEI).await;
    let mail = the_mail(&portal, MEI).await;
    mail.has_subject("Accept your TechPass invitation before 21 Jan 2027");
    let accounts = tables::accounts(&database, MEI).await;
    let statuses: Vec<&str> = accounts.iter().map(|account| account.status.as_str()).collect();
    assert_eq!(statuses, ["terminated", "pending"]);
    assert_eq!(accounts[1].activation_ends, BEGINNING + DAY_30 + DAY_30);
    portal.visitor().opens(&old_link).await.is(410);
    portal.visitor().opens(&mail.link("/accept/")).await.is(200);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wish_for_seed_that_comes_a_moment_later_is_kept_and_mailed(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    portal.waits(Duration::seconds(10));
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    the_mail(&portal, MEI).await.has_subject("Put your device on SEED before 22 Dec 2026");
    let account = tables::account(&database, MEI).await;
    assert_eq!(account.seed_status, "licence_assigned");
    assert_eq!(account.seed_email_expires, Some(BEGINNING + Duration::seconds(10) + DAY_30));
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    assert_eq!(mails(&portal, MEI).await.len(), 0, "the wish is not new any more");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_wish_for_seed_that_comes_later_is_mailed_with_the_invitation(database: PgPool) {
    let (portal, _) = with_mei(&database).await;
    portal.waits(Duration::minutes(5));
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    let mut subjects: Vec<String> = mails(&portal, MEI).await.iter().map(|mail| mail.subject()).collect();
    subjects.sort();
    assert_eq!(
        subjects,
        ["Accept your TechPass invitation before 22 Dec 2026", "Put your device on SEED before 22 Dec 2026"]
    );
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn signing_up_again_without_seed_does_not_take_it_away(database: PgPool) {
    let portal = Portal::on(&database).await;
    signs_up_again(&portal, SignUp::from(MEI).with_seed()).await;
    assert_eq!(mails(&portal, MEI).await.len(), 2);
    portal.waits(Duration::minutes(5));
    signs_up_again(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    assert_eq!(tables::account(&database, MEI).await.seed_status, "licence_assigned");
}
