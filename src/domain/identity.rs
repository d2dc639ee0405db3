//! Whom a verified identity of a provider lets in, and to which account (docs/rules.md §2.25, §2.26). How it was verified is the
//! providers' business and not to be put here.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{account::AccountStatus, moment::is_expired};

/// What is known about the account that a trip to a provider could lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The account.
    pub id: Uuid,
    /// Where it stands.
    pub status: AccountStatus,
    /// When it is over unless it is activated before.
    pub activation_ends: OffsetDateTime,
    /// Whether it is bound to some identity already.
    pub is_bound: bool,
}

/// What is known when somebody comes back from a provider.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Arrival {
    /// The account that is bound to this very identity.
    pub bound: Option<Candidate>,
    /// The account of the address that the provider gave.
    pub at_address: Option<Candidate>,
    /// The account that the invitation is for, when one is being accepted.
    pub invited: Option<Candidate>,
    /// Whether an invitation is being accepted.
    pub is_accepting: bool,
    /// Whether the provider checked the address.
    pub is_email_verified: bool,
    /// Whether the directory names this provider for the address's domain.
    pub is_providers_domain: bool,
}

impl Arrival {
    /// The account that somebody tried to get into: the invited one, or else the one of who came back, or else the one of the
    /// address. None if there is none.
    #[must_use]
    pub fn tried(&self) -> Option<Uuid> {
        self.invited.or(self.bound).or(self.at_address).map(|account| account.id)
    }
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// In, to this account.
    Enter(Uuid),
    /// In for the first time: the account is bound to this identity from now on.
    Bind(Uuid),
    /// The invitation is for another account.
    OtherAccount,
    /// The provider does not vouch for the address.
    Unverified,
    /// Another provider is responsible for this address.
    OtherProvider,
    /// The account of this address belongs to another person at the provider.
    Taken,
    /// There is no account.
    NoAccount,
    /// The account is disabled.
    Disabled,
    /// The account's time to activate is over, or it has ended.
    Ended,
}

/// Decides.
///
/// An identity that an account is bound to opens that account and no other, whatever address the provider gives today. Only
/// where there is none does the address count, and then it must be verified, by the provider that the directory names.
#[must_use]
pub fn admit(arrival: &Arrival, now: OffsetDateTime) -> Admission {
    if let Some(bound) = arrival.bound {
        let is_another = arrival.is_accepting && arrival.invited.is_none_or(|invited| invited.id != bound.id);
        return if is_another { Admission::OtherAccount } else { standing(bound, Admission::Enter(bound.id), now) };
    }
    if !arrival.is_providers_domain {
        return if arrival.is_accepting { Admission::OtherAccount } else { Admission::OtherProvider };
    }
    if !arrival.is_email_verified {
        return Admission::Unverified;
    }
    let candidate = match (arrival.is_accepting, arrival.invited, arrival.at_address) {
        (true, Some(invited), Some(owner)) if invited.id == owner.id => invited,
        (true, _, _) => return Admission::OtherAccount,
        (false, _, Some(owner)) => owner,
        (false, _, None) => return Admission::NoAccount,
    };
    if candidate.is_bound {
        return Admission::Taken;
    }
    standing(candidate, Admission::Bind(candidate.id), now)
}

/// How far a provider's clock may be from ours (docs/rules.md §2.24).
const CLOCKS_APART: Duration = Duration::MINUTE;

/// What becomes of somebody who is signed in here and was sent to their provider to prove anew who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It is them, and they were asked.
    Same,
    /// Somebody else came back.
    OtherPerson,
    /// It is them, but the provider did not ask: anybody at that browser could have come back.
    NotAsked,
}

