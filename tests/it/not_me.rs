//! "This wasn't me": the link in every notice, the button behind it, and that the owner always gets in again
//! (docs/rules.md §4.23).

use futures_util::future::join_all;
use reqwest::Method;
use sqlx::PgPool;
use time::Duration;

use crate::support::{
    Page, Portal, Visitor,
    officers::{self, signs_in},
    provider::Persona,
    tables,
    vendors::{
        ADDRESS, ID, PASSWORD, Phone, active, adds_another_app, confirms_on_the_way_to, gives_password, sets_up_app,
    },
};

const MEI: &str = "mei@tech.gov.sg";
const NEW: &str = "quantum ferry under saffron";
const BUTTON: &str = "It was not me: secure my account";

/// Has the portal tell Ana of wrong passwords; gives the link in the notice.
async fn notice_of_wrong_passwords(portal: &Portal) -> String {
    for _ in 0..11 {
        gives_password(&portal.visitor(), ID, "not it").await;
    }
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let notice = mails.iter().find(|mail| mail.subject() == "Somebody gave too many wrong TechPass passwords");
    notice.expect("a notice").link("/not-me/")
}

/// The link to choose a new password that came by mail, among all that came.
fn password_link(portal: &Portal) -> String {
    link_that_asks(portal, true)
}

/// The same, of a mail that says whether a code will be asked for.
fn link_that_asks(portal: &Portal, with_code: bool) -> String {
    let mails = portal.mail.reads(ADDRESS);
    let mail = mails.iter().find(|mail| mail.subject() == "Choose a new TechPass password").expect("a link");
    assert_eq!(mail.text().contains("you are asked for a code of your authenticator app"), with_code);
    mail.link("/sign-in/forgotten/")
}

