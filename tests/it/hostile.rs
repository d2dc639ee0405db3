//! Whatever is put into any field of any form: a clear answer, never a mistake of ours, nothing echoed as markup, no mail.
//!
//! The forms are found by opening all pages, so that a new form is tried without anybody thinking of it.

use futures_util::{StreamExt, stream};
use sqlx::PgPool;

use crate::support::{
    Page, Portal, Visitor,
    page::Form,
    routes::{ROUTES, Route, Scene, sensible_value},
    vendors,
};

/// https://github.com/minimaxir/big-list-of-naughty-strings, MIT (tests/data/README.md).
const NAUGHTY: &str = include_str!("../data/naughty_strings.json");

/// Fields that scripts add to a form.
const ADDED_BY_SCRIPTS: [(&str, &str); 1] = [("/sign-up", "altcha")];

/// The form in the header of every page of somebody who can sign out: it has no field.
const SIGN_OUT: &str = "/sign-out";

/// How many requests are under way at once.
const AT_ONCE: usize = 4;

fn naughty_strings() -> Vec<String> {
    let mut strings: Vec<String> = serde_json::from_str(NAUGHTY).expect("a list");
    let ours = [
        "\0",
        "mei\0@tech.gov.sg",
        "mei@tech.gov.sg\r\nBcc: ana@tech.gov.sg",
        "mei@tech.gov.sg\r\n\r\n<script>alert(1)</script>",
        "\r\n",
        "\u{202e}gs.vog.hcet@iem",
        "\"><img src=x onerror=alert(1)>",
        "{{7*7}}{% raw %}${7*7}",
        "mei@tech.gov.sg' or '1'='1",
    ];
    strings.extend(ours.map(str::to_owned));
    strings.push("<b>".repeat(1_000));
    strings.push("a".repeat(8_000));
    strings
}

/// Every form of the portal with the page it stands on, and every field of it filled in sensibly.
async fn forms(scene: &Scene) -> Vec<(&Visitor, Page, Form)> {
    let mut found: Vec<(&Visitor, Page, Form)> = Vec::new();
    // The forms of development's pages are samples: they go nowhere.
    for (viewer, page) in scene.pages().await.into_iter().filter(|(_, page)| !page.address.starts_with("/dev/")) {
        for mut form in page.forms() {
            if found.iter().any(|(_, _, known)| known.action == form.action) {
                continue;
            }
            for (_, field) in ADDED_BY_SCRIPTS.iter().filter(|(action, _)| *action == form.action) {
                form.fields.push(((*field).to_owned(), String::new()));
            }
            for (name, value) in &mut form.fields {
                if let Some(sensible) = sensible_value(name) {
                    sensible.clone_into(value);
                }
            }
            found.push((viewer, page.clone(), form));
        }
    }
    // What a script sends while somebody types stands on no page as a form.
    let typed = ROUTES.iter().find(|route| route.pattern == "/password-strength").expect("the route");
    let viewer = scene.viewer(typed);
    found.push((viewer, viewer.opens("/activate/password").await, scene.form_to(typed).await));
    assert!(found.len() >= 4, "the forms were not found: {found:?}");
    found
}

fn with(form: &Form, field: &str, value: &str) -> Vec<(String, String)> {
    let fields = form.fields.iter().cloned();
    fields.map(|(name, held)| if name == field { (name, value.to_owned()) } else { (name, held) }).collect()
}

/// What must hold for the answer, whatever was sent.
fn is_clear(answer: &Page, page: &Page, sent: &str) {
    let told = format!("{sent:?} at {}", answer.address);
    assert!((200..500).contains(&answer.status), "{told} gave {}", answer.status);
    if sent.contains('<') && sent.len() > 1 && !page.body.contains(sent) {
        assert!(!answer.body.contains(sent), "{told} is echoed as it is");
    }
    if let Some(location) = answer.location() {
        // Signing in and accepting lead to the provider of the tests, and to nobody else.
        let is_provider =
            location.starts_with("http://127.0.0.1:") && location.contains("/authorize?response_type=code");
        let is_ours = location.starts_with('/') && !location.starts_with("//");
        assert!(is_ours || is_provider, "{told} leads to {location}");
    }
}

