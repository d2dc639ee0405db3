//! "I'm not a robot", and the budgets without it (docs/rules.md §2.16 to §2.19).

use sqlx::PgPool;
use time::Duration;

use super::{mails, the_mail};
use crate::support::{Page, Portal, SignUp, tables};

const MEI: &str = "mei@tech.gov.sg";

async fn without_proof(portal: &Portal, email: &str) -> Page {
    portal.visitor().signs_up(SignUp::from(email).without_proof()).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_same_proof_with_the_same_form_is_a_double_click(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let proof = visitor.proves().await;
    for _ in 0..3 {
        visitor.signs_up(SignUp::from(MEI).with_proof(&proof)).await.leads_to("/sign-up/done?seed=no");
    }
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_proof_that_was_used_with_another_form_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let proof = visitor.proves().await;
    visitor.signs_up(SignUp::from(MEI).with_proof(&proof)).await;
    the_mail(&portal, MEI).await;
    let before = tables::dump(&database).await;
    for other in [SignUp::from("ana@tech.gov.sg"), SignUp::from(MEI).on("gmd"), SignUp::from(MEI).with_seed()] {
        let email = other.email.clone();
        let page = visitor.signs_up(other.with_proof(&proof)).await;
        page.is(422).titled("Error: Sign up").holds("email", &email);
        page.has_field_error("altcha", "The check was used for another form. Tick “I’m not a robot” again");
    }
    assert_eq!(tables::dump(&database).await, before);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_proof_counts_for_twenty_minutes(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let (early, late) = (visitor.proves().await, visitor.proves().await);
    portal.waits(Duration::minutes(20) - Duration::SECOND);
    visitor.signs_up(SignUp::from(MEI).with_proof(&early)).await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, MEI).await;
    portal.waits(Duration::SECOND);
    let page = visitor.signs_up(SignUp::from("ana@tech.gov.sg").with_proof(&late)).await;
    page.is(422).has_field_error("altcha", "The check has run out. Tick “I’m not a robot” again");
    page.holds("email", "ana@tech.gov.sg");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_no_proof_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    for nonsense in ["x", "e30=", "bnVsbA==", "eyJjaGFsbGVuZ2UiOnt9fQ=="] {
        let page = portal.visitor().signs_up(SignUp::from(MEI).with_proof(nonsense)).await;
        page.is(422).has_field_error("altcha", "The check did not work. Tick “I’m not a robot” again");
    }
    assert!(tables::is_empty(&database).await);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_proof_for_another_portal_is_refused(database: PgPool) {
    let portal = Portal::on(&database).await;
    let other = portal.copy(1, &[("SECRET_KEY", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=")]).await;
    let proof = other.visitor().proves().await;
    portal.visitor().signs_up(SignUp::from(MEI).with_proof(&proof)).await.is(422);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_a_proof_one_address_has_three_posts_an_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    for _ in 0..3 {
        without_proof(&portal, MEI).await.leads_to("/sign-up/done?seed=no");
    }
    the_mail(&portal, MEI).await;
    portal.waits(Duration::minutes(30));
    let page = without_proof(&portal, " MEI@tech.gov.sg").await;
    page.is(429)
        .titled("Error: Sign up")
        .holds("email", " MEI@tech.gov.sg")
        .holds("device", "non_se_gsib")
        .holds("seed", "no");
    assert_eq!(page.header("retry-after"), Some("1800"));
    let message =
        "Too many forms came without the “I’m not a robot” check. Turn on JavaScript, or try again in 30 minutes";
    page.has_field_error("altcha", message);
    without_proof(&portal, "ana@tech.gov.sg").await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, "ana@tech.gov.sg").await;
    portal.waits(Duration::minutes(30));
    without_proof(&portal, MEI).await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_has_used_up_the_budget_still_gets_in_with_a_proof(database: PgPool) {
    let portal = Portal::on(&database).await;
    for _ in 0..4 {
        without_proof(&portal, MEI).await;
    }
    portal.visitor().signs_up(MEI).await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_a_proof_one_network_has_thirty_posts_an_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    for number in 0..30 {
        without_proof(&portal, &format!("officer{number}@tech.gov.sg")).await.leads_to("/sign-up/done?seed=no");
    }
    let page = without_proof(&portal, MEI).await;
    page.is(429).holds("email", MEI).has_button("Submit");
    assert_eq!(page.header("retry-after"), Some("3600"));
    assert_eq!(tables::count(&database, "select count(*) from accounts").await, 30);
    assert_eq!(portal.delivers().await, 30);
    portal.leaves_mail_unread();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn budgets_hold_for_all_copies_together(database: PgPool) {
    let portal = Portal::on(&database).await;
    let copy = portal.copy(1, &[]).await;
    for place in [&portal, &copy, &portal] {
        without_proof(place, MEI).await.leads_to("/sign-up/done?seed=no");
    }
    without_proof(&copy, MEI).await.is(429);
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_refused_form_takes_nothing_from_the_budget(database: PgPool) {
    let portal = Portal::on(&database).await;
    for _ in 0..10 {
        portal.visitor().signs_up(SignUp::from(MEI).on("se_gsib").without_proof()).await.is(422);
    }
    without_proof(&portal, MEI).await.leads_to("/sign-up/done?seed=no");
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_network_may_send_as_many_forms_a_minute_as_the_operator_sets(database: PgPool) {
    let portal = Portal::with(&database, &[("LIMITS__NETWORK_PER_MINUTE", "2")]).await;
    let visitor = portal.visitor();
    visitor.signs_up("mei@gmail.com").await.is(422);
    visitor.signs_up("mei@gmail.com").await.is(422);
    let page = visitor.signs_up(MEI).await;
    page.is(429).titled("Too many tries");
    let seconds: u64 = page.header("retry-after").expect("how long to wait").parse().expect("seconds");
    assert!((1..=30).contains(&seconds), "{seconds}");
    visitor.opens("/sign-up").await.is(200);
    assert!(tables::is_empty(&database).await);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_the_box_there_is_no_budget(database: PgPool) {
    let portal = Portal::with(&database, &[("CAPTCHA__ENABLED", "false")]).await;
    for _ in 0..6 {
        without_proof(&portal, MEI).await.leads_to("/sign-up/done?seed=no");
    }
    assert_eq!(mails(&portal, MEI).await.len(), 1);
    assert_eq!(tables::count(&database, "select count(*) from budgets").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_person_who_tries_over_and_over_uses_up_nobody_else_s_tries(database: PgPool) {
    let portal = Portal::on(&database).await;
    for number in 0..40 {
        let page = without_proof(&portal, MEI).await;
        page.is(if number < 3 { 303 } else { 429 });
    }
    without_proof(&portal, "ana@tech.gov.sg").await.is(303);
    the_mail(&portal, MEI).await;
    the_mail(&portal, "ana@tech.gov.sg").await;
}
