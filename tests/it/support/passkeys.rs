//! A device that makes and uses passkeys, and what people do with it.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use passkey::{
    authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod},
    client::{Client, DefaultClientData},
    crypto::rust_crypto::RustCryptoBackend,
    types::{Passkey, ctap2::Aaguid, ctap2::Ctap2Error},
};
use portal::{
    domain::passkey::PasskeyName,
    passkeys::{MadeAnswer, Owner},
    store::passkeys::{self, NewPasskey},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{Page, Portal, Visitor};

/// The page of those who are signed in.
pub const PASSKEYS: &str = "/account/security/passkeys";

/// Where adding one leads.
pub const ADDED: &str = "/account/security/passkeys?done=added";

/// Somebody who puts their finger on it whenever they are asked to.
struct Finger;

#[async_trait::async_trait]
impl UserValidationMethod for Finger {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        _: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification })
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }
}

/// A device with room for one passkey, which counts how often it is used.
pub struct Device {
    passkey: Option<Passkey>,
    origin: Url,
}

impl Device {
    /// A new one, in a browser that has the portal open.
    pub fn at(portal: &Portal) -> Self {
        Self { passkey: None, origin: portal.app.config.base_url.clone() }
    }

    fn authenticator(&mut self) -> Authenticator<Option<Passkey>, Finger, RustCryptoBackend> {
        let mut inside = Authenticator::new(Aaguid::new_empty(), self.passkey.take(), Finger, RustCryptoBackend);
        inside.set_make_credentials_with_signature_counter(true);
        inside
    }

    /// Makes a passkey, as it is asked to; gives what the script puts into the form.
    pub async fn makes(&mut self, options: &Value) -> String {
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let made = client.register(&self.origin, read(options), DefaultClientData).await.expect("a passkey");
        self.passkey = client.authenticator_mut().store_mut().take();
        serde_json::to_string(&made).expect("JSON")
    }

    /// Uses its passkey, as it is asked to; gives what the script puts into the form.
    pub async fn uses(&mut self, options: &Value) -> String {
        let mut options = options.clone();
        // This library takes an empty list for "none of them".
        let object = options.as_object_mut().expect("options");
        object.retain(|name, value| name != "allowCredentials" || *value != json!([]));
        let mut client = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let used = client.authenticate(&self.origin, read(&options), DefaultClientData).await.expect("an answer");
        self.passkey = client.authenticator_mut().store_mut().take();
        serde_json::to_string(&used).expect("JSON")
    }

    /// From now on counts as a copy of it would that was made some uses ago.
    pub fn counts_back(&mut self, uses: u32) {
        let passkey = self.passkey.as_mut().expect("a passkey");
        passkey.counter = passkey.counter.map(|counter| counter - uses);
    }

    /// Another one that keeps its passkey in many places, and so cannot count.
    pub fn stops_counting(&mut self) {
        self.passkey.as_mut().expect("a passkey").counter = None;
    }
}

fn read<T: DeserializeOwned>(options: &Value) -> T {
    serde_json::from_value(json!({"publicKey": options})).expect("options as the standard has them")
}

/// Asks the portal what to ask the browser, as the script of the form that goes to this address does.
pub async fn asks(visitor: &Visitor, page: &Page, action: &str) -> Page {
    let form = page.form_to(action);
    visitor.posts(&format!("{action}/options"), &form.fields).await
}

/// What the portal wants the browser to be asked.
pub fn options(answer: &Page) -> Value {
    serde_json::from_str(&answer.is(200).body).expect("options")
}

/// Sends the form that goes to this address, with what the script has put in.
pub async fn sends(visitor: &Visitor, page: &Page, action: &str, credential: &str) -> Page {
    let mut fields = page.form_to(action).fields;
    fields.iter_mut().find(|(name, _)| name == "credential").expect("the field").1 = credential.to_owned();
    visitor.posts(action, &fields).await
}

/// What a device calls the passkey that it has made.
pub fn credential_id(credential: &str) -> Vec<u8> {
    let credential: Value = serde_json::from_str(credential).expect("JSON");
    BASE64_URL_SAFE_NO_PAD.decode(credential["rawId"].as_str().expect("an id")).expect("Base64")
}

/// Adds a passkey on the page of those who are signed in; gives the device that has it.
pub async fn adds(portal: &Portal, visitor: &Visitor) -> Device {
    let mut device = Device::at(portal);
    let page = visitor.opens(PASSKEYS).await;
    let credential = device.makes(&options(&asks(visitor, &page, PASSKEYS).await)).await;
    sends(visitor, &page, PASSKEYS, &credential).await.leads_to(ADDED);
    device
}

/// Signs in with the passkey of a device and nothing else; gives the answer.
pub async fn signs_in_with(visitor: &Visitor, device: &mut Device) -> Page {
    let page = visitor.opens("/sign-in").await;
    let credential = device.uses(&options(&asks(visitor, &page, "/sign-in/passkey").await)).await;
    sends(visitor, &page, "/sign-in/passkey", &credential).await
}

/// Gives the account of an address a passkey, as if it had been added on a page.
pub async fn has_one(portal: &Portal, email: &str) -> (Device, Uuid) {
    let account: Uuid = sqlx::query_scalar("select id from accounts where email = $1")
        .bind(email)
        .fetch_one(&portal.database)
        .await
        .expect("an account");
    let party = portal.app.passkeys.as_ref().expect("passkeys are on");
    let owner = Owner { account, techpass_id: email, name: email };
    let question = party.ask_to_make(owner, &[]).expect("a question");
    let mut device = Device::at(portal);
    let answer = MadeAnswer::parse(&device.makes(&question.options).await).expect("an answer");
    let made = party.check_made(&answer, &question.asked).expect("a passkey");
    let id = portal.app.chance.id(portal.now());
    let name = PasskeyName::parse("Security key").expect("a name");
    let passkey =
        NewPasskey { id, account, credential_id: &made.credential_id, name: &name, credential: &made.credential };
    let mut connection = portal.database.acquire().await.expect("a connection");
    assert!(passkeys::add(&mut connection, &passkey, portal.now()).await.expect("an answer"));
    (device, id)
}

/// Notes in every session of an account that its person has just proved anew who they are.
pub async fn confirms(portal: &Portal, email: &str) {
    let query = "update sessions set content = jsonb_set(content, '{sitting,confirmed_at}', to_jsonb($2::bigint))
                  where account_id = (select id from accounts where email = $1)";
    let now = i64::try_from(portal.now().unix_timestamp_nanos() / 1_000).expect("microseconds");
    let done = sqlx::query(query).bind(email).bind(now).execute(&portal.database).await.expect("an update");
    assert!(done.rows_affected() > 0, "{email} has no session");
}
