//! Passkeys over HTTP, with a device of the tests' own: added, used alone and as the second factor, and in the place of a phone
//! (docs/rules.md §4.6, §4.6a, §4.12a).

mod added;
mod in_place_of_phone;
mod second_factor;
mod switched_off;
mod used_alone;
