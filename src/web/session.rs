//! Who is at the other end: the browser's session, recognised once for each request that brings its cookie.
//!
//! A stranger has no session: nothing is looked up and nothing is stored for them. Whether somebody may see a page is said by
//! an extractor ([`SignedIn`], [`OnTheWay`]), never by an `if` in a template.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use time::OffsetDateTime;
use tower_sessions::{Expiry, Session, SessionManagerLayer, cookie::SameSite};

use super::{addresses, browser, error::WebError, known_browser, network::Network, page::Reader};
use crate::{
    app::App,
    domain::{
        account::AccountStatus,
        activation::{AccountKind, Step, next_step},
        person::Person,
        sitting::{KnownBy, Sitting},
        techpass_id::TechPassId,
    },
    store::{StoreError, in_time, people, session_content::SITTING, sessions::Sessions},
};

/// The key under which a session keeps where its person wanted to go.
pub(super) const NEXT: &str = "next";

/// The key under which a session keeps the ID that was given, until the password has come.
pub(super) const TECHPASS_ID: &str = "techpass_id";

/// The layer that reads and writes the cookie. It lasts as long as the browser is open; how long it is good is the store's
/// business.
pub fn layer(app: &App) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(app.pool.clone(), Arc::clone(&app.clock)))
        .with_name(if app.config.is_https() { "__Host-session" } else { "session" })
        .with_secure(app.config.is_https())
        // "Strict" would lose the session on the way back from the provider.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnSessionEnd)
}

/// Somebody who has proved who they are, wholly or in part.
#[derive(Debug)]
pub struct Viewer {
    /// Who.
    pub person: Person,
    /// Their time at this browser.
    pub sitting: Sitting,
    /// What they have to do next.
    pub step: Step,
}

/// What is known about the sender of a request.
#[derive(Debug, Clone)]
enum Standing {
    Nobody,
    Known(Arc<Viewer>),
    /// There is a session, and the database does not say whose.
    Unclear,
}

/// Looks up who sends a request, if it brings a session. The browser of somebody who is signed in gets what it is known by.
pub async fn recognise(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().filter(|session| session.id().is_some()).cloned();
    let standing = match session {
        None => Standing::Nobody,
        Some(session) => match in_time(find_viewer(&app, &session)).await {
            Ok(Some(viewer)) => Standing::Known(Arc::new(viewer)),
            Ok(None) => Standing::Nobody,
            Err(error) => {
                tracing::warn!(%error, "cannot say whose session it is");
                Standing::Unclear
            }
        },
    };
    let (cookie, reader) = match &standing {
        Standing::Known(viewer) => {
            (known_browser::missing_cookie(&app, request.headers(), &viewer.sitting), Some(Reader::of(viewer)))
        }
        _ => (None, None),
    };
    request.extensions_mut().insert(standing);
    let mut response = next.run(request).await;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if let Some(reader) = reader {
        response.extensions_mut().insert(reader);
    }
    response
}

async fn find_viewer(app: &App, session: &Session) -> Result<Option<Viewer>, StoreError> {
    let Some(mut sitting) = session.get::<Sitting>(SITTING).await.map_err(session_error)? else { return Ok(None) };
    let Some(found) = people::find(&app.pool, sitting.account).await? else { return Ok(None) };
    let is_over = sitting.began_at < found.sessions_from
        || !matches!(found.person.status, AccountStatus::Pending | AccountStatus::Active);
    if is_over {
        return Ok(None);
    }
    let in_force = app.reference.load().terms.versions_in_force(app.clock.now());
    let step = next_step(&found.person.progress(&in_force, sitting.is_second_factor_proven));
    if step == Step::Done && !sitting.is_complete {
        // Another click may have come to the end after the session was read and before the person was.
        session.load().await.map_err(session_error)?;
        let Some(now) = session.get::<Sitting>(SITTING).await.map_err(session_error)? else { return Ok(None) };
        sitting = now;
    }
    Ok(Some(Viewer { person: found.person, sitting, step }))
}

