//! The question: which address, which device, and is SEED wanted?

use askama::Template;
use axum::{
    extract::{Query, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::web::{
    addresses,
    error::WebError,
    form::{FormView, Submitted},
    page::PageContext,
    questions,
};

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    email: String,
    device: String,
    seed: String,
}

#[derive(Template)]
#[template(path = "start/form.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    email: &'a str,
    device: &'a str,
    seed: &'a str,
}

/// What the address may carry: answers that are given already. Never who asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Given {
    device: String,
    seed: String,
}

pub async fn get(page: PageContext, given: Result<Query<Given>, QueryRejection>) -> Result<Response, WebError> {
    let Query(Given { device, seed }) = given.unwrap_or_default();
    page.show(&show(&page, &FormView::default(), &Form { device, seed, ..Form::default() }))
}

pub async fn post(page: PageContext, Submitted(form): Submitted<Form>) -> Result<Response, WebError> {
    match questions::read_applicant(&form.email, &form.device) {
        Ok((email, device)) => {
            let answer = addresses::answer(email.domain(), device, form.seed == "yes");
            Ok(Redirect::to(&answer).into_response())
        }
        Err(view) => page.refuse(&show(&page, &view, &form)),
    }
}

fn show<'a>(page: &'a PageContext, view: &'a FormView, form: &'a Form) -> Page<'a> {
    Page { page, form: view, email: &form.email, device: &form.device, seed: &form.seed }
}
