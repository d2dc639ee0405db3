//! To the provider and back, and what can go wrong there (docs/rules.md §2.24).

use sqlx::PgPool;
use time::Duration;

use super::MEI;
use crate::support::{
    Portal,
    officers::{accepts, invited},
    provider::Persona,
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_key_of_the_provider_is_asked_for(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
    portal.lets_real_time_pass(Duration::seconds(5)).await;
    portal.provider.rotates_its_key();
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_provider_that_does_not_answer_is_told_and_nothing_is_lost(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    portal.provider.is_out(true);
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    let answer = visitor.fills_in(&page, &[]).await;
    answer.is(503).titled("Your agency’s sign-in does not answer").has_button("Try again");
    portal.provider.is_out(false);
    let leaving = visitor.fills_in(&answer, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    portal.provider.is_out(true);
    visitor.opens(&back).await.is(503).titled("Your agency’s sign-in does not answer");
    portal.provider.is_out(false);
    accepts(&visitor, &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_outage_at_the_provider_is_no_reason_not_to_trust_it_whoever_says_so(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    let leaves = async || visitor.fills_in(&page, &[]).await.is(303).location().expect("an address").to_owned();
    let json = r#"{"error":"server_error"}"#;
    for (status, body) in
        [(502, "<html><h1>Bad gateway</h1>"), (503, "<html>Back soon"), (504, ""), (500, json), (429, "<html>Too many")]
    {
        let back = portal.provider.lets_in(&leaves().await, &Persona::of(MEI));
        portal.provider.answers_with_a_page(status, body);
        let answer = visitor.opens(&back).await;
        answer.is(503).titled("Your agency’s sign-in does not answer").has_button("Try again");
        portal.provider.is_out(false);
    }
    for error in ["server_error", "temporarily_unavailable"] {
        let answer = visitor.opens(&portal.provider.turns_away(&leaves().await, error)).await;
        answer.is(503).titled("Your agency’s sign-in does not answer").has_button("Try again");
    }
    for error in ["invalid_request", "server_error_of_mine"] {
        let answer = visitor.opens(&portal.provider.turns_away(&leaves().await, error)).await;
        answer.is(403).titled("We could not trust that sign-in");
    }
    let back = portal.provider.lets_in(&leaves().await, &Persona::of(MEI));
    portal.provider.answers_with_a_page(400, "<html>That is no request");
    visitor.opens(&back).await.is(403).titled("We could not trust that sign-in");
    portal.provider.is_out(false);
    accepts(&visitor, &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_provider_that_is_not_set_up_is_told_in_words_of_its_own_and_nothing_is_lost(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let (invitation, sign_in) = (visitor.opens(&link).await, visitor.opens("/sign-in").await);
    let to_provider = async |provider| {
        sqlx::query("insert into identity_providers (name) values ('new') on conflict do nothing")
            .execute(&database)
            .await
            .expect("a provider");
        let query = "update agency_domains set provider = $1 where domain = 'tech.gov.sg'";
        sqlx::query(query).bind(provider).execute(&database).await.expect("an edit");
        portal.learns_what_changed().await;
    };
    to_provider("new").await;
    for (answer, keeps_link) in [
        (visitor.fills_in(&invitation, &[]).await, true),
        (visitor.fills_in(&sign_in, &[("techpass_id", MEI)]).await, false),
    ] {
        answer.is(503).titled("Your agency’s sign-in is not set up yet").has_no_form().links_to("/help");
        assert_eq!(answer.main_text().contains("Your invitation stays valid"), keeps_link);
    }
    to_provider("wog").await;
    accepts(&visitor, &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn turning_back_at_the_provider_changes_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    let leaving = visitor.fills_in(&page, &[]).await;
    let back = portal.provider.turns_away(leaving.location().expect("an address"), "access_denied");
    let answer = visitor.opens(&back).await;
    answer.is(403).titled("You did not sign in").has_button("Try again").says("still valid");
    visitor.fills_in(&answer, &[]).await.is(303);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn coming_back_works_once_and_only_in_the_browser_that_left(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let leaving = mei.fills_in(&page, &[]).await;
    let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
    portal.visitor().opens(&back).await.is(400).titled("Please start again");
    mei.opens(&back).await.leads_to("/activate/terms/privacy");
    mei.opens(&back).await.is(400).titled("Please start again");
    for made_up in ["", "?code=x", "?state=x&code=y", "?error=server_error&state=x", "?state=%00&code=%FF"] {
        mei.opens(&format!("/auth/wog/callback{made_up}")).await.is(400);
    }
    mei.opens("/auth/nobody/callback?code=x&state=y").await.is(404);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_tabs_at_the_provider_do_not_disturb_each_other(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let page = mei.opens(&link).await;
    let (first, second) = (mei.fills_in(&page, &[]).await, mei.fills_in(&page, &[]).await);
    for leaving in [first, second] {
        let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
        mei.opens(&back).await.leads_to("/activate/terms/privacy");
    }
}
