//! Edit Profile: names and department at once, a new mobile number when it is proven (docs/rules.md §4.20).

use futures_util::future::join_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor, officers, tables,
    vendors::{ADDRESS, Phone, active, confirms_on_the_way_to, latest_code_to},
};

const EDIT: &str = "/account/edit";
const MOBILE: &str = "/account/edit/mobile";
const OLD: &str = "+6591234567";
const NEW: &str = "+6581234567";

async fn edits(visitor: &Visitor, fields: &[(&str, &str)]) -> Page {
    let page = visitor.opens(EDIT).await;
    visitor.fills_in(&page, fields).await
}

/// Wants another number, shows who she is, and has a code sent there; gives the page that asks for it.
async fn has_code_sent(portal: &Portal, ana: &Visitor, phone: &Phone, number: &str) -> Page {
    edits(ana, &[("mobile", number)]).await.leads_to(MOBILE);
    let page = confirms_on_the_way_to(MOBILE, portal, ana, phone).await;
    page.is(200).says("Until then, the old one stands").has_button("Send the code");
    ana.fills_in(&page, &[]).await.leads_to(MOBILE);
    ana.opens(MOBILE).await
}

async fn mobile(database: &PgPool) -> String {
    let query = "select mobile from accounts where username = 'ana.lim'";
    sqlx::query_scalar(query).fetch_one(database).await.expect("a number")
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn names_and_department_are_saved_at_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let page = ana.opens(EDIT).await;
    page.is(200).holds("first_name", "Ana").holds("last_name", "Limbang").holds("department", "").holds("mobile", OLD);
    page.says("You cannot change it here").links_to("/help");
    let fields = [("first_name", " Anna "), ("last_name", "D’Souza-Lim"), ("department", "Finance & IT")];
    for _ in 0..2 {
        ana.fills_in(&page, &fields).await.leads_to("/account?done=saved");
    }
    let account = ana.opens("/account?done=saved").await;
    account.says("Your details are saved").says("Anna D’Souza-Lim").says("Finance & IT").says(OLD);
    let changes = "select count(*) from audit where event = 'profile_changed'";
    assert_eq!(tables::count(&database, changes).await, 1, "the second click changed nothing");
    edits(&ana, &[("department", " ")]).await.leads_to("/account?done=saved");
    ana.opens("/account").await.does_not_say("Finance");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_wrong_is_told_beside_each_field_and_what_was_typed_stays(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let long = "x".repeat(65);
    let refused =
        edits(&ana, &[("first_name", " "), ("last_name", &long), ("department", &long), ("mobile", "123")]).await;
    refused.is(422).has_field_error("first_name", "Enter your first name");
    refused.has_field_error("last_name", "Use 64 characters or fewer").holds("last_name", &long);
    refused.has_field_error("department", "Use 64 characters or fewer").holds("mobile", "123");
    assert_eq!(refused.errors().len(), 4);
    for (number, country) in [("", "SG"), ("6123 4567", "SG"), ("8123 4567", "")] {
        edits(&ana, &[("mobile", number), ("mobile_country", country)]).await.is(422);
    }
    let unseen = "Leave out characters that cannot be seen, such as line breaks";
    edits(&ana, &[("first_name", "A\u{0}")]).await.is(422).has_field_error("first_name", unseen);
    edits(&ana, &[("last_name", &"é".repeat(64))]).await.leads_to("/account?done=saved");
    assert_eq!(mobile(&database).await, OLD);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_number_takes_the_old_one_s_place_when_its_code_has_come_back(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    edits(&ana, &[("first_name", "Anna"), ("mobile", "8123 4567")]).await.leads_to(MOBILE);
    ana.opens("/account").await.says("Anna").says(OLD).says("Your new mobile number is not proven yet").says(NEW);
    ana.opens(EDIT).await.holds("mobile", OLD).says(NEW);
    let page = has_code_sent(&portal, &ana, &phone, "8123 4567").await;
    page.is(200).says(&format!("We have sent a code by SMS to {NEW}"));
    assert_eq!(mobile(&database).await, OLD, "until the code is back");
    let code = latest_code_to(&portal, NEW).await;
    let wrong = if code == "000000" { "111111" } else { "000000" };
    ana.fills_in(&page, &[("code", wrong)])
        .await
        .is(422)
        .has_field_error("code", "The code is not right. You have 4 more tries");
    ana.fills_in(&page, &[("code", "")]).await.is(422).has_field_error("code", "Enter the six digits from the SMS");
    ana.fills_in(&page, &[("code", &code)]).await.leads_to("/account?done=mobile");
    ana.opens("/account?done=mobile").await.says(NEW).does_not_say(OLD).does_not_say("not proven");
    // A second click, and the page that stayed open.
    ana.fills_in(&page, &[("code", &code)]).await.leads_to("/account");
    ana.opens(MOBILE).await.leads_to(EDIT);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    assert_eq!(
        mails.iter().map(|mail| mail.subject()).collect::<Vec<_>>(),
        ["The mobile number of your TechPass was changed"]
    );
    ana.opens("/account/security").await.says("Your mobile number was changed");
    assert_eq!(tables::count(&database, "select count(*) from mobile_changes").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_showing_who_one_is_no_code_is_sent_and_none_is_taken(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    edits(&ana, &[("mobile", "8123 4567")]).await.leads_to(MOBILE);
    let asked = "/account/security/confirm?next=%2Faccount%2Fedit%2Fmobile";
    ana.opens(MOBILE).await.leads_to(asked);
    let csrf = ana.opens(EDIT).await.form().fields.remove(0);
    ana.posts(MOBILE, std::slice::from_ref(&csrf)).await.leads_to(asked);
    let refused = ana.posts(MOBILE, &[csrf, ("code".to_owned(), "123456".to_owned())]).await;
    refused.is(422).has_field_error("send", "No code is on its way to this number. Have one sent");
    assert_eq!(portal.delivers().await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_change_is_dropped_and_the_old_number_stays(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = has_code_sent(&portal, &ana, &phone, "8123 4567").await;
    let code = latest_code_to(&portal, NEW).await;
    let form = page.form_to("/account/edit/mobile/drop");
    for _ in 0..2 {
        ana.posts(&form.action, &form.fields).await.leads_to("/account?done=dropped");
    }
    ana.opens("/account?done=dropped").await.says("stays as it is").does_not_say(NEW);
    // In the other tab: the code proves nothing any more.
    ana.fills_in(&page, &[("code", &code)]).await.leads_to("/account");
    assert_eq!(mobile(&database).await, OLD);
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'mobile_dropped'").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_code_proves_only_the_number_that_it_went_to(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = has_code_sent(&portal, &ana, &phone, "8123 4567").await;
    let code = latest_code_to(&portal, NEW).await;
    // In another tab she wants yet another number.
    edits(&ana, &[("mobile", "8765 4321")]).await.leads_to(MOBILE);
    let refused = ana.fills_in(&page, &[("code", &code)]).await;
    refused.is(422).has_field_error("send", "No code is on its way to this number. Have one sent");
    assert_eq!(mobile(&database).await, OLD);
    let soon = "A code was sent less than a minute ago. Wait a little, then have another one sent";
    ana.fills_in(&refused, &[]).await.is(429).has_field_error("send", soon);
    portal.waits(Duration::MINUTE);
    ana.fills_in(&refused, &[]).await.leads_to(MOBILE);
    let code = latest_code_to(&portal, "+6587654321").await;
    let page = ana.opens(MOBILE).await;
    ana.fills_in(&page, &[("code", &code)]).await.leads_to("/account?done=mobile");
    assert_eq!(mobile(&database).await, "+6587654321");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn codes_run_out_of_tries_and_time_and_others_are_sent_after_a_minute(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let page = has_code_sent(&portal, &ana, &phone, "8123 4567").await;
    let code = latest_code_to(&portal, NEW).await;
    let wrong = if code == "000000" { "111111" } else { "000000" };
    for _ in 0..5 {
        ana.fills_in(&page, &[("code", wrong)]).await.is(422);
    }
    let dead = "This code no longer works. Have a new one sent";
    ana.fills_in(&page, &[("code", &code)]).await.is(422).has_field_error("code", dead);
    let again = &page.forms()[1];
    portal.waits(Duration::seconds(59));
    ana.posts(&again.action, &again.fields).await.is(429);
    portal.waits(Duration::SECOND);
    ana.posts(&again.action, &again.fields).await.leads_to(MOBILE);
    let code = latest_code_to(&portal, NEW).await;
    portal.waits(Duration::minutes(9));
    // The confirmation has run out: the code is still good, and having another one sent takes it again.
    ana.posts(&again.action, &again.fields).await.leads_to("/account/security/confirm?next=%2Faccount%2Fedit%2Fmobile");
    ana.fills_in(&page, &[("code", &code)]).await.leads_to("/account?done=mobile");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn many_clicks_at_once_send_one_code_and_change_the_number_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    edits(&ana, &[("mobile", "8123 4567")]).await.leads_to(MOBILE);
    let page = confirms_on_the_way_to(MOBILE, &portal, &ana, &phone).await;
    join_all((0..5).map(|_| ana.fills_in(&page, &[]))).await;
    let sent = "select count(*) from outbox where kind = 'sms_code' and recipient = '+6581234567'";
    assert_eq!(tables::count(&database, sent).await, 1);
    let code = latest_code_to(&portal, NEW).await;
    let page = ana.opens(MOBILE).await;
    let fields = [("code", code.as_str())];
    for answer in join_all((0..5).map(|_| ana.fills_in(&page, &fields))).await {
        assert_eq!(answer.status, 303, "{}", answer.main_text());
    }
    assert_eq!(tables::count(&database, "select count(*) from audit where event = 'mobile_changed'").await, 1);
    portal.delivers().await;
    assert_eq!(portal.mail.reads(ADDRESS).len(), 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_changes_names_and_gives_a_number_for_the_first_time(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, "mei@tech.gov.sg").await;
    let page = mei.opens(EDIT).await;
    page.holds("first_name", "Mei").holds("mobile", "").holds("mobile_country", "SG");
    page.says("Government Technology Agency");
    mei.fills_in(&page, &[("first_name", "May")]).await.leads_to("/account?done=saved");
    mei.opens("/account").await.says("May Tan").says("Government Technology Agency");
    edits(&mei, &[("mobile", "8123 4567")]).await.leads_to(MOBILE);
    mei.opens(MOBILE).await.leads_to("/account/security/confirm?next=%2Faccount%2Fedit%2Fmobile");
    // The next sign-in at the agency does not bring the old name back.
    let again = portal.visitor();
    officers::signs_in(&again, &portal, &crate::support::provider::Persona::of("mei@tech.gov.sg"))
        .await
        .leads_to("/account");
    again.opens("/account").await.says("May Tan");
}
