//! An SMS gateway of the tests' own: speaks the Twilio Messages API, keeps what it was given, and signs its reports.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use tokio::net::TcpListener;

use super::{Page, Portal, Visitor};

/// By what gateway and portal know each other.
pub const TOKEN: &str = "an auth token of the tests";

/// An SMS that the gateway has taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the gateway calls it.
    pub sid: String,
    /// What it was sent with.
    pub form: HashMap<String, String>,
}

impl Taken {
    /// Where the gateway is to report to, whole; none if nowhere.
    pub fn reports_to(&self) -> Option<&str> {
        self.form.get("StatusCallback").map(String::as_str)
    }
}

#[derive(Default)]
struct Inner {
    taken: Vec<Taken>,
    answers: VecDeque<StatusCode>,
}

/// The gateway.
#[derive(Clone)]
pub struct Gateway {
    address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Gateway {
    /// A gateway on a free port that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let gateway = Self { address: listener.local_addr().expect("the port"), inner: Arc::default() };
        let router =
            Router::new().route("/2010-04-01/Accounts/AC7/Messages.json", post(Self::take)).with_state(gateway.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        gateway
    }

    /// The portal's settings for it.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("SMS__BASE_URL", format!("http://{}", self.address)),
            ("SMS__ACCOUNT_SID", "AC7".to_owned()),
            ("SMS__AUTH_TOKEN", TOKEN.to_owned()),
            ("SMS__FROM", "TechPass".to_owned()),
        ]
    }

    /// How it answers the next messages; after that it takes everything.
    pub fn answers(&self, answers: &[StatusCode]) {
        self.lock().answers.extend(answers);
    }

    /// What it has taken, the oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// The latest that it has taken.
    pub fn latest(&self) -> Taken {
        self.taken().pop().expect("an SMS")
    }

    async fn take(State(gateway): State<Self>, Form(form): Form<HashMap<String, String>>) -> Response {
        let mut inner = gateway.lock();
        if let Some(answer) = inner.answers.pop_front() {
            return answer.into_response();
        }
        let sid = format!("SM{:032x}", inner.taken.len() + 1);
        inner.taken.push(Taken { sid: sid.clone(), form });
        (StatusCode::CREATED, Json(json!({"sid": sid, "status": "queued"}))).into_response()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports what became of an SMS, where the portal asked for it.
pub async fn reports(portal: &Portal, sms: &Taken, status: &str, more: &[(&str, &str)]) -> Page {
    let address = sms.reports_to().expect("an address to report to");
    let mut fields = vec![("MessageSid", sms.sid.as_str()), ("MessageStatus", status), ("AccountSid", "AC7")];
    fields.extend(more);
    posts(portal, address, &fields, &signature(TOKEN, address, &fields)).await
}

/// Posts a report with a signature, right or wrong, as a machine does: without cookies, origin or hidden field.
pub async fn posts(portal: &Portal, address: &str, fields: &[(&str, &str)], signature: &str) -> Page {
    let visitor = Visitor::of(&portal.origin());
    let path = address.strip_prefix(portal.app.config.origin()).expect("an address of the portal");
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = visitor
        .request(reqwest::Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("x-twilio-signature", signature);
    visitor.sends(request.body(body)).await
}

/// The signature of a report.
pub fn signature(token: &str, address: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let signed = sorted.iter().fold(address.to_owned(), |signed, (name, value)| signed + name + value);
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("any key");
    mac.update(signed.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}