/// What the session library says when the database does not answer.
pub fn session_error(error: tower_sessions::session::Error) -> StoreError {
    match error {
        tower_sessions::session::Error::Store(error) => error.into(),
        other => StoreError::Session(other.to_string()),
    }
}

/// Whoever sends the request, if they have proved who they are.
pub fn viewer(parts: &Parts) -> Option<Arc<Viewer>> {
    match parts.extensions.get::<Standing>() {
        Some(Standing::Known(viewer)) => Some(Arc::clone(viewer)),
        _ => None,
    }
}

fn required(parts: &Parts) -> Result<Arc<Viewer>, WebError> {
    match parts.extensions.get::<Standing>() {
        Some(Standing::Known(viewer)) => Ok(Arc::clone(viewer)),
        Some(Standing::Unclear) => Err(StoreError::Silent.into()),
        Some(Standing::Nobody) | None => {
            // Where a form was sent to is no page to come back to.
            let wanted = (parts.method == Method::GET).then(|| parts.uri.path());
            Err(WebError::SeeOther(addresses::sign_in(wanted)))
        }
    }
}

/// Somebody who is signed in, with everything that it takes.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Arc<Viewer>);

impl FromRequestParts<App> for SignedIn {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, WebError> {
        let viewer = required(parts)?;
        if viewer.sitting.is_complete && viewer.person.status == AccountStatus::Active {
            Ok(Self(viewer))
        } else {
            Err(WebError::SeeOther(addresses::step(viewer.step).to_owned()))
        }
    }
}

/// Somebody who is signed in and has proved anew, not long ago, who they are: for what a thief at an open browser must not do.
/// Others are asked first, and come back to the page that they wanted.
#[derive(Debug, Clone)]
pub struct Confirmed(pub Arc<Viewer>);

impl FromRequestParts<App> for Confirmed {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let SignedIn(viewer) = SignedIn::from_request_parts(parts, app).await?;
        Self::or_ask(viewer, parts.uri.path(), app.clock.now())
    }
}

impl Confirmed {
    /// For a page where only some of what one can do asks for it: goes on, or has them asked and come back to `page`.
    ///
    /// # Errors
    /// [`WebError::SeeOther`] to where they are asked.
    pub fn or_ask(viewer: Arc<Viewer>, page: &str, now: OffsetDateTime) -> Result<Self, WebError> {
        if viewer.sitting.is_confirmed(now) {
            Ok(Self(viewer))
        } else {
            Err(WebError::SeeOther(addresses::confirm(page)))
        }
    }
}

/// Whoever it is, if they are signed in.
#[derive(Debug, Clone)]
pub struct MaybeSignedIn(pub Option<Arc<Viewer>>);

impl FromRequestParts<App> for MaybeSignedIn {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(viewer(parts).filter(|viewer| viewer.sitting.is_complete)))
    }
}

/// Whoever it is, if they have proved who they are, wholly or in part.
#[derive(Debug, Clone)]
pub struct MaybeKnown(pub Option<Arc<Viewer>>);

impl FromRequestParts<App> for MaybeKnown {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(Self(viewer(parts)))
    }
}

/// Somebody on the way from the first proof to being in.
#[derive(Debug, Clone)]
pub struct OnTheWay(pub Arc<Viewer>, Method);

impl OnTheWay {
    /// Goes on only if this is the step that comes next.
    ///
    /// # Errors
    /// [`WebError::SeeOther`] to the step that does.
    pub fn at(self, step: Step) -> Result<Arc<Viewer>, WebError> {
        if self.0.step == step && !self.0.sitting.is_complete {
            return Ok(self.0);
        }
        Err(WebError::SeeOther(self.next_address().to_owned()))
    }

