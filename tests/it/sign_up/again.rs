//! "Send it again" on the page after the form (docs/rules.md §2.11, §2.14).

use sqlx::PgPool;
use time::Duration;

use super::{mails, the_mail};
use crate::support::{Page, Portal, SignUp, Visitor};

const MEI: &str = "mei@tech.gov.sg";

async fn signed_up(portal: &Portal, sign_up: impl Into<SignUp>) -> (Visitor, Page) {
    let visitor = portal.visitor();
    let answer = visitor.signs_up(sign_up).await;
    let done = visitor.follows(&answer).await;
    (visitor, done)
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn sending_it_again_within_60_seconds_is_too_soon(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    portal.waits(Duration::seconds(59));
    let answer = mei.fills_in(&done, &[]).await;
    answer.leads_to("/sign-up/done?seed=no&again=too-soon&wait=1");
    mei.follows(&answer).await.is(200).says("Please wait a little").says("in a second");
    assert_eq!(mails(&portal, MEI).await.len(), 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn after_60_seconds_it_is_sent_again_without_filling_in_the_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    portal.waits(Duration::seconds(60));
    let answer = mei.fills_in(&done, &[]).await;
    answer.leads_to("/sign-up/done?seed=no&again=sent");
    mei.follows(&answer).await.is(200).says("We have sent it again");
    the_mail(&portal, MEI).await.has_subject("Accept your TechPass invitation before 22 Dec 2026");
    mei.fills_in(&done, &[]).await.leads_to("/sign-up/done?seed=no&again=too-soon&wait=60");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn fifty_clicks_on_send_it_again_send_one_mail(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    portal.waits(Duration::seconds(60));
    let answers = futures_util::future::join_all((0..50).map(|_| mei.fills_in(&done, &[]))).await;
    // A machine that is too busy may say 503, "nothing is done twice"; it must not be all that it says.
    assert!(answers.iter().all(|answer| [303, 503].contains(&answer.status)));
    assert!(answers.iter().any(|answer| answer.status == 303));
    the_mail(&portal, MEI).await;
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_seed_e_mail_is_not_sent_a_second_time(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, SignUp::from(MEI).with_seed()).await;
    assert_eq!(mails(&portal, MEI).await.len(), 2);
    portal.waits(Duration::minutes(2));
    mei.fills_in(&done, &[]).await.leads_to("/sign-up/done?seed=yes&again=sent");
    the_mail(&portal, MEI).await.has_subject("Accept your TechPass invitation before 22 Dec 2026");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_that_signed_nobody_up_is_led_to_the_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    let stranger = portal.visitor();
    let done = stranger.opens("/sign-up/done").await;
    let answer = stranger.fills_in(&done, &[]).await;
    answer.leads_to("/sign-up?again=forgotten");
    stranger.follows(&answer).await.is(200).says("Please fill in the form once more");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_remembers_a_sign_up_for_an_hour(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, MEI).await;
    the_mail(&portal, MEI).await;
    portal.waits(Duration::HOUR);
    mei.fills_in(&done, &[]).await.leads_to("/sign-up?again=forgotten");
    assert_eq!(mails(&portal, MEI).await.len(), 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_the_browser_remembers_cannot_be_read_or_made_up(database: PgPool) {
    let portal = Portal::on(&database).await;
    let answer = portal.visitor().signs_up(MEI).await;
    the_mail(&portal, MEI).await;
    let cookies = answer.cookies();
    let cookie = cookies.iter().find_map(|cookie| cookie.strip_prefix("signed-up=")).expect("a cookie");
    let value = cookie.split(';').next().unwrap_or_default().to_owned();
    assert!(!value.contains("mei") && cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");

    portal.waits(Duration::minutes(2));
    let mut changed = value.into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("text");
    let stranger = portal.visitor();
    let done = stranger.opens("/sign-up/done").await;
    let form_cookie = done.cookies().remove(0);
    let csrf = done.form().fields.remove(0).1;
    let request = Visitor::of(stranger.origin()).request(reqwest::Method::POST, "/sign-up/again");
    let request = request
        .header("cookie", format!("{}; signed-up={changed}", form_cookie.split(';').next().unwrap_or_default()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("csrf={csrf}"));
    stranger.sends(request).await.leads_to("/sign-up?again=forgotten");
    assert_eq!(mails(&portal, MEI).await.len(), 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_page_of_an_earlier_sign_up_never_writes_to_a_later_one(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (browser, first) = signed_up(&portal, MEI).await;
    let answer = browser.signs_up("tan@tech.gov.sg").await;
    let second = browser.follows(&answer).await;
    assert_eq!((mails(&portal, MEI).await.len(), mails(&portal, "tan@tech.gov.sg").await.len()), (1, 1));
    portal.waits(Duration::minutes(2));
    browser.fills_in(&first, &[]).await.leads_to("/sign-up?again=forgotten");
    browser.fills_in(&second, &[]).await.leads_to("/sign-up/done?seed=no&again=sent");
    assert_eq!((mails(&portal, MEI).await.len(), mails(&portal, "tan@tech.gov.sg").await.len()), (0, 1));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn one_address_gets_five_e_mails_an_hour_however_often_they_are_sent_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (mei, done) = signed_up(&portal, MEI).await;
    for _ in 0..7 {
        portal.waits(Duration::minutes(2));
        mei.fills_in(&done, &[]).await.leads_to("/sign-up/done?seed=no&again=sent");
    }
    assert_eq!(mails(&portal, MEI).await.len(), 5);
    portal.waits(Duration::HOUR);
}
