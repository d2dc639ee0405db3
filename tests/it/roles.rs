//! Roles, from the command line (docs/rules.md, people), and what they change.

use portal::{commands::account, domain::person::Role};
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    officers::{active, signs_in},
    provider::Persona,
    tables, vendors,
};

const MEI: &str = "mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_role_is_given_to_an_active_public_officer_once_and_taken_away(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    assert!(account::grant(&portal.app, " Mei@Tech.gov.sg ", Role::Admin).await.expect("a role"));
    assert!(!account::grant(&portal.app, MEI, Role::Admin).await.expect("no change"));
    assert!(account::show(&portal.app, MEI).await.expect("an account").ends_with("active · roles: admin"));
    assert!(account::revoke(&portal.app, MEI, Role::Admin).await.expect("no role"));
    assert!(!account::revoke(&portal.app, MEI, Role::Admin).await.expect("no change"));
    assert_eq!(tables::count(&database, "select count(*) from audit where event like 'role_%'").await, 2);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_else_gets_a_role(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, "mei_from.vendor@tech.gov.sg").await;
    vendors::active(&portal).await;
    portal.visitor().signs_up("pending@tech.gov.sg").await.is(303);
    portal.delivers().await;
    portal.mail.reads_all();
    for email in
        ["mei_from.vendor@tech.gov.sg", vendors::ADDRESS, "pending@tech.gov.sg", "nobody@tech.gov.sg", "nonsense"]
    {
        let refused = account::grant(&portal.app, email, Role::Agent).await;
        assert!(refused.is_err(), "{email}");
    }
    assert_eq!(tables::count(&database, "select count(*) from account_roles").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_role_ends_every_session_and_whoever_has_one_may_do_nothing_for_15_minutes_at_most(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    portal.waits(Duration::minutes(16));
    mei.opens("/account").await.is(200);
    portal.waits(Duration::SECOND);
    account::grant(&portal.app, MEI, Role::Agent).await.expect("a role");
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");

    let mei = portal.visitor();
    signs_in(&mei, &portal, &Persona::of(MEI)).await.leads_to("/account");
    mei.opens("/account/security").await.says("You were given a role");
    for _ in 0..3 {
        portal.waits(Duration::minutes(15) - Duration::SECOND);
        mei.opens("/account").await.is(200).says("Service desk agent");
    }
    portal.waits(Duration::minutes(15));
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_living_account_is_shown_by_its_address_or_its_techpass_id(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    vendors::active(&portal).await;
    for typed in [vendors::ADDRESS, " Ana@Vendor.example ", vendors::ID, "Ana.Lim@TechPass.gov.sg", "ana.lim"] {
        let shown = account::show(&portal.app, typed).await.expect(typed);
        assert_eq!(shown, format!("{} · active · roles: none", vendors::ID));
    }
    assert!(account::show(&portal.app, MEI).await.expect("an account").starts_with(MEI));
    tables::set_status(&database, vendors::ADDRESS, "terminated").await;
    for typed in [vendors::ADDRESS, vendors::ID, "nobody@tech.gov.sg", "nobody@techpass.gov.sg"] {
        let refused = account::show(&portal.app, typed).await.expect_err(typed);
        assert_eq!(refused.to_string(), format!("nobody has a living account with {typed}"));
    }
    let refused = account::show(&portal.app, "no id").await.expect_err("nonsense");
    assert_eq!(refused.to_string(), "no id is neither an e-mail address nor a TechPass ID");
}
