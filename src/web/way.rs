//! On to the next step, after one is done: the one place where a pending account becomes active, and a sign-in is complete.

use serde_json::json;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    addresses,
    error::WebError,
    keeping::{self, Kept},
    known_browser,
    observe::RequestId,
    session::{self, SessionId},
};
use crate::{
    app::App,
    domain::{
        account::AccountStatus,
        activation::{Step, next_step},
        moment::is_expired,
        not_me::LINK_VALIDITY,
        person::Person,
        sitting::Sitting,
    },
    keys::token_hash,
    messages::{Message, SecurityNotice, security_notice::Happened},
    store::{
        audit::{self, Entry, Event},
        not_me::{self, NotMeLink},
        outbox, people,
    },
};

/// What a step of somebody's way is done with.
pub struct Way<'a> {
    /// The portal.
    pub app: &'a App,
    /// The browser's session.
    pub session: &'a Session,
    /// The reference of the request.
    pub request_id: &'a RequestId,
    /// The present moment.
    pub now: OffsetDateTime,
}

impl Way<'_> {
    /// Writes something down in the audit trail, in the transaction that does it.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn note(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        account: Uuid,
        event: Event,
        details: serde_json::Value,
    ) -> Result<(), WebError> {
        let id = self.app.chance.id(self.now);
        let entry = Entry { id, actor: Some(account), event, account, request_id: self.request_id.as_str(), details };
        Ok(audit::record(tx, &entry, self.now).await?)
    }

    /// Writes down that somebody unproven failed to get in.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn note_failure(&self, account: Uuid, details: serde_json::Value) -> Result<(), WebError> {
        let mut connection = self.app.pool.acquire().await?;
        self.note_in_vain(&mut connection, account, Event::SignInFailed, details).await
    }

    /// Writes down what somebody tried in vain, who has not proven who they are.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub(super) async fn note_in_vain(
        &self,
        connection: &mut PgConnection,
        account: Uuid,
        event: Event,
        details: serde_json::Value,
    ) -> Result<(), WebError> {
        let id = self.app.chance.id(self.now);
        let entry = Entry { id, actor: None, event, account, request_id: self.request_id.as_str(), details };
        Ok(audit::record(connection, &entry, self.now).await?)
    }

    /// Locks the account of somebody who is signed in, before it is changed, if their session is still good: the head of a request
    /// says who sends it, and its body may be held back until they are signed out.
    ///
    /// # Errors
    /// [`WebError::SeeOther`] to signing in if the session was ended, [`WebError::Unavailable`] if the database does not answer.
    pub async fn lock(&self, connection: &mut PgConnection, sitting: &Sitting) -> Result<(), WebError> {
        let sessions_from = people::lock(connection, sitting.account).await?;
        let is_good = sessions_from.is_some_and(|from| sitting.began_at >= from);
        if is_good && keeping::is_there(connection, self.session, sitting).await? {
            return Ok(());
        }
        Err(ended())
    }

    /// Tells the owner what happened to their account, in the transaction that does it.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn tell(
        &self,
        connection: &mut PgConnection,
        person: &Person,
        happened: Happened,
    ) -> Result<(), WebError> {
        let Some(email) = &person.email else { return Ok(()) };
        let token = Some(self.not_me_link(connection, person.id, happened).await?);
        let notice = SecurityNotice { happened, techpass_id: person.techpass_id(), at: self.now, token };
        let message = Message::SecurityNotice(notice).seal(&self.app.keys, &*self.app.chance, self.now);
        Ok(outbox::put(connection, person.id, email.as_str(), &message, self.now).await?)
    }

    /// Tells the owner what happened, where nothing else is done.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn tell_alone(&self, person: &Person, happened: Happened) -> Result<(), WebError> {
        let mut tx = self.app.pool.begin().await?;
        self.tell(&mut tx, person, happened).await?;
        tx.commit().await?;
        self.app.bell.ring();
        Ok(())
    }

    /// Makes the link by which the owner says that what happens just now is not them; gives its token.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub(super) async fn not_me_link(
        &self,
        connection: &mut PgConnection,
        account: Uuid,
        happened: Happened,
    ) -> Result<String, WebError> {
        let token = self.app.chance.token();
        let link = NotMeLink {
            hash: token_hash(&token),
            account,
            happened: happened.to_word(),
            happened_at: self.now,
            expires_at: self.now + LINK_VALIDITY,
            consumed_at: None,
        };
        not_me::put_link(connection, &link, self.now).await?;
        Ok(token)
    }

    /// Commits what was done, and says where the way goes on. If nothing is left, the account becomes active where it was
    /// pending, and the sign-in is complete: all in one transaction, so that of two clicks at once the second one finds all of it
    /// done, and leads where the first one led.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer, [`WebError::SeeOther`] to signing in if the account or the
    /// session ended meanwhile.
    pub async fn go_on(
        &self,
        mut tx: Transaction<'_, Postgres>,
        sitting: Sitting,
        id: SessionId,
    ) -> Result<String, WebError> {
        let found = people::find(&mut *tx, sitting.account).await?.ok_or_else(ended)?;
        let address = self.advance(tx, &found.person, sitting, id).await?;
        self.app.bell.ring();
        Ok(address)
    }

    /// The same for somebody who has just given a first proof, and of whom nothing else has changed: nobody is written to, so no bell
    /// is rung. It is what every password costs.
    ///
    /// # Errors
    /// As [`Self::go_on`].
    pub async fn begin(
        &self,
        tx: Transaction<'_, Postgres>,
        person: &Person,
        sitting: Sitting,
    ) -> Result<String, WebError> {
        self.advance(tx, person, sitting, SessionId::New).await
    }

    async fn advance(
        &self,
        mut tx: Transaction<'_, Postgres>,
        person: &Person,
        mut sitting: Sitting,
        id: SessionId,
    ) -> Result<String, WebError> {
        if !matches!(person.status, AccountStatus::Pending | AccountStatus::Active) {
            return Err(ended());
        }
        let in_force = self.app.reference.load().terms.versions_in_force(self.now);
        let step = next_step(&person.progress(&in_force, sitting.is_second_factor_proven));
        let mut address = addresses::step(step).to_owned();
        if step == Step::Done {
            address = self.arrive(&mut tx, person, &sitting).await?;
            sitting.is_complete = true;
            sitting.led_to = Some(address.clone());
        }
        match keeping::keep(&mut tx, self, person, &sitting, id).await? {
            Kept::Kept(new) => {
                tx.commit().await?;
                keeping::follow(self.session, new).await?;
                Ok(address)
            }
            Kept::Overtaken(address) => Ok(address),
            Kept::Ended => Err(ended()),
        }
    }

    /// Where a second click goes whose code the first one has just used up; nowhere if it was used by something else.
    ///
    /// # Errors
    /// [`WebError::Unavailable`] if the database does not answer.
    pub async fn after_twin(&self, sitting: &Sitting) -> Result<Option<String>, WebError> {
        let Some(twin) = keeping::join_twin(self, sitting).await? else { return Ok(None) };
        if let Some(led_to) = twin.led_to {
            return Ok(Some(led_to));
        }
        let Some(found) = people::find(&self.app.pool, twin.account).await? else { return Ok(None) };
        let in_force = self.app.reference.load().terms.versions_in_force(self.now);
        let step = next_step(&found.person.progress(&in_force, twin.is_second_factor_proven));
        Ok(Some(addresses::step(step).to_owned()))
    }

    /// Makes the account active where it was pending, and the sign-in complete; gives where that leads.
    async fn arrive(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        person: &Person,
        sitting: &Sitting,
    ) -> Result<String, WebError> {
        let is_pending = person.status == AccountStatus::Pending;
        // Of two clicks at once, the second one finds the account active.
        let is_new = is_pending && people::activate(tx, person.id, self.now).await?;
        if is_new {
            self.note(tx, person.id, Event::Activated, json!({})).await?;
        } else if is_pending && is_expired(person.activation_ends, self.now) {
            return Err(WebError::SeeOther(addresses::sign_in(None)));
        } else {
            people::signed_in(tx, person.id, self.now).await?;
        }
        let place = json!({"browser": sitting.browser, "network": sitting.network});
        self.note(tx, person.id, Event::SignedIn, place).await?;
        known_browser::meet(self, tx, person, sitting, is_new).await?;
        if is_new {
            return Ok(addresses::ACTIVATED.to_owned());
        }
        if let Some(led_to) = &sitting.led_to {
            return Ok(led_to.clone());
        }
        Ok(session::wanted(self.session).await?.unwrap_or_else(|| addresses::ACCOUNT.to_owned()))
    }
}

fn ended() -> WebError {
    WebError::SeeOther(addresses::sign_in(None))
}
