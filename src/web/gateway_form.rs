//! A form that the SMS gateway sent: signed with the key that only it and we have, where a person's form has the pair of cookie
//! and hidden field.

use axum::{
    extract::{FromRequest, Request},
    http::Uri,
};

use super::{error::WebError, form::read_fields};
use crate::app::App;

/// The header that has the signature.
const SIGNATURE: &str = "x-twilio-signature";

/// The fields of a form that the gateway has signed.
#[derive(Debug)]
pub struct FromGateway(Vec<(String, String)>);

impl FromGateway {
    /// What a field holds; nothing if it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

impl FromRequest<App> for FromGateway {
    type Rejection = WebError;

    async fn from_request(request: Request, app: &App) -> Result<Self, WebError> {
        let (parts, body) = request.into_parts();
        let fields = read_fields(&parts.headers, body).await?;
        let signature = parts.headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // As the gateway was told it, whatever a balancer in between has made of it.
        let path = parts.uri.path_and_query().map_or_else(|| Uri::default().path().to_owned(), ToString::to_string);
        if app.sms.has_signed(&format!("{}{path}", app.config.origin()), &fields, signature) {
            Ok(Self(fields))
        } else {
            Err(WebError::Forbidden("It was not signed by the SMS gateway."))
        }
    }
}
