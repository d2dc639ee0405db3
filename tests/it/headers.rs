//! What every answer tells the browser about itself. The headers that never differ are checked by the harness, on every
//! answer of every test; here is what differs.

use reqwest::Method;
use sqlx::PgPool;

use crate::support::{
    Page, Portal, Visitor,
    page::{HEADERS, without_providers},
    routes::{ROUTES, Scene},
};

const HTTPS: (&str, &str) = ("BASE_URL", "https://portal.techpass.gov.sg");
/// What has to be set in production, but for the mail.
pub const PRODUCTION: [(&str, &str); 6] = [
    ("ENV", "production"),
    HTTPS,
    ("SMS__BASE_URL", "http://127.0.0.1:9"),
    ("SMS__ACCOUNT_SID", "AC0"),
    ("SMS__AUTH_TOKEN", "a token of the tests"),
    ("SMS__FROM", "TechPass"),
];

fn has_security_headers(page: &Page) {
    for (name, value) in HEADERS {
        let found = page.header(name).map(without_providers);
        assert_eq!(found.as_deref(), Some(value), "{name} of {}", page.address);
    }
}

async fn static_files(visitor: &Visitor) -> Vec<String> {
    let page = visitor.opens("/sign-up").await;
    let mut files: Vec<String> = Vec::new();
    for start in ["href=\"/static/", "src=\"/static/", "-widget=\"/static/", "-worker=\"/static/"] {
        files.extend(
            page.body.split(start).skip(1).filter_map(|rest| Some(format!("/static/{}", rest.split_once('"')?.0))),
        );
    }
    assert!(files.len() >= 6, "{files:?}");
    files
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn pages_error_pages_and_static_files_have_the_same_security_headers(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    for (_, page) in scene.pages().await {
        has_security_headers(&page);
    }
    let visitor = portal.visitor();
    let mut answers = vec![visitor.opens("/nowhere").await, visitor.opens("/static/nothing.css").await];
    answers.push(visitor.posts_raw("/sign-up", "").await);
    answers.push(visitor.sends(visitor.request(Method::DELETE, "/")).await);
    answers.push(visitor.opens("/account").await);
    for file in static_files(&visitor).await {
        answers.push(visitor.opens(&file).await);
    }
    for answer in answers {
        has_security_headers(&answer);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_policy_allows_nothing_inline_and_nothing_from_elsewhere(database: PgPool) {
    let portal = Portal::on(&database).await;
    let page = portal.visitor().opens("/sign-up").await;
    let policy = without_providers(page.header("content-security-policy").expect("a policy"));
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{policy}");
    for word in ["unsafe", "http:", "https:", "*", "blob:"] {
        assert!(!policy.contains(word), "{policy}");
    }
    assert!(!page.body.contains("//") || !page.body.contains("src=\"//"), "{}", page.body);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn nothing_that_is_made_for_somebody_may_be_kept(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    for route in ROUTES.iter().filter(|route| route.opens()) {
        let answer = scene.viewer(route).opens(&scene.address(route)).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", route.pattern);
    }
    assert_eq!(scene.visitor.opens("/nowhere").await.header("cache-control"), Some("no-store"));
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn static_files_are_named_by_their_content_and_may_be_kept_for_ever(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    for file in static_files(&visitor).await {
        let answer = visitor.opens(&file).await;
        answer.is(200);
        let cache = answer.header("cache-control").expect("how long it may be kept");
        assert!(cache.contains("immutable") && cache.contains("max-age=31536000"), "{file}: {cache}");
        assert!(answer.cookies().is_empty(), "{file} sets a cookie");
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn over_https_browsers_are_told_to_stay_there_for_two_years(database: PgPool) {
    let portal = Portal::with(&database, &[HTTPS]).await;
    let visitor = portal.visitor();
    let file = static_files(&visitor).await.remove(0);
    for address in ["/", "/nowhere", "/healthz", file.as_str()] {
        let answer = visitor.opens(address).await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains; preload"));
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_https_nobody_is_told_to_use_it(database: PgPool) {
    let portal = Portal::on(&database).await;
    assert_eq!(portal.visitor().opens("/").await.header("strict-transport-security"), None);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn over_https_cookies_are_secure_and_bound_to_the_host(database: PgPool) {
    let portal = Portal::with(&database, &[HTTPS, ("CAPTCHA__ENABLED", "false")]).await;
    let visitor = portal.visitor();
    let page = visitor.opens("/sign-up").await;
    let form_cookie = page.cookies().remove(0);
    let (pair, attributes) = form_cookie.split_once(';').expect("a cookie with attributes");
    assert!(pair.starts_with("__Host-form="), "{form_cookie}");
    assert_eq!(attributes.trim(), "Path=/; HttpOnly; SameSite=Lax; Secure");

    // A browser behind the balancer: it sends the cookie, because for the browser this is https.
    let csrf = page.form().fields.remove(0).1;
    let request = visitor
        .request(Method::POST, "/sign-up")
        .header("host", "portal.techpass.gov.sg")
        .header("origin", "https://portal.techpass.gov.sg")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", pair)
        .body(format!("csrf={csrf}&email=mei%40tech.gov.sg&device=gmd&seed=no"));
    let answer = visitor.sends(request).await;
    answer.leads_to("/sign-up/done?seed=no");
    let signed_up = answer.cookies().remove(0);
    assert!(
        signed_up.starts_with("__Host-signed-up=")
            && signed_up.ends_with("Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"),
        "{signed_up}"
    );
    portal.delivers().await;
    let mail = portal.mail.reads("mei@tech.gov.sg").remove(0);
    assert!(mail.links()[0].starts_with("https://portal.techpass.gov.sg/accept/"), "{:?}", mail.links());
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn without_https_cookies_have_their_plain_names(database: PgPool) {
    let portal = Portal::on(&database).await;
    let cookie = portal.visitor().opens("/sign-up").await.cookies().remove(0);
    assert!(cookie.starts_with("form=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_browser_that_has_its_cookie_gets_no_other_one(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    assert_eq!(visitor.opens("/sign-up").await.cookies().len(), 1);
    assert_eq!(visitor.opens("/start").await.cookies().len(), 0);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn development_s_pages_and_figures_do_not_exist_in_production(database: PgPool) {
    let portal = Portal::with(&database, &PRODUCTION).await;
    for address in ["/dev/inbox", "/dev/inbox.json", "/dev/components", "/dev", "/metrics"] {
        portal.visitor().opens(address).await.is(404);
    }
    let home = portal.visitor().opens("/").await;
    assert!(!home.body.contains("/dev/") && !home.body.contains("development copy"), "{}", home.body);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn development_s_inbox_shows_what_was_sent(database: PgPool) {
    let portal = Portal::on(&database).await;
    portal.visitor().signs_up("mei@tech.gov.sg").await;
    portal.delivers().await;
    let sent = portal.mail.reads("mei@tech.gov.sg").remove(0);
    let inbox = portal.visitor().opens("/dev/inbox.json").await;
    let items: serde_json::Value = serde_json::from_str(&inbox.body).expect("JSON");
    assert_eq!((items[0]["to"].as_str(), items[0]["kind"].as_str()), (Some("mei@tech.gov.sg"), Some("email")));
    assert_eq!(items[0]["text"].as_str(), Some(sent.text().as_str()));
    portal.visitor().opens("/dev/inbox").await.is(200).links_to(&sent.links()[0]);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn the_government_masthead_is_shown_in_development_and_under_gov_sg_only(database: PgPool) {
    let development = Portal::on(&database).await;
    let shows = async |portal: &Portal| {
        let page = portal.visitor().opens("/").await;
        page.body.contains("A Singapore Government Agency Website")
    };
    assert!(shows(&development).await);
    for (number, base_url, expected) in [
        (1, "https://portal.techpass.gov.sg", true),
        (2, "https://portal.example", false),
        (3, "https://portalgov.sg", false),
        (4, "https://portal.gov.sg.attacker.example", false),
    ] {
        let settings: Vec<_> = PRODUCTION.into_iter().chain([("BASE_URL", base_url)]).collect();
        let portal = development.copy(number, &settings).await;
        assert_eq!(shows(&portal).await, expected, "{base_url}");
    }
}
