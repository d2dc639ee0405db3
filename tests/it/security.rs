//! Where one is signed in, and signing out of one browser or of all (docs/rules.md §4.13).

use sqlx::PgPool;

use crate::support::{
    Portal,
    officers::{active, signs_in},
    provider::Persona,
};

const MEI: &str = "mei@tech.gov.sg";

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_other_browser_is_signed_out_and_this_one_stays(database: PgPool) {
    let portal = Portal::on(&database).await;
    let here = active(&portal, MEI).await;
    let there = portal.visitor();
    signs_in(&there, &portal, &Persona::of(MEI)).await.leads_to("/account");
    let page = here.opens("/account/security/sessions").await;
    page.is(200).says("(this browser)").has_button("Sign this browser out");
    let forms = page.forms();
    assert_eq!(forms.len(), 2, "one for everywhere, one for the other browser");
    here.posts("/account/security/sessions", &forms[1].fields).await.leads_to("/account/security/sessions");
    there.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    here.opens("/account/security").await.is(200).says("Another browser was signed out").says("Signed in");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_signs_somebody_else_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    let tan = active(&portal, "tan@tech.gov.sg").await;
    let theirs: Vec<u8> = sqlx::query_scalar(
        "select s.id from sessions s join accounts a on a.id = s.account_id where a.email = 'tan@tech.gov.sg'",
    )
    .fetch_one(&database)
    .await
    .expect("a session");
    let mut fields = mei.opens("/account/security/sessions").await.form().fields;
    fields.push(("session".to_owned(), theirs.iter().map(|byte| format!("{byte:02x}")).collect()));
    for address in ["/account/security", "/account/security/sessions"] {
        mei.posts(address, &fields).await.leads_to("/account/security/sessions");
    }
    tan.opens("/account").await.is(200);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn signing_out_everywhere_ends_every_browser_on_every_copy_at_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let copy = portal.copy(1, &[]).await;
    let here = active(&portal, MEI).await;
    let mut others = Vec::new();
    for number in 0..4 {
        let browser = if number % 2 == 0 { portal.visitor() } else { copy.visitor() };
        let home = if number % 2 == 0 { &portal } else { &copy };
        signs_in(&browser, home, &Persona::of(MEI)).await.leads_to("/account");
        others.push(browser);
    }
    let page = here.opens("/account/security").await;
    here.fills_in(&page, &[]).await.leads_to("/?signed-out=yes");
    for browser in others.iter().chain([&here]) {
        browser.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    }
}