async fn chooses_password(portal: &Portal, link: &str, code: Option<&str>) -> (Visitor, Page) {
    let visitor = portal.visitor();
    let page = visitor.opens(link).await;
    let mut fields = vec![("new_password", NEW), ("repeat_password", NEW)];
    fields.extend(code.map(|code| ("code", code)));
    let answer = visitor.fills_in(&page, &fields).await;
    (visitor, answer)
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn looking_changes_nothing_and_the_button_shuts_everybody_out_and_lets_the_owner_in_again(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (here, phone) = active(&portal).await;
    let there = portal.visitor();
    let page = there.follows(&gives_password(&there, ID, PASSWORD).await).await;
    there.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    let link = notice_of_wrong_passwords(&portal).await;
    let ana = portal.visitor();
    let before = tables::dump(&database).await;
    for _ in 0..3 {
        let page = ana.opens(&link).await;
        page.is(200).says("Somebody gave too many wrong TechPass passwords").says("22 Nov 2026, 7:").says(ID);
        page.says("sign everybody out").says("make your password useless").has_button(BUTTON);
        ana.sends(ana.request(Method::HEAD, &link)).await.is(200);
    }
    let page = ana.opens(&link).await;
    let done = format!("{link}/done");
    ana.opens(&done).await.leads_to(&link);
    assert_eq!(tables::dump(&database).await, before);

    ana.fills_in(&page, &[]).await.leads_to(&done);
    ana.opens(&done).await.is(200).headed("We have secured your account").says("Your password no longer works");
    for browser in [&here, &there] {
        browser.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    }
    portal.waits(Duration::HOUR);
    gives_password(&portal.visitor(), ID, PASSWORD).await.is(422);
    portal.waits(-Duration::HOUR);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject()).collect();
    let expected = ["Choose a new TechPass password", "We have secured your TechPass"];
    assert!(expected.iter().all(|subject| subjects.iter().any(|found| found == subject)), "{subjects:?}");
    let noted = "select count(*) from audit where event = 'not_me' and details->>'about' = 'password_locked'";
    assert_eq!(tables::count(&database, noted).await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_owner_chooses_a_new_password_with_the_app_that_was_theirs_all_along(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let link = notice_of_wrong_passwords(&portal).await;
    let ana = portal.visitor();
    ana.fills_in(&ana.opens(&link).await, &[]).await.is(303);
    portal.delivers().await;
    let link = password_link(&portal);
    portal.waits(Duration::MINUTE);
    chooses_password(&portal, &link, None).await.1.is(422);
    let (ana, answer) = chooses_password(&portal, &link, Some(&phone.shows(&portal))).await;
    answer.leads_to("/account/security?done=password");
    ana.opens("/account").await.is(200);
    ana.opens("/account/security").await.says("The account was secured, because something was not you");
    portal.delivers().await;
    portal.mail.reads_all();
}

/// As somebody who has the password and takes the place of a lost phone; gives what the notice about it links to.
async fn thief_adds_an_app(portal: &Portal) -> (Visitor, Phone, String) {
    sqlx::query("delete from authenticators").execute(&portal.database).await.expect("a lost phone");
    let thief = portal.visitor();
    let answer = gives_password(&thief, ID, PASSWORD).await;
    let (phone, answer) = sets_up_app(portal, &thief, &answer).await;
    thief.fills_in(&thief.follows(&answer).await, &[]).await.leads_to("/account");
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let notice = mails.iter().find(|mail| mail.subject() == "An authenticator app was added to your TechPass");
    (thief, phone, notice.expect("a notice").link("/not-me/"))
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_app_that_somebody_else_added_is_removed_with_its_codes_and_the_owner_is_not_locked_out(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (thief, phone, link) = thief_adds_an_app(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens(&link).await;
    page.is(200).says("remove the authenticator app that was added");
    ana.fills_in(&page, &[]).await.is(303);
    ana.opens(&format!("{link}/done")).await.says("We have removed the authenticator app that was added");
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 0);
    assert_eq!(tables::count(&database, "select count(*) from recovery_codes").await, 0);
    thief.opens("/account").await.is(303);
    portal.delivers().await;
    let link = link_that_asks(&portal, false);
    portal.waits(Duration::MINUTE);
    // Without an authenticator no code is asked for: the link alone is the owner's way in, and the next step sets one up.
    let (ana, answer) = chooses_password(&portal, &link, None).await;
    let (_, answer) = sets_up_app(&portal, &ana, &answer).await;
    ana.fills_in(&ana.follows(&answer).await, &[]).await.leads_to("/account/security?done=password");
    let page = thief.follows(&gives_password(&thief, ID, NEW).await).await;
    thief.fills_in(&page, &[("code", &phone.shows(&portal))]).await.is(422);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn whoever_tells_of_an_app_that_was_removed_is_told_to_use_the_link_about_the_one_that_was_added(
    database: PgPool,
) {
    let portal = Portal::on(&database).await;
    let (thief, phone) = active(&portal).await;
    confirms_on_the_way_to("/account/security/authenticators/new", &portal, &thief, &phone).await;
    adds_another_app(&portal, &thief).await;
    let page = thief.opens("/account/security/authenticators").await;
    let first = page.links().into_iter().find(|link| link.ends_with("/remove")).expect("a link");
    thief.fills_in(&thief.opens(&first).await, &[]).await.is(303);
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let link_about = |what: &str| {
        let subject = format!("An authenticator app was {what} your TechPass");
        mails.iter().find(|mail| mail.subject() == subject).expect("a notice").link("/not-me/")
    };
    let (added, removed) = (link_about("added to"), link_about("removed from"));

    let told = "Use the link in each of them before you log in";
    let ana = portal.visitor();
    let done = ana.fills_in(&ana.opens(&removed).await, &[]).await;
    ana.follows(&done).await.is(200).says(told).does_not_say("We have removed");
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let secured = mails.iter().find(|mail| mail.subject() == "We have secured your TechPass").expect("a mail");
    secured.says(told);
    assert!(secured.html().contains(told));
    let done = ana.fills_in(&ana.opens(&added).await, &[]).await;
    ana.follows(&done).await.says("We have removed the authenticator app that was added");
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 0);
    portal.delivers().await;
    chooses_password(&portal, &link_that_asks(&portal, false), None).await.1.leads_to("/activate/mfa");
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_app_that_was_there_before_stays(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (_, _, link) = thief_adds_an_app(&portal).await;
    sqlx::query("update authenticators set created_at = created_at - interval '1 microsecond'")
        .execute(&database)
        .await
        .expect("an older app");
    let ana = portal.visitor();
    ana.fills_in(&ana.opens(&link).await, &[]).await.is(303);
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_link_works_once_for_seven_days_and_a_dead_one_has_no_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let link = notice_of_wrong_passwords(&portal).await;
    portal.waits(Duration::days(7) - Duration::minutes(10));
    let visitors: Vec<Visitor> = (0..10).map(|_| portal.visitor()).collect();
    let pages = join_all(visitors.iter().map(|visitor| visitor.opens(&link))).await;
    let answers = join_all(visitors.iter().zip(&pages).map(|(visitor, page)| visitor.fills_in(page, &[]))).await;
    let done = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!(done, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status != 303) {
        answer.is(410).titled("You have told us already").links_to(&format!("{link}/done")).has_no_form();
    }
    portal.visitor().opens(&link).await.is(410).titled("You have told us already").has_no_form();
    portal.delivers().await;
    let secured = portal.mail.reads_all().into_iter().filter(|mail| mail.subject() == "We have secured your TechPass");
    assert_eq!(secured.count(), 1);
    for never in ["never-was", "%FF", "x%2Fy"] {
        portal.visitor().opens(&format!("/not-me/{never}")).await.is(404).has_no_form();
        portal.visitor().opens(&format!("/not-me/{never}/done")).await.is(404).has_no_form();
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn after_seven_days_or_the_end_of_the_account_the_link_is_dead(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let link = notice_of_wrong_passwords(&portal).await;
    let ana = portal.visitor();
    let page = ana.opens(&link).await;
    portal.waits(Duration::days(7));
    for answer in [ana.opens(&link).await, ana.fills_in(&page, &[]).await] {
        answer.is(410).titled("This link no longer works").has_no_form().links_to("/account/security/not-me");
    }
    portal.waits(-Duration::days(7));
    tables::set_status(&database, ADDRESS, "terminated").await;
    ana.opens(&link).await.is(410).has_no_form();
    tables::set_status(&database, ADDRESS, "disabled").await;
    ana.fills_in(&ana.opens(&link).await, &[]).await.is(303);
    portal.delivers().await;
    let subjects: Vec<String> = portal.mail.reads(ADDRESS).iter().map(|mail| mail.subject()).collect();
    assert_eq!(subjects, ["We have secured your TechPass"], "a disabled account gets no link for a password");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_officer_is_sent_to_their_agency_and_keeps_no_password_here(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    // Somebody whose provider vouches for no second factor sets one up here, and hears of it.
    let there = portal.visitor();
    let alone = Persona::of(MEI).with("amr", vec!["pwd"]);
    let answer = signs_in(&there, &portal, &alone).await;
    let (_, answer) = sets_up_app(&portal, &there, &answer).await;
    there.fills_in(&there.follows(&answer).await, &[]).await.leads_to("/account");
    portal.delivers().await;
    let mails = portal.mail.reads(MEI);
    let notice = mails.iter().find(|mail| mail.subject() == "An authenticator app was added to your TechPass");
    let notice = notice.expect("a notice");
    notice.does_not_say("password").does_not_say("/sign-in/forgotten");
    let link = notice.link("/not-me/");
    let visitor = portal.visitor();
    let page = visitor.opens(&link).await;
    page.is(200).does_not_say("password").says("remove the authenticator app");
    visitor.fills_in(&page, &[]).await.is(303);
    visitor.opens(&format!("{link}/done")).await.is(200).says("Tell the IT support of your agency");
    for browser in [&mei, &there] {
        browser.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    }
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 0);
    portal.delivers().await;
    let mails = portal.mail.reads(MEI);
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails[0].has_subject("We have secured your TechPass").says("tell the IT support there").says("/help");
    signs_in(&mei, &portal, &Persona::of(MEI)).await.leads_to("/account");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_is_signed_in_says_which_of_what_happened_lately_was_not_them(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let (thief, _, _) = thief_adds_an_app(&portal).await;
    let page = thief.opens("/account/security/not-me").await;
    page.is(200).says("An authenticator app was added").says("Something else, or I am not sure").has_button(BUTTON);
    thief.opens("/account/security").await.links_to("/account/security/not-me");
    let added = "select id::text from audit where event = 'authenticator_added' order by at desc limit 1";
    let added: String = sqlx::query_scalar(added).fetch_one(&database).await.expect("an entry");
    let answer = thief.fills_in(&page, &[("entry", &added)]).await;
    answer.is(303);
    let done = answer.location().expect("a page").to_owned();
    assert_eq!(answer.header("clear-site-data"), Some("\"cache\""));
    thief.opens(&done).await.is(200).says("We have removed the authenticator app that was added");
    thief.opens("/account").await.leads_to("/sign-in?next=%2Faccount");
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 0);
    portal.delivers().await;
    let link = link_that_asks(&portal, false);
    portal.visitor().opens(&link).await.is(200);
    portal.visitor().opens(done.trim_end_matches("/done")).await.is(410);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_says_so_about_an_entry_of_somebody_else(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    thief_adds_an_app(&portal).await;
    let mei = officers::active(&portal, MEI).await;
    let page = mei.opens("/account/security/not-me").await;
    let anas = "select id::text from audit where event = 'authenticator_added' order by at desc limit 1";
    let anas: String = sqlx::query_scalar(anas).fetch_one(&database).await.expect("an entry");
    mei.fills_in(&page, &[("entry", &anas)]).await.is(303);
    assert_eq!(tables::count(&database, "select count(*) from authenticators").await, 1);
    let notes = "select count(*) from audit n join accounts a on a.id = n.account_id
                  where n.event = 'not_me' and a.email = 'mei@tech.gov.sg' and n.details->>'about' is null";
    assert_eq!(tables::count(&database, notes).await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_open_link_for_a_password_dies_with_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    active(&portal).await;
    let thief = portal.visitor();
    let page = thief.opens("/sign-in/forgotten").await;
    thief.fills_in(&page, &[("techpass_id", ID)]).await.is(200);
    portal.delivers().await;
    let stolen = password_link(&portal);
    let link = notice_of_wrong_passwords(&portal).await;
    let ana = portal.visitor();
    ana.fills_in(&ana.opens(&link).await, &[]).await.is(303);
    thief.opens(&stolen).await.is(410);
    portal.delivers().await;
    portal.visitor().opens(&password_link(&portal)).await.is(200);
}
