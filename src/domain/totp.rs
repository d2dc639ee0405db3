//! Codes of an authenticator app: SHA-1, six digits, a new one every 30 seconds (RFC 6238), which is what every app can do.

use time::OffsetDateTime;
use totp_rs::{Builder, Totp};

/// How many bytes a secret has: as many as the hash that it goes into (RFC 4226 §4 R6).
pub const SECRET_BYTES: usize = 20;

/// Seconds for which a code stands.
pub const STEP: i64 = 30;

/// What the app calls us.
const ISSUER: &str = "TechPass";

/// The secret that an authenticator app shares with us.
#[derive(Clone)]
pub struct TotpSecret(Totp);

impl TotpSecret {
    /// A secret, and whose it is.
    ///
    /// # Panics
    /// Never: every secret of this length and every TechPass ID will do.
    #[must_use]
    pub fn new(secret: &[u8; SECRET_BYTES], techpass_id: &str) -> Self {
        let builder = Builder::new().with_secret(secret.to_vec()).with_issuer(Some(ISSUER)).with_skew(1);
        // A colon would end the name in the app's address.
        let built = builder.with_account_name(techpass_id.replace(':', "")).build();
        Self(built.unwrap_or_else(|_| unreachable!("a secret of 20 bytes and a name without colons")))
    }

    /// The step that a code belongs to: that of now, the one before or the one after. Whether it was used is not known here.
    #[must_use]
    pub fn matching_step(&self, code: &str, now: OffsetDateTime) -> Option<i64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        let is_code = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = u64::try_from(now.unix_timestamp()).ok().filter(|_| is_code)?;
        i64::try_from(self.0.check(&code, seconds)?).ok()
    }

    /// The code of a moment, for tests and the person's app.
    #[must_use]
    pub fn code(&self, at: OffsetDateTime) -> String {
        self.0.generate(u64::try_from(at.unix_timestamp()).unwrap_or(0)).to_string()
    }

    /// The secret to type, in groups of four letters.
    #[must_use]
    pub fn typed_key(secret: &[u8; SECRET_BYTES]) -> String {
        let text = totp_rs::Secret::from(secret.to_vec()).to_base32();
        let letters: Vec<char> = text.chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    /// The secret as a picture that an app reads, in PNG.
    #[must_use]
    pub fn qr_png(&self) -> Vec<u8> {
        self.0.to_qr_png().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{SECRET_BYTES, STEP, TotpSecret};
    use time::{Duration, OffsetDateTime};

    const SECRET: [u8; SECRET_BYTES] = *b"12345678901234567890";

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    /// RFC 6238, appendix B, the rows of SHA-1; six of the eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = TotpSecret::new(&SECRET, "ana@techpass.gov.sg");
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code(at(seconds)), code);
            assert_eq!(secret.matching_step(code, at(seconds)), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_further() {
        let secret = TotpSecret::new(&SECRET, "ana@techpass.gov.sg");
        let now = at(1_234_567_890);
        for (steps, is_taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let moment = now + Duration::seconds(steps * STEP);
            let step = secret.matching_step(&secret.code(moment), now);
            assert_eq!(step.is_some(), is_taken, "{steps} steps");
            assert!(step.is_none_or(|step| step == moment.unix_timestamp() / STEP));
        }
    }

    #[test]
    fn what_is_no_code_is_none() {
        let secret = TotpSecret::new(&SECRET, "ana@techpass.gov.sg");
        for text in ["", "28708", "2870820", "28708a", "२८७०८२", "000000"] {
            assert_eq!(secret.matching_step(text, at(59)), None, "{text:?}");
        }
        assert!(secret.matching_step(" 287 082 ", at(59)).is_some());
    }

    #[test]
    fn the_key_to_type_is_in_groups_of_four() {
        assert_eq!(TotpSecret::typed_key(&SECRET), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(TotpSecret::new(&SECRET, "a:b@techpass.gov.sg").qr_png().starts_with(b"\x89PNG"));
    }
}
