//! An identity provider of the tests' own: speaks OpenID Connect, and lies when a test says so. (In the browser tests the
//! provider is the certified one; no certified one can be made to sign a wrong nonce.)

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Form, Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use url::Url;

/// What the provider calls the portal.
pub const CLIENT: &str = "portal";

/// By what it knows the portal.
pub const SECRET: &str = "a secret of the tests";

/// Somebody with an account there.
#[derive(Debug, Clone)]
pub struct Persona {
    /// The claims about them, whatever they are.
    pub claims: Value,
}

impl Persona {
    /// Somebody with a verified address and a second factor.
    pub fn of(email: &str) -> Self {
        let claims = json!({
            "sub": format!("sub-{email}"), "email": email, "email_verified": true,
            "given_name": "Mei", "family_name": "Tan", "amr": ["pwd", "mfa"],
        });
        Self { claims }
    }

    /// With another claim, or another value of one.
    pub fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }
}

/// The provider.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    address: SocketAddr,
    key: Mutex<u8>,
    out: Mutex<Option<(StatusCode, &'static str)>>,
    codes: Mutex<HashMap<String, Code>>,
    now: OffsetDateTime,
}

struct Code {
    challenge: String,
    claims: Value,
}

impl Provider {
    /// Starts one whose clock stands at the given moment.
    pub async fn start(now: OffsetDateTime) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let provider =
            Self(Arc::new(Inner { address, key: Mutex::new(1), out: Mutex::default(), codes: Mutex::default(), now }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(Self::description))
            .route("/jwks", get(Self::keys))
            .route("/token", post(Self::token))
            .with_state(provider.clone());
        tokio::spawn(async { axum::serve(listener, router).await });
        provider
    }

    /// What it calls itself.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// The portal's settings for it, under the name `wog`.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("OIDC__WOG__ISSUER", self.issuer()),
            ("OIDC__WOG__CLIENT_ID", CLIENT.to_owned()),
            ("OIDC__WOG__CLIENT_SECRET", SECRET.to_owned()),
        ]
    }

    /// Signs with another key from now on, and publishes only that one.
    pub fn rotates_its_key(&self) {
        *lock(&self.0.key) += 1;
    }

    /// Stops answering, or begins to answer again.
    pub fn is_out(&self, is_out: bool) {
        *lock(&self.0.out) = is_out.then_some((StatusCode::SERVICE_UNAVAILABLE, ""));
    }

    /// Has what stands before it answer in its place, with a page for people.
    pub fn answers_with_a_page(&self, status: u16, page: &'static str) {
        *lock(&self.0.out) = Some((StatusCode::from_u16(status).expect("a status"), page));
    }

    /// What somebody does there: signs in, at the address that the portal sent their browser to. Gives the path at the portal
    /// that the browser goes back to.
    pub fn lets_in(&self, address: &str, persona: &Persona) -> String {
        let address = Url::parse(address).expect("an address");
        assert_eq!(address.origin().ascii_serialization(), self.issuer(), "not this provider");
        let query: HashMap<String, String> = address.query_pairs().into_owned().collect();
        assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"), "{}", query["scope"]);
        let mut claims = json!({
            "iss": self.issuer(), "aud": CLIENT, "nonce": query["nonce"],
            "iat": self.0.now.unix_timestamp(), "exp": self.0.now.unix_timestamp() + 86_400 * 60,
        });
        if query.contains_key("max_age") {
            // Its clock stands still while the portal's goes on: asked whenever it was, it was just now.
            claims["auth_time"] = claims["exp"].clone();
        }
        for (name, value) in persona.claims.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let code = format!("code-{}", lock(&self.0.codes).len());
        let challenge = query["code_challenge"].clone();
        lock(&self.0.codes).insert(code.clone(), Code { challenge, claims });
        back(&query, &[("code", &code)])
    }

    /// What somebody does there: turns back.
    pub fn turns_away(&self, address: &str, error: &str) -> String {
        let query = Url::parse(address).expect("an address").query_pairs().into_owned().collect();
        back(&query, &[("error", error)])
    }

    async fn description(State(provider): State<Self>) -> Response {
        let issuer = provider.issuer();
        provider.unless_out(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        }))
    }

    async fn keys(State(provider): State<Self>) -> Response {
        let key = provider.key().as_verification_key();
        provider.unless_out(json!({"keys": [key]}))
    }

    async fn token(State(provider): State<Self>, Form(form): Form<HashMap<String, String>>) -> Response {
        let Some(code) = lock(&provider.0.codes).remove(&form["code"]) else {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
        };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
        if challenge != code.challenge {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
        }
        let token = provider.sign(&code.claims);
        provider.unless_out(json!({"access_token": "nothing", "token_type": "Bearer", "id_token": token}))
    }

    fn unless_out(&self, answer: Value) -> Response {
        match *lock(&self.0.out) {
            Some((status, "")) => status.into_response(),
            Some((status, page)) => (status, Html(page)).into_response(),
            None => Json(answer).into_response(),
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let number = *lock(&self.0.key);
        let signed = format!("{}.{}", encode(&json!({"alg": "EdDSA", "kid": number.to_string()})), encode(claims));
        let signature = self.key().sign(&CoreJwsSigningAlgorithm::EdDsa, signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The key of now: made from its number, in the form of RFC 8410 §7.
    fn key(&self) -> CoreEdDsaPrivateSigningKey {
        let number = *lock(&self.0.key);
        let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        let der = [head.as_slice(), &[number; 32]].concat();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der));
        CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(number.to_string()))).expect("a key")
    }
}

fn back(query: &HashMap<String, String>, answer: &[(&str, &str)]) -> String {
    let mut address = Url::parse(&query["redirect_uri"]).expect("an address");
    address.query_pairs_mut().extend_pairs(answer).append_pair("state", &query["state"]);
    format!("{}?{}", address.path(), address.query().unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
