//! Whoever signs in with a browser that the account does not know is told of, by whatever way they came (docs/rules.md §4.24).

use portal::{keys::token_hash, store::known_browsers};
use sqlx::PgPool;
use time::Duration;
use uuid::Uuid;

use crate::support::{
    Mail, Page, Portal, Visitor,
    officers::{self, signs_in},
    passkeys::{has_one, signs_in_with},
    portal::KEY,
    provider::Persona,
    tables,
    vendors::{ADDRESS, ID, PASSWORD, Phone, active, gives_password},
};

const MEI: &str = "mei@tech.gov.sg";
const SUBJECT: &str = "Somebody logged in to your TechPass in a new browser";

/// The mails about new browsers that somebody got since the last look.
async fn told(portal: &Portal, address: &str) -> Vec<Mail> {
    portal.delivers().await;
    portal.mail.reads_of_new_browsers(address)
}

/// Signs in with password and code.
async fn by_password(portal: &Portal, visitor: &Visitor, phone: &Phone) {
    let page = visitor.follows(&gives_password(visitor, ID, PASSWORD).await).await;
    visitor.fills_in(&page, &[("code", &phone.shows(portal))]).await.leads_to("/account");
    visitor.opens("/account").await.is(200);
    portal.waits(Duration::MINUTE);
}

async fn signs_out(visitor: &Visitor) {
    let page = visitor.opens("/account").await;
    let form = page.form_to("/sign-out");
    visitor.posts(&form.action, &form.fields).await.is(303);
}

