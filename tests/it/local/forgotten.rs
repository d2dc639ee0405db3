//! A forgotten password: a link, a new password and the second factor (docs/rules.md §4.8, §4.8a).

use std::time::Instant;

use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Portal, tables,
    vendors::{ADDRESS, ID, PASSWORD, active, finishes, gives_password, registered, sets_up_app},
};

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_forgotten_password_is_replaced_by_link_and_code_and_ends_every_session(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (elsewhere, phone) = active(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    let known = ana.fills_in(&page, &[("techpass_id", ID)]).await;
    let unknown = ana.fills_in(&page, &[("techpass_id", "nobody@techpass.gov.sg")]).await;
    known.is(200).says("Look into your e-mail");
    assert_eq!(known.without_nonces(), unknown.without_nonces());
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    assert_eq!(mails.len(), 1);
    mails[0].says("you are asked for a code of your authenticator app");
    let link = mails[0].link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = "quantum ferry under saffron";
    let fields =
        |code: &str| [("new_password", new.to_owned()), ("repeat_password", new.to_owned()), ("code", code.to_owned())];
    let fill = async |code: &str| {
        let fields = fields(code);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ana.fills_in(&page, &fields).await
    };
    fill("").await.is(422).has_field_error("code", "Enter the code that your app shows, or a recovery code");
    fill("000000").await.is(422);
    elsewhere.opens("/account").await.is(200);
    fill(&phone.shows(&portal)).await.leads_to("/account/security?done=password");
    elsewhere.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    fill(&phone.will_show(&portal, 1)).await.is(410).titled("This link no longer works").has_no_form();
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(422);
    gives_password(&portal.visitor(), ID, new).await.leads_to("/sign-in/mfa");
    portal.delivers().await;
    portal.mail.reads(ADDRESS)[0].has_subject("Your TechPass password was changed");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_link_is_good_for_an_hour_and_a_newer_one_replaces_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ask = async || {
        let visitor = portal.visitor();
        let page = visitor.opens("/sign-in/forgotten").await;
        visitor.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
        portal.delivers().await;
        let mail = portal.mail.reads(ADDRESS).remove(0);
        mail.does_not_say("authenticator");
        mail.link("/sign-in/forgotten/")
    };
    let first = ask().await;
    portal.waits(Duration::HOUR - Duration::SECOND);
    let page = portal.visitor().opens(&first).await;
    page.is(200).has_button("Save and log in");
    assert!(page.form().fields.iter().all(|(name, _)| name != "code"), "there is no authenticator yet");
    portal.waits(Duration::SECOND);
    portal.visitor().opens(&first).await.is(410).has_no_form();
    let second = ask().await;
    let third = ask().await;
    portal.visitor().opens(&second).await.is(410);
    let ana = portal.visitor();
    let page = ana.opens(&third).await;
    let answer = ana.fills_in(&page, &[("new_password", PASSWORD), ("repeat_password", PASSWORD)]).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    finishes(&portal, &ana, answer).await.is(200).headed("You have successfully onboarded to TechPass");
    portal.delivers().await;
    portal.mail.reads_all();
    portal.visitor().opens("/sign-in/forgotten/never-was").await.is(404).has_no_form();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_password_link_that_is_dead_leads_to_what_helps(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    ana.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let link = portal.mail.reads(ADDRESS).remove(0).link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = [("new_password", PASSWORD), ("repeat_password", PASSWORD)];
    for (status, title, way_on) in
        [("disabled", "Your TechPass is disabled", "/help"), ("terminated", "Your TechPass has ended", "/start")]
    {
        tables::set_status(&database, ADDRESS, status).await;
        for answer in [ana.opens(&link).await, ana.fills_in(&page, &new).await] {
            answer.is(410).titled(title).has_no_form().links_to(way_on).does_not_link_to("/sign-in/forgotten");
        }
    }
    tables::set_status(&database, ADDRESS, "active").await;
    portal.waits(Duration::HOUR);
    let late = ana.opens(&link).await;
    late.is(410).titled("This link no longer works").links_to("/sign-in/forgotten").links_to("/sign-in");
    tables::set_status(&database, ADDRESS, "pending").await;
    portal.waits(Duration::days(30));
    ana.opens(&link).await.is(410).titled("Your TechPass has ended").does_not_link_to("/sign-in/forgotten");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_knows_the_password_cannot_keep_the_owner_from_choosing_another(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let thief = portal.visitor();
    let page = thief.follows(&gives_password(&thief, ID, PASSWORD).await).await;
    for _ in 0..6 {
        thief.fills_in(&page, &[("code", "000000")]).await;
    }
    let ana = portal.visitor();
    let page = ana.opens("/sign-in/forgotten").await;
    ana.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let link = mails
        .iter()
        .find(|mail| mail.subject() == "Choose a new TechPass password")
        .expect("a link")
        .link("/sign-in/forgotten/");
    let page = ana.opens(&link).await;
    let new = "quantum ferry under saffron";
    let fields = [("new_password", new), ("repeat_password", new), ("code", &phone.shows(&portal))];
    ana.fills_in(&page, &fields).await.leads_to("/account/security?done=password");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_owner_of_an_account_that_is_shut_is_written_what_helps_and_the_page_is_the_same(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let asks = async |id: &str| {
        let visitor = portal.visitor();
        let page = visitor.opens("/sign-in/forgotten").await;
        let began = Instant::now();
        let answer = visitor.fills_in(&page, &[("techpass_id", id)]).await;
        assert!(began.elapsed() >= std::time::Duration::from_millis(50), "{:?}", began.elapsed());
        answer
    };
    let unknown = asks("nobody@techpass.gov.sg").await;
    let disabled = ("Your TechPass is disabled: how to get it back", "/help/requests/new", "Re-enable account");
    let ended = ("Your TechPass has ended: a new password does not help", "/start", "invite you again");
    for (status, (subject, way_on, words)) in [("disabled", disabled), ("terminated", ended), ("pending", ended)] {
        tables::set_status(&database, ADDRESS, status).await;
        if status == "pending" {
            portal.waits(Duration::days(30));
        }
        let answer = asks(ID).await;
        answer.is(200).says("Look into your e-mail");
        assert_eq!(answer.without_nonces(), unknown.without_nonces(), "{status}");
        portal.delivers().await;
        let mails = portal.mail.reads(ADDRESS);
        assert_eq!(mails.len(), 1, "{status}");
        mails[0].has_subject(subject).says(ID).says(words);
        assert_eq!(mails[0].link("/"), way_on);
    }
    assert_eq!(tables::count(&database, "select count(*) from tokens where purpose = 'password'").await, 0);
    // Deleted: there is no address left.
    tables::set_status(&database, ADDRESS, "terminated").await;
    sqlx::query("update accounts set email = null").execute(&database).await.expect("an update");
    assert_eq!(asks(ID).await.without_nonces(), unknown.without_nonces());
    assert_eq!(portal.delivers().await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_asked_five_times_is_told_to_wait_whether_anybody_has_that_id_or_not(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-in/forgotten").await;
    let mut bodies = Vec::new();
    for id in [ID, "ana.lin@techpass.gov.sg"] {
        for _ in 0..5 {
            visitor.fills_in(&page, &[("techpass_id", id)]).await.is(200).says("Look into your e-mail");
        }
        let began = Instant::now();
        let refused = visitor.fills_in(&page, &[("techpass_id", id)]).await;
        assert!(began.elapsed() >= std::time::Duration::from_millis(50), "{:?}", began.elapsed());
        refused
            .is(429)
            .has_field_error("techpass_id", "Too many tries. Try again in 60 minutes")
            .holds("techpass_id", id);
        refused.does_not_say("Look into your e-mail");
        bodies.push(refused.without_nonces().replace(id, ""));
    }
    assert_eq!(bodies[0], bodies[1]);
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS).len(), 5);
    portal.waits(Duration::HOUR);
    let page = visitor.opens("/sign-in/forgotten").await;
    visitor.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    portal.mail.reads_all();
}
