//! Carrying out a sign-up: a new account with its e-mails, or what fits an address that is known (docs/rules.md §2.13).
//!
//! Nobody who looks on learns which of them it was: only the owner of the mailbox does.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::App,
    domain::{
        account::activation_ends,
        device::Device,
        email_address::EmailAddress,
        seed::{SEED_EMAIL_VALIDITY, SeedStatus},
        sign_up::{Answer, KnownAccount, answer},
    },
    keys::{Purpose, token_hash},
    messages::{
        AccountDisabled, AlreadyActive, Message, SENT_BY_SIGN_UP, SeedOnboarding, TechPassOnboarding,
        techpass_onboarding::SeedNote,
    },
    store::{
        StoreError, accounts,
        outbox::NewMessage,
        sign_up::{self as store, Again, NewAccount, NewLink, UsedProof, Written},
    },
    web::{captcha::Proof, observe::RequestId},
};

/// A sign-up that the rules allow.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who signs up.
    pub email: EmailAddress,
    /// From what.
    pub device: Device,
    /// What becomes of the wish for SEED.
    pub seed: SeedWish,
}

/// The wish for SEED, after the rules have spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeedWish {
    /// There is none.
    No,
    /// It is fulfilled.
    Yes,
    /// It cannot be fulfilled at this domain; the person is told.
    NotOffered,
}

/// Carries it out, once for each proof of work.
///
/// # Errors
/// [`StoreError`] if the database does not answer. Then it may have been done or not, and asking again does no harm.
pub async fn carry_out(
    app: &App,
    request: &Request,
    proof: Option<&Proof>,
    request_id: &RequestId,
    now: OffsetDateTime,
) -> Result<Written, StoreError> {
    let signing_up = SigningUp { app, request, request_id: request_id.as_str(), now };
    let form = signing_up.fingerprint();
    let proof = proof.map(|proof| UsedProof { id: &proof.id, form: &form, expires_at: proof.expires_at });
    let mut connection = app.pool.acquire().await?;
    let mut written = signing_up.create(&mut connection, proof).await?;
    drop(connection);
    // A proof that was used is no sign that all was done: the database may have gone away in between. What was done is told
    // by the account, and within a minute of it nothing is sent again.
    if matches!(written, Written::Known | Written::Repeated) {
        written = signing_up.write_again().await?;
    }
    app.bell.ring();
    Ok(written)
}

struct SigningUp<'a> {
    app: &'a App,
    request: &'a Request,
    request_id: &'a str,
    now: OffsetDateTime,
}

