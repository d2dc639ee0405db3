//! Somebody with a browser: keeps cookies, follows nothing by itself, and sends what a browser sends.

use std::{sync::Arc, time::Duration};

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{
    Client, Method, RequestBuilder,
    cookie::{CookieStore, Jar},
    redirect,
};

use super::page::Page;

/// A visitor of one portal.
#[derive(Debug, Clone)]
pub struct Visitor {
    client: Client,
    cookies: Arc<Jar>,
    origin: String,
}

/// What somebody fills into the sign-up form.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The address, as it was typed.
    pub email: String,
    /// The device that was chosen.
    pub device: &'static str,
    /// What was chosen for SEED.
    pub seed: &'static str,
    proof: Proof,
}

#[derive(Debug, Clone)]
enum Proof {
    Fresh,
    None,
    Given(String),
}

impl From<&str> for SignUp {
    fn from(email: &str) -> Self {
        Self { email: email.to_owned(), device: "non_se_gsib", seed: "no", proof: Proof::Fresh }
    }
}

impl SignUp {
    /// With SEED wished for.
    pub fn with_seed(mut self) -> Self {
        self.seed = "yes";
        self
    }

    /// From this device.
    pub fn on(mut self, device: &'static str) -> Self {
        self.device = device;
        self
    }

    /// As where scripts do not run.
    pub fn without_proof(mut self) -> Self {
        self.proof = Proof::None;
        self
    }

    /// With this proof of work.
    pub fn with_proof(mut self, proof: &str) -> Self {
        self.proof = Proof::Given(proof.to_owned());
        self
    }
}

impl Visitor {
    /// A visitor who has not been here before.
    pub fn of(origin: &str) -> Self {
        Self::called(origin, "")
    }

    /// A visitor whose browser calls itself so.
    pub fn called(origin: &str, user_agent: &str) -> Self {
        let cookies = Arc::new(Jar::default());
        let client =
            Client::builder().cookie_provider(Arc::clone(&cookies)).redirect(redirect::Policy::none()).no_proxy();
        // The portal hangs up after 10 s of nothing: who keeps a connection as long may send just then, as no browser would notice.
        let client = client.pool_idle_timeout(Duration::from_secs(5));
        let client = if user_agent.is_empty() { client } else { client.user_agent(user_agent) };
        Self { client: client.build().expect("a client"), cookies, origin: origin.to_owned() }
    }

    /// What a cookie of this browser holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let all = self.cookies.cookies(&self.origin.parse().expect("an address"))?;
        let all = all.to_str().expect("text").to_owned();
        all.split("; ").find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }

    /// Puts a cookie into this browser.
    pub fn has_cookie(&self, name: &str, value: &str) {
        self.cookies.add_cookie_str(&format!("{name}={value}; Path=/"), &self.origin.parse().expect("an address"));
    }

    /// The portal as this visitor's browser names it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Opens a page.
    pub async fn opens(&self, address: &str) -> Page {
        self.sends(self.request(Method::GET, address)).await
    }

    /// Goes where the answer leads.
    pub async fn follows(&self, page: &Page) -> Page {
        self.opens(page.location().expect("an answer that leads somewhere")).await
    }

    /// Fills in the page's main form and presses its first button. Fields that are not named stay as they are.
    pub async fn fills_in(&self, page: &Page, values: &[(&str, &str)]) -> Page {
        let form = page.form();
        let mut fields = form.fields;
        for (name, value) in values {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, held)) => (*held).clone_from(&(*value).to_owned()),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        self.posts(&form.action, &fields).await
    }

    /// Signs up: opens the form, fills it in, sends it.
    pub async fn signs_up(&self, sign_up: impl Into<SignUp>) -> Page {
        let form = self.opens("/sign-up").await;
        self.fills_in_sign_up(&form, sign_up).await
    }

    /// Fills in the sign-up form that is open already.
    pub async fn fills_in_sign_up(&self, form: &Page, sign_up: impl Into<SignUp>) -> Page {
        let SignUp { email, device, seed, proof } = sign_up.into();
        let proof = match proof {
            Proof::Fresh => self.proves().await,
            Proof::None => String::new(),
            Proof::Given(proof) => proof,
        };
        self.fills_in(form, &[("email", &email), ("device", device), ("seed", seed), ("altcha", &proof)]).await
    }

    /// Fetches a challenge and solves it: what the “I’m not a robot” box puts into the form.
    pub async fn proves(&self) -> String {
        let challenge: Challenge =
            serde_json::from_str(&self.opens("/captcha").await.is(200).body).expect("a challenge");
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).expect("a run").expect("a solution");
        BASE64_STANDARD.encode(serde_json::to_vec(&Payload { challenge, solution }).expect("JSON"))
    }

    /// Posts fields, as a form of the portal's own page would.
    pub async fn posts(&self, address: &str, fields: &[(String, String)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.posts_raw(address, body).await
    }

    /// Posts a body that the test wrote byte for byte, with the headers of a browser.
    pub async fn posts_raw(&self, address: &str, body: impl Into<reqwest::Body>) -> Page {
        let request = self.request(Method::POST, address);
        let request = request
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.sends(request.body(body)).await
    }

    /// A request that the test goes on writing.
    pub fn request(&self, method: Method, address: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{address}", self.origin))
    }

    /// Sends a request, and checks what holds for every answer.
    pub async fn sends(&self, request: RequestBuilder) -> Page {
        self.tries(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}")).check()
    }

    /// Sends a request that may fail to be answered.
    pub async fn tries(&self, request: RequestBuilder) -> reqwest::Result<Page> {
        let answer = request.send().await?;
        let (url, status, headers) = (answer.url().clone(), answer.status().as_u16(), answer.headers().clone());
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = format!("{}{query}", url.path());
        Ok(Page { address, status, headers, body: answer.text().await? })
    }
}