    /// Where the next step is; where the last one led, for a second click on it; and for whoever only looks at a step that is long
    /// done, their account.
    pub fn next_address(&self) -> &str {
        let sitting = &self.0.sitting;
        match &sitting.led_to {
            _ if !sitting.is_complete => addresses::step(self.0.step),
            Some(led_to) if self.1 == Method::POST => led_to,
            _ => addresses::ACCOUNT,
        }
    }
}

impl FromRequestParts<App> for OnTheWay {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, WebError> {
        Ok(Self(required(parts)?, parts.method.clone()))
    }
}

/// What of a request tells where somebody sits.
#[derive(Debug, Clone)]
pub struct Place {
    browser: String,
    network: String,
    known_by: KnownBy,
}

impl FromRequestParts<App> for Place {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let network = Network::from_request_parts(parts, app).await?;
        let browser = browser::in_words(user_agent(&parts.headers));
        Ok(Self { browser, network: network.roughly(), known_by: known_browser::known_by(app, &parts.headers) })
    }
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Ends a session, and has the browser forget the pages that it kept: the way back must not show them to whoever comes next.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn leave(session: &Session) -> Result<Response, StoreError> {
    leave_for(session, addresses::SIGNED_OUT).await
}

/// The same, and leads to another page than the one that says so.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn leave_for(session: &Session, address: &str) -> Result<Response, StoreError> {
    session.flush().await.map_err(session_error)?;
    let forget = [(HeaderName::from_static("clear-site-data"), "\"cache\"")];
    Ok((forget, Redirect::to(address)).into_response())
}

/// A new time at this browser, for somebody who has just given a first proof.
pub fn new_sitting(person: &Person, place: Place, is_second_factor_proven: bool, now: OffsetDateTime) -> Sitting {
    Sitting {
        account: person.id,
        began_at: now,
        confirmed_at: None,
        is_second_factor_proven,
        is_vouched: is_second_factor_proven && person.kind() == AccountKind::Wog,
        is_complete: false,
        led_to: None,
        is_staff: !person.roles.is_empty(),
        browser: place.browser,
        network: place.network,
        known_by: Some(place.known_by),
    }
}

/// Which id a session goes on under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionId {
    /// A new one, because more was proven: whoever knew the old one knows nothing.
    New,
    /// The same: a second click, or one whose answer was lost on the way, must not sign anybody out.
    Same,
}

/// Puts a sitting into the session, where no transaction has to do it ([`super::keeping`]).
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn keep(session: &Session, sitting: &Sitting) -> Result<(), StoreError> {
    session.insert(SITTING, sitting).await.map_err(session_error)?;
    // Now and not with the answer: what could not be stored must become an error page.
    session.save().await.map_err(session_error)
}

/// Remembers with which ID somebody signs in, until the password has come.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remember_techpass_id(session: &Session, id: &TechPassId) -> Result<(), StoreError> {
    session.insert(TECHPASS_ID, id.to_string()).await.map_err(session_error)?;
    session.save().await.map_err(session_error)
}

/// The ID that was given to sign in with.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn techpass_id(session: &Session) -> Result<Option<TechPassId>, StoreError> {
    let id: Option<String> = session.get(TECHPASS_ID).await.map_err(session_error)?;
    Ok(id.and_then(|id| TechPassId::parse(&id)))
}

/// Remembers where somebody wanted to go before they had to sign in.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn remember_next(session: &Session, next: &str) -> Result<(), StoreError> {
    match addresses::own_path(next) {
        Some(path) => session.insert(NEXT, path).await.map_err(session_error),
        None => forget_next(session).await,
    }
}

/// Forgets where somebody wanted to go: whoever begins something else may be somebody else.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn forget_next(session: &Session) -> Result<(), StoreError> {
    // What is not there is not taken out: that would begin a session, or write to one.
    if wanted(session).await?.is_some() {
        session.remove_value(NEXT).await.map_err(session_error)?;
    }
    Ok(())
}

/// Where somebody wanted to go.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn wanted(session: &Session) -> Result<Option<String>, StoreError> {
    session.get(NEXT).await.map_err(session_error)
}
