//! Invitations: how long their links are valid (docs/rules.md §3), and how a link stands.

use time::{Duration, OffsetDateTime};

use super::{account::AccountStatus, moment::is_expired};

/// How long the registration link of an invitation is valid.
pub const REGISTRATION_LINK_VALIDITY: Duration = Duration::days(5);

/// How a link to accept an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptLinkState {
    /// It can be used.
    Open,
    /// Its time is over; whoever it is for signs up again.
    Expired,
    /// The account was activated, with this link or another one; whoever it is for signs in.
    Used,
    /// The account was activated, and is disabled now; whoever it is for asks to have it opened again.
    Disabled,
    /// The account ended.
    Ended,
}

/// How a link stands whose account has this status (docs/rules.md §2.21 to §2.23).
///
/// A link that was used says so even when it has expired since: that is what its owner needs to know.
#[must_use]
pub fn accept_link_state(
    account: AccountStatus,
    is_consumed: bool,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> AcceptLinkState {
    match account {
        AccountStatus::Terminated => AcceptLinkState::Ended,
        AccountStatus::Disabled => AcceptLinkState::Disabled,
        AccountStatus::Active => AcceptLinkState::Used,
        AccountStatus::Pending if is_consumed => AcceptLinkState::Used,
        AccountStatus::Pending if is_expired(expires_at, now) => AcceptLinkState::Expired,
        AccountStatus::Pending => AcceptLinkState::Open,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const ENDS: OffsetDateTime = datetime!(2026-12-22 11:07 UTC);

    #[test]
    fn a_link_is_open_until_its_last_second_and_expired_from_then_on() {
        let at = |now| accept_link_state(AccountStatus::Pending, false, ENDS, now);
        assert_eq!(at(ENDS - Duration::SECOND), AcceptLinkState::Open);
        assert_eq!(at(ENDS), AcceptLinkState::Expired);
        assert_eq!(at(ENDS + Duration::SECOND), AcceptLinkState::Expired);
    }

    #[test]
    fn a_link_says_what_its_owner_needs_to_know() {
        for (account, is_consumed, expected) in [
            (AccountStatus::Pending, true, AcceptLinkState::Used),
            (AccountStatus::Active, true, AcceptLinkState::Used),
            (AccountStatus::Active, false, AcceptLinkState::Used),
            (AccountStatus::Disabled, true, AcceptLinkState::Disabled),
            (AccountStatus::Disabled, false, AcceptLinkState::Disabled),
            (AccountStatus::Terminated, false, AcceptLinkState::Ended),
            (AccountStatus::Terminated, true, AcceptLinkState::Ended),
        ] {
            for now in [ENDS - Duration::SECOND, ENDS] {
                assert_eq!(accept_link_state(account, is_consumed, ENDS, now), expected, "{account:?} {is_consumed}");
            }
        }
    }
}
