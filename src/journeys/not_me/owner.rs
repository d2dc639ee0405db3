//! The same for whoever is signed in and sees something in the list of what happened lately: which of it, and the button.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    link::done_address,
    secure::{Disowned, secure},
};
use crate::{
    app::App,
    domain::{activation::AccountKind, moment, not_me::LINK_VALIDITY, person::Person},
    keys::token_hash,
    messages::security_notice::Happened,
    store::{
        audit::{self, Event},
        not_me::{self, NotMeLink},
    },
    web::{
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{self, SignedIn},
        way::Way,
    },
};

/// How many events there are to choose from.
const EVENTS: i64 = 8;

/// What one could find in the list and not have done, in words, and what the notice about it says that happened. Not what was tried
/// in vain: strangers can do that as often as they like, until nothing else would be left to choose.
const CHOICES: [(Event, &str, Option<Happened>); 10] = [
    (Event::SignedIn, "Signed in", Some(Happened::NewBrowser)),
    (Event::PasswordChosen, "The password was changed", Some(Happened::PasswordChanged)),
    (Event::PasswordLinkSent, "A link for a new password was sent", None),
    (Event::AuthenticatorAdded, "An authenticator app was added", Some(Happened::AuthenticatorAdded)),
    (Event::AuthenticatorRemoved, "An authenticator app was removed", Some(Happened::AuthenticatorRemoved)),
    (Event::PasskeyAdded, "A passkey was added", Some(Happened::PasskeyAdded)),
    (Event::PasskeyRemoved, "A passkey was removed", Some(Happened::PasskeyRemoved)),
    (Event::MobileChanged, "The mobile number was changed", Some(Happened::MobileChanged)),
    (Event::RecoveryCodesMade, "New recovery codes were made", Some(Happened::RecoveryCodesMade)),
    (Event::RecoveryCodeUsed, "A recovery code was used", Some(Happened::RecoveryCodeUsed)),
];

/// What is chosen by whoever does not know.
const UNSURE: &str = "";

/// What the person sends: which entry was not them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    entry: String,
}

#[derive(Template)]
#[template(path = "not_me/owner.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    choices: Vec<(String, String, &'static str)>,
    is_local: bool,
    taken_back: Option<&'static str>,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let names = CHOICES.map(|(event, ..)| event.as_str());
    let mut connection = app.pool.acquire().await?;
    let happened = audit::latest(&mut connection, viewer.person.id, &names, EVENTS).await?;
    let choices = happened.into_iter().filter_map(|entry| {
        let (_, what, _) = CHOICES.iter().find(|(event, ..)| event.as_str() == entry.event)?;
        Some((entry.id.to_string(), format!("{}: {what}{}", moment::date_time(entry.at), entry.place()), ""))
    });
    let unsure = (UNSURE.to_owned(), "Something else, or I am not sure".to_owned(), "");
    page.show(&Page {
        page: &page,
        form: &FormView::default(),
        choices: std::iter::once(unsure).chain(choices).collect(),
        is_local: viewer.person.kind() == AccountKind::Local,
        taken_back: Some("what was added, if you choose it below"),
    })
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let mut tx = app.pool.begin().await?;
    // First of all: what is written below holds on to the account, and of two at once each would wait for the other.
    // A second click is led to sign in: it is done, and everybody is signed out.
    way.lock(&mut tx, &viewer.sitting).await?;
    let disowned = disowned(&mut tx, &viewer.person, &form, &way).await?;
    // Used up already: it leads to the page that says what was done, which nobody is signed in for.
    let token = app.chance.token();
    let link = NotMeLink {
        hash: token_hash(&token),
        account: viewer.person.id,
        happened: disowned.happened.and_then(Happened::to_word),
        happened_at: disowned.at,
        expires_at: way.now + LINK_VALIDITY,
        consumed_at: Some(way.now),
    };
    not_me::put_link(&mut tx, &link, way.now).await?;
    secure(&way, &mut tx, &viewer.person, disowned).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(session::leave_for(&session, &done_address(&token)).await?)
}

/// What the chosen entry is about; an entry of somebody else, or none, is about nothing that we know.
async fn disowned(
    connection: &mut sqlx::PgConnection,
    person: &Person,
    form: &Form,
    way: &Way<'_>,
) -> Result<Disowned, WebError> {
    let entry = match Uuid::parse_str(&form.entry) {
        Ok(id) => audit::of_account(connection, person.id, id).await?,
        Err(_) => None,
    };
    Ok(entry.map_or(Disowned { happened: None, at: way.now }, |entry| {
        let choice = CHOICES.iter().find(|(event, ..)| event.as_str() == entry.event);
        Disowned { happened: choice.and_then(|(.., happened)| *happened), at: entry.at }
    }))
}