/// Puts every string into every field that is `chosen` of the forms that are.
async fn tries_naughty_strings(portal: &Portal, forms_chosen: impl Fn(&str) -> bool, chosen: impl Fn(&str) -> bool) {
    let scene = Scene::at(portal).await;
    let strings = naughty_strings();
    let mut forms = forms(&scene).await;
    forms.retain(|(_, _, form)| forms_chosen(&form.action));
    assert!(!forms.is_empty(), "there is nothing to try");
    for (viewer, page, form) in &forms {
        for (field, _) in form.fields.iter().filter(|(field, _)| chosen(field)) {
            let tries = strings.iter().map(|string| {
                let fields = with(form, field, string);
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
                let answer = posts(viewer, &form.action, body);
                async move { (string, answer.await) }
            });
            let mut answers = stream::iter(tries).buffer_unordered(AT_ONCE);
            while let Some((string, answer)) = answers.next().await {
                is_clear(&answer, page, string);
                if answer.status == 422 && string.contains(['<', '"']) && field == "email" {
                    answer.holds(field, &string.replace("\r\n", "\n"));
                }
            }
        }
    }
    portal.delivers().await;
    let recipients: Vec<String> = portal.mail.reads_all().into_iter().map(|mail| mail.recipient).collect();
    assert!(
        recipients.iter().all(|recipient| {
            let people = [
                "ana@tech.gov.sg",
                Scene::EMAIL,
                Scene::WORRIED,
                vendors::ADDRESS,
                "forgetful@vendor.example",
                "koh@tech.gov.sg",
            ];
            people.contains(&recipient.as_str()) || recipient.starts_with("vendor")
        }),
        "{recipients:?}"
    );
}

/// Posts without the harness's look at the page: thousands of pages would take minutes to be taken apart.
async fn posts(visitor: &Visitor, action: &str, body: impl Into<reqwest::Body>) -> Page {
    let request = visitor
        .request(reqwest::Method::POST, action)
        .header("origin", visitor.origin())
        .header("content-type", "application/x-www-form-urlencoded");
    visitor.tries(request.body(body)).await.expect("an answer")
}

fn is_added_by_scripts(field: &str) -> bool {
    ADDED_BY_SCRIPTS.iter().any(|(_, added)| *added == field)
}

/// A test for the forms below some addresses, so that the tests run beside each other; each plays the whole scene, so that there
/// are not more of them than that pays. A form is tried by the test with the longest address that its own begins with.
macro_rules! naughty_strings_at {
    ($($name:ident: [$($address:literal),*],)*) => {
        const TRIED: &[(&str, &str)] = &[$($((stringify!($name), $address)),*),*];

        mod naughty_strings_in_every_field_are_answered_clearly {
            use super::*;

            $(
                #[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
                async fn $name(database: PgPool) {
                    // Where nothing holds back robots: else most of them would only be told that they are too many.
                    let portal = Portal::with(&database, &[("CAPTCHA__ENABLED", "false")]).await;
                    let is_ours = |form: &str| tried_by(form) == Some(stringify!($name));
                    tries_naughty_strings(&portal, is_ours, |field| !is_added_by_scripts(field)).await;
                }
            )*
        }
    };
}

naughty_strings_at! {
    before_signing_in: ["/start", "/sign-up", "/accept", "/auth", "/not-me"],
    at_sign_in: ["/sign-in"],
    at_the_app: ["/activate/mfa", "/activate/recovery-codes"],
    at_the_phone: ["/activate/phone"],
    at_password_and_terms: ["/activate", "/password-strength"],
    in_the_account: ["/account"],
}

