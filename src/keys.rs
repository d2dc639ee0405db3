//! What is derived from the secret key: signatures, keyed hashes and encryption. The key itself goes nowhere else.
//!
//! Each use has its own key, derived by HMAC from the secret and a label, so that a value made for one purpose is worth
//! nothing for another. A second, previous secret is accepted when reading, never used for writing: keys can be rotated.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::chance::Chance;

/// How many bytes a secret key has at least.
pub const SECRET_KEY_BYTES: usize = 32;

const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;

/// What a signature or a keyed hash is for. One made for one purpose does not pass for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The pair of cookie and hidden field of a form.
    Csrf,
    /// The proof of work that stands behind "I'm not a robot".
    Captcha,
    /// The solution of a proof of work, kept so that checking costs next to nothing.
    CaptchaSolution,
    /// Naming an address or a network in a counter without storing it.
    Budget,
    /// Telling one filled-in form from another.
    FormFingerprint,
    /// The secret of an authenticator that is being set up: nothing is stored before its first code is right.
    NewAuthenticator,
    /// Recovery codes that an earlier version made.
    RecoveryCode,
    /// Codes by SMS.
    SmsCode,
    /// The seals of the audit trail.
    AuditSeal,
    /// The cookie by which a browser is known again.
    BrowserCookie,
    /// Naming that cookie in the list of those that an account knows.
    KnownBrowser,
}

impl Purpose {
    const ALL: [Self; 11] = [
        Self::Csrf,
        Self::Captcha,
        Self::CaptchaSolution,
        Self::Budget,
        Self::FormFingerprint,
        Self::NewAuthenticator,
        Self::RecoveryCode,
        Self::SmsCode,
        Self::AuditSeal,
        Self::BrowserCookie,
        Self::KnownBrowser,
    ];

    fn label(self) -> &'static [u8] {
        match self {
            Self::Csrf => b"portal csrf 1",
            Self::Captcha => b"portal captcha 1",
            Self::CaptchaSolution => b"portal captcha solution 1",
            Self::Budget => b"portal budget 1",
            Self::FormFingerprint => b"portal form fingerprint 1",
            Self::NewAuthenticator => b"portal new authenticator 1",
            Self::RecoveryCode => b"portal recovery code 1",
            Self::SmsCode => b"portal sms code 1",
            Self::AuditSeal => b"portal audit seal 1",
            Self::BrowserCookie => b"portal browser cookie 1",
            Self::KnownBrowser => b"portal known browser 1",
        }
    }
}

/// Something encrypted was not made with our keys, or was changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this was not encrypted with one of our keys, or was changed since")]
pub struct CannotOpen;

/// All keys, derived once at start.
pub struct Keys {
    current: KeySet,
    previous: Option<KeySet>,
}

struct KeySet {
    id: [u8; KEY_ID_BYTES],
    cipher: Aes256Gcm,
    macs: [Hmac<Sha256>; Purpose::ALL.len()],
}

impl Keys {
    /// Derives the keys from the current secret, and from the previous one where there is one.
    pub fn new(current: &SecretBox<[u8]>, previous: Option<&SecretBox<[u8]>>) -> Self {
        Self { current: KeySet::derive(current), previous: previous.map(KeySet::derive) }
    }

    /// What tells the current key from others, without saying anything about it. It stands before all that is encrypted with it.
    pub fn current_id(&self) -> &[u8] {
        &self.current.id
    }

    /// The same of the previous key, where there is one.
    pub fn previous_id(&self) -> Option<&[u8]> {
        self.previous.as_ref().map(|keys| keys.id.as_slice())
    }

