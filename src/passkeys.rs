//! Passkeys (WebAuthn): what a browser is asked, and whether what it answers is right. Where a question is kept until the answer
//! comes is `web::ceremony`'s business; what an answer opens is the journeys'.
//!
//! The library makes its challenges from the operating system's randomness and not from `Chance`.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Webauthn, WebauthnBuilder, WebauthnError,
};

/// What browsers and devices call us.
const NAME: &str = "TechPass";

/// The portal as the one to whom passkeys belong. Their home is the host of its address, for good: under another host none of
/// them works.
pub struct RelyingParty(Webauthn);

/// What a browser is asked: the options for it, and what has to be known when it answers.
#[derive(Debug)]
pub struct Question {
    /// The options, as JSON.
    pub options: Value,
    /// What stands in them to be signed.
    pub challenge: String,
    /// For the check of the answer.
    pub asked: Asked,
}

/// What has to be known when the answer comes.
#[derive(Debug, Serialize, Deserialize)]
pub enum Asked {
    /// To make a passkey.
    ToMake(PasskeyRegistration),
    /// To use one.
    ToUse(DiscoverableAuthentication),
}

/// For whom a passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Their account: also the handle that the device keeps.
    pub account: Uuid,
    /// What they sign in with.
    pub techpass_id: &'a str,
    /// What they are called.
    pub name: &'a str,
}

/// A passkey that a device has just made.
#[derive(Debug)]
pub struct Made {
    /// What the device calls it.
    pub credential_id: Vec<u8>,
    /// What has to be kept of it.
    pub credential: Value,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The device did not check who holds it.
    #[error("the device did not verify its user")]
    Unverified,
    /// It is right, but its counter is not higher than the last one: there may be two of this key.
    #[error("the counter went back")]
    CounterWentBack,
    /// It does not answer what was asked.
    #[error("the answer does not fit")]
    Unfit,
}

impl RelyingParty {
    /// The portal at this address. None where its host is an IP address: browsers take passkeys for names only.
    pub fn at(base_url: &Url) -> Option<Self> {
        let builder = WebauthnBuilder::new(base_url.domain()?, base_url).ok()?;
        builder.rp_name(NAME).build().ok().map(Self)
    }

    /// Asks a device to make a passkey and to keep it so that it finds it without being told an ID. A device that has one of the
    /// `known` ones makes no other.
    ///
    /// # Errors
    /// [`WebauthnError`] if the owner has no name.
    pub fn ask_to_make(&self, owner: Owner<'_>, known: &[Vec<u8>]) -> Result<Question, WebauthnError> {
        let known = known.to_vec();
        let (asks, asked) =
            self.0.start_passkey_registration(owner.account, owner.techpass_id, owner.name, Some(known))?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(&asks.public_key.challenge);
        let mut options = json!(asks.public_key);
        // The library would rather have the key forgotten by the device; then nobody could sign in with the passkey alone.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok(Question { options, challenge, asked: Asked::ToMake(asked) })
    }

    /// Asks a device to use one of these passkeys, or, where there are none, any that it has for us.
    ///
    /// # Errors
    /// [`WebauthnError`] does not come about.
    pub fn ask_to_use(&self, allowed: &[Vec<u8>]) -> Result<Question, WebauthnError> {
        let (asks, asked) = self.0.start_discoverable_authentication()?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(&asks.public_key.challenge);
        let mut options = json!(asks.public_key);
        options["allowCredentials"] =
            allowed.iter().map(|id| json!({"type": "public-key", "id": BASE64_URL_SAFE_NO_PAD.encode(id)})).collect();
        Ok(Question { options, challenge, asked: Asked::ToUse(asked) })
    }

    /// Checks a passkey that was made.
    ///
    /// # Errors
    /// [`Wrong`] says why it does not count.
    pub fn check_made(&self, answer: &MadeAnswer, asked: &Asked) -> Result<Made, Wrong> {
        let Asked::ToMake(asked) = asked else { return Err(Wrong::Unfit) };
        let passkey = self.0.finish_passkey_registration(&answer.0, asked).map_err(|error| wrong(&error))?;
        Ok(Made { credential_id: passkey.cred_id().to_vec(), credential: json!(passkey) })
    }

