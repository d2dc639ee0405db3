//! The portal from outside: over HTTP, SMTP and signals. A module a journey; `support/` has the callers and the harness.
//!
//! `DATABASE_URL` names a PostgreSQL whose user may make databases: every test gets one of its own.

mod accept;
mod account;
mod at_once;
mod authenticators;
mod budgets;
mod confirm;
mod csrf;
mod directory;
mod errors;
mod headers;
mod hostile;
mod in_vain;
mod local;
mod metrics;
mod my_account;
mod new_browser;
mod not_me;
mod outbox;
mod passkeys;
mod process;
mod profile;
mod role;
mod roles;
mod rotation;
mod routes;
mod security;
mod sessions;
mod sign_up;
mod sms_status;
mod start;
mod support;
mod timing;
mod trail;
mod wog;
