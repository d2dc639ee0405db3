//! The documents, one after the other (docs/rules.md §4.9 to §4.10).

use sqlx::PgPool;
use time::Duration;

use super::MEI;
use crate::support::{
    Portal, SignUp,
    officers::{accepts, accepts_terms, active, invited, signs_in},
    provider::Persona,
    tables,
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_has_seed_accepts_the_policy_for_managed_devices_as_well(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, SignUp::from(MEI).with_seed()).await;
    let mei = portal.visitor();
    let mut answer = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    for document in ["privacy", "terms-of-use", "mdm-aup"] {
        answer.leads_to(&format!("/activate/terms/{document}"));
        let page = mei.follows(&answer).await;
        answer = mei.fills_in(&page, &[("accept", "yes")]).await;
    }
    answer.leads_to("/activate/done");
    let accepted: Vec<(String, i32, bool)> = sqlx::query_as(
        "select c.document, c.version, c.hash = sha256(convert_to(t.content, 'UTF8'))
           from acceptances c join terms t using (document, version) order by c.accepted_at, c.document",
    )
    .fetch_all(&database)
    .await
    .expect("acceptances");
    assert_eq!(accepted.len(), 3);
    assert!(accepted.iter().all(|(_, version, is_its_hash)| *version == 1 && *is_its_hash), "{accepted:?}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_skips_a_document(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let csrf = page.form().fields.iter().find(|(name, _)| name == "csrf").cloned().expect("a token");
    for address in ["/activate/terms/terms-of-use", "/activate/terms/mdm-aup", "/activate"] {
        let fields = [csrf.clone(), ("accept".to_owned(), "yes".to_owned()), ("version".to_owned(), "1".to_owned())];
        mei.posts(address, &fields).await.leads_to("/activate/terms/privacy");
        if address != "/activate" {
            mei.opens(address).await.leads_to("/activate/terms/privacy");
        }
    }
    mei.opens("/account").await.leads_to("/activate/terms/privacy");
    mei.opens("/activate/done").await.leads_to("/activate/terms/privacy");
    let refused = mei.fills_in(&page, &[]).await;
    refused.is(422).has_field_error("accept", "Tick the box to accept, or stop here: your account stays as it is");
    assert_eq!(tables::count(&database, "select count(*) from acceptances").await, 0);
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_stopped_at_the_terms_goes_on_there_by_the_link_or_by_signing_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    accepts(&portal.visitor(), &portal, &link, &Persona::of(MEI)).await.leads_to("/activate/terms/privacy");
    portal.waits(Duration::days(3));
    let again = portal.visitor();
    let arrived = accepts(&again, &portal, &link, &Persona::of(MEI)).await;
    let page = again.follows(&arrived).await;
    again.fills_in(&page, &[("accept", "yes")]).await.leads_to("/activate/terms/terms-of-use");
    let elsewhere = portal.visitor();
    let arrived = signs_in(&elsewhere, &portal, &Persona::of(MEI)).await;
    arrived.leads_to("/activate/terms/terms-of-use");
    accepts_terms(&elsewhere, arrived).await.leads_to("/activate/done");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_double_click_on_accept_does_nothing_twice(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let answers = futures_util::future::join_all((0..10).map(|_| mei.fills_in(&page, &[("accept", "yes")]))).await;
    assert!(answers.iter().any(|answer| answer.location() == Some("/activate/terms/terms-of-use")));
    assert_eq!(tables::count(&database, "select count(*) from acceptances").await, 1);
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'terms_accepted'").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_second_click_on_the_last_document_or_a_lost_answer_signs_nobody_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let next = mei.fills_in(&page, &[("accept", "yes")]).await;
    let page = mei.follows(&next).await;
    let answers = futures_util::future::join_all((0..5).map(|_| mei.fills_in(&page, &[("accept", "yes")]))).await;
    for answer in &answers {
        answer.leads_to("/activate/done");
    }
    mei.fills_in(&page, &[("accept", "yes")]).await.leads_to("/activate/done");
    mei.opens("/account").await.is(200);
    for query in [
        "select count(*) from audit where event = 'activated'",
        "select count(*) from audit where event = 'signed_in'",
        "select count(*) - 1 from audit where event = 'terms_accepted'",
    ] {
        assert_eq!(tables::count(&database, query).await, 1, "{query}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_version_of_the_terms_is_asked_for_at_the_next_sign_in_with_what_changed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = active(&portal, MEI).await;
    let new = "insert into terms (document, version, title, content, hash, effective_at)
               select document, 2, title, content || E'\\nA new paragraph.\\n', sha256(convert_to(content || E'\\nA new paragraph.\\n', 'UTF8')), $1
                 from terms where document = 'privacy'";
    sqlx::query(new).bind(portal.now()).execute(&database).await.expect("a new version");
    portal.learns_what_changed().await;
    mei.opens("/account").await.is(200);
    let again = portal.visitor();
    let arrived = signs_in(&again, &portal, &Persona::of(MEI)).await;
    arrived.leads_to("/activate/terms/privacy");
    let page = again.follows(&arrived).await;
    page.is(200).says("What changed since you accepted it").says("New: A new paragraph.");
    again.fills_in(&page, &[("accept", "yes")]).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_becomes_active_before_a_document_is_published(database: PgPool) {
    let portal = Portal::on(&database).await;
    let link = invited(&portal, MEI).await;
    let comes = portal.now() + Duration::days(2);
    let query = "update terms set effective_at = $1 where document = 'terms_of_use'";
    let from = async |when| {
        sqlx::query(query).bind(when).execute(&database).await.expect("an edit");
        portal.learns_what_changed().await;
    };
    let mei = portal.visitor();
    let arrived = accepts(&mei, &portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let next = mei.fills_in(&page, &[("accept", "yes")]).await;
    next.leads_to("/activate/terms/terms-of-use");
    let was_published = mei.follows(&next).await;
    from(comes).await;
    for page in [mei.follows(&next).await, mei.fills_in(&was_published, &[("accept", "yes")]).await] {
        page.is(503).titled("This document is not published yet").has_no_form().says("accept the Terms of Use");
        page.links_to("/activate/terms/terms-of-use").links_to("/help");
    }
    mei.opens("/account").await.leads_to("/activate/terms/terms-of-use");
    mei.opens("/activate").await.leads_to("/activate/terms/terms-of-use");
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
    // SEED is not provisioned: nobody waits for its policy.
    sqlx::query("delete from terms where document = 'mdm_aup'").execute(&database).await.expect("an edit");
    portal.waits(Duration::days(2) - Duration::SECOND);
    let again = portal.visitor();
    let arrived = signs_in(&again, &portal, &Persona::of(MEI)).await;
    again.follows(&arrived).await.is(503);
    portal.waits(Duration::SECOND);
    portal.learns_what_changed().await;
    accepts_terms(&again, arrived).await.leads_to("/activate/done");
}
