//! The question: which address, which device, and is SEED wanted?

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
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

pub async fn get(page: PageContext) -> Result<Response, WebError> {
    page.show(&show(&page, &FormView::default(), &Form::default()))
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
