//! Codes that people read and type: those that recover an account, and those that come by SMS.

/// How many recovery codes there are (docs/rules.md §4.4).
pub const RECOVERY_CODES: usize = 10;

/// How many random bytes a recovery code is made of.
pub const RECOVERY_BYTES: usize = 10;

/// How many digits an SMS code has (docs/rules.md §4.5).
pub const SMS_DIGITS: usize = 6;

/// Letters and digits that nobody takes for each other.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A recovery code: sixteen letters and digits in groups of four, joined by dashes.
#[must_use]
pub fn recovery_code(bytes: &[u8; RECOVERY_BYTES]) -> String {
    let mut bits = bytes.iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let mut letters = Vec::new();
    for _ in 0..16 {
        letters.push(char::from(ALPHABET[usize::try_from(bits % 32).unwrap_or(0)]));
        bits /= 32;
    }
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// A recovery code as it was typed, in the form that it is kept in: without dashes and spaces, in capitals.
#[must_use]
pub fn plain_recovery_code(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).take(64).collect()
}

/// A code by SMS: six digits.
#[must_use]
pub fn sms_code(bytes: [u8; 8]) -> String {
    // The bias of the remainder is below one in a trillion.
    format!("{:06}", u64::from_le_bytes(bytes) % 1_000_000)
}

/// A code by SMS as it was typed; none if it cannot be one.
#[must_use]
pub fn parse_sms_code(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    (digits.len() == SMS_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// What a code of an app, or a recovery code, comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeUse {
    /// It is right, and is used up now.
    Right,
    /// It was right, and is used up.
    Used,
    /// It is wrong.
    Wrong,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_recovery_code_is_in_groups_that_can_be_read_out() {
        assert_eq!(recovery_code(&[0; RECOVERY_BYTES]), "2222-2222-2222-2222");
        assert_eq!(recovery_code(&[0xff; RECOVERY_BYTES]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(plain_recovery_code(" 2222-zzzz 2222–2222 "), "2222ZZZZ22222222");
    }

    #[test]
    fn an_sms_code_has_six_digits() {
        assert_eq!(sms_code([0; 8]), "000000");
        assert_eq!(parse_sms_code(" 012 345 "), Some("012345".to_owned()));
        for text in ["", "12345", "1234567", "12345a", "१२३४५६"] {
            assert_eq!(parse_sms_code(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_two_random_numbers_make_the_same_code(a: [u8; RECOVERY_BYTES], b: [u8; RECOVERY_BYTES]) {
            prop_assert_eq!(a == b, recovery_code(&a) == recovery_code(&b));
        }

        #[test]
        fn every_sms_code_can_be_typed(bytes: [u8; 8]) {
            let code = sms_code(bytes);
            prop_assert_eq!(parse_sms_code(&code), Some(code));
        }
    }
}
