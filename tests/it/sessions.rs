//! Two requests of one browser at once: neither undoes what the other did, and what was ended meanwhile does not come back
//! (docs/rules.md §4.15a).

use std::sync::Arc;

use futures_util::future::{Either, join, join_all, select};
use portal::{
    clock::Clock,
    domain::sitting::Sitting,
    store::{session_content::SITTING, sessions::Sessions},
    web::session,
};
use sqlx::{PgPool, PgTransaction};
use time::Duration;
use tower_sessions::{Session, session::Id};
use uuid::Uuid;

use crate::support::{
    Portal,
    officers::{accepts, active, invited, signs_in},
    process::until,
    provider::Persona,
    tables,
    vendors::{self, ID, PASSWORD, gives_password},
};

const MEI: &str = "mei@tech.gov.sg";

/// The last document of an officer without SEED.
const LAST: &str = "/activate/terms/terms-of-use";

/// The session of a browser, as a request of it finds it.
fn found(portal: &Portal, id: Option<Id>) -> Session {
    let store = Sessions::new(portal.app.pool.clone(), Arc::clone(&portal.app.clock));
    Session::new(id, Arc::new(store), None)
}

/// A session that has just begun.
async fn begun(portal: &Portal) -> Id {
    let session = found(portal, None);
    session.insert("begun", true).await.expect("a session");
    session.save().await.expect("a session");
    session.id().expect("an id")
}

async fn on_the_way(portal: &Portal) -> Sitting {
    active(portal, MEI).await;
    let account: Uuid = sqlx::query_scalar("select id from accounts").fetch_one(&portal.database).await.expect("one");
    Sitting {
        account,
        began_at: portal.clock.now(),
        confirmed_at: None,
        is_second_factor_proven: false,
        is_vouched: false,
        is_complete: false,
        led_to: None,
        is_staff: false,
        browser: String::new(),
        network: String::new(),
        known_by: None,
    }
}

