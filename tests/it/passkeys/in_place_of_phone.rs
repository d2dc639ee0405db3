//! A passkey in the place of a phone that no SMS reaches.

use sqlx::PgPool;

use crate::support::{
    Page, Portal, Visitor,
    passkeys::{Device, PASSKEYS, asks, confirms, options, sends, signs_in_with},
    tables,
    vendors::{ADDRESS, ID, INITIAL, gives_password, latest_code_to, registered, walks_to},
};

const FORM: &str = "/activate/phone/passkey";
const NUMBER: &str = "+8613910998888";

async fn at_phone(portal: &Portal) -> (Visitor, Page) {
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    walks_to("/activate/phone", portal, &ana, answer).await;
    let page = ana.opens("/activate/phone").await;
    (ana, page)
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn where_no_sms_arrives_a_passkey_takes_the_phone_s_place_and_the_account_says_so(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    let (ana, page) = at_phone(&portal).await;
    assert!(page.all_forms().iter().all(|form| form.action != FORM), "SMS to Singapore arrive");
    let fields = [("mobile_country", "CN"), ("mobile", "139 1099 8888")];
    let answer = ana.fills_in(&page, &fields).await;
    let page = ana.follows(&answer).await;
    page.is(200).has_button("Use a passkey instead");
    assert_eq!(page.form().action, "/activate/phone", "the code comes first");
    let mut device = Device::at(&portal);
    let credential = device.makes(&options(&asks(&ana, &page, FORM).await)).await;
    let answer = sends(&ana, &page, FORM, &credential).await;
    answer.leads_to("/activate/password");
    sends(&ana, &page, FORM, &credential).await.leads_to("/activate/password");
    walks_to("/activate/done", &portal, &ana, answer).await;
    ana.opens("/account").await.says(&format!("{NUMBER} (not proven; a passkey takes its place)"));
    let replaced = "select count(*) from accounts where mobile = '+8613910998888' and phone_verified_at is null
                       and phone_replaced_at is not null";
    assert_eq!(tables::count(&database, replaced).await, 1);
    let trail = "select count(*) from audit where event in ('passkey_added', 'phone_replaced')";
    assert_eq!(tables::count(&database, trail).await, 2);
    signs_in_with(&portal.visitor(), &mut device).await.leads_to("/account");

    confirms(&portal, ADDRESS).await;
    let page = ana.opens(PASSKEYS).await;
    let remove = page.links().into_iter().find(|link| link.ends_with("/remove")).expect("a link");
    ana.opens(&remove).await.says("stands in the place of your phone").has_no_form();
    portal.delivers().await;
    portal.leaves_mail_unread();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn where_sms_arrive_nobody_gets_past_the_phone_with_a_passkey(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    tables::set_mobile(&database, ADDRESS, "CN", NUMBER).await;
    let (ana, page) = at_phone(&portal).await;
    page.has_button("Use a passkey instead");
    let credential = Device::at(&portal).makes(&options(&asks(&ana, &page, FORM).await)).await;
    // Meanwhile, in another tab, a code is sent to a phone that it reaches.
    let fields = [("mobile_country", "SG"), ("mobile", "9123 4567")];
    ana.fills_in(&page, &fields).await.leads_to("/activate/phone");
    asks(&ana, &page, FORM).await.is(404);
    sends(&ana, &page, FORM, &credential).await.is(404);
    ana.opens("/activate").await.leads_to("/activate/phone");
    assert_eq!(tables::count(&database, "select count(*) from passkeys").await, 0);
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_answer_that_does_not_count_leaves_the_phone_as_it_is(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    tables::set_mobile(&database, ADDRESS, "CN", NUMBER).await;
    let (ana, page) = at_phone(&portal).await;
    let message = "Your browser sent no passkey. Try again, in a browser that has scripts switched on";
    sends(&ana, &page, FORM, "").await.is(422).has_field_error("passkey", message);
    ana.opens("/activate").await.leads_to("/activate/phone");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_number_whose_place_a_passkey_took_can_be_proven_later(database: PgPool) {
    let portal = Portal::on(&database).await;
    registered(&portal).await;
    tables::set_mobile(&database, ADDRESS, "CN", NUMBER).await;
    let (ana, page) = at_phone(&portal).await;
    let mut device = Device::at(&portal);
    let credential = device.makes(&options(&asks(&ana, &page, FORM).await)).await;
    let answer = sends(&ana, &page, FORM, &credential).await;
    walks_to("/activate/done", &portal, &ana, answer).await;

    let mobile = "/account/edit/mobile";
    let page = ana.opens("/account/edit").await;
    ana.fills_in(&page, &[]).await.leads_to(mobile);
    ana.opens("/account").await.says("Your mobile number is not proven yet").does_not_say("new mobile number");
    ana.opens("/account/edit").await.says("Your mobile number is not proven yet").does_not_say("Keep the old number");
    confirms(&portal, ADDRESS).await;
    let page = ana.opens(mobile).await;
    page.is(200).headed("Prove your mobile number").has_button("Leave it not proven").does_not_say("old");
    ana.fills_in(&page, &[]).await.leads_to(mobile);
    let code = latest_code_to(&portal, NUMBER).await;
    let page = ana.opens(mobile).await;
    let answer = ana.fills_in(&page, &[("code", &code)]).await;
    answer.leads_to("/account?done=proven");
    ana.follows(&answer).await.says("Your mobile number is proven").says(NUMBER).does_not_say("not proven");
    let page = ana.opens("/account/edit").await;
    ana.fills_in(&page, &[]).await.leads_to("/account?done=saved");
    let trail = "select count(*) from audit where event = 'phone_verified'";
    assert_eq!(tables::count(&database, trail).await, 1);
    let told = "select count(*) from outbox where kind = 'security_notice' and created_at > (
                    select max(at) from audit where event = 'phone_code_sent')";
    assert_eq!(tables::count(&database, told).await, 0, "the number is the one of before");
    portal.delivers().await;
    portal.leaves_mail_unread();
}
