//! What one has accepted, word for word, and a receipt to keep (docs/rules.md §4.10, §4.22).

use askama::Template;
use axum::{extract::State, response::Response};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    app::App,
    domain::{moment, person::Person, terms::Published},
    store::acceptances::{self, Acceptance},
    web::{
        error::WebError,
        markdown,
        page::{self, PageContext},
        session::SignedIn,
    },
};

/// A document as it was accepted.
struct Accepted {
    title: String,
    version: i32,
    at: String,
    hash: String,
    html: String,
}

#[derive(Template)]
#[template(path = "account/terms.html")]
struct Page<'a> {
    page: &'a PageContext,
    accepted: Vec<Accepted>,
}

#[derive(Template)]
#[template(path = "account/receipt.txt")]
struct Receipt<'a> {
    name: String,
    techpass_id: String,
    now: String,
    documents: Vec<Document<'a>>,
}

/// A document, for the receipt: the text stands there as it is, so that whoever has it can make the hash again.
struct Document<'a> {
    title: &'a str,
    version: i32,
    in_force: String,
    at: String,
    at_utc: String,
    hash: String,
    content: &'a str,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let known = acceptances::of_account(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let reference = app.reference.load();
    let accepted = documents(&known, &reference.terms).into_iter().map(|document| Accepted {
        title: document.title.to_owned(),
        version: document.version,
        at: document.at,
        hash: document.hash,
        html: markdown::clean_html(document.content),
    });
    page.show(&Page { page: &page, accepted: accepted.collect() })
}

/// Everything that an acceptance keeps, as a text file.
pub async fn receipt(State(app): State<App>, SignedIn(viewer): SignedIn) -> Result<Response, WebError> {
    let known = acceptances::of_account(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let reference = app.reference.load();
    let text = written(&viewer.person, documents(&known, &reference.terms), app.clock.now())?;
    Ok(page::download("techpass-terms-receipt.txt", "text/plain; charset=utf-8", text))
}

fn written(person: &Person, documents: Vec<Document<'_>>, now: OffsetDateTime) -> askama::Result<String> {
    let (name, techpass_id) = (person.name(), person.techpass_id());
    Receipt { name, techpass_id, now: moment::date_time(now), documents }.render()
}

/// The texts of what was accepted. A published text is never changed, so that each is there.
fn documents<'a>(accepted: &[Acceptance], published: &'a Published) -> Vec<Document<'a>> {
    let documents = accepted.iter().filter_map(|acceptance| {
        let terms = published.version(acceptance.document, acceptance.version)?;
        Some(Document {
            title: &terms.title,
            version: terms.version,
            in_force: moment::date_only(terms.effective_at),
            at: moment::date_time(acceptance.accepted_at),
            at_utc: acceptance.accepted_at.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()?,
            hash: hex::encode(&acceptance.hash),
            content: &terms.content,
        })
    });
    documents.collect()
}
