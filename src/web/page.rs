//! What every page has: its context for the layout, and the way it becomes an answer.

use std::convert::Infallible;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    addresses, assets,
    csrf::CsrfPair,
    error::WebError,
    session::{self, Viewer},
};
use crate::{
    app::App,
    domain::{account::AccountStatus, activation::place},
};

/// What the layout of every page needs to know. An extractor.
#[derive(Debug)]
pub struct PageContext {
    /// The token for the hidden field of a form.
    pub csrf: String,
    /// Whether the government masthead is shown.
    pub masthead: bool,
    /// Whether development's pages are linked.
    pub development: bool,
    /// Whether forms show "I'm not a robot".
    pub captcha: bool,
    /// Who is signed in: their name, for the top of the page.
    pub signed_in: Option<String>,
    /// Whether somebody has begun to sign in, and can stop.
    pub is_on_the_way: bool,
    /// Which step on the way to an active account the page is, of how many.
    pub progress: Option<(usize, usize)>,
    set_cookie: Option<HeaderValue>,
}

/// A file to keep, under this name.
pub fn download(name: &'static str, kind: &'static str, content: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}

/// Who will read an answer: for the error page, which is made further out than people are recognised.
#[derive(Debug, Clone)]
pub struct Reader {
    signed_in: Option<String>,
    is_on_the_way: bool,
}

impl Reader {
    /// Somebody who has proved who they are, wholly or in part.
    pub fn of(viewer: &Viewer) -> Self {
        let is_complete = viewer.sitting.is_complete;
        Self { signed_in: is_complete.then(|| viewer.person.name()), is_on_the_way: !is_complete }
    }
}

/// Marks an answer that is a page of ours already: the error page does not replace it.
#[derive(Debug, Clone, Copy)]
pub struct OwnPage;

impl PageContext {
    /// The address of a static file, by its path below `static/`.
    pub fn asset(&self, path: &'static str) -> &'static str {
        assets::address(path)
    }

    /// The page, as an answer that all is well.
    ///
    /// # Errors
    /// [`WebError`] if the template cannot be rendered.
    pub fn show(&self, template: &impl Template) -> Result<Response, WebError> {
        self.answer(StatusCode::OK, template)
    }

    /// The form again: refused, with what was typed and what is wrong with it.
    ///
    /// # Errors
    /// [`WebError`] if the template cannot be rendered.
    pub fn refuse(&self, template: &impl Template) -> Result<Response, WebError> {
        self.answer(StatusCode::UNPROCESSABLE_ENTITY, template)
    }

    /// The page, under any status.
    ///
    /// # Errors
    /// [`WebError`] if the template cannot be rendered.
    pub fn answer(&self, status: StatusCode, template: &impl Template) -> Result<Response, WebError> {
        let html = template.render()?;
        let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
        if let Some(cookie) = &self.set_cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie.clone());
        }
        response.extensions_mut().insert(OwnPage);
        Ok(response)
    }

    /// The same page, for whoever reads it.
    #[must_use]
    pub fn read_by(self, reader: Option<&Reader>) -> Self {
        match reader {
            Some(Reader { signed_in, is_on_the_way }) => {
                Self { signed_in: signed_in.clone(), is_on_the_way: *is_on_the_way, ..self }
            }
            None => self,
        }
    }

    /// The context of a page for this browser.
    pub fn of(app: &App, headers: &axum::http::HeaderMap) -> Self {
        let pair = CsrfPair::of(app, headers);
        Self {
            csrf: pair.field().to_owned(),
            masthead: app.config.shows_masthead(),
            development: app.config.is_development(),
            captcha: app.config.captcha.enabled,
            signed_in: None,
            is_on_the_way: false,
            progress: None,
            set_cookie: pair.set_cookie(app),
        }
    }
}

impl FromRequestParts<App> for PageContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let viewer = session::viewer(parts);
        let reader = viewer.as_ref().map(|viewer| Reader::of(viewer));
        let progress = viewer.and_then(|viewer| progress(&viewer, parts.uri.path()));
        Ok(Self { progress, ..Self::of(app, &parts.headers).read_by(reader.as_ref()) })
    }
}

/// Which step on the way to an active account a page is, if it is the next one.
fn progress(viewer: &Viewer, path: &str) -> Option<(usize, usize)> {
    let person = &viewer.person;
    if person.status != AccountStatus::Pending || path != addresses::step(viewer.step) {
        return None;
    }
    place(viewer.step, person.kind(), viewer.sitting.is_vouched, person.seed.is_provisioned())
}
