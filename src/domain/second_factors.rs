//! How many second factors an account may have, and which of them may go (docs/rules.md §4.6a, §4.19). How one is proven is not to be
//! put here.

use super::person::Person;

/// The most authenticator apps that an account may have: a phone, a tablet, a spare one, and room to change them.
pub const MOST_AUTHENTICATORS: usize = 5;

/// The most passkeys that an account may have.
pub const MOST_PASSKEYS: usize = 10;

/// A kind of second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// An authenticator app.
    Authenticator,
    /// A passkey.
    Passkey,
}

/// The second factors of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactors {
    /// How many authenticator apps.
    pub authenticators: usize,
    /// How many passkeys.
    pub passkeys: usize,
}

/// Why a second factor has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MustStay {
    /// It is the last one.
    LastFactor,
    /// It is the last passkey, and stands in the place of a phone that is not proven.
    InPlaceOfPhone,
}

/// Whether another authenticator app may be added.
#[must_use]
pub const fn may_add_authenticator(authenticators: usize) -> bool {
    authenticators < MOST_AUTHENTICATORS
}

/// Whether one factor of this kind may be removed. The last one of all may only where the provider vouches for a second factor:
/// there, nothing here is asked for.
///
/// # Errors
/// [`MustStay`] says what has to be done first.
pub fn may_remove(factor: Factor, have: SecondFactors, is_vouched: bool, person: &Person) -> Result<(), MustStay> {
    if have.authenticators + have.passkeys <= 1 && !is_vouched {
        return Err(MustStay::LastFactor);
    }
    let is_last_passkey = factor == Factor::Passkey && have.passkeys <= 1;
    if is_last_passkey && person.is_phone_replaced && !person.is_phone_verified {
        return Err(MustStay::InPlaceOfPhone);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::{Factor::*, *};
    use crate::domain::{account::AccountStatus, seed::SeedStatus};

    fn person(is_phone_replaced: bool, is_phone_verified: bool) -> Person {
        Person {
            id: Uuid::nil(),
            email: None,
            username: None,
            status: AccountStatus::Active,
            first_name: None,
            last_name: None,
            seed: SeedStatus::NotRequired,
            roles: Vec::new(),
            activation_ends: OffsetDateTime::UNIX_EPOCH,
            has_authenticator: true,
            has_passkey: true,
            are_codes_kept: true,
            is_phone_verified,
            is_phone_replaced,
            is_password_chosen: true,
            accepted: Vec::new(),
        }
    }

    const fn have(authenticators: usize, passkeys: usize) -> SecondFactors {
        SecondFactors { authenticators, passkeys }
    }

    #[test]
    fn there_are_five_authenticators_at_most() {
        for (count, may_add) in [(0, true), (4, true), (5, false), (6, false)] {
            assert_eq!(may_add_authenticator(count), may_add, "{count}");
        }
    }

    #[test]
    fn the_last_factor_of_whatever_kind_stays_unless_the_provider_vouches_for_one() {
        let proven = person(false, true);
        for (factor, have, may) in [
            (Authenticator, have(1, 0), false),
            (Passkey, have(0, 1), false),
            (Authenticator, have(2, 0), true),
            (Authenticator, have(1, 1), true),
            (Passkey, have(1, 1), true),
            (Passkey, have(0, 2), true),
        ] {
            assert_eq!(may_remove(factor, have, false, &proven).is_ok(), may, "{factor:?} of {have:?}");
            assert_eq!(may_remove(factor, have, true, &proven), Ok(()), "{factor:?} of {have:?}");
        }
    }

    #[test]
    fn the_last_passkey_in_the_place_of_a_phone_stays() {
        assert_eq!(may_remove(Passkey, have(1, 1), false, &person(true, false)), Err(MustStay::InPlaceOfPhone));
        assert_eq!(may_remove(Passkey, have(1, 1), false, &person(true, true)), Ok(()));
        assert_eq!(may_remove(Passkey, have(0, 2), false, &person(true, false)), Ok(()));
        assert_eq!(may_remove(Authenticator, have(1, 1), false, &person(true, false)), Ok(()));
    }

    proptest! {
        #[test]
        fn nobody_removes_their_way_in_or_what_stands_for_their_phone(
            is_passkey: bool, (authenticators, passkeys) in (0..4_usize, 0..4_usize), phone: [bool; 2]
        ) {
            let (factor, person) = (if is_passkey { Passkey } else { Authenticator }, person(phone[0], phone[1]));
            if may_remove(factor, have(authenticators, passkeys), false, &person).is_ok() {
                let left = have(authenticators - usize::from(!is_passkey).min(authenticators),
                                passkeys - usize::from(is_passkey).min(passkeys));
                prop_assert!(left.authenticators + left.passkeys > 0);
                prop_assert!(!is_passkey || left.passkeys > 0 || !phone[0] || phone[1]);
            }
        }
    }
}
