//! Where one is signed in, and signing out of one browser or of all (docs/rules.md §4.13).

use futures_util::future::join;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal,
    officers::{active, signs_in},
    provider::Persona,
    vendors::{self, ID, PASSWORD, confirms_on_the_way_to, gives_password},
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
    here.posts("/account/security/sessions", &forms[1].fields).await.leads_to("/account/security/sessions?done=ended");
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
        mei.posts(address, &fields).await.leads_to("/account/security/sessions?done=ended");
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

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_given_only_a_password_is_not_listed_as_signed_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (here, phone) = vendors::active(&portal).await;
    let thief = portal.visitor();
    gives_password(&thief, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    here.opens("/account/security").await.says("You are logged in with 1 browser");
    assert_eq!(here.opens("/account/security/sessions").await.forms().len(), 1, "only the one for everywhere");

    // Two clicks on the password: one of the two sessions is never gone on with.
    portal.waits(Duration::seconds(30));
    let there = portal.visitor();
    let answer = there.fills_in(&there.opens("/sign-in").await, &[("techpass_id", ID)]).await;
    let page = there.follows(&answer).await;
    let fields = [("password", PASSWORD)];
    join(there.fills_in(&page, &fields), there.fills_in(&page, &fields)).await;
    let page = there.opens("/sign-in/mfa").await;
    there.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    for browser in [&here, &there] {
        browser.opens("/account/security").await.says("You are logged in with 2 browsers");
        assert_eq!(browser.opens("/account/security/sessions").await.forms().len(), 2);
    }
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn showing_anew_who_one_is_does_not_change_since_when_one_is_signed_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = vendors::active(&portal).await;
    let since = "since 22 Nov 2026, 7:07 pm";
    ana.opens("/account/security/sessions").await.says(since);
    portal.waits(Duration::HOUR);
    confirms_on_the_way_to("/account/security/authenticators/new", &portal, &ana, &phone).await.is(200);
    ana.opens("/account/security/sessions").await.says(since);
}
