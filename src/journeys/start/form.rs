//! The question: which address, which device, and is SEED wanted?

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::{
    domain::{device::Device, email_address::EmailAddress},
    web::{
        addresses,
        error::WebError,
        form::{FormView, Submitted},
        page::PageContext,
    },
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
    let mut view = FormView::default();
    let email = EmailAddress::parse(&form.email).map_err(|wrong| view.reject("email", wrong.to_string())).ok();
    let device = Device::parse(&form.device);
    if device.is_none() {
        view.reject("device", "Choose the device that you want to use");
    }
    match (email, device) {
        (Some(email), Some(device)) => {
            let answer = addresses::answer(email.domain(), device, form.seed == "yes");
            Ok(Redirect::to(&answer).into_response())
        }
        _ => page.refuse(&show(&page, &view, &form)),
    }
}

fn show<'a>(page: &'a PageContext, view: &'a FormView, form: &'a Form) -> Page<'a> {
    Page { page, form: view, email: &form.email, device: &form.device, seed: &form.seed }
}