    /// Checks that an answer was given by this passkey; gives what has to be kept of the passkey from now on.
    ///
    /// # Errors
    /// [`Wrong`] says why it does not count.
    pub fn check_used(&self, answer: &UsedAnswer, asked: Asked, credential: &Value) -> Result<Value, Wrong> {
        let Asked::ToUse(asked) = asked else { return Err(Wrong::Unfit) };
        let mut passkey = Passkey::deserialize(credential).map_err(|_| Wrong::Unfit)?;
        let result = self.0.finish_discoverable_authentication_v2(&answer.0, asked, &passkey);
        let result = result.map_err(|error| wrong(&error))?;
        passkey.update_credential(&result);
        Ok(json!(passkey))
    }
}

fn wrong(error: &WebauthnError) -> Wrong {
    tracing::info!(%error, "a passkey was refused");
    match error {
        WebauthnError::UserNotVerified => Wrong::Unverified,
        WebauthnError::CredentialPossibleCompromise => Wrong::CounterWentBack,
        _ => Wrong::Unfit,
    }
}

/// What a browser answers that was asked to make a passkey.
#[derive(Debug)]
pub struct MadeAnswer(RegisterPublicKeyCredential);

impl MadeAnswer {
    /// Takes what the script put into the form.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// What was signed, as the browser says.
    pub fn challenge(&self) -> Option<String> {
        challenge(&self.0.response.client_data_json)
    }

    /// What the device calls the passkey, as the browser says.
    pub fn credential_id(&self) -> &[u8] {
        &self.0.raw_id
    }
}

/// What a browser answers that was asked to use a passkey.
#[derive(Debug)]
pub struct UsedAnswer(PublicKeyCredential);

impl UsedAnswer {
    /// Takes what the script put into the form.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// What was signed, as the browser says.
    pub fn challenge(&self) -> Option<String> {
        challenge(&self.0.response.client_data_json)
    }

    /// Which passkey it was.
    pub fn credential_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// For which account the device keeps it. A device that was told which passkeys to use need not say.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.0.get_user_unique_id()
    }
}

/// The challenge in what the browser had signed (WebAuthn §5.8.1).
fn challenge(client_data: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ClientData {
        challenge: String,
    }
    serde_json::from_slice::<ClientData>(client_data).ok().map(|data| data.challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner { account: Uuid::from_u128(7), techpass_id: "ana@techpass.gov.sg", name: "Ana Lim" };

    fn party() -> RelyingParty {
        RelyingParty::at(&Url::parse("https://portal.techpass.gov.sg").expect("an address")).expect("a name")
    }

    #[test]
    fn passkeys_belong_to_a_name_and_never_to_an_ip_address() {
        let at = |address: &str| RelyingParty::at(&Url::parse(address).expect("an address")).is_some();
        for name in ["https://portal.techpass.gov.sg", "http://localhost:8080", "https://portal.example:8443"] {
            assert!(at(name), "{name}");
        }
        for address in ["http://127.0.0.1:8080", "https://10.0.0.1", "http://[::1]:8080"] {
            assert!(!at(address), "{address}");
        }
    }

    #[test]
    fn a_device_is_asked_to_keep_the_passkey_and_to_check_who_holds_it() {
        let question = party().ask_to_make(OWNER, &[vec![1, 2, 3]]).expect("a question");
        let options = &question.options;
        assert_eq!(options["rp"], json!({"id": "portal.techpass.gov.sg", "name": "TechPass"}));
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["excludeCredentials"][0]["id"], "AQID");
        assert_eq!(options["challenge"], json!(question.challenge));
    }

    #[test]
    fn signing_in_alone_names_nobody_s_passkeys() {
        let question = party().ask_to_use(&[]).expect("a question");
        assert_eq!(question.options["allowCredentials"], json!([]));
        assert_eq!(question.options["userVerification"], "required");
        let question = party().ask_to_use(&[vec![1, 2, 3]]).expect("a question");
        assert_eq!(question.options["allowCredentials"], json!([{"type": "public-key", "id": "AQID"}]));
    }

    #[test]
    fn what_is_asked_outlives_being_stored() {
        for question in [party().ask_to_make(OWNER, &[]), party().ask_to_use(&[])] {
            let stored = serde_json::to_value(question.expect("a question").asked).expect("JSON");
            assert!(serde_json::from_value::<Asked>(stored).is_ok());
        }
    }

    #[test]
    fn what_no_browser_answers_is_no_answer() {
        for text in ["", "{}", "null", "[]", "{\"id\":1}", "not JSON"] {
            assert!(MadeAnswer::parse(text).is_none() && UsedAnswer::parse(text).is_none(), "{text}");
        }
    }
}
