//! A form counts only if it came from a page that this browser opened here.

use reqwest::{Method, RequestBuilder};
use sqlx::PgPool;

use crate::support::{
    Page, Portal, Visitor,
    page::Form,
    routes::{Kind, ROUTES, Scene, Who, sensible_value},
    tables,
};

/// The ways to forge a form. `Honest` is none of them: it shows that the others fail for the right reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forgery {
    NoToken,
    EmptyToken,
    WrongToken,
    TokenOfAnotherBrowser,
    NoCookie,
    ForeignOrigin,
    NullOrigin,
    LookAlikeOrigin,
    CrossSite,
    SameSite,
    Honest,
}

const FORGERIES: [Forgery; 10] = [
    Forgery::NoToken,
    Forgery::EmptyToken,
    Forgery::WrongToken,
    Forgery::TokenOfAnotherBrowser,
    Forgery::NoCookie,
    Forgery::ForeignOrigin,
    Forgery::NullOrigin,
    Forgery::LookAlikeOrigin,
    Forgery::CrossSite,
    Forgery::SameSite,
];

/// The form, filled in so that nothing but the forgery could stand in its way.
fn filled_in(form: &Form, proof: &str) -> Form {
    let mut form = form.clone();
    for (name, value) in &mut form.fields {
        if let Some(sensible) = sensible_value(name) {
            sensible.clone_into(value);
        }
    }
    form.fields.push(("altcha".to_owned(), proof.to_owned()));
    form
}

fn token(form: &mut Form) -> &mut String {
    &mut form.fields.iter_mut().find(|(name, _)| name == "csrf").expect("every form has a token").1
}

fn post(visitor: &Visitor, form: &Form, origin: Option<&str>, site: Option<&str>) -> RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
    let mut request =
        visitor.request(Method::POST, &form.action).header("content-type", "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    request.body(body)
}

async fn sends(visitor: &Visitor, stranger: &Visitor, mut form: Form, forgery: Forgery) -> Page {
    let ours = visitor.origin().to_owned();
    let (mut origin, mut site, mut sender) = (Some(ours.clone()), Some("same-origin"), visitor);
    match forgery {
        Forgery::NoToken => form.fields.retain(|(name, _)| name != "csrf"),
        Forgery::EmptyToken => token(&mut form).clear(),
        Forgery::WrongToken => *token(&mut form) = "A".repeat(43),
        Forgery::TokenOfAnotherBrowser => {
            token(&mut stranger.opens("/start").await.form()).clone_into(token(&mut form));
        }
        Forgery::NoCookie => sender = stranger,
        // Browsers of before 2023 say only where a form comes from.
        Forgery::ForeignOrigin => (origin, site) = (Some("https://attacker.example".to_owned()), None),
        Forgery::NullOrigin => (origin, site) = (Some("null".to_owned()), None),
        Forgery::LookAlikeOrigin => (origin, site) = (Some(format!("{ours}.attacker.example")), None),
        Forgery::CrossSite => site = Some("cross-site"),
        Forgery::SameSite => site = Some("same-site"),
        Forgery::Honest => {}
    }
    sender.sends(post(sender, &form, origin.as_deref(), site)).await
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn no_forged_form_is_taken_at_any_address_and_none_changes_a_row(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    for route in ROUTES.iter().filter(|route| route.posts && route.kind != Kind::Signed) {
        let viewer = scene.viewer(route);
        let form = scene.form_to(route).await;
        let proof = viewer.proves().await;
        for forgery in FORGERIES {
            let stranger = portal.visitor();
            let before = tables::dump(&database).await;
            let answer = sends(viewer, &stranger, filled_in(&form, &proof), forgery).await;
            if forgery == Forgery::NoCookie && route.who != Who::Anyone {
                // Without its cookies a browser is nobody's: it is asked to sign in before the form is looked at.
                assert!(
                    answer.status == 403 || answer.location() == Some("/sign-in"),
                    "{forgery:?} at {}",
                    route.pattern
                );
            } else {
                assert_eq!(answer.status, 403, "{forgery:?} at {}", route.pattern);
                answer.titled("We could not accept that").has_no_form();
            }
            assert_eq!(tables::dump(&database).await, before, "{forgery:?} at {}", route.pattern);
        }
        let honest = sends(viewer, &portal.visitor(), filled_in(&form, &proof), Forgery::Honest).await;
        // A code that is not right is refused, too, but by the journey and beside its field.
        let is_taken = [200, 303].contains(&honest.status) || (honest.status == 422 && !honest.errors().is_empty());
        assert!(is_taken, "the honest form at {}: {}", route.pattern, honest.status);
    }
    assert!(portal.delivers().await > 0, "the honest forms did something");
    portal.leaves_mail_unread();
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn other_verbs_are_taken_nowhere(database: PgPool) {
    let portal = Portal::on(&database).await;
    let scene = Scene::at(&portal).await;
    let before = tables::dump(&database).await;
    for route in ROUTES {
        for verb in [Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = scene.visitor.sends(scene.visitor.request(verb.clone(), &scene.address(route))).await;
            assert_eq!(answer.status, 405, "{verb} {}", route.pattern);
        }
    }
    assert_eq!(tables::dump(&database).await, before);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_form_may_stay_open_while_others_are_opened(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let first = visitor.opens("/start").await;
    visitor.opens("/sign-up").await;
    portal.waits(time::Duration::hours(10));
    visitor.fills_in(&first, &[("email", "mei@tech.gov.sg"), ("device", "gmd")]).await.is(303);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn forms_opened_before_the_key_was_rotated_are_still_taken(database: PgPool) {
    let portal = Portal::on(&database).await;
    let key = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoyMzQ1Njc=";
    let old = crate::support::portal::KEY;
    let rotated = portal.copy(1, &[("SECRET_KEY", key), ("SECRET_KEY_PREVIOUS", old)]).await;
    let visitor = portal.visitor();
    let form = visitor.opens("/start").await;
    let mut fields = form.form().fields;
    for (name, value) in &mut fields {
        sensible_value(name).unwrap_or(value.as_str()).to_owned().clone_into(value);
    }
    let cookie = form.cookies().remove(0);
    let elsewhere = Visitor::of(&rotated.origin());
    let request = post(&elsewhere, &Form { action: "/start".to_owned(), fields }, None, Some("same-origin"));
    let cookie = cookie.split(';').next().unwrap_or_default();
    elsewhere.sends(request.header("cookie", cookie)).await.is(303);
}
