//! Why somebody who has proved who they are is not let in, and how to come back.

use askama::Template;
use time::OffsetDateTime;

use crate::{
    domain::{account::AccountStatus, moment::is_expired},
    web::page::PageContext,
};

/// What keeps somebody out who has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// The account is disabled, and can be opened again.
    Disabled,
    /// The account is over, or its time to activate is.
    Ended,
    /// The first password is too old.
    InitialPasswordDied,
}

impl Shut {
    /// Whether the account itself is shut.
    pub fn of_account(status: AccountStatus, activation_ends: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        match status {
            AccountStatus::Disabled => Some(Self::Disabled),
            AccountStatus::Terminated => Some(Self::Ended),
            AccountStatus::Pending if is_expired(activation_ends, now) => Some(Self::Ended),
            AccountStatus::Pending | AccountStatus::Active => None,
        }
    }
}

/// The page that says so.
#[derive(Template)]
#[template(path = "sign_in/shut.html")]
pub struct Page<'a> {
    /// What every page has.
    pub page: &'a PageContext,
    /// What keeps them out: it decides what helps.
    pub shut: Shut,
}