async fn sitting_of(portal: &Portal, id: Id) -> Option<Sitting> {
    found(portal, Some(id)).get(SITTING).await.expect("a session")
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_many_requests_at_once_put_into_a_session_is_all_in_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    let id = begun(&portal).await;
    let keys: Vec<String> = (0..20).map(|number| format!("key {number}")).collect();
    let requests: Vec<Session> = keys.iter().map(|_| found(&portal, Some(id))).collect();
    for request in &requests {
        assert_eq!(request.get("begun").await.expect("a session"), Some(true), "all of them have loaded it");
    }
    requests[0].remove::<bool>("begun").await.expect("a session");
    join_all(requests.iter().zip(&keys).map(async |(request, key)| {
        request.insert(key, key).await.expect("a session");
        request.save().await.expect("a session");
    }))
    .await;
    let after = found(&portal, Some(id));
    for key in &keys {
        assert_eq!(after.get(key).await.expect("a session").as_ref(), Some(key));
    }
    assert_eq!(after.get::<bool>("begun").await.expect("a session"), None, "nobody put back what one took out");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_slow_request_does_not_undo_what_others_proved_meanwhile(database: PgPool) {
    let portal = Portal::on(&database).await;
    let sitting = on_the_way(&portal).await;
    let now = Some(portal.clock.now());
    let complete = Sitting { is_second_factor_proven: true, is_complete: true, ..sitting.clone() };
    let confirmed = Sitting { confirmed_at: now, ..sitting.clone() };
    for order in [[&complete, &confirmed], [&confirmed, &complete]] {
        let id = begun(&portal).await;
        session::keep(&found(&portal, Some(id)), &sitting).await.expect("a session");
        let requests = order.map(|_| found(&portal, Some(id)));
        for request in &requests {
            assert!(request.get::<Sitting>(SITTING).await.expect("a session").is_some());
        }
        for (request, sitting) in requests.iter().zip(order) {
            session::keep(request, sitting).await.expect("a session");
        }
        // With the answer, each of them is saved once more.
        for request in &requests {
            request.save().await.expect("a session");
        }
        let after = sitting_of(&portal, id).await.expect("a sitting");
        assert!(after.is_complete && after.is_second_factor_proven);
        assert_eq!(after.confirmed_at, now);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_session_that_was_ended_meanwhile_does_not_come_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    let sitting = on_the_way(&portal).await;
    let id = begun(&portal).await;
    session::keep(&found(&portal, Some(id)), &sitting).await.expect("a session");
    let slow = found(&portal, Some(id));
    slow.insert("something", true).await.expect("a session");
    found(&portal, Some(id)).flush().await.expect("a session");
    session::keep(&slow, &Sitting { is_complete: true, ..sitting }).await.expect("nothing to do");
    slow.save().await.expect("nothing to do");
    assert!(sitting_of(&portal, id).await.is_none());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_tabs_that_leave_for_the_provider_at_once_both_come_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal, MEI).await;
    let mei = portal.visitor();
    // So that there is a session that both of them change.
    let page = mei.opens("/sign-in").await;
    mei.fills_in(&page, &[("techpass_id", MEI)]).await.is(303);
    let leaving = join_all((0..4).map(|_| mei.fills_in(&page, &[("techpass_id", MEI)]))).await;
    for leaving in leaving {
        let back = portal.provider.lets_in(leaving.location().expect("an address"), &Persona::of(MEI));
        mei.opens(&back).await.leads_to("/account");
    }
}

/// Mei, with the last document before her.
async fn at_the_last_document(portal: &Portal) -> (crate::support::Visitor, crate::support::Page) {
    let link = invited(portal, MEI).await;
    let mei = portal.visitor();
    let arrived = accepts(&mei, portal, &link, &Persona::of(MEI)).await;
    let page = mei.follows(&arrived).await;
    let next = mei.fills_in(&page, &[("accept", "yes")]).await;
    next.leads_to(LAST);
    let page = mei.follows(&next).await;
    (mei, page)
}

/// What must hold once somebody came to the end, however often they clicked.
async fn is_active_once(database: &PgPool) {
    assert_eq!(tables::account(database, MEI).await.status, "active");
    for (event, times) in [("activated", 1), ("signed_in", 1), ("terms_accepted", 2)] {
        let query = "select count(*) from audit where event = $1";
        let count: i64 = sqlx::query_scalar(query).bind(event).fetch_one(database).await.expect("a count");
        assert_eq!(count, times, "{event}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_clicks_on_the_last_document_that_wait_for_each_other_end_at_the_same_page(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, page) = at_the_last_document(&portal).await;
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let clicks = join(mei.fills_in(&page, &[("accept", "yes")]), mei.fills_in(&page, &[("accept", "yes")]));
    let (answers, ()) = join(clicks, async {
        tables::are_waiting(&database, 2).await;
        holding.rollback().await.expect("an end");
    })
    .await;
    for answer in [answers.0, answers.1] {
        answer.leads_to("/activate/done");
    }
    is_active_once(&database).await;
    mei.opens("/account").await.is(200);
}

/// What a first click leaves behind, between two looks of the second one.
async fn first_click_comes_to_its_end(holding: &mut PgTransaction<'_>) {
    for statement in [
        "insert into acceptances (account_id, document, version, hash, accepted_at)
         select a.id, t.document, t.version, t.hash, a.created_at from accounts a, terms t where t.document = 'terms_of_use'",
        "update accounts set status = 'active', activated_at = created_at, last_sign_in_at = created_at",
        "update sessions set content = jsonb_set(jsonb_set(content, '{sitting,is_complete}', 'true'),
                                                 '{sitting,led_to}', '\"/activate/done\"')",
    ] {
        sqlx::query(statement).execute(&mut **holding).await.expect("a statement");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_click_that_comes_between_the_account_s_becoming_active_and_its_own_look_at_it_leads_on_too(
    database: PgPool,
) {
    let portal = Portal::on(&database).await;
    let (mei, page) = at_the_last_document(&portal).await;
    let mut holding = database.begin().await.expect("a transaction");
    // Whoever reads a session is not held up by this; whoever then looks at the person is.
    sqlx::query("lock table acceptances in access exclusive mode").execute(&mut *holding).await.expect("a lock");
    let (answer, ()) = join(mei.fills_in(&page, &[("accept", "yes")]), async {
        tables::are_waiting(&database, 1).await;
        first_click_comes_to_its_end(&mut holding).await;
        holding.commit().await.expect("an end");
    })
    .await;
    answer.leads_to("/activate/done");
    mei.follows(&answer).await.is(200).headed("You have successfully onboarded to TechPass");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_signs_out_before_the_last_document_is_accepted_stays_out_and_is_not_active(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, page) = at_the_last_document(&portal).await;
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let (answer, ()) = join(mei.fills_in(&page, &[("accept", "yes")]), async {
        tables::are_waiting(&database, 1).await;
        mei.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
        holding.rollback().await.expect("an end");
    })
    .await;
    answer.leads_to("/sign-in");
    assert_eq!(tables::account(&database, MEI).await.status, "pending");
    assert_eq!(tables::count(&database, "select count(*) from sessions").await, 0);
    mei.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_that_is_looked_at_while_its_person_signs_out_opens_nothing_and_stays_good(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = vendors::active(&portal).await;
    portal.waits(Duration::MINUTE);
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, PASSWORD).await;
    let page = ana.follows(&answer).await;
    let code = phone.shows(&portal);
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from authenticators for update").execute(&mut *holding).await.expect("a lock");
    let (answer, ()) = join(ana.fills_in(&page, &[("code", &code)]), async {
        tables::are_waiting(&database, 1).await;
        ana.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
        holding.rollback().await.expect("an end");
    })
    .await;
    answer.leads_to("/sign-in");
    ana.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    let again = portal.visitor();
    let page = again.follows(&gives_password(&again, ID, PASSWORD).await).await;
    again.fills_in(&page, &[("code", &code)]).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_clicks_on_the_first_code_of_an_app_both_go_on_in_a_session_that_is_good(database: PgPool) {
    let portal = Portal::on(&database).await;
    vendors::registered(&portal).await;
    let ana = portal.visitor();
    let page = ana.follows(&gives_password(&ana, ID, vendors::INITIAL).await).await;
    let code = vendors::Phone::reads(&page).shows(&portal);
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let fields = [("code", code.as_str())];
    let clicks = join(ana.fills_in(&page, &fields), ana.fills_in(&page, &fields));
    let (answers, ()) = join(clicks, async {
        tables::are_waiting(&database, 2).await;
        holding.rollback().await.expect("an end");
    })
    .await;
    for answer in [answers.0, answers.1] {
        answer.leads_to("/activate/recovery-codes");
        // Whichever of the two answers the browser took last.
        let cookie = answer.cookies().into_iter().find(|cookie| cookie.starts_with("session=")).expect("a session");
        let browser = portal.visitor();
        let request = browser.request(reqwest::Method::GET, "/activate/recovery-codes").header("cookie", cookie);
        browser.sends(request).await.is(200);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_second_sign_in_at_another_browser_is_its_own(database: PgPool) {
    let portal = Portal::on(&database).await;
    let here = active(&portal, MEI).await;
    let there = portal.visitor();
    signs_in(&there, &portal, &Persona::of(MEI)).await.leads_to("/account");
    let page = there.opens("/account").await;
    there.posts("/sign-out", &page.form_to("/sign-out").fields).await.leads_to("/?signed-out=yes");
    here.opens("/account").await.is(200);
    here.opens("/activate").await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn two_clicks_on_one_code_both_lead_on_and_a_used_code_opens_nothing_else(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = vendors::active(&portal).await;
    portal.waits(Duration::seconds(30));
    let ana = portal.visitor();
    let page = ana.follows(&gives_password(&ana, ID, PASSWORD).await).await;
    portal.waits(Duration::SECOND);
    let thief = portal.visitor();
    let thief_s_page = thief.follows(&gives_password(&thief, ID, PASSWORD).await).await;
    let code = phone.shows(&portal);
    let fields = [("code", code.as_str())];
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from authenticators for update").execute(&mut *holding).await.expect("a lock");
    let clicks = join(ana.fills_in(&page, &fields), ana.fills_in(&page, &fields));
    let (answers, ()) = join(clicks, async {
        tables::are_waiting(&database, 2).await;
        holding.rollback().await.expect("an end");
    })
    .await;
    for answer in [answers.0, answers.1] {
        answer.leads_to("/account");
        // Whichever of the two answers the browser took last.
        let cookie = answer.cookies().into_iter().find(|cookie| cookie.starts_with("session=")).expect("a session");
        let request = portal.visitor().request(reqwest::Method::GET, "/account").header("cookie", cookie);
        portal.visitor().sends(request).await.is(200);
    }
    thief.fills_in(&thief_s_page, &fields).await.is(422).says("The code is not right, or it was used");
    let proven = "select count(*) from audit where event = 'factor_proven' and details->>'by' = 'totp'";
    assert_eq!(tables::count(&database, proven).await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_that_is_changed_while_it_is_looked_at_lets_nobody_in(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = vendors::active(&portal).await;
    let form = ana.opens("/account/security/password").await;
    let new = "quantum ferry under saffron";
    let fields = [("current_password", PASSWORD), ("new_password", new), ("repeat_password", new)];
    let thief = portal.visitor();
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let stolen = async {
        // The change waits first.
        tables::are_waiting(&database, 1).await;
        gives_password(&thief, ID, PASSWORD).await
    };
    let (changed, (refused, ())) = join(
        ana.fills_in(&form, &fields),
        join(stolen, async {
            tables::are_waiting(&database, 2).await;
            holding.rollback().await.expect("an end");
        }),
    )
    .await;
    changed.leads_to("/account/security?done=password");
    refused.is(422).has_field_error("password", "The TechPass ID or the password is not right");
    thief.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_comes_after_one_was_signed_out_everywhere_changes_nothing(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = vendors::active(&portal).await;
    let thief = vendors::signs_in(&portal, ID, &phone).await;
    portal.waits(Duration::SECOND);
    let form = thief.opens("/account/edit").await;
    let everywhere = ana.opens("/account/security").await;
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let late = async {
        // Signing out waits first.
        tables::are_waiting(&database, 1).await;
        thief.fills_in(&form, &[("first_name", "Nobody")]).await
    };
    let fields = everywhere.form().fields;
    let (out, (refused, ())) = join(
        ana.posts("/account/security", &fields),
        join(late, async {
            tables::are_waiting(&database, 2).await;
            holding.rollback().await.expect("an end");
        }),
    )
    .await;
    out.is(303);
    refused.leads_to("/sign-in");
    assert_eq!(tables::count(&database, "select count(*) from accounts where first_name = 'Nobody'").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_was_sent_is_done_though_its_sender_hangs_up(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = vendors::active(&portal).await;
    let form = ana.opens("/account/edit").await;
    let mut holding = database.begin().await.expect("a transaction");
    sqlx::query("select from accounts for update").execute(&mut *holding).await.expect("a lock");
    let hangs_up = async {
        tables::are_waiting(&database, 1).await;
    };
    // Whichever is first is the end of both: nobody waits for the answer.
    let sent = Box::pin(ana.fills_in(&form, &[("first_name", "Anna")]));
    assert!(matches!(select(sent, Box::pin(hangs_up)).await, Either::Right(_)));
    holding.rollback().await.expect("an end");
    until("the change", async || {
        let changed = "select count(*) from accounts where first_name = 'Anna'";
        (tables::count(&database, changed).await == 1).then_some(())
    })
    .await;
}
