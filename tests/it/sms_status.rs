//! SMS through the gateway, and what it tells about them afterwards (docs/rules.md §4.5a).

use axum::http::StatusCode;
use reqwest::Method;
use sqlx::{PgPool, Row};
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    gateway::{Gateway, TOKEN, posts, reports, signature},
    passkeys::confirms,
    tables,
    vendors::{ADDRESS, ID, INITIAL, gives_password, registered, sets_up_app, walks_to},
};

/// A portal with a gateway, and Ana before the step that proves her phone.
async fn at_phone(database: &PgPool, settings: &[(&str, &str)]) -> (Portal, Gateway, Visitor, Page) {
    let gateway = Gateway::start().await;
    let theirs = gateway.settings();
    let theirs = theirs.iter().map(|(key, value)| (*key, value.as_str()));
    let settings: Vec<_> = theirs.chain(settings.iter().copied()).collect();
    let portal = Portal::with(database, &settings).await;
    registered(&portal).await;
    let ana = portal.visitor();
    let answer = gives_password(&ana, ID, INITIAL).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    let answer = ana.fills_in(&ana.follows(&answer).await, &[]).await;
    let page = ana.follows(&answer).await;
    (portal, gateway, ana, page)
}

/// What the outbox has of the one SMS: the gateway's name for it, its fate, and the gateway's number for what went wrong.
async fn fate(database: &PgPool) -> (Option<String>, Option<String>, Option<String>) {
    let query = "select gateway_id, delivery, delivery_error from outbox where channel = 'sms'";
    let row = sqlx::query(query).fetch_one(database).await.expect("one SMS");
    (row.get("gateway_id"), row.get("delivery"), row.get("delivery_error"))
}

