//! Signing up as a public officer (docs/rules.md §2).

mod again;
mod at_once;
mod interrupted;
mod known;
mod new_person;
mod refused;
mod robots;

use crate::support::{Mail, Portal};

/// Sends what is due and reads the one mail that this makes for `email`; fails the test if it is not exactly one.
async fn the_mail(portal: &Portal, email: &str) -> Mail {
    let mut mails = mails(portal, email).await;
    assert_eq!(mails.len(), 1, "mails to {email}: {:?}", mails.iter().map(Mail::subject).collect::<Vec<_>>());
    mails.remove(0)
}

/// Sends what is due and reads the mails for `email`.
async fn mails(portal: &Portal, email: &str) -> Vec<Mail> {
    portal.delivers().await;
    portal.mail.reads(email)
}
