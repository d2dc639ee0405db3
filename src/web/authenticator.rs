//! Setting an authenticator app up: the picture, the key to type, and the first code (docs/rules.md §4.3). Asked for by more than one
//! journey (`templates/components/authenticator.html`); what each does with the new authenticator is its own business.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use super::{error::WebError, way::Way};
use crate::{
    app::App,
    domain::{
        codes::parse_sms_code,
        person::Person,
        sitting::Sitting,
        totp::{SECRET_BYTES, TotpSecret},
    },
    keys::Purpose,
    store::{audit::Event, credentials::Authenticator},
};

/// What is said about what cannot be a code of an app.
pub const SIX_DIGITS: &str = "Enter the six digits that your app shows";

/// What an authenticator is called in lists, until its person calls it something else.
pub const NAME: &str = "Authenticator app";

/// An authenticator that is being set up. Its secret and its id follow from the sitting and from its number among all that the
/// account ever had: reloading the page shows the same picture, a double click adds it once, nothing is stored before the first
/// code is right, and none comes twice.
pub struct SetUp<'a> {
    app: &'a App,
    sitting: &'a Sitting,
    number: i32,
    techpass_id: String,
}

/// What the page shows.
pub struct Shown {
    /// Whose account the app is to name.
    pub techpass_id: String,
    /// The key, for typing.
    pub typed_key: String,
    /// The key, for scanning: a PNG as Base64.
    pub picture: String,
}

impl<'a> SetUp<'a> {
    /// The authenticator of this number, of somebody at their browser.
    pub fn of(app: &'a App, person: &Person, sitting: &'a Sitting, number: i32) -> Self {
        Self { app, sitting, number, techpass_id: person.techpass_id() }
    }

    /// What the page shows.
    pub fn shown(&self) -> Shown {
        let secret = self.secret();
        Shown {
            techpass_id: self.techpass_id.clone(),
            typed_key: TotpSecret::typed_key(&secret),
            picture: BASE64_STANDARD.encode(TotpSecret::new(&secret, &self.techpass_id).qr_png()),
        }
    }

    /// The step that a first code belongs to, or what is wrong with the code, in words for beside the field. A wrong one is written
    /// down.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn first_step(&self, way: &Way<'_>, code: &str) -> Result<Result<i64, &'static str>, WebError> {
        if parse_sms_code(code).is_none() {
            return Ok(Err(SIX_DIGITS));
        }
        if let Some(step) = TotpSecret::new(&self.secret(), &self.techpass_id).matching_step(code, way.now) {
            return Ok(Ok(step));
        }
        let (mut connection, of) = (way.app.pool.acquire().await?, json!({"of": "new authenticator"}));
        way.note_in_vain(&mut connection, self.sitting.account, Event::CodeWrong, of).await?;
        Ok(Err(
            "The code is not right. Check that the clock of your phone is right, and type the code that your app shows now",
        ))
    }

    /// The new authenticator, for the store.
    pub fn authenticator(&self) -> Authenticator {
        let mut id = [0; 16];
        id.copy_from_slice(&self.mac(b"id")[..16]);
        let id = uuid::Builder::from_random_bytes(id).into_uuid();
        Authenticator { id, secret: self.app.keys.seal(&*self.app.chance, id.as_bytes(), &self.secret()) }
    }

    fn secret(&self) -> [u8; SECRET_BYTES] {
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(&self.mac(b"secret")[..SECRET_BYTES]);
        secret
    }

    fn mac(&self, what: &[u8]) -> [u8; 32] {
        let began = self.sitting.began_at.unix_timestamp_nanos().to_le_bytes();
        let parts: [&[u8]; 4] = [what, self.sitting.account.as_bytes(), &began, &self.number.to_le_bytes()];
        self.app.keys.mac(Purpose::NewAuthenticator, &parts)
    }
}