fn known(sid: &str, fate: &str, error: Option<&str>) -> (Option<String>, Option<String>, Option<String>) {
    (Some(sid.to_owned()), Some(fate.to_owned()), error.map(str::to_owned))
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_report_is_taken_once_and_never_goes_back(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let sms = gateway.latest();
    assert_eq!(sms.form["To"], "+6591234567");
    assert!(sms.form["Body"].starts_with("Your TechPass code:\n"), "{}", sms.form["Body"]);
    let address = sms.reports_to().expect("an address");
    assert!(address.starts_with(&format!("{}/api/v1/sms/status?message=", portal.base_url())), "{address}");
    assert_eq!(fate(&database).await, (Some(sms.sid.clone()), None, None));

    for (status, expected) in [
        ("queued", None),
        ("sent", Some("passed_on")),
        ("sending", Some("passed_on")),
        ("sent", Some("passed_on")),
        ("delivered", Some("delivered")),
        ("sent", Some("delivered")),
        ("failed", Some("delivered")),
        ("delivered", Some("delivered")),
        ("no such word", Some("delivered")),
    ] {
        let answer = reports(&portal, &sms, status, &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{status}");
        assert_eq!(fate(&database).await.1.as_deref(), expected, "after {status}");
    }
    let metrics = portal.visitor().opens("/metrics").await.body;
    for counted in [r#"portal_sms_total{fate="passed_on"} 1"#, r#"portal_sms_total{fate="delivered"} 1"#] {
        assert!(metrics.contains(counted), "{counted} is not in {metrics}");
    }
    assert!(!metrics.contains(r#"portal_sms_total{fate="failed"}"#));
    ana.opens("/activate/phone").await.is(200).does_not_say("could not be delivered");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_waits_for_an_sms_that_could_not_be_delivered_is_told_and_gives_another_number(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    ana.opens("/activate/phone").await.does_not_say("could not be delivered");
    let sms = gateway.latest();
    reports(&portal, &sms, "undelivered", &[("ErrorCode", "30003")]).await.is(204);
    assert_eq!(fate(&database).await, known(&sms.sid, "undelivered", Some("30003")));
    let told = ana.opens("/activate/phone").await;
    told.is(200).says("The SMS could not be delivered").says("Check the number, •••• 567");

    portal.waits(Duration::MINUTE);
    let mut number = told.form_to("/activate/phone/number").fields;
    number.retain(|(name, _)| name == "csrf");
    number.extend([("mobile_country", "SG"), ("mobile", "8123 4567")].map(|(n, v)| (n.to_owned(), v.to_owned())));
    ana.posts("/activate/phone/number", &number).await.leads_to("/activate/phone");
    portal.delivers().await;
    ana.opens("/activate/phone").await.is(200).does_not_say("could not be delivered");
    assert_eq!(gateway.latest().form["To"], "+6581234567");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_sms_that_the_gateway_itself_refuses_is_told_the_same(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    gateway.answers(&[StatusCode::BAD_REQUEST]);
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    ana.opens("/activate/phone").await.is(200).says("The SMS could not be delivered");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_report_that_the_gateway_did_not_sign_is_refused_and_changes_nothing(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let sms = gateway.latest();
    let address = sms.reports_to().expect("an address");
    let fields = [("MessageSid", sms.sid.as_str()), ("MessageStatus", "failed")];
    let other = [("MessageSid", sms.sid.as_str()), ("MessageStatus", "delivered")];
    let right = signature(TOKEN, address, &fields);
    let elsewhere = address.replace("message=", "message=0");
    let before = tables::dump(&database).await;
    for (what, wrong) in [
        ("nothing", String::new()),
        ("another key", signature("another token", address, &fields)),
        ("other fields", signature(TOKEN, address, &other)),
        ("another address", signature(TOKEN, &elsewhere, &fields)),
        ("no base64", "%%%".to_owned()),
        ("half of it", right[..14].to_owned()),
    ] {
        let answer = posts(&portal, address, &fields, &wrong).await;
        assert_eq!(answer.status, 403, "{what}");
    }
    posts(&portal, &elsewhere, &fields, &right).await.is(403);
    assert_eq!(tables::dump(&database).await, before);
    posts(&portal, address, &fields, &right).await.is(204);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_report_may_come_before_the_answer_and_without_our_name_for_the_message(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let sms = gateway.latest();
    // As if the worker had not yet written down what the gateway answered.
    sqlx::query("update outbox set gateway_id = null").execute(&database).await.expect("an update");
    reports(&portal, &sms, "sent", &[]).await.is(204);
    assert_eq!(fate(&database).await, known(&sms.sid, "passed_on", None));
    let plain = format!("{}/api/v1/sms/status", portal.base_url());
    let fields = [("MessageSid", sms.sid.as_str()), ("MessageStatus", "delivered")];
    posts(&portal, &plain, &fields, &signature(TOKEN, &plain, &fields)).await.is(204);
    assert_eq!(fate(&database).await, known(&sms.sid, "delivered", None));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn reports_about_unknown_messages_and_about_an_earlier_attempt_change_nothing(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let sms = gateway.latest();
    let before = tables::dump(&database).await;
    let plain = format!("{}/api/v1/sms/status", portal.base_url());
    let known = sms.reports_to().expect("an address");
    let nobody = format!("{plain}?message=00000000-0000-0000-0000-000000000001");
    let nonsense = format!("{plain}?message=nonsense");
    for (address, sid) in [
        (&plain, "SM404"),
        (&nobody, sms.sid.as_str()),
        (&nonsense, "SM404"),
        (&known.to_owned(), "SM of an attempt before"),
        (&plain, ""),
    ] {
        let fields = [("MessageSid", sid), ("MessageStatus", "failed")];
        posts(&portal, address, &fields, &signature(TOKEN, address, &fields)).await.is(204);
    }
    assert_eq!(tables::dump(&database).await, before);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_address_takes_nothing_but_a_form_from_the_gateway_and_many_of_them(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[("LIMITS__NETWORK_PER_MINUTE", "20")]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let sms = gateway.latest();
    for _ in 0..40 {
        reports(&portal, &sms, "sent", &[]).await.is(204);
    }
    let visitor = portal.visitor();
    let address = "/api/v1/sms/status";
    visitor.opens(address).await.is(405);
    let json = visitor.request(Method::POST, address).header("content-type", "application/json").body("{}");
    visitor.sends(json).await.is(400);
    let large = visitor.request(Method::POST, address).header("content-type", "application/x-www-form-urlencoded");
    visitor.sends(large.body("a".repeat(17_000))).await.is(413);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_a_gateway_nobody_can_report_anything(database: PgPool) {
    let portal = Portal::on(&database).await;
    let address = format!("{}/api/v1/sms/status", portal.base_url());
    let fields = [("MessageSid", "SM1"), ("MessageStatus", "failed")];
    posts(&portal, &address, &fields, &signature("", &address, &fields)).await.is(403);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_changes_the_number_is_told_of_a_code_that_could_not_be_delivered_too(database: PgPool) {
    let (portal, gateway, ana, page) = at_phone(&database, &[]).await;
    ana.fills_in(&page, &[]).await.is(303);
    portal.delivers().await;
    let code = code_in(&gateway);
    let page = ana.opens("/activate/phone").await;
    let answer = ana.fills_in(&page, &[("code", &code)]).await;
    walks_to("/activate/done", &portal, &ana, answer).await;
    portal.waits(Duration::MINUTE);

    let mobile = "/account/edit/mobile";
    let page = ana.opens("/account/edit").await;
    ana.fills_in(&page, &[("mobile", "8123 4567")]).await.leads_to(mobile);
    confirms(&portal, ADDRESS).await;
    let page = ana.opens(mobile).await;
    ana.fills_in(&page, &[]).await.leads_to(mobile);
    portal.delivers().await;
    ana.opens(mobile).await.is(200).does_not_say("could not be delivered");
    reports(&portal, &gateway.latest(), "undelivered", &[]).await.is(204);
    let told = ana.opens(mobile).await;
    told.is(200).says("The SMS could not be delivered").says("Check the number, +6581234567").links_to("/account/edit");
    portal.waits(Duration::MINUTE);
    let again = &told.forms()[1];
    ana.posts(&again.action, &again.fields).await.leads_to(mobile);
    portal.delivers().await;
    ana.opens(mobile).await.is(200).does_not_say("could not be delivered");
    portal.mail.reads_all();
}

/// The code in the SMS that the gateway took last.
fn code_in(gateway: &Gateway) -> String {
    let body = gateway.latest().form["Body"].clone();
    let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    body.lines().find(is_code).expect("a code").to_owned()
}
