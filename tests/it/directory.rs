//! The directory is data: what an administrator edits in the database, the running portal follows (docs/rules.md §1.9).

use sqlx::PgPool;

use crate::support::{Portal, SignUp, process::until};

/// Runs a statement as an administrator does.
async fn edit(database: &PgPool, statement: &'static str) {
    sqlx::raw_sql(statement).execute(database).await.expect("an edit");
}

/// Waits until the answer for a domain names the rule.
async fn decided_by(portal: &Portal, domain: &str, rule: &str) {
    let visitor = portal.visitor();
    until(&format!("{rule} for {domain}"), async || {
        let page = visitor.opens(&format!("/start/answer?domain={domain}&device=gmd&seed=no")).await;
        (page.deciding_rule() == rule).then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_agency_s_people_can_sign_up_without_a_restart(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.attends();
    decided_by(&portal, "brandnew.gov.sg", "E9").await;
    edit(
        &database,
        "insert into agencies (acronym, name) values ('NEW', 'Brand New Agency');
         insert into agency_domains (domain, agency, name, sign_up, seed_offered, provider)
         values ('brandnew.gov.sg', 'NEW', 'Brand New Agency', 'self', false, 'wog')",
    )
    .await;
    decided_by(&portal, "brandnew.gov.sg", "E6").await;
    let answer = portal.visitor().signs_up(SignUp::from("mei@brandnew.gov.sg").with_seed()).await;
    answer.leads_to("/sign-up/done?seed=not-offered");
    portal.delivers().await;
    assert_eq!(portal.mail.reads("mei@brandnew.gov.sg").len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_domain_that_was_taken_out_is_a_stranger_s_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.attends();
    decided_by(&portal, "tech.gov.sg", "E6").await;
    edit(&database, "delete from agency_domains where domain = 'tech.gov.sg'").await;
    decided_by(&portal, "tech.gov.sg", "E9").await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_copy_follows_an_edit(database: PgPool) {
    let portal = Portal::on(&database).await;
    let copy = portal.copy(1, &[]).await;
    portal.attends();
    copy.attends();
    edit(&database, "insert into refused_mail_domains (domain, reason) values ('vendor.example', 'personal')").await;
    decided_by(&portal, "vendor.example", "E3").await;
    decided_by(&copy, "vendor.example", "E3").await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_edit_while_the_connection_was_lost_is_caught_up_with(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.attends();
    edit(&database, "insert into refused_mail_domains (domain, reason) values ('first.example', 'personal')").await;
    decided_by(&portal, "first.example", "E3").await;
    edit(
        &database,
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where datname = current_database() and application_name = 'portal under test';
         insert into refused_mail_domains (domain, reason) values ('second.example', 'personal')",
    )
    .await;
    decided_by(&portal, "second.example", "E3").await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_domain_that_is_none_does_not_take_the_directory_away(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.attends();
    edit(&database, "insert into refused_mail_domains (domain, reason) values ('no domain', 'personal'), ('third.example', 'personal')").await;
    // Mended: only now can it be read, and the portal has answered all the while.
    decided_by(&portal, "tech.gov.sg", "E6").await;
    edit(&database, "delete from refused_mail_domains where domain = 'no domain'").await;
    decided_by(&portal, "third.example", "E3").await;
}
