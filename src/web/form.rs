//! Forms: how they come in, and how what is wrong with them goes back beside each field.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{
    Deserialize,
    de::{DeserializeOwned, value::MapDeserializer},
};

use super::{csrf, error::WebError};
use crate::app::App;

/// The largest body that a form without files may have. Four fields of text fit in many times over.
pub const FORM_BYTES: usize = 16 * 1024;

/// How many fields a form may have: far more than ours have, far fewer than would take time to compare.
const FIELDS: usize = 64;

/// How long a body may take to arrive: a browser sends a form at once.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A form that came from a page of ours, in time, whole, as text. What it means is for the journey to say.
#[derive(Debug)]
pub struct Submitted<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Submitted<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, app: &App) -> Result<Self, WebError> {
        let (parts, body) = request.into_parts();
        let fields = read_fields(&parts.headers, body).await?;
        let csrf = fields.iter().find(|(name, _)| name == csrf::FIELD).map_or("", |(_, value)| value);
        if !csrf::fits(app, &parts.headers, csrf) {
            return Err(WebError::Forbidden(
                "The form did not come from a page that this browser opened here, or cookies are switched off.",
            ));
        }
        let fields = MapDeserializer::<_, serde::de::value::Error>::new(fields.into_iter());
        let form =
            T::deserialize(fields).map_err(|_| WebError::BadRequest("The form has a value that does not fit."))?;
        Ok(Self(form))
    }
}

/// A form with nothing but its button.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Button {}

/// Takes a form in, whoever it is from: in time, whole, as text, every field once.
///
/// # Errors
/// [`WebError`] says what is wrong with it.
pub(super) async fn read_fields(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, WebError> {
    if !is_form(headers) {
        return Err(WebError::BadRequest("What came in was not a form."));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, read(body)).await.map_err(|_| WebError::TooSlow)??;
    fields(&body)
}

/// Reads a body. Each piece is copied: a piece keeps the whole buffer that it was read into, so that somebody who sends one
/// byte at a time would fill the memory with next to nothing.
async fn read(body: Body) -> Result<Vec<u8>, WebError> {
    let mut body = Limited::new(body, FORM_BYTES);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() {
                WebError::TooLarge
            } else {
                WebError::BadRequest("The form did not arrive whole.")
            }
        })?;
        if let Some(piece) = frame.data_ref() {
            whole.extend_from_slice(piece);
        }
    }
    Ok(whole)
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

/// Takes a body apart. A field that comes twice would mean one thing here and another elsewhere, so it is refused.
fn fields(body: &[u8]) -> Result<Vec<(String, String)>, WebError> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        if fields.len() == FIELDS {
            return Err(WebError::BadRequest("The form has too many fields."));
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, [].as_slice()),
        };
        let (name, value) = (text(name)?, text(value)?);
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(WebError::BadRequest("A field of the form came more than once."));
        }
        fields.push((name, value));
    }
    Ok(fields)
}

/// Decodes one name or value; what is not UTF-8 is refused rather than mended, for nobody typed it.
fn text(encoded: &[u8]) -> Result<String, WebError> {
    let spaces: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    String::from_utf8(percent_encoding::percent_decode(&spaces).collect())
        .map_err(|_| WebError::BadRequest("The form has characters that are not text (UTF-8)."))
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, which is also its id in the page.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What is wrong with a form, for the page that shows it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormView {
    errors: Vec<FieldError>,
}

impl FormView {
    /// Notes what is wrong with a field.
    pub fn reject(&mut self, field: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError { field, message: message.into() });
    }

    /// A form with one thing wrong.
    pub fn with_error(field: &'static str, message: impl Into<String>) -> Self {
        let mut view = Self::default();
        view.reject(field, message);
        view
    }

    /// Whether anything is wrong.
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What is wrong with this field.
    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Everything that is wrong, for the summary on top.
    pub fn summary(&self) -> &[FieldError] {
        &self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_taken_apart_into_text() {
        let taken = fields(b"email=mei%40tech.gov.sg&name=Mei+Lin&empty=&bare").expect("text");
        let expected = [("email", "mei@tech.gov.sg"), ("name", "Mei Lin"), ("empty", ""), ("bare", "")];
        assert_eq!(taken, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_form_with_more_fields_than_any_of_ours_is_refused() {
        let body = |fields: usize| (0..fields).map(|number| format!("f{number}=")).collect::<Vec<_>>().join("&");
        assert!(fields(body(FIELDS).as_bytes()).is_ok());
        assert!(fields(body(FIELDS + 1).as_bytes()).is_err());
    }

    #[test]
    fn what_is_not_utf_8_or_comes_twice_is_refused() {
        assert!(fields(b"email=%FF").is_err());
        assert!(fields(b"email=%ED%A0%80").is_err());
        assert!(fields(b"email=a&email=b").is_err());
        assert!(fields(b"%65mail=a&email=b").is_err());
    }
}
