//! Accepting an invitation and signing in at the identity provider of one's agency (docs/rules.md §2.24 to §2.27, §4.12).

mod acceptance;
mod provider;
mod sign_in;
mod terms;

const MEI: &str = "mei@tech.gov.sg";
