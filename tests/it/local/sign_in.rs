//! Every later sign-in: password and code, and how many tries there are (docs/rules.md §4.2, §4.2a, §4.12).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use super::WRONG;
use crate::support::{
    Portal, tables,
    vendors::{ADDRESS, ID, INITIAL, PASSWORD, active, gives_password, registered},
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_unknown_id_a_wrong_password_and_a_disabled_account_s_wrong_password_read_the_same(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let answers = [
        gives_password(&portal.visitor(), ID, "not it").await,
        gives_password(&portal.visitor(), "nobody@techpass.gov.sg", "not it").await,
    ];
    tables::set_status(&database, ADDRESS, "disabled").await;
    let disabled = gives_password(&portal.visitor(), ID, "not it").await;
    for answer in [&answers[0], &answers[1], &disabled] {
        answer.is(422).has_field_error("password", WRONG);
        let page = answer.without_nonces().replace("nobody@", "ana.lim@");
        assert_eq!(page, answers[0].without_nonces());
        assert!(!answer.body.contains("not it"), "a password came back");
    }
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(403).titled("Your TechPass is disabled").links_to("/help");
    tables::set_status(&database, ADDRESS, "terminated").await;
    gives_password(&portal.visitor(), ID, INITIAL).await.is(403).titled("Your TechPass has ended");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn ten_wrong_passwords_an_hour_lock_the_tries_for_a_while_and_tell_the_owner(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    for id in [ID, "nobody@techpass.gov.sg"] {
        for _ in 0..10 {
            gives_password(&portal.visitor(), id, "not it").await.is(422);
        }
        for password in ["not it", INITIAL] {
            let page = gives_password(&portal.visitor(), id, password).await;
            page.is(429).has_field_error("password", "Too many tries. Try again in 60 minutes");
        }
    }
    portal.delivers().await;
    let mails = portal.mail.reads_all();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].has_subject("Somebody gave too many wrong TechPass passwords");
    portal.waits(Duration::HOUR);
    gives_password(&portal.visitor(), ID, INITIAL).await.leads_to("/activate/mfa");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn around_a_full_hour_there_are_no_more_passwords_than_in_any_other_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    gives_password(&portal.visitor(), ID, "not it").await.is(422);
    portal.waits(Duration::HOUR - Duration::SECOND);
    for _ in 0..9 {
        gives_password(&portal.visitor(), ID, "not it").await.is(422);
    }
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(429).has_field_error("password", "Too many tries. Try again in a second");
    portal.waits(Duration::SECOND);
    gives_password(&portal.visitor(), ID, "not it").await.is(422);
    let page = gives_password(&portal.visitor(), ID, INITIAL).await;
    page.is(429).has_field_error("password", "Too many tries. Try again in 60 minutes");
    portal.delivers().await;
    assert_eq!(portal.mail.reads_all().len(), 1, "the owner is told once");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_active_account_signs_in_with_password_and_code(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    answer.leads_to("/sign-in/mfa");
    ana.opens("/account").await.leads_to("/sign-in/mfa");
    let page = ana.follows(&answer).await;
    ana.fills_in(&page, &[("code", "")]).await.is(422).has_field_error("code", "Enter the code");
    ana.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    ana.opens("/account").await.is(200);
    gives_password(&portal.visitor(), ID, INITIAL).await.is(422).has_field_error("password", WRONG);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_opens_once_however_many_try_it_at_once_on_three_copies(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let copies = [portal.copy(1, &[]).await, portal.copy(2, &[]).await];
    let code = phone.shows(&portal);
    let mut pages = Vec::new();
    for visitor in [portal.visitor(), copies[0].visitor(), copies[1].visitor(), portal.visitor(), copies[0].visitor()] {
        let answer = gives_password(&visitor, ID, PASSWORD).await;
        let page = visitor.follows(&answer).await;
        pages.push((visitor, page));
    }
    let fields = [("code", code.as_str())];
    let answers = join_all(pages.iter().map(|(visitor, page)| visitor.fills_in(page, &fields))).await;
    let let_in = answers.iter().filter(|answer| answer.location() == Some("/account")).count();
    assert_eq!(let_in, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_older_code_is_refused_after_a_newer_one_and_so_is_one_two_steps_away(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let try_code = async |code: String| {
        let visitor = portal.visitor();
        let answer = gives_password(&visitor, ID, PASSWORD).await;
        let page = visitor.follows(&answer).await;
        visitor.fills_in(&page, &[("code", &code)]).await
    };
    try_code(phone.will_show(&portal, -2)).await.is(422);
    try_code(phone.will_show(&portal, 2)).await.is(422);
    try_code(phone.will_show(&portal, 1)).await.leads_to("/account");
    try_code(phone.shows(&portal)).await.is(422);
    portal.waits(Duration::minutes(2));
    try_code(phone.shows(&portal)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn wrong_passwords_stand_in_the_trail(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    for _ in 0..3 {
        gives_password(&portal.visitor(), ID, "not it").await.is(422);
    }
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'sign_in_failed'").await, 3);
}
