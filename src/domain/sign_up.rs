//! What a sign-up means for an address that may be known already (docs/rules.md §2.13–2.15).
//! The page never shows the answer: it is the same for everybody, and only the e-mail tells its owner.

use time::{Duration, OffsetDateTime};

use super::account::AccountStatus;
use super::moment::is_expired;
use super::seed::SeedStatus;

/// How soon the same address may be written to again: the resend button and a second click alike
/// (docs/rules.md §2.14).
pub const RESEND_AFTER: Duration = Duration::seconds(60);

/// How many times within an hour strangers can make us write to one address (docs/rules.md §2.14).
pub const MESSAGES_PER_HOUR: u32 = 5;

/// What is known about the newest account of the address that signs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownAccount {
    /// Where the account stands.
    pub status: AccountStatus,
    /// When it is over unless activated before; only read while the account is pending.
    pub activation_ends: OffsetDateTime,
    /// Where it stands with SEED.
    pub seed: SeedStatus,
    /// When a sign-up last made us write to the address.
    pub last_message_at: Option<OffsetDateTime>,
    /// How many sign-ups made us write to the address in the hour before now; the two e-mails of a sign-up
    /// with SEED count once (docs/rules.md §2.14).
    pub messages_in_last_hour: u32,
}

/// What is to be done about a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// There is no account, or the old one ended: make one and invite its person.
    NewAccount,
    /// The pending account is past its day 30, and the sweep has not come by yet: terminate it and make a new one.
    ReplaceLapsed,
    /// The account is pending: send its invitation again, valid until the same day as the first.
    InviteAgain {
        /// SEED is wished for the first time or again: request it too.
        also_seed: bool,
    },
    /// The account is pending and was written to just now or too often, but SEED is a new wish: request
    /// SEED, which sends its own e-mail, and do not send the invitation again (docs/rules.md §2.15).
    SeedOnly,
    /// The account is active: write to its owner where to sign in, and to ask for SEED.
    SayActive,
    /// The account is disabled: write to its owner how to have it re-enabled.
    SayDisabled,
    /// The address was written to just now or too often, and nothing is new: do nothing.
    Nothing,
}

/// What the sign-up of an address that the rules let sign up means (docs/rules.md §2.13).
///
/// `seed_wished` is a wish that eligibility offers to fulfil (docs/rules.md §1), not the raw field of the form.
#[must_use]
pub fn answer(known: Option<&KnownAccount>, seed_wished: bool, now: OffsetDateTime) -> Answer {
    let Some(known) = known else {
        return Answer::NewAccount;
    };
    let may_write = may_write_again(known, now);
    match known.status {
        AccountStatus::Terminated => Answer::NewAccount,
        AccountStatus::Pending if is_expired(known.activation_ends, now) => Answer::ReplaceLapsed,
        AccountStatus::Pending => {
            let also_seed = seed_wished && known.seed.may_be_requested();
            match (may_write, also_seed) {
                (true, _) => Answer::InviteAgain { also_seed },
                // A person who forgot to tick SEED comes back within the minute. The wish changes the
                // account's SEED status, so this cannot be used to send one message after the other.
                (false, true) => Answer::SeedOnly,
                (false, false) => Answer::Nothing,
            }
        }
        AccountStatus::Active if may_write => Answer::SayActive,
        AccountStatus::Disabled if may_write => Answer::SayDisabled,
        AccountStatus::Active | AccountStatus::Disabled => Answer::Nothing,
    }
}

fn may_write_again(known: &KnownAccount, now: OffsetDateTime) -> bool {
    let waited = known.last_message_at.is_none_or(|at| is_expired(at.saturating_add(RESEND_AFTER), now));
    waited && known.messages_in_last_hour < MESSAGES_PER_HOUR
}