impl SigningUp<'_> {
    /// Tells this form from another one that was sent with the same proof.
    fn fingerprint(&self) -> [u8; 32] {
        let seed = [u8::from(self.request.seed == SeedWish::Yes)];
        let parts = [self.request.email.as_str().as_bytes(), self.request.device.as_str().as_bytes(), &seed];
        self.app.keys.mac(Purpose::FormFingerprint, &parts)
    }

    async fn create(
        &self,
        connection: &mut sqlx::PgConnection,
        proof: Option<UsedProof<'_>>,
    ) -> Result<Written, StoreError> {
        let activation_ends = activation_ends(self.now);
        let note = match self.request.seed {
            SeedWish::No => SeedNote::None,
            SeedWish::Yes => SeedNote::Sent,
            SeedWish::NotOffered => SeedNote::NotOffered,
        };
        let (link, invitation) = self.invitation(activation_ends, note);
        let mut messages = vec![invitation];
        let (mut seed, mut seed_email_expires) = (SeedStatus::NotRequired, None);
        if self.request.seed == SeedWish::Yes {
            let (status, expires_at, message) = self.seed();
            (seed, seed_email_expires) = (status, Some(expires_at));
            messages.push(message);
        }
        let account = NewAccount {
            id: self.id(),
            email: &self.request.email,
            device: self.request.device,
            seed,
            seed_email_expires,
            activation_ends,
            link,
            messages: &messages,
            audit_id: self.id(),
            request_id: self.request_id,
        };
        store::create_account(connection, &account, proof, self.now).await
    }

    /// The address has an account: what it gets is decided while the account is locked, so that of many posts at once only
    /// the first one writes.
    async fn write_again(&self) -> Result<Written, StoreError> {
        let mut tx = self.app.pool.begin().await?;
        let known = accounts::find_for_sign_up(&mut tx, &self.request.email, SENT_BY_SIGN_UP, self.now).await?;
        let seed_wished = self.request.seed == SeedWish::Yes;
        let answer = answer(known.as_ref().map(|(_, known)| known), seed_wished, self.now);
        let written = match (answer, &known) {
            (Answer::Nothing, _) => Written::Known,
            (Answer::ReplaceLapsed, Some((account, _))) => {
                store::end_lapsed_account(&mut tx, *account, self.id(), self.request_id, self.now).await?;
                self.create(&mut tx, None).await?
            }
            (Answer::NewAccount | Answer::ReplaceLapsed, _) | (_, None) => self.create(&mut tx, None).await?,
            (answer, Some((account, known))) => {
                let parts = self.parts(known, answer);
                let again = Again {
                    account: *account,
                    email: &self.request.email,
                    link: parts.link,
                    seed: parts.seed,
                    messages: &parts.messages,
                    audit_id: self.id(),
                    request_id: self.request_id,
                };
                store::write_again(&mut tx, &again, self.now).await?;
                Written::Known
            }
        };
        tx.commit().await?;
        Ok(written)
    }

    /// What goes to the owner of a known account.
    fn parts(&self, known: &KnownAccount, answer: Answer) -> Parts {
        let mut parts = Parts::default();
        match answer {
            Answer::InviteAgain { also_seed } => {
                let note = match (also_seed, known.seed, self.request.seed) {
                    (true, ..) => SeedNote::Sent,
                    (false, _, SeedWish::NotOffered) => SeedNote::NotOffered,
                    (false, SeedStatus::NotRequired | SeedStatus::Expired | SeedStatus::Ineligible, _) => {
                        SeedNote::None
                    }
                    (false, ..) => SeedNote::SentBefore,
                };
                let (link, invitation) = self.invitation(known.activation_ends, note);
                parts.link = Some(link);
                parts.messages.push(invitation);
                if also_seed {
                    parts.add_seed(self.seed());
                }
            }
            Answer::SeedOnly => parts.add_seed(self.seed()),
            Answer::SayActive => parts.messages.push(self.seal(&Message::AlreadyActive(AlreadyActive {}))),
            Answer::SayDisabled => parts.messages.push(self.seal(&Message::AccountDisabled(AccountDisabled {}))),
            Answer::NewAccount | Answer::ReplaceLapsed | Answer::Nothing => {}
        }
        parts
    }

    fn invitation(&self, expires_at: OffsetDateTime, seed: SeedNote) -> (NewLink, NewMessage) {
        let token = self.app.chance.token();
        let link = NewLink { hash: token_hash(&token), expires_at };
        let message = Message::TechPassOnboarding(TechPassOnboarding { token, activation_ends: expires_at, seed });
        (link, self.seal(&message))
    }

    fn seed(&self) -> (SeedStatus, OffsetDateTime, NewMessage) {
        let expires_at = self.now + SEED_EMAIL_VALIDITY;
        (SeedStatus::LicenceAssigned, expires_at, self.seal(&Message::SeedOnboarding(SeedOnboarding { expires_at })))
    }

    fn seal(&self, message: &Message) -> NewMessage {
        message.seal(&self.app.keys, &*self.app.chance, self.now)
    }

    fn id(&self) -> Uuid {
        self.app.chance.id(self.now)
    }
}

/// What a known account gets.
#[derive(Debug, Default)]
struct Parts {
    link: Option<NewLink>,
    seed: Option<(SeedStatus, OffsetDateTime)>,
    messages: Vec<NewMessage>,
}

impl Parts {
    fn add_seed(&mut self, (status, expires_at, message): (SeedStatus, OffsetDateTime, NewMessage)) {
        self.seed = Some((status, expires_at));
        self.messages.push(message);
    }
}
