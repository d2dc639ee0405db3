//! Signing in at the provider again, staying, and signing out (docs/rules.md §2.26, §4.12, §4.15).

use sqlx::PgPool;
use time::Duration;

use super::MEI;
use crate::support::{
    Page, Portal,
    officers::{accepts, accepts_terms, active, invited, signs_in},
    provider::Persona,
    tables,
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_active_officer_signs_in_and_goes_where_they_wanted(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let mei = portal.visitor();
    let asked = mei.opens("/account").await;
    asked.leads_to("/sign-in?next=%2Faccount");
    let page = mei.follows(&asked).await;
    let leaving = mei.fills_in(&page, &[("techpass_id", " MEI@tech.gov.sg ")]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    mei.opens(&back).await.leads_to("/account");
    mei.opens("/account").await.is(200);
    mei.opens("/sign-in").await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn only_the_person_whom_the_provider_named_first_is_let_in_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let renamed = Persona::of("mei.lin@tech.gov.sg").with("sub", format!("sub-{MEI}"));
    signs_in(&portal.visitor(), &portal, &renamed).await.leads_to("/account");
    let successor = Persona::of(MEI).with("sub", "somebody else");
    let page = signs_in(&portal.visitor(), &portal, &successor).await;
    page.is(403).titled("This address belongs to another sign-in").links_to("/help");
    assert_eq!(tables::failures(&database, MEI).await, ["taken"]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_no_account_or_a_disabled_one_is_told_once_it_is_proven(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = signs_in(&portal.visitor(), &portal, &Persona::of(MEI)).await;
    page.is(403).titled("There is no TechPass for this account").says("m•••@tech.gov.sg").links_to("/sign-up");
    let mei = active(&portal, MEI).await;
    tables::set_status(&database, MEI, "disabled").await;
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    signs_in(&portal.visitor(), &portal, &Persona::of(MEI)).await.is(403).titled("Your TechPass is disabled");
    assert_eq!(tables::failures(&database, MEI).await, ["shut"]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn signing_out_ends_the_session_for_good(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    let stolen = mei.clone();
    let page = mei.opens("/account").await;
    let csrf = page.form_to("/sign-out").fields;
    mei.posts("/sign-out", &csrf).await.leads_to("/?signed-out=yes");
    assert_eq!(tables::count(&database, "select count(*) from sessions").await, 0);
    stolen.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_stops_on_the_way_can_sign_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    mei.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
    mei.opens("/activate/terms/privacy").await.leads_to("/sign-in?next=%2Factivate%2Fterms%2Fprivacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_session_is_over_after_twelve_hours_whatever_happens(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    for _ in 0..11 {
        portal.waits(Duration::HOUR);
        mei.opens("/account").await.is(200);
    }
    portal.waits(Duration::HOUR - Duration::SECOND);
    mei.opens("/account").await.is(200);
    portal.waits(Duration::SECOND);
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_session_s_cookie_changes_when_somebody_proves_who_they_are(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let before = session_of(&leaving);
    let arrived = mei.opens(&portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI))).await;
    let on_the_way = session_of(&arrived);
    assert_ne!(before, on_the_way);
    accepts_terms(&mei, arrived).await.leads_to("/activate/done");
    let request =
        portal.visitor().request(reqwest::Method::GET, "/account").header("cookie", format!("session={before}"));
    portal.visitor().sends(request).await.leads_to("/sign-in?next=%2Faccount");
}

fn session_of(page: &Page) -> String {
    let cookie = page.cookies().into_iter().find(|cookie| cookie.starts_with("session=")).expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.trim_start_matches("session=").split(';').next().unwrap_or_default().to_owned()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_dump_of_the_database_opens_no_session(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let state = url::Url::parse(leaving.location().expect("an address")).expect("a URL");
    let state = state.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
    let dump = tables::dump(&database).await;
    let session = session_of(&leaving);
    for (table, rows) in &dump {
        assert!(!rows.contains(&state) && !rows.contains(&session), "{table} holds what opens a session");
        assert!(!rows.contains(link.trim_start_matches("/accept/")), "{table} holds the link");
    }
}
