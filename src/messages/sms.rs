//! The way out for SMS: a gateway that speaks the Twilio Messages REST API, or in development the inbox at `/dev/inbox`.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use openidconnect::reqwest::{self, StatusCode};
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha1::Sha1;
use url::Url;
use uuid::Uuid;

use super::smtp::NotSent;
use crate::config::{Config, SmsSettings};

/// Where the gateway reports what became of a message.
pub const STATUS_ADDRESS: &str = "/api/v1/sms/status";

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest name of a message that is taken from the gateway.
const LONGEST_ID: usize = 64;

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
    /// Where it reports to; none where it could only do so unencrypted.
    reports_to: Option<String>,
    http: reqwest::Client,
}

/// What of the gateway's answer we need.
#[derive(Deserialize)]
struct Taken {
    sid: String,
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
        let may_report = config.is_https() || config.is_development();
        let reports_to = may_report.then(|| format!("{}{STATUS_ADDRESS}", config.origin()));
        Ok(Self::Gateway(Box::new(Gateway { settings, messages, reports_to, http })))
    }

    /// Sends one message; gives what the gateway calls it.
    ///
    /// # Errors
    /// [`NotSent`], told apart by whether trying again makes sense.
    pub async fn send(&self, id: Uuid, to: &str, text: &str) -> Result<Option<String>, NotSent> {
        match self {
            Self::Gateway(gateway) => gateway.send(id, to, text).await,
            Self::DevelopmentInbox => Ok(None),
        }
    }

    /// Whether the gateway has signed a form that was sent to `url`. Nobody can sign for the development inbox.
    #[must_use]
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        match self {
            Self::Gateway(gateway) => is_signed(gateway.settings.auth_token.expose_secret(), url, fields, signature),
            Self::DevelopmentInbox => false,
        }
    }
}

/// Whether a form was signed with this key, as Twilio signs: HMAC-SHA1 over the address and the fields, sorted by name.
fn is_signed(key: &str, url: &str, fields: &[(String, String)], signature: &str) -> bool {
    let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac.verify_slice(&signature).is_ok()
}

impl Gateway {
    async fn send(&self, id: Uuid, to: &str, text: &str) -> Result<Option<String>, NotSent> {
        let form = [("To", to), ("From", self.settings.from.as_str()), ("Body", text)];
        // With our own name for it, since it may report before its answer has told us its own.
        let reports_to = self.reports_to.as_ref().map(|address| ("StatusCallback", format!("{address}?message={id}")));
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).extend_pairs(reports_to).finish();
        let request = self
            .http
            .post(self.messages.clone())
            .basic_auth(&self.settings.account_sid, Some(self.settings.auth_token.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.map_err(|error| NotSent::ForNow(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            // It has the message, whatever its answer looks like.
            let taken = answer.bytes().await.ok().and_then(|body| serde_json::from_slice::<Taken>(&body).ok());
            return Ok(taken.map(|taken| taken.sid).filter(|sid| !sid.is_empty() && sid.len() <= LONGEST_ID));
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

#[cfg(test)]
mod tests {
    use super::is_signed;

    /// The example in Twilio's documentation of its signatures.
    #[test]
    fn the_signature_of_the_gateway_s_own_example_is_right_and_none_else_is() {
        let (key, url) = ("12345", "https://example.com/myapp.php?foo=1&bar=2");
        let fields = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ];
        let mut fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let signature = "L/OH5YylLD5NRKLltdqwSvS0BnU=";
        assert!(is_signed(key, url, &fields, signature));
        fields.reverse();
        assert!(is_signed(key, url, &fields, signature), "the order in which fields come does not matter");
        assert!(!is_signed("12346", url, &fields, signature));
        assert!(!is_signed(key, "https://example.com/myapp.php?foo=1&bar=3", &fields, signature));
        for wrong in ["", "no base64!", "L/OH5YylLD5NRKLltdqwSvS0BnQ=", "L/OH5YylLD5NRKLltdqwSvS0"] {
            assert!(!is_signed(key, url, &fields, wrong), "{wrong}");
        }
        fields[0].1.push('0');
        assert!(!is_signed(key, url, &fields, signature));
    }
}
