//! What officers do on their way to an active account, for tests that begin where that ends.

use super::{Page, Portal, SignUp, Visitor, provider::Persona};

/// The link that somebody gets who signs up.
pub async fn invited(portal: &Portal, sign_up: impl Into<SignUp>) -> String {
    let sign_up = sign_up.into();
    let email = sign_up.email.clone();
    portal.visitor().signs_up(sign_up).await.is(303);
    portal.delivers().await;
    let mails = portal.mail.reads(&email);
    mails
        .iter()
        .find_map(|mail| mail.links().into_iter().find_map(|link| Some(link.split_once("/accept/")?.1.to_owned())))
        .map(|token| format!("/accept/{token}"))
        .expect("a link")
}

/// Presses "Accept invitation" and signs in at the provider; gives where the portal leads then.
pub async fn accepts(visitor: &Visitor, portal: &Portal, link: &str, persona: &Persona) -> Page {
    let page = visitor.opens(link).await;
    let leaving = visitor.fills_in(&page, &[]).await;
    leaving.is(303);
    visitor.opens(&portal.provider.lets_in(leaving.location().expect("an address"), persona)).await
}

/// Reads and accepts documents until there is none left; gives the last answer.
pub async fn accepts_terms(visitor: &Visitor, mut answer: Page) -> Page {
    while answer.location().is_some_and(|address| address.starts_with("/activate/terms/")) {
        let page = visitor.follows(&answer).await;
        answer = visitor.fills_in(&page, &[("accept", "yes")]).await;
    }
    answer
}

/// Signs in at `/sign-in`; gives where the portal leads then.
pub async fn signs_in(visitor: &Visitor, portal: &Portal, persona: &Persona) -> Page {
    let page = visitor.opens("/sign-in").await;
    let id = persona.claims["email"].as_str().expect("an address");
    let leaving = visitor.fills_in(&page, &[("techpass_id", id)]).await;
    leaving.is(303);
    visitor.opens(&portal.provider.lets_in(leaving.location().expect("an address"), persona)).await
}

/// Somebody who has signed up, accepted and is active, with the browser in which they are signed in.
pub async fn active(portal: &Portal, email: &str) -> Visitor {
    let link = invited(portal, email).await;
    let visitor = portal.visitor();
    let arrived = accepts(&visitor, portal, &link, &Persona::of(email)).await;
    accepts_terms(&visitor, arrived).await.leads_to("/activate/done");
    visitor
}
