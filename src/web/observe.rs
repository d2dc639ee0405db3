//! One request, one line in the log, one reference: what happened, how long it took, and the counters for it.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::app::App;

/// The header that carries the reference outwards.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Letters and digits that nobody confuses when reading them out.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// The reference of a request: in the log, in the audit trail, and on the error page.
#[derive(Debug, Clone, Default)]
pub struct RequestId(String);

impl RequestId {
    /// As text, such as `7F3K-22QD-9B`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_bytes(bytes: [u8; 10]) -> Self {
        let mut text = String::with_capacity(12);
        for (index, byte) in bytes.iter().enumerate() {
            if index == 4 || index == 8 {
                text.push('-');
            }

            text.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        }
        Self(text)
    }
}

impl<S: Sync> axum::extract::FromRequestParts<S> for RequestId {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Gives each request its reference, and writes its line when it is answered. The path is the route's pattern, never the
/// address itself: links open accounts, so they must not be readable in a log.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::from_bytes(app.chance.bytes());
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", id = id.as_str());

    let mut response = next.run(request).instrument(span.clone()).await;

    let took = started.elapsed();
    let status = response.status();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    span.in_scope(|| {
        tracing::info!(
            method = method.as_str(),
            route,
            status = status.as_u16(),
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
    });
    app.meter.request(route, status.as_u16(), took);
    if let Ok(value) = HeaderValue::try_from(id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_only_letters_that_can_be_read_out() {
        for byte in 0..=u8::MAX {
            let id = RequestId::from_bytes([byte; 10]);
            assert_eq!(id.as_str().len(), 12);
            assert!(id.as_str().chars().all(|c| c == '-' || c.is_ascii_alphanumeric()), "{}", id.as_str());
            assert!(!id.as_str().contains(['0', 'O', '1', 'I', 'L']));
        }
    }
}
