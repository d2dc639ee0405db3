//! What all pages share: context, forms, errors, headers, limits. Knows no journey and no SQL.

pub mod addresses;
pub mod assets;
pub mod captcha;
pub mod csrf;
pub mod error;
pub mod form;
pub mod headers;
pub mod network;
pub mod observe;
pub mod page;
pub mod questions;
pub mod serve;
