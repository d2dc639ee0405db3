//! The development inbox: every e-mail and SMS that was sent, newest first.

use askama::Template;
use axum::{Json, extract::State, response::Response};
use serde::Serialize;

use crate::{
    app::App,
    domain::moment,
    messages::{Letter, Letterhead, Message},
    store::outbox::{self, Sent},
    web::{error::WebError, page::PageContext},
};

/// How many messages are shown.
const MOST: i64 = 200;

/// A message as programs read it.
#[derive(Serialize)]
pub struct Item {
    id: String,
    kind: String,
    to: String,
    subject: String,
    text: String,
    html: String,
    #[serde(with = "time::serde::rfc3339")]
    sent_at: time::OffsetDateTime,
}

pub async fn json(State(app): State<App>) -> Result<Json<Vec<Item>>, WebError> {
    Ok(Json(items(&app).await?))
}

/// A message as people read it.
struct Shown {
    item: Item,
    sent_at: String,
    lines: Vec<Line>,
}

/// A line of a message; a link stands alone on its line.
enum Line {
    Text(String),
    Link(String),
}

#[derive(Template)]
#[template(path = "dev/inbox.html")]
struct Page<'a> {
    page: &'a PageContext,
    messages: Vec<Shown>,
}

pub async fn page(State(app): State<App>, page: PageContext) -> Result<Response, WebError> {
    let messages = items(&app).await?.into_iter().map(shown).collect();
    page.show(&Page { page: &page, messages })
}

fn shown(item: Item) -> Shown {
    let is_link = |line: &str| line.starts_with("http://") || line.starts_with("https://");
    let line = |line: &str| if is_link(line) { Line::Link(line.to_owned()) } else { Line::Text(line.to_owned()) };
    Shown { sent_at: moment::date_time(item.sent_at), lines: item.text.lines().map(line).collect(), item }
}

async fn items(app: &App) -> Result<Vec<Item>, WebError> {
    let mut connection = app.pool.acquire().await?;
    let sent = outbox::latest_sent(&mut connection, MOST).await?;
    sent.into_iter().map(|sent| item(app, sent)).collect()
}

fn item(app: &App, sent: Sent) -> Result<Item, WebError> {
    let letter = match Message::open(&app.keys, sent.id, &sent.body) {
        Ok(message) => message.write(Letterhead { base_url: &app.config.base_url, recipient: &sent.recipient })?,
        // Of an older run, with another key: shown, so that nothing seems lost.
        Err(error) => Letter { subject: error.to_string(), text: String::new(), html: String::new() },
    };
    Ok(Item {
        id: sent.id.to_string(),
        kind: sent.channel,
        to: sent.recipient,
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        sent_at: sent.sent_at,
    })
}
