//! The rules of the house (docs/rules.md), so that each can be read, tested and argued about alone.
//!
//! Pure and total: no sqlx, axum or tokio, no clock, no randomness, no settings. The moment comes in
//! as `now`, what the database knows comes in as a value, and the decision goes out as a value.

pub mod account;
pub mod activation;
pub mod business_days;
pub mod codes;
pub mod deadlines;
pub mod delivery;
pub mod device;
pub mod directory;
pub mod domain_name;
pub mod eligibility;
pub mod email_address;
mod email_address_error;
pub mod identity;
pub mod invitation;
pub mod mobile;
pub mod moment;
pub mod not_me;
pub mod passkey;
pub mod password;
pub mod person;
pub mod second_factors;
pub mod seed;
pub mod short_text;
pub mod sign_up;
pub mod sitting;
pub mod sms_fate;
pub mod techpass_id;
pub mod terms;
pub mod totp;
pub mod trail;