#[cfg(test)]
mod tests {
    use super::{Answer, KnownAccount, MESSAGES_PER_HOUR, RESEND_AFTER, answer};
    use crate::domain::account::{ACTIVATION_PERIOD, AccountStatus, activation_ends};
    use crate::domain::seed::SeedStatus;
    use proptest::prelude::*;
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};

    const CREATED: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);
    const LATER: OffsetDateTime = datetime!(2026-11-25 09:00 UTC);

    fn account(status: AccountStatus) -> KnownAccount {
        KnownAccount {
            status,
            activation_ends: activation_ends(CREATED),
            seed: SeedStatus::NotRequired,
            last_message_at: Some(CREATED),
            messages_in_last_hour: 0,
        }
    }

    fn invite_again(also_seed: bool) -> Answer {
        Answer::InviteAgain { also_seed }
    }

    #[test]
    fn an_unknown_address_gets_an_account() {
        assert_eq!(answer(None, false, LATER), Answer::NewAccount);
        assert_eq!(answer(None, true, LATER), Answer::NewAccount);
    }

    #[test]
    fn a_known_address_gets_what_fits_its_account() {
        for (status, seed_wished, expected) in [
            (AccountStatus::Pending, false, invite_again(false)),
            (AccountStatus::Pending, true, invite_again(true)),
            (AccountStatus::Active, false, Answer::SayActive),
            (AccountStatus::Active, true, Answer::SayActive),
            (AccountStatus::Disabled, false, Answer::SayDisabled),
            (AccountStatus::Disabled, true, Answer::SayDisabled),
            (AccountStatus::Terminated, false, Answer::NewAccount),
            (AccountStatus::Terminated, true, Answer::NewAccount),
        ] {
            let given = answer(Some(&account(status)), seed_wished, LATER);
            assert_eq!(given, expected, "{status:?}, SEED wished: {seed_wished}");
        }
    }

    #[test]
    fn a_pending_account_is_replaced_from_its_day_30_on() {
        let known = account(AccountStatus::Pending);
        let day_30 = CREATED + ACTIVATION_PERIOD;
        for (now, expected) in [
            (day_30 - Duration::SECOND, invite_again(false)),
            (day_30, Answer::ReplaceLapsed),
            (day_30 + Duration::SECOND, Answer::ReplaceLapsed),
        ] {
            assert_eq!(answer(Some(&known), false, now), expected, "{now}");
        }
    }

    #[test]
    fn a_lapsed_account_is_replaced_even_if_it_was_written_to_just_now() {
        let known = KnownAccount {
            last_message_at: Some(activation_ends(CREATED)),
            messages_in_last_hour: MESSAGES_PER_HOUR,
            ..account(AccountStatus::Pending)
        };
        let given = answer(Some(&known), false, activation_ends(CREATED));
        assert_eq!(given, Answer::ReplaceLapsed);
    }

    #[test]
    fn an_address_is_written_to_again_after_60_seconds() {
        for (status, fitting) in [
            (AccountStatus::Pending, invite_again(false)),
            (AccountStatus::Active, Answer::SayActive),
            (AccountStatus::Disabled, Answer::SayDisabled),
        ] {
            let known = account(status);
            for (now, expected) in [
                (CREATED, Answer::Nothing),
                (CREATED + RESEND_AFTER - Duration::SECOND, Answer::Nothing),
                (CREATED + RESEND_AFTER, fitting),
                (CREATED + RESEND_AFTER + Duration::SECOND, fitting),
            ] {
                assert_eq!(answer(Some(&known), false, now), expected, "{status:?}");
            }
        }
    }

    #[test]
    fn an_address_that_was_never_written_to_does_not_wait() {
        let known = KnownAccount { last_message_at: None, ..account(AccountStatus::Pending) };
        assert_eq!(answer(Some(&known), false, CREATED), invite_again(false));
    }

    #[test]
    fn an_address_is_written_to_five_times_an_hour_at_most() {
        for (status, fitting) in [
            (AccountStatus::Pending, invite_again(false)),
            (AccountStatus::Active, Answer::SayActive),
            (AccountStatus::Disabled, Answer::SayDisabled),
        ] {
            for (messages_in_last_hour, expected) in [(4, fitting), (5, Answer::Nothing), (6, Answer::Nothing)] {
                let known = KnownAccount { messages_in_last_hour, ..account(status) };
                assert_eq!(answer(Some(&known), false, LATER), expected, "{status:?}");
            }
        }
    }

    #[test]
    fn seed_is_requested_when_it_is_a_new_wish() {
        for (seed, also_seed) in [
            (SeedStatus::NotRequired, true),
            (SeedStatus::Requested, false),
            (SeedStatus::LicenceAssigned, false),
            (SeedStatus::OnboardingInProgress, false),
            (SeedStatus::Onboarded, false),
            (SeedStatus::Expired, true),
            (SeedStatus::Ineligible, false),
        ] {
            let known = KnownAccount { seed, ..account(AccountStatus::Pending) };
            let soon = CREATED + Duration::SECOND;
            let quiet = if also_seed { Answer::SeedOnly } else { Answer::Nothing };
            assert_eq!(answer(Some(&known), true, LATER), invite_again(also_seed));
            assert_eq!(answer(Some(&known), false, LATER), invite_again(false));
            assert_eq!(answer(Some(&known), true, soon), quiet, "{seed:?}");
            assert_eq!(answer(Some(&known), false, soon), Answer::Nothing);
        }
    }

    #[test]
    fn a_new_seed_wish_is_kept_although_the_hour_is_full() {
        let known = KnownAccount { messages_in_last_hour: MESSAGES_PER_HOUR, ..account(AccountStatus::Pending) };
        assert_eq!(answer(Some(&known), true, LATER), Answer::SeedOnly);
    }

    #[test]
    fn active_and_disabled_accounts_get_no_seed_from_a_stranger() {
        for status in [AccountStatus::Active, AccountStatus::Disabled] {
            let given = answer(Some(&account(status)), true, CREATED);
            assert_eq!(given, Answer::Nothing, "{status:?}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_written_to_twice_within_a_minute_but_for_a_new_seed_wish(
            status in proptest::sample::select(&AccountStatus::ALL[..3]),
            seed in proptest::sample::select(&SeedStatus::ALL[..]),
            seed_wished: bool,
            messages_in_last_hour in 0_u32..10,
            seconds in 0_i64..60,
        ) {
            let known = KnownAccount { seed, messages_in_last_hour, ..account(status) };
            let given = answer(Some(&known), seed_wished, CREATED + Duration::seconds(seconds));
            let is_new_wish = seed_wished && seed.may_be_requested();
            if status == AccountStatus::Pending && is_new_wish {
                prop_assert_eq!(given, Answer::SeedOnly);
            } else {
                prop_assert_eq!(given, Answer::Nothing);
            }
        }
    }
}
