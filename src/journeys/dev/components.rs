//! All components on one page, in all their states.

use askama::Template;
use axum::response::Response;

use crate::web::{error::WebError, form::FormView, page::PageContext};

#[derive(Template)]
#[template(path = "dev/components.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
}

pub async fn get(page: PageContext) -> Result<Response, WebError> {
    let mut form = FormView::default();
    form.reject("email_wrong", "Use your work e-mail address, not a personal one");
    form.reject("details_wrong", "Tell us what happened");
    form.reject("device_wrong", "Choose your device");
    form.reject("agency_wrong", "Choose your agency");
    form.reject("agree_wrong", "Tick the box if you have read the terms");
    page.show(&Page { page: &page, form: &form })
}