/// Decides whether somebody who came back has proved anew who they are (docs/rules.md §4.16): `bound` is whose account opens to the
/// identity that came back, `signed_in_at` when the provider says that it asked.
#[must_use]
pub fn confirm(
    bound: Option<Uuid>,
    expected: Uuid,
    signed_in_at: Option<OffsetDateTime>,
    sent_at: OffsetDateTime,
) -> Confirmation {
    if bound != Some(expected) {
        return Confirmation::OtherPerson;
    }
    // Without the provider's word for when, it may not have asked at all: that it should went through the browser, where whoever sits
    // there can take it out of the address. A provider that was asked for `max_age` has to say (OpenID Connect Core §3.1.2.1).
    match signed_in_at {
        Some(at) if at.saturating_add(CLOCKS_APART) >= sent_at => Confirmation::Same,
        _ => Confirmation::NotAsked,
    }
}

fn standing(account: Candidate, welcome: Admission, now: OffsetDateTime) -> Admission {
    match (account.status, welcome) {
        (AccountStatus::Terminated, _) => Admission::Ended,
        (AccountStatus::Disabled, _) => Admission::Disabled,
        (AccountStatus::Pending, _) if is_expired(account.activation_ends, now) => Admission::Ended,
        // An active account has been bound since it became active: one that is not was never accepted by its person.
        (AccountStatus::Active, Admission::Bind(_)) => Admission::Taken,
        (AccountStatus::Pending | AccountStatus::Active, welcome) => welcome,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn account(id: u128, status: AccountStatus, is_bound: bool) -> Candidate {
        Candidate { id: Uuid::from_u128(id), status, activation_ends: NOW + Duration::days(30), is_bound }
    }

    const NOBODY: Arrival = Arrival {
        bound: None,
        at_address: None,
        invited: None,
        is_accepting: false,
        is_email_verified: true,
        is_providers_domain: true,
    };

    #[test]
    fn the_invited_person_is_bound_and_from_then_on_enters() {
        let pending = account(1, AccountStatus::Pending, false);
        let accepting = Arrival { at_address: Some(pending), invited: Some(pending), is_accepting: true, ..NOBODY };
        assert_eq!(admit(&accepting, NOW), Admission::Bind(pending.id));
        let bound = account(1, AccountStatus::Pending, true);
        let again = Arrival { bound: Some(bound), invited: Some(bound), at_address: Some(bound), ..accepting };
        assert_eq!(admit(&again, NOW), Admission::Enter(bound.id));
        let signing_in = Arrival { bound: Some(account(1, AccountStatus::Active, true)), ..NOBODY };
        assert_eq!(admit(&signing_in, NOW), Admission::Enter(bound.id));
    }

    #[test]
    fn whoever_else_comes_back_is_not_let_in_to_the_invitation() {
        let invited = account(1, AccountStatus::Pending, false);
        let accepting = Arrival { invited: Some(invited), is_accepting: true, ..NOBODY };
        for arrival in [
            accepting,
            Arrival { at_address: Some(account(2, AccountStatus::Pending, false)), ..accepting },
            Arrival { bound: Some(account(2, AccountStatus::Active, true)), ..accepting },
            Arrival { is_providers_domain: false, at_address: Some(invited), ..accepting },
            Arrival { invited: None, at_address: Some(invited), ..accepting },
        ] {
            assert_eq!(admit(&arrival, NOW), Admission::OtherAccount, "{arrival:?}");
        }
        let unverified = Arrival { is_email_verified: false, at_address: Some(invited), ..accepting };
        assert_eq!(admit(&unverified, NOW), Admission::Unverified);
    }

    #[test]
    fn signing_in_says_why_it_does_not_work() {
        let pending = account(1, AccountStatus::Pending, false);
        for (arrival, expected) in [
            (NOBODY, Admission::NoAccount),
            (Arrival { at_address: Some(pending), ..NOBODY }, Admission::Bind(pending.id)),
            (Arrival { at_address: Some(pending), is_email_verified: false, ..NOBODY }, Admission::Unverified),
            (Arrival { at_address: Some(pending), is_providers_domain: false, ..NOBODY }, Admission::OtherProvider),
            (Arrival { at_address: Some(account(1, AccountStatus::Active, true)), ..NOBODY }, Admission::Taken),
            (Arrival { at_address: Some(account(1, AccountStatus::Active, false)), ..NOBODY }, Admission::Taken),
            (Arrival { bound: Some(account(1, AccountStatus::Disabled, true)), ..NOBODY }, Admission::Disabled),
            (Arrival { bound: Some(account(1, AccountStatus::Terminated, true)), ..NOBODY }, Admission::Ended),
        ] {
            assert_eq!(admit(&arrival, NOW), expected, "{arrival:?}");
        }
    }

    #[test]
    fn what_was_tried_is_the_invited_account_whoever_came_back() {
        let [invited, bound, owner] = [1, 2, 3].map(|id| account(id, AccountStatus::Pending, false));
        let all = Arrival { invited: Some(invited), bound: Some(bound), at_address: Some(owner), ..NOBODY };
        for (arrival, expected) in [
            (all, Some(invited.id)),
            (Arrival { invited: None, ..all }, Some(bound.id)),
            (Arrival { invited: None, bound: None, ..all }, Some(owner.id)),
            (NOBODY, None),
        ] {
            assert_eq!(arrival.tried(), expected, "{arrival:?}");
        }
    }

    #[test]
    fn a_pending_account_is_open_until_the_second_before_its_day_30() {
        let account = account(1, AccountStatus::Pending, false);
        let arrival = Arrival { at_address: Some(account), ..NOBODY };
        let ends = account.activation_ends;
        assert_eq!(admit(&arrival, ends - Duration::SECOND), Admission::Bind(account.id));
        assert_eq!(admit(&arrival, ends), Admission::Ended);
        assert_eq!(admit(&arrival, ends + Duration::SECOND), Admission::Ended);
    }

    /// Three accounts as they stand at one moment, and who of them, if any, is meant in each place: an account named twice is the
    /// same one both times.
    fn any_arrival() -> impl Strategy<Value = Arrival> {
        let status = proptest::sample::select(&AccountStatus::ALL[..]);
        let accounts = proptest::array::uniform3((status, any::<bool>()));
        let meant = proptest::array::uniform3(proptest::option::of(0..3_usize));
        (accounts, meant, any::<[bool; 3]>()).prop_map(|(accounts, meant, facts)| {
            let [bound, at_address, invited] = meant.map(|which| {
                which.map(|which| {
                    let (status, is_bound) = accounts[which];
                    account(which as u128, status, is_bound)
                })
            });
            let [is_accepting, is_email_verified, is_providers_domain] = facts;
            Arrival { bound, at_address, invited, is_accepting, is_email_verified, is_providers_domain }
        })
    }

    #[test]
    fn only_the_same_person_who_was_asked_again_has_proved_who_they_are() {
        let [me, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        for (bound, signed_in_at, expected) in [
            (Some(me), None, Confirmation::NotAsked),
            (Some(me), Some(NOW), Confirmation::Same),
            (Some(me), Some(NOW + Duration::HOUR), Confirmation::Same),
            (Some(me), Some(NOW - Duration::MINUTE), Confirmation::Same),
            (Some(me), Some(NOW - Duration::MINUTE - Duration::SECOND), Confirmation::NotAsked),
            (Some(other), Some(NOW), Confirmation::OtherPerson),
            (None, Some(NOW), Confirmation::OtherPerson),
        ] {
            assert_eq!(confirm(bound, me, signed_in_at, NOW), expected, "{bound:?} {signed_in_at:?}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_let_in_to_an_account_that_is_neither_bound_to_them_nor_at_their_verified_address(
            arrival in any_arrival(),
        ) {
            let Arrival { bound, at_address, invited, is_accepting, is_email_verified, is_providers_domain } = arrival;
            match admit(&arrival, NOW) {
                Admission::Enter(id) => {
                    prop_assert_eq!(Some(id), bound.map(|account| account.id));
                    prop_assert!(!is_accepting || invited.is_some_and(|invited| invited.id == id));
                }
                Admission::Bind(id) => {
                    let account = at_address.expect("somebody's address");
                    prop_assert!(bound.is_none() && is_email_verified && is_providers_domain);
                    prop_assert!(account.id == id && account.status == AccountStatus::Pending && !account.is_bound);
                    prop_assert!(!is_accepting || invited.is_some_and(|invited| invited.id == id));
                }
                _ => {}
            }
        }
    }
}
