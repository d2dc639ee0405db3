//! The terms: each document is read and accepted by itself, in their order (docs/rules.md §4.9, §4.10). Of a new version, what
//! changed stands first.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use crate::{
    app::App,
    domain::{
        activation::Step,
        moment,
        person::Person,
        terms::{Published, Terms, TermsDocument},
    },
    store::{acceptances, audit::Event},
    web::{
        addresses,
        changes::{self, Change},
        error::WebError,
        form::{FormView, Submitted},
        markdown,
        observe::RequestId,
        page::PageContext,
        session::{OnTheWay, SessionId},
        way::Way,
    },
};

/// What the person sends. The version that was on the page goes along: nobody accepts what they did not see.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    accept: String,
    version: String,
}

#[derive(Template)]
#[template(path = "activate/terms.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    document: TermsDocument,
    title: &'a str,
    version: i32,
    effective: String,
    html: String,
    changes: Vec<Change>,
}

/// The page of a document that nobody has published yet.
#[derive(Template)]
#[template(path = "activate/not_published.html")]
struct NotPublishedPage<'a> {
    page: &'a PageContext,
    document: TermsDocument,
    address: &'a str,
    reference: &'a str,
}

pub async fn get(
    State(app): State<App>,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Path(document): Path<String>,
) -> Result<Response, WebError> {
    let document = TermsDocument::parse_address(&document).ok_or(WebError::NotFound)?;
    let viewer = at.at(Step::Terms(document))?;
    let reference = app.reference.load();
    let Some(terms) = reference.terms.current(document, app.clock.now()) else {
        return not_published(&page, &request_id, document);
    };
    page.show(&show(&page, &FormView::default(), terms, &viewer.person, &reference.terms))
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    at: OnTheWay,
    page: PageContext,
    Path(document): Path<String>,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let document = TermsDocument::parse_address(&document).ok_or(WebError::NotFound)?;
    let viewer = at.at(Step::Terms(document))?;
    let now = app.clock.now();
    let reference = app.reference.load();
    let Some(terms) = reference.terms.current(document, now) else {
        return not_published(&page, &request_id, document);
    };
    // A client that does not send it along takes what is in force.
    let is_newer = !form.version.is_empty() && form.version != terms.version.to_string();
    let refusal = if is_newer {
        Some(("accept", "There is a new version of this document. Please read it, then accept it"))
    } else if form.accept == "yes" {
        None
    } else {
        Some(("accept", "Tick the box to accept, or stop here: your account stays as it is"))
    };
    if let Some((field, message)) = refusal {
        let view = FormView::with_error(field, message);
        return page.refuse(&show(&page, &view, terms, &viewer.person, &reference.terms));
    }
    let way = Way { app: &app, session: &session, request_id: &request_id, now };
    let mut tx = app.pool.begin().await?;
    if acceptances::accept(&mut tx, viewer.person.id, document, terms.version, now).await? {
        let details =
            json!({"document": document.as_str(), "version": terms.version, "hash": hex::encode(&terms.hash)});
        way.note(&mut tx, viewer.person.id, Event::TermsAccepted, details).await?;
    }
    let next = way.go_on(tx, viewer.sitting.clone(), SessionId::Same).await?;
    Ok(Redirect::to(&next).into_response())
}

/// Nobody becomes active before there is something to accept. That is for the operator to mend.
fn not_published(page: &PageContext, request_id: &RequestId, document: TermsDocument) -> Result<Response, WebError> {
    tracing::error!(document = document.as_str(), "somebody cannot go on: no version of a document is in force");
    let (address, reference) = (addresses::step(Step::Terms(document)), request_id.as_str());
    page.answer(StatusCode::SERVICE_UNAVAILABLE, &NotPublishedPage { page, document, address, reference })
}

fn show<'a>(
    page: &'a PageContext,
    form: &'a FormView,
    terms: &'a Terms,
    person: &Person,
    published: &Published,
) -> Page<'a> {
    let accepted =
        person.accepted.iter().filter(|(document, _)| *document == terms.document).map(|(_, version)| *version);
    let before = accepted.max().and_then(|version| published.version(terms.document, version));
    Page {
        page,
        form,
        document: terms.document,
        title: &terms.title,
        version: terms.version,
        effective: moment::date_only(terms.effective_at),
        html: markdown::clean_html(&terms.content),
        changes: before.map(|before| changes::between(&before.content, &terms.content)).unwrap_or_default(),
    }
}
