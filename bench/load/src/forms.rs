//! Sign-up forms, filled in beforehand as a browser would: the pair of cookie and hidden field, and a proof of work.

use std::net::SocketAddr;

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use hyper::{StatusCode, header};

use crate::{
    Result,
    connection::{Connection, post},
};

/// A form that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Form {
    pub email: String,
    pub body: Bytes,
}

/// The pair that shows that a form came from a page of the portal's.
#[derive(Debug, Clone)]
pub struct Pair {
    pub cookie: String,
    pub field: String,
}

impl Pair {
    pub async fn get(connection: &mut Connection) -> Result<Self> {
        let page = connection.get("/sign-up").await?;
        let cookie = page.headers.get(header::SET_COOKIE).ok_or("the page set no cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let html = std::str::from_utf8(&page.body)?;
        let field = html.split_once(r#"name="csrf" value=""#).and_then(|(_, rest)| rest.split_once('"'));
        Ok(Self { cookie, field: field.ok_or("the page has no hidden field")?.0.to_owned() })
    }

    /// A form with a proof of work, or without if none is asked for.
    pub async fn fill_in(&self, connection: &mut Connection, email: String, with_proof: bool) -> Result<Form> {
        let altcha = if with_proof { encode(&proof(connection).await?) } else { String::new() };
        let body = format!(
            "email={}&device=non_se_gsib&seed=no&altcha={altcha}&csrf={}",
            email.replace('@', "%40"),
            self.field
        );
        Ok(Form { email, body: body.into() })
    }
}

async fn proof(connection: &mut Connection) -> Result<String> {
    let answer = connection.get("/captcha").await?;
    let challenge: Challenge = serde_json::from_slice(&answer.body)?;
    tokio::task::spawn_blocking(move || {
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge))?.ok_or("no number fits")?;
        Ok(BASE64_STANDARD.encode(serde_json::to_vec(&Payload { challenge, solution })?))
    })
    .await?
}

fn encode(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Sends a form. True if the portal took it, false if it said that it cannot right now.
pub async fn send(connection: &mut Connection, address: SocketAddr, pair: &Pair, form: &Form) -> Result<bool> {
    let answer = connection.ask(post(address, "/sign-up", &pair.cookie, &form.body)).await?;
    match answer.status {
        StatusCode::SEE_OTHER => Ok(true),
        StatusCode::SERVICE_UNAVAILABLE => Ok(false),
        other => Err(format!("{} was answered with {other}", form.email).into()),
    }
}
