//! The way out for SMS: a gateway that speaks the Twilio Messages REST API, or in development the inbox at `/dev/inbox`.

use std::time::Duration;

use openidconnect::reqwest::{self, StatusCode};
use secrecy::ExposeSecret;
use url::Url;

use super::smtp::NotSent;
use crate::config::{Config, SmsSettings};

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The way out for SMS.
#[derive(Clone)]
pub enum Sms {
    /// To a gateway.
    Gateway(Box<Gateway>),
    /// Nowhere: the development inbox reads what was sent from the outbox.
    DevelopmentInbox,
}

/// A gateway.
#[derive(Clone)]
pub struct Gateway {
    settings: SmsSettings,
    messages: Url,
    http: reqwest::Client,
}

impl Sms {
    /// The way that the settings name.
    ///
    /// # Errors
    /// A sentence, if the gateway's address cannot be used.
    pub fn new(config: &Config) -> Result<Self, String> {
        let Some(settings) = config.sms.clone() else { return Ok(Self::DevelopmentInbox) };
        let path = format!("2010-04-01/Accounts/{}/Messages.json", settings.account_sid);
        let base = format!("{}/", settings.base_url.as_str().trim_end_matches('/'));
        let messages = Url::parse(&base).and_then(|base| base.join(&path));
        let messages = messages.map_err(|error| format!("PORTAL_SMS__BASE_URL: {error}"))?;
        let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
        let http = http.map_err(|error| error.to_string())?;
        Ok(Self::Gateway(Box::new(Gateway { settings, messages, http })))
    }

    /// Sends one message.
    ///
    /// # Errors
    /// [`NotSent`], told apart by whether trying again makes sense.
    pub async fn send(&self, to: &str, text: &str) -> Result<(), NotSent> {
        match self {
            Self::Gateway(gateway) => gateway.send(to, text).await,
            Self::DevelopmentInbox => Ok(()),
        }
    }
}

impl Gateway {
    async fn send(&self, to: &str, text: &str) -> Result<(), NotSent> {
        let form = [("To", to), ("From", self.settings.from.as_str()), ("Body", text)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .http
            .post(self.messages.clone())
            .basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.map_err(|error| NotSent::ForNow(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let reason = format!("the SMS gateway answered {status}");
        // What is about us (who we are, how often we come) a person mends; the message still goes out.
        let is_about_us = matches!(
            status,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
        );
        Err(if status.is_client_error() && !is_about_us { NotSent::ForGood(reason) } else { NotSent::ForNow(reason) })
    }
}