/// Which test tries the form with this address.
fn tried_by(form: &str) -> Option<&'static str> {
    let is_below =
        |address: &str| form.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let those = TRIED.iter().filter(|(_, address)| is_below(address));
    those.max_by_key(|(_, address)| address.len()).map(|(name, _)| *name)
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn every_form_is_tried_by_one_of_the_tests(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    let found: Vec<String> = forms(&scene).await.into_iter().map(|(_, _, form)| form.action).collect();
    // What machines send is no form of a page.
    let by_people = |route: &&Route| route.posts && route.pattern != SIGN_OUT && !route.pattern.starts_with("/api/");
    for route in ROUTES.iter().filter(by_people) {
        let address = scene.address(route);
        assert!(found.contains(&address), "no page has the form that goes to {}", route.pattern);
    }
    for form in &found {
        assert!(tried_by(form).is_some(), "{form} is below none of the addresses of the tests");
    }
    portal.delivers().await;
    portal.leaves_mail_unread();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn naughty_strings_in_fields_that_scripts_add_are_answered_clearly(database: PgPool) {
    tries_naughty_strings(&Portal::on(&database).await, |_| true, is_added_by_scripts).await;
}

/// Bodies that no browser sends, made from a form: what they are, the bytes, and the statuses that are clear answers.
fn odd_bodies(form: &Form, field: &str) -> Vec<(&'static str, Vec<u8>, &'static [u16])> {
    let encode = |fields: &[(String, String)]| {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    };
    let others: Vec<(String, String)> = form.fields.iter().filter(|(name, _)| name != field).cloned().collect();
    let with_raw = |value: &[u8]| {
        let start = if others.is_empty() { String::new() } else { encode(&others) + "&" };
        [start.as_bytes(), field.as_bytes(), b"=", value].concat()
    };
    let all = encode(&form.fields);
    // 204: a device that is not asked anything. 410: a link that one of the bodies before has used up.
    let answered: &[u16] = &[200, 204, 303, 403, 410, 422, 429];
    vec![
        ("not UTF-8", with_raw(b"%FF"), &[400]),
        ("a byte that is not UTF-8", with_raw(b"\xff"), &[400]),
        ("a lone surrogate", with_raw(b"%ED%A0%80"), &[400]),
        ("an overlong NUL", with_raw(b"%C0%80"), &[400]),
        ("half an escape", with_raw(b"%4"), answered),
        ("no escape at all", with_raw(b"%zz"), answered),
        ("NUL", with_raw(b"%00"), answered),
        ("a line break", with_raw(b"a%0D%0Ab"), answered),
        ("64 KiB", with_raw(&[b'a'; 64 * 1024]), &[413]),
        ("a field twice", format!("{all}&{field}=x").into_bytes(), &[400]),
        (
            "a field twice under another spelling",
            format!("{all}&%{:02x}{}=x", field.as_bytes()[0], &field[1..]).into_bytes(),
            &[400],
        ),
        ("a field left out", encode(&others).into_bytes(), answered),
        (
            "a thousand fields more",
            (0..1_000).fold(all.clone(), |body, n| format!("{body}&f{n}=")).into_bytes(),
            &[400],
        ),
        ("a field more", format!("{all}&admin=yes").into_bytes(), answered),
        (
            "a field without a value",
            with_raw(b"").into_iter().filter(|byte| *byte != b'=').collect(),
            &[200, 204, 303, 400, 403, 410, 422, 429],
        ),
        ("nothing", Vec::new(), &[403]),
        ("nothing but signs", b"&&=&=&".to_vec(), &[400, 403]),
    ]
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn bodies_that_no_browser_sends_are_answered_clearly_at_every_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    for (viewer, _, form) in &forms(&scene).await {
        for (field, _) in &form.fields {
            for (what, body, clear) in odd_bodies(form, field) {
                let answer = posts(viewer, &form.action, body).await;
                // One of the bodies before was a good one, and has signed this person out.
                let is_signed_out = answer.status == 303 && answer.location() == Some("/sign-in");
                let is_clear = clear.contains(&answer.status) || is_signed_out;
                assert!(is_clear, "{what} in {field} at {} gave {}", form.action, answer.status);
            }
        }
    }
    portal.delivers().await;
    portal.leaves_mail_unread();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn what_is_sent_as_something_else_than_a_form_is_a_bad_request_at_every_form(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    let kinds =
        ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/x-www-form-urlencodedx"];
    for (viewer, _, form) in &forms(&scene).await {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        for kind in kinds {
            let request = viewer.request(reqwest::Method::POST, &form.action).header("content-type", kind);
            viewer.sends(request.body(body.clone())).await.is(400);
        }
        let request = viewer.request(reqwest::Method::POST, &form.action).body(body);
        viewer.sends(request).await.is(400);
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn naughty_strings_in_addresses_are_answered_clearly(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let home = visitor.opens("/").await;
    for string in naughty_strings() {
        let encoded: String = url::form_urlencoded::byte_serialize(string.as_bytes()).collect();
        let encoded = encoded.replace('+', "%20");
        for address in [
            format!("/accept/{encoded}"),
            format!("/not-me/{encoded}"),
            format!("/not-me/{encoded}/done"),
            format!("/account/{encoded}"),
            format!("/start/answer?domain={encoded}&device=gmd"),
            format!("/start?device={encoded}&seed={encoded}"),
            format!("/sign-up?again={encoded}"),
            format!("/sign-up/done?seed={encoded}&again={encoded}&wait={encoded}"),
            format!("/sign-up/done?seed=yes&again=too-soon&wait={encoded}"),
            format!("/sign-in?next={encoded}"),
        ] {
            let answer = visitor.tries(visitor.request(reqwest::Method::GET, &address)).await.expect("an answer");
            is_clear(&answer, &home, &string);
        }
    }
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn an_address_with_bytes_that_are_no_text_is_answered_clearly(database: PgPool) {
    let portal = Portal::on(&database).await;
    for address in
        ["/accept/%FF", "/accept/%ED%A0%80", "/not-me/%FF", "/account/%FF", "/%FF", "/start/answer?domain=%FF"]
    {
        let page = portal.visitor().opens(address).await;
        assert!([303, 400, 404].contains(&page.status), "{address} gave {}", page.status);
    }
}
