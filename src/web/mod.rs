//! What all pages share: context, forms, errors, headers, limits. Knows no journey and no SQL.

pub mod addresses;
pub mod answer_time;
pub mod assets;
pub mod browser;
pub mod captcha;
pub mod changes;
pub mod countries;
pub mod csrf;
pub mod error;
pub mod factor;
pub mod form;
pub mod gateway_form;
pub mod headers;
pub mod markdown;
pub mod network;
pub mod observe;
pub mod page;
pub mod password_link;
pub mod provider_trip;
pub mod questions;
pub mod serve;
pub mod session;
pub mod tries;
pub mod trip_problem;
pub mod way;