fn browser_cookie(page: &Page) -> Option<String> {
    page.cookies().into_iter().find(|cookie| cookie.contains("browser="))
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nobody_is_told_of_the_browser_of_activation_nor_of_one_that_is_known(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    assert_eq!(told(&portal, ADDRESS).await.len(), 0);
    ana.opens("/account").await.is(200);
    for _ in 0..3 {
        signs_out(&ana).await;
        by_password(&portal, &ana, &phone).await;
    }
    assert_eq!(told(&portal, ADDRESS).await.len(), 0);
    assert_eq!(tables::count(&database, "select count(*) from known_browsers").await, 1);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_new_browser_is_told_once_with_what_it_is_where_from_and_the_way_to_say_it_was_not_me(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let there = Visitor::called(&portal.origin(), "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Edg/140.0.0.0");
    by_password(&portal, &there, &phone).await;
    let mails = told(&portal, ADDRESS).await;
    assert_eq!(mails.len(), 1);
    mails[0].says("Browser: Edge on Windows").says("Network: 127.0.0.…").says("When: 22 Nov 2026, 7:").says(ID);
    signs_out(&there).await;
    by_password(&portal, &there, &phone).await;
    assert_eq!(told(&portal, ADDRESS).await.len(), 0);

    let ana = portal.visitor();
    let page = ana.opens(&mails[0].link("/not-me/")).await;
    page.is(200).says(SUBJECT).says("remove that browser from those that we know");
    ana.fills_in(&page, &[]).await.is(303);
    there.opens("/account").await.is(303);
    assert_eq!(tables::count(&database, "select count(*) from known_browsers").await, 1);
    portal.delivers().await;
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_provider_s_way_and_a_passkey_s_are_told_too(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    signs_out(&mei).await;
    signs_in(&mei, &portal, &Persona::of(MEI)).await.leads_to("/account");
    assert_eq!(told(&portal, MEI).await.len(), 0);
    let there = portal.visitor();
    signs_in(&there, &portal, &Persona::of(MEI)).await.leads_to("/account");
    let mails = told(&portal, MEI).await;
    assert_eq!(mails.len(), 1);
    mails[0].does_not_say("password");

    active(&portal).await;
    let (mut device, _) = has_one(&portal, ADDRESS).await;
    let elsewhere = portal.visitor();
    for expected in [1, 0] {
        signs_in_with(&elsewhere, &mut device).await.leads_to("/account");
        elsewhere.opens("/account").await.is(200);
        assert_eq!(told(&portal, ADDRESS).await.len(), expected);
        signs_out(&elsewhere).await;
        portal.waits(Duration::MINUTE);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_cookie_is_for_whoever_is_signed_in_and_is_set_once(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (_, phone) = active(&portal).await;
    let visitor = portal.visitor();
    for address in ["/", "/sign-in", "/sign-up", "/nowhere"] {
        assert_eq!(browser_cookie(&visitor.opens(address).await), None, "{address}");
    }
    let answer = gives_password(&visitor, ID, PASSWORD).await;
    assert_eq!(browser_cookie(&answer), None);
    let page = visitor.follows(&answer).await;
    assert_eq!(browser_cookie(&page), None, "on the way nobody is signed in");
    visitor.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    let cookie = browser_cookie(&visitor.opens("/account").await).expect("a cookie");
    let (value, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax");
    let value = value.strip_prefix("browser=").expect("its name on http");
    assert_eq!(value.len(), 43);
    assert_eq!(browser_cookie(&visitor.opens("/account").await), None, "it is there");
    let dump = tables::dump(&database).await;
    let hash: String = token_hash(value).iter().map(|byte| format!("{byte:02x}")).collect();
    for (table, rows) in &dump {
        assert!(!rows.contains(value), "{table} holds the cookie");
        assert!(table == "sessions" || !rows.contains(&hash), "{table} holds a hash that others could make");
    }
    portal.leaves_messages_unsent();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn over_https_the_cookie_is_secure_and_bound_to_the_host(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, _) = active(&portal).await;
    let session = ana.cookie("session").expect("a session");
    let https = portal.copy(1, &[("BASE_URL", "https://portal.techpass.gov.sg")]).await;
    let visitor = https.visitor();
    let request = visitor.request(reqwest::Method::GET, "/account");
    let page = visitor.sends(request.header("cookie", format!("__Host-session={session}"))).await;
    let cookie = browser_cookie(page.is(200)).expect("a cookie");
    assert!(cookie.starts_with("__Host-browser=") && cookie.ends_with("; SameSite=Lax; Secure"), "{cookie}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_that_two_people_share_is_told_to_each_and_nothing_says_that_they_share_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    officers::active(&portal, MEI).await;
    officers::active(&portal, "tan@tech.gov.sg").await;
    let shared = portal.visitor();
    let mut cookies = Vec::new();
    for email in [MEI, "tan@tech.gov.sg"] {
        signs_in(&shared, &portal, &Persona::of(email)).await.leads_to("/account");
        cookies.extend(browser_cookie(&shared.opens("/account").await));
        assert_eq!(told(&portal, email).await.len(), 1, "{email}");
        signs_out(&shared).await;
    }
    assert_eq!(cookies.len(), 1, "one browser has one cookie");
    let hashes = "select count(distinct hash) from known_browsers";
    assert_eq!(tables::count(&database, hashes).await, 4);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_cookie_that_was_made_up_makes_no_browser_known(database: PgPool) {
    let portal = Portal::on(&database).await;
    officers::active(&portal, MEI).await;
    for made_up in ["", "x", "A", &"A".repeat(43), &"A".repeat(44), "%00", "\u{e9}"] {
        let visitor = portal.visitor();
        visitor.has_cookie("browser", made_up);
        signs_in(&visitor, &portal, &Persona::of(MEI)).await.leads_to("/account");
        assert_eq!(told(&portal, MEI).await.len(), 1, "{made_up:?}");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn twenty_browsers_are_known_and_the_one_not_seen_for_longest_is_forgotten(database: PgPool) {
    let portal = Portal::on(&database).await;
    officers::active(&portal, MEI).await;
    let account: Uuid = sqlx::query_scalar("select id from accounts").fetch_one(&database).await.expect("one");
    let mut connection = database.acquire().await.expect("a connection");
    let mut meet = async |number: u8| {
        portal.waits(Duration::MINUTE);
        let hashes = [vec![number; 32]];
        known_browsers::meet(&mut connection, account, &hashes, portal.now()).await.expect("an answer")
    };
    for number in 1..=20 {
        assert!(!meet(number).await, "{number}");
    }
    assert!(meet(1).await, "seen lately");
    assert!(!meet(21).await);
    assert!(meet(1).await);
    assert!(!meet(2).await, "forgotten");
    assert_eq!(tables::count(&database, "select count(*) from known_browsers").await, 20);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn browsers_stay_known_from_key_to_key(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mei = officers::active(&portal, MEI).await;
    mei.opens("/account").await.is(200);
    let second = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";
    let third = "enl4d3Z1dHNycXBvbm1sa2ppaGdmZWRjYmE5ODc2NTQ=";
    let once = portal.copy(1, &[("SECRET_KEY", second), ("SECRET_KEY_PREVIOUS", KEY)]).await;
    let twice = portal.copy(2, &[("SECRET_KEY", third), ("SECRET_KEY_PREVIOUS", second)]).await;
    let cookie = mei.cookie("browser").expect("a cookie");
    for rotated in [&once, &twice] {
        let there = rotated.visitor();
        there.has_cookie("browser", &cookie);
        signs_in(&there, rotated, &Persona::of(MEI)).await.leads_to("/account");
    }
    assert_eq!(tables::count(&database, "select count(*) from known_browsers").await, 1);
    assert_eq!(tables::count(&database, "select count(*) from outbox where kind = 'new_browser'").await, 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_whose_latest_sign_in_is_disowned_is_no_longer_known(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let there = portal.visitor();
    for expected in [1, 0] {
        by_password(&portal, &there, &phone).await;
        assert_eq!(told(&portal, ADDRESS).await.len(), expected);
        signs_out(&there).await;
    }
    let page = ana.opens("/account/security/not-me").await;
    let second = signed_in_before(&database, 0).await;
    let done = ana.fills_in(&page, &[("entry", &second)]).await;
    ana.follows(&done).await.is(200).says("We have removed that browser");
    portal.delivers().await;
    let mails = portal.mail.reads(ADDRESS);
    let link = mails.iter().find(|mail| mail.subject() == "Choose a new TechPass password").expect("a link");
    let page = ana.opens(&link.link("/sign-in/forgotten/")).await;
    let new = "quantum ferry under saffron";
    let fields = [("new_password", new), ("repeat_password", new), ("code", &phone.shows(&portal))];
    ana.fills_in(&page, &fields).await.leads_to("/account/security?done=password");
    portal.waits(Duration::MINUTE);
    told(&portal, ADDRESS).await;

    let page = there.follows(&gives_password(&there, ID, new).await).await;
    there.fills_in(&page, &[("code", &phone.shows(&portal))]).await.leads_to("/account");
    assert_eq!(told(&portal, ADDRESS).await.len(), 1, "the third sign-in is told");
    portal.mail.reads_all();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_that_is_not_found_any_more_is_not_said_to_be_removed(database: PgPool) {
    let portal = Portal::on(&database).await;
    let (ana, phone) = active(&portal).await;
    let there = portal.visitor();
    for _ in 0..3 {
        by_password(&portal, &there, &phone).await;
        signs_out(&there).await;
    }
    let page = ana.opens("/account/security/not-me").await;
    // Neither the first nor the last one: which browser that was is not kept.
    let second = signed_in_before(&database, 1).await;
    let done = ana.fills_in(&page, &[("entry", &second)]).await;
    ana.follows(&done).await.is(200).says("Everybody is signed out").does_not_say("We have removed");
    portal.delivers().await;
    portal.mail.reads_all();
}

/// The entry of the sign-in with so many after it.
async fn signed_in_before(database: &PgPool, later: i64) -> String {
    let query = "select id::text from audit where event = 'signed_in' order by at desc, id desc offset $1 limit 1";
    sqlx::query_scalar(query).bind(later).fetch_one(database).await.expect("an entry")
}
