//! Local accounts: first sign-in, activation, every later sign-in, and a forgotten password (docs/rules.md §4).

mod first_sign_in;
mod forgotten;
mod recovery;
mod shared_browser;
mod sign_in;

/// What is said about a wrong password and about an unknown ID alike.
const WRONG: &str = "The TechPass ID or the password is not right";
