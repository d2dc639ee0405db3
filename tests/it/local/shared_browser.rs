//! Two tabs of one browser, and two people one after the other at one: nothing of the one reaches the other
//! (docs/rules.md §4.15a).

use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal, Visitor,
    officers::{accepts, accepts_terms, active as active_officer, invited},
    provider::Persona,
    tables,
    vendors::{ADDRESS, ID, INITIAL, PASSWORD, Phone, active, gives_password, registered, registered_as, sets_up_app},
};

const MEI: &str = "mei@tech.gov.sg";

/// Signs out in another tab.
async fn signs_out(visitor: &Visitor, from: &str) {
    let page = visitor.opens(from).await;
    visitor.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
}

/// What every session holds.
async fn sessions(database: &PgPool) -> String {
    tables::dump(database).await["sessions"].clone()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_form_that_stayed_open_while_its_person_was_signed_out_leads_to_signing_in_and_costs_nothing(
    database: PgPool,
) {
    let portal = Portal::on(&database).await;
    let (elsewhere, phone) = active(&portal).await;
    portal.waits(Duration::MINUTE);
    for is_everywhere in [false, true] {
        for form in ["/sign-in/mfa", "/sign-in/recovery"] {
            let ana = portal.visitor();
            gives_password(&ana, ID, PASSWORD).await.leads_to("/sign-in/mfa");
            let page = ana.opens(form).await;
            if is_everywhere && form == "/sign-in/recovery" {
                // Here it is the other browser that ends all of them, this one among them.
                let security = elsewhere.opens("/account/security").await;
                elsewhere.fills_in(&security, &[]).await.leads_to("/?signed-out=yes");
            } else {
                signs_out(&ana, form).await;
            }
            let before = tables::dump(&database).await;
            for code in [phone.shows(&portal), "000000".to_owned(), String::new()] {
                ana.fills_in(&page, &[("code", &code)]).await.leads_to("/sign-in");
            }
            ana.opens(form).await.leads_to(&format!("/sign-in?next={}", form.replace('/', "%2F")));
            assert_eq!(
                tables::dump(&database).await,
                before,
                "neither a code nor a try is gone, and nothing is written"
            );
        }
    }
    let again = portal.visitor();
    let page = again.follows(&gives_password(&again, ID, PASSWORD).await).await;
    again.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_form_that_stayed_open_across_a_sign_out_leads_to_signing_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in").await;
    let page = ana.follows(&ana.fills_in(&page, &[("techpass_id", ID)]).await).await;
    gives_password(&ana, ID, PASSWORD).await.leads_to("/sign-in/mfa");
    signs_out(&ana, "/sign-in/mfa").await;
    let before = tables::dump(&database).await;
    ana.fills_in(&page, &[("password", PASSWORD)]).await.leads_to("/sign-in");
    ana.opens("/sign-in/password").await.leads_to("/sign-in");
    assert_eq!(tables::dump(&database).await, before);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_who_accepts_where_a_vendor_began_to_sign_in_goes_on_without_what_the_vendor_gave(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let link = invited(&portal, MEI).await;
    let shared = portal.visitor();
    let page = shared.opens("/sign-in?next=%2Faccount%2Fsecurity").await;
    shared.fills_in(&page, &[("techpass_id", ID)]).await.leads_to("/sign-in/password");
    let arrived = accepts(&shared, &portal, &link, &Persona::of(MEI)).await;
    shared.opens("/sign-in/password").await.leads_to("/sign-in");
    let stored = sessions(&database).await;
    assert!(!stored.contains("ana.lim") && !stored.contains("/account/security"), "{stored}");
    accepts_terms(&shared, arrived).await.leads_to("/activate/done");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_goes_to_the_provider_by_its_own_page_does_not_go_where_another_one_wanted(database: PgPool) {
    let portal = Portal::on(&database).await;
    active_officer(&portal, MEI).await;
    let shared = portal.visitor();
    let page = shared.opens("/sign-in?next=%2Faccount%2Fsecurity").await;
    shared.fills_in(&page, &[("techpass_id", "tan@tech.gov.sg")]).await.is(303);
    let page = shared.opens("/auth/wog/start").await;
    let leaving = shared.fills_in(&page, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    shared.opens(&back).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_tries_again_after_turning_back_still_goes_where_they_wanted(database: PgPool) {
    let portal = Portal::on(&database).await;
    active_officer(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens("/sign-in?next=%2Faccount%2Fsecurity").await;
    let leaving = mei.fills_in(&page, &[("techpass_id", MEI)]).await;
    let back = portal.provider.turns_away(leaving.location().expect("an address"), "access_denied");
    let leaving = mei.fills_in(&mei.opens(&back).await, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    mei.opens(&back).await.leads_to("/account/security");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_chooses_a_password_by_link_does_not_go_where_another_one_wanted(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    portal.waits(Duration::MINUTE);
    let shared = portal.visitor();
    let page = shared.opens("/sign-in?next=%2Faccount%2Fsecurity").await;
    shared.fills_in(&page, &[("techpass_id", "somebody.else")]).await.leads_to("/sign-in/password");
    let page = shared.opens("/sign-in/forgotten").await;
    shared.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let page = shared.opens(&portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/")).await;
    let code = phone.shows(&portal);
    let fields = [("new_password", "quantum ferry under saffron"), ("repeat_password", "quantum ferry under saffron")];
    shared.fills_in(&page, &[fields[0], fields[1], ("code", &code)]).await.leads_to("/account/security?done=password");
    let stored = sessions(&database).await;
    assert!(!stored.contains("somebody.else") && !stored.contains("/account/security\""), "{stored}");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn recovery_codes_that_were_not_kept_are_gone_from_the_browser_with_the_next_person(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    registered_as(&portal, "ben", "ben@vendor.example").await;
    let shared = portal.visitor();
    let answer = gives_password(&shared, ID, INITIAL).await;
    sets_up_app(&portal, &shared, &answer).await.1.leads_to("/activate/recovery-codes");
    assert!(sessions(&database).await.contains("recovery_codes"));
    let page = shared.follows(&gives_password(&shared, "ben", INITIAL).await).await;
    assert!(!sessions(&database).await.contains("recovery_codes"));
    // His own are shown to him, and gone when he signs out.
    shared.fills_in(&page, &[("code", &Phone::reads(&page).shows(&portal))]).await.leads_to("/activate/recovery-codes");
    assert_eq!(shared.opens("/activate/recovery-codes").await.texts(".codes code").len(), 10);
    signs_out(&shared, "/activate/recovery-codes").await;
    assert_eq!(sessions(&database).await, "");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_is_never_tried_for_an_id_that_was_given_in_another_tab(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    registered_as(&portal, "ben.ong", "ben@vendor.example").await;
    let shared = portal.visitor();
    let ana_s = shared.opens("/sign-in").await;
    let answer = shared.fills_in(&ana_s, &[("techpass_id", ID)]).await;
    let ana_s = shared.follows(&answer).await;
    let ben_s = shared.opens("/sign-in").await;
    shared.fills_in(&ben_s, &[("techpass_id", "ben.ong@techpass.gov.sg")]).await.is(303);
    let refused = shared.fills_in(&ana_s, &[("password", PASSWORD)]).await;
    let message = "Another tab has begun to log in as ben.ong@techpass.gov.sg, so this password was not tried. \
                   Go on as ben.ong@techpass.gov.sg, or use another ID";
    refused.is(422).has_field_error("password", message).links_to("/sign-in");
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'sign_in_failed'").await, 0);
}
