//! How many second factors an account has to keep, and how many it may have (docs/rules.md §4.19). How one is proven is not to be
//! put here.

/// The most authenticator apps that an account may have: a phone, a tablet, a spare one, and room to change them.
pub const MOST_AUTHENTICATORS: usize = 5;

/// Whether another authenticator app may be added.
#[must_use]
pub const fn may_add_authenticator(authenticators: usize) -> bool {
    authenticators < MOST_AUTHENTICATORS
}

/// Whether one of so many second factors, of whatever kind, may be removed: never the last one.
#[must_use]
pub const fn may_remove_one(second_factors: usize) -> bool {
    second_factors > 1
}

#[cfg(test)]
mod tests {
    use super::{may_add_authenticator, may_remove_one};

    #[test]
    fn there_are_five_authenticators_at_most_and_never_none() {
        for (count, may_add, may_remove) in
            [(0, true, false), (1, true, false), (2, true, true), (4, true, true), (5, false, true), (6, false, true)]
        {
            assert_eq!((may_add_authenticator(count), may_remove_one(count)), (may_add, may_remove), "{count}");
        }
    }
}
