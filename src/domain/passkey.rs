//! Passkeys, as their owner knows them: what they are called, how many there may be, and which one may go (docs/rules.md §4.6a).

use super::person::Person;

/// How many an account may have.
pub const MOST: usize = 10;

/// How many characters a name may have.
const LONGEST_NAME: usize = 64;

/// What a passkey is called, so that its owner knows it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Takes what was typed, with single spaces.
    ///
    /// # Errors
    /// A sentence for beside the field.
    pub fn parse(typed: &str) -> Result<Self, &'static str> {
        let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err("Give the passkey a name, such as Work laptop");
        }
        if name.chars().count() > LONGEST_NAME {
            return Err("Use at most 64 characters for the name");
        }
        if name.chars().any(char::is_control) {
            return Err("Use letters, digits and signs for the name");
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a passkey has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MustStay {
    /// It is the last second factor.
    LastFactor,
    /// It is the last one, and stands in the place of a phone that is not proven.
    InPlaceOfPhone,
}

/// Whether somebody who would have this many passkeys left may remove one.
///
/// # Errors
/// [`MustStay`] says what has to be done first.
pub fn may_remove(left: usize, person: &Person) -> Result<(), MustStay> {
    if left > 0 {
        return Ok(());
    }
    if !person.has_authenticator {
        return Err(MustStay::LastFactor);
    }
    if person.is_phone_replaced && !person.is_phone_verified {
        return Err(MustStay::InPlaceOfPhone);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{account::AccountStatus, seed::SeedStatus};

    fn person([has_authenticator, is_phone_replaced, is_phone_verified]: [bool; 3]) -> Person {
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
            has_authenticator,
            has_passkey: true,
            are_codes_kept: true,
            is_phone_verified,
            is_phone_replaced,
            is_password_chosen: true,
            accepted: Vec::new(),
        }
    }

    #[test]
    fn names_are_what_people_type_with_single_spaces() {
        let name = |typed: &str| PasskeyName::parse(typed).map(|name| name.as_str().to_owned());
        assert_eq!(name("  Work \t laptop "), Ok("Work laptop".to_owned()));
        assert_eq!(name(&"é".repeat(64)), Ok("é".repeat(64)));
        assert!(name(&"é".repeat(65)).is_err());
        assert!(name(" \r\n ").is_err());
        assert!(name("a\0b").is_err());
    }

    #[test]
    fn the_last_factor_stays_and_so_does_the_last_passkey_in_the_place_of_a_phone() {
        assert_eq!(may_remove(0, &person([false, false, false])), Err(MustStay::LastFactor));
        assert_eq!(may_remove(0, &person([true, true, false])), Err(MustStay::InPlaceOfPhone));
        assert_eq!(may_remove(0, &person([true, true, true])), Ok(()));
        assert_eq!(may_remove(0, &person([true, false, false])), Ok(()));
        assert_eq!(may_remove(1, &person([false, true, false])), Ok(()));
    }

    proptest! {
        #[test]
        fn nobody_removes_their_way_in_or_what_stands_for_their_phone(facts in any::<[bool; 3]>(), left in 0..3_usize) {
            let person = person(facts);
            if may_remove(left, &person).is_ok() {
                prop_assert!(left > 0 || person.has_authenticator);
                prop_assert!(left > 0 || person.is_phone_verified || !person.is_phone_replaced);
            }
        }
    }
}
