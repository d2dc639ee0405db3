//! Edit Profile: names, department and mobile number; the agency is fixed (docs/rules.md §4.20). A new number waits until it is
//! proven; the rest is saved at once.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tower_sessions::Session;

use super::{mobile, overview};
use crate::{
    app::App,
    domain::{
        activation::AccountKind,
        mobile::Mobile,
        person::Person,
        short_text::{self, NotShortText},
    },
    store::{
        audit::Event,
        profiles::{self, Profile},
    },
    web::{
        addresses, countries,
        error::WebError,
        form::{FormView, Submitted},
        observe::RequestId,
        page::PageContext,
        session::{SignedIn, Viewer},
        way::Way,
    },
};

/// What the person sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    first_name: String,
    last_name: String,
    department: String,
    mobile_country: String,
    mobile: String,
}

#[derive(Template)]
#[template(path = "account/edit.html")]
struct Page<'a> {
    page: &'a PageContext,
    form: &'a FormView,
    typed: &'a Form,
    countries: &'static [(&'static str, &'static str)],
    agency: String,
    new_mobile: Option<&'a str>,
    /// Whether that is the one in the account, which was never proven.
    is_own_waiting: bool,
}

/// What a form says, once it is understood.
struct Understood<'a> {
    first_name: &'a str,
    last_name: Option<&'a str>,
    department: Option<&'a str>,
    /// The number, if it is another than the one in the account, or that one is not proven.
    new_mobile: Option<Mobile>,
}

pub async fn get(State(app): State<App>, SignedIn(viewer): SignedIn, page: PageContext) -> Result<Response, WebError> {
    let profile = profiles::find(&mut *app.pool.acquire().await?, viewer.person.id).await?;
    let of_now = Form {
        first_name: viewer.person.first_name.clone().unwrap_or_default(),
        last_name: viewer.person.last_name.clone().unwrap_or_default(),
        department: profile.department.clone().unwrap_or_default(),
        mobile_country: profile.mobile_country.clone().unwrap_or_else(|| "SG".to_owned()),
        mobile: profile.mobile.clone().unwrap_or_default(),
    };
    show(&app, &page, &viewer, &profile, StatusCode::OK, &FormView::default(), &of_now)
}

pub async fn post(
    State(app): State<App>,
    session: Session,
    request_id: RequestId,
    SignedIn(viewer): SignedIn,
    page: PageContext,
    Submitted(form): Submitted<Form>,
) -> Result<Response, WebError> {
    let way = Way { app: &app, session: &session, request_id: &request_id, now: app.clock.now() };
    let account = viewer.person.id;
    let profile = profiles::find(&mut *app.pool.acquire().await?, account).await?;
    let understood = match understand(&form, &profile, &viewer.person) {
        Ok(understood) => understood,
        Err(view) => {
            return show(&app, &page, &viewer, &profile, StatusCode::UNPROCESSABLE_ENTITY, &view, &form);
        }
    };
    let Understood { first_name, last_name, department, new_mobile } = understood;
    let mut tx = app.pool.begin().await?;
    way.lock(&mut tx, &viewer.sitting).await?;
    if profiles::save(&mut tx, account, first_name, last_name, department).await? {
        way.note(&mut tx, account, Event::ProfileChanged, json!({})).await?;
    }
    if let Some(mobile) = &new_mobile
        && profiles::ask_for_mobile(&mut tx, account, mobile, way.now).await?
    {
        way.note(&mut tx, account, Event::MobileAsked, json!({})).await?;
    }
    tx.commit().await?;
    let next = match new_mobile {
        Some(_) => mobile::ADDRESS.to_owned(),
        None => addresses::done(addresses::ACCOUNT, "saved"),
    };
    Ok(Redirect::to(&next).into_response())
}

fn understand<'a>(form: &'a Form, profile: &Profile, person: &Person) -> Result<Understood<'a>, FormView> {
    let mut view = FormView::default();
    let mut read = |field, typed, missing: &str| match short_text::parse(typed) {
        Ok(text) => Some(text),
        Err(NotShortText::Missing) => {
            if !missing.is_empty() {
                view.reject(field, missing);
            }
            None
        }
        Err(wrong) => {
            view.reject(field, wrong.to_string());
            None
        }
    };
    let first_name = read("first_name", &form.first_name, "Enter your first name");
    // Providers know some officers by one name only.
    let missing = if person.kind() == AccountKind::Local { "Enter your last name" } else { "" };
    let last_name = read("last_name", &form.last_name, missing);
    let department = read("department", &form.department, "");
    // Officers came without a number, and need not give one.
    let is_left_out = form.mobile.trim().is_empty() && profile.mobile.is_none();
    let mobile = match Mobile::parse(&form.mobile_country, &form.mobile) {
        _ if is_left_out => None,
        Ok(mobile) => Some(mobile),
        Err(wrong) => {
            view.reject("mobile", wrong.to_string());
            None
        }
    };
    let is_proven = |mobile: &Mobile| person.is_phone_verified && profile.mobile.as_deref() == Some(mobile.as_str());
    let new_mobile = mobile.filter(|mobile| !is_proven(mobile));
    match first_name {
        Some(first_name) if !view.has_errors() => Ok(Understood { first_name, last_name, department, new_mobile }),
        _ => Err(view),
    }
}

fn show(
    app: &App,
    page: &PageContext,
    viewer: &Viewer,
    profile: &Profile,
    status: StatusCode,
    form: &FormView,
    typed: &Form,
) -> Result<Response, WebError> {
    let agency = overview::agency(app, &viewer.person, profile);
    let (new_mobile, is_own_waiting) = (profile.new_mobile.as_deref(), profile.is_own_mobile_waiting());
    page.answer(status, &Page { page, form, typed, countries: countries::ALL, agency, new_mobile, is_own_waiting })
}