    /// The keyed hash (HMAC-SHA256) of `parts`, for `purpose`. The parts cannot run into each other.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.current.mac(purpose, parts)
    }

    /// The keyed hashes of `parts` under every key that is still accepted, the current one first: to find what was stored before
    /// the keys were changed.
    pub fn macs(&self, purpose: Purpose, parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let made_by = |keys: &KeySet| keys.mac(purpose, parts).to_vec();
        std::iter::once(&self.current).chain(&self.previous).map(made_by).collect()
    }

    /// Whether `mac` is the keyed hash of `parts` for `purpose`, under the current or the previous key.
    pub fn is_mac(&self, purpose: Purpose, parts: &[&[u8]], mac: &[u8]) -> bool {
        let made_by = |keys: &KeySet| bool::from(keys.mac(purpose, parts).as_slice().ct_eq(mac));
        made_by(&self.current) || self.previous.as_ref().is_some_and(made_by)
    }

    /// Secrets of a purpose as text, for libraries that want to sign by themselves: the current one, then the previous.
    pub fn texts(&self, purpose: Purpose) -> impl Iterator<Item = String> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .map(move |keys| hex::encode(keys.mac(purpose, &[b"as text"])))
    }

    /// Encrypts `plain` (AES-256-GCM). `context` is not hidden but must be the same when it is opened: it ties the secret
    /// to its place, so that one row's cannot be moved to another.
    pub fn seal(&self, chance: &dyn Chance, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = chance.bytes::<NONCE_BYTES>();
        let sealed = self
            .current
            .cipher
            .encrypt((&nonce).into(), Payload { msg: plain, aad: context })
            .expect("AES-GCM encrypts whatever fits into memory");
        [self.current.id.as_slice(), &nonce, &sealed].concat()
    }

    /// Decrypts what [`Keys::seal`] made, with the key that it names.
    ///
    /// # Errors
    /// [`CannotOpen`] if the key is unknown, the context another, or a byte was changed.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_BYTES).ok_or(CannotOpen)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(CannotOpen)?;
        let keys = std::iter::once(&self.current).chain(&self.previous).find(|keys| keys.id == id).ok_or(CannotOpen)?;
        keys.cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: context }).map_err(|_| CannotOpen)
    }
}

impl KeySet {
    fn derive(secret: &SecretBox<[u8]>) -> Self {
        let derive = |label: &[u8]| -> [u8; 32] {
            let mut mac = keyed(secret.expose_secret());
            mac.update(label);
            mac.finalize().into_bytes().into()
        };
        let encryption = derive(b"portal encryption 1");
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&derive(b"portal key id 1")[..KEY_ID_BYTES]);
        Self {
            id,
            cipher: Aes256Gcm::new(&encryption.into()),
            macs: Purpose::ALL.map(|purpose| keyed(&derive(purpose.label()))),
        }
    }

    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.macs[purpose as usize].clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// The SHA-256 of a token: what the database keeps instead of it (design rule: only hashes of tokens are stored).
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    fn secret(byte: u8) -> SecretBox<[u8]> {
        SecretBox::new(vec![byte; SECRET_KEY_BYTES].into_boxed_slice())
    }

    fn chance() -> Box<dyn Chance> {
        Box::new(SeededChance::new(7))
    }

    #[test]
    fn what_was_sealed_is_opened_by_the_same_keys_in_the_same_place() {
        let keys = Keys::new(&secret(1), None);
        let sealed = keys.seal(&*chance(), b"row 1", b"the link");
        assert_eq!(keys.open(b"row 1", &sealed).as_deref(), Ok(b"the link".as_slice()));
        assert_eq!(keys.open(b"row 2", &sealed), Err(CannotOpen));
    }

    #[test]
    fn a_changed_byte_or_a_stranger_s_key_opens_nothing() {
        let keys = Keys::new(&secret(1), None);
        let sealed = keys.seal(&*chance(), b"", b"the link");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(keys.open(b"", &changed), Err(CannotOpen), "byte {at}");
        }
        assert_eq!(Keys::new(&secret(2), None).open(b"", &sealed), Err(CannotOpen));
        assert_eq!(keys.open(b"", b""), Err(CannotOpen));
    }

    #[test]
    fn the_previous_key_still_reads_and_no_longer_writes() {
        let old = Keys::new(&secret(1), None);
        let rotated = Keys::new(&secret(2), Some(&secret(1)));
        let sealed = old.seal(&*chance(), b"", b"the link");
        assert!(rotated.open(b"", &sealed).is_ok());
        assert!(rotated.is_mac(Purpose::Csrf, &[b"x"], &old.mac(Purpose::Csrf, &[b"x"])));
        assert_eq!(old.open(b"", &rotated.seal(&*chance(), b"", b"new")), Err(CannotOpen));
        assert!(!old.is_mac(Purpose::Csrf, &[b"x"], &rotated.mac(Purpose::Csrf, &[b"x"])));
    }

    #[test]
    fn a_signature_for_one_purpose_or_another_split_of_the_parts_does_not_pass() {
        let keys = Keys::new(&secret(1), None);
        let mac = keys.mac(Purpose::Csrf, &[b"ab", b"c"]);
        assert!(keys.is_mac(Purpose::Csrf, &[b"ab", b"c"], &mac));
        assert!(!keys.is_mac(Purpose::Budget, &[b"ab", b"c"], &mac));
        assert!(!keys.is_mac(Purpose::Csrf, &[b"a", b"bc"], &mac));
        assert!(!keys.is_mac(Purpose::Csrf, &[b"ab", b"c"], &mac[..31]));
    }
}
