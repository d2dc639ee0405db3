//! "I'm not a robot": a proof of work by ALTCHA, served and checked here, with no third party.
//!
//! The browser searches for a number; checking costs us two keyed hashes. A robot pays for every form, a person waits for
//! less than a second. That each proof counts once is for the store to see to.

use std::collections::BTreeMap;

use altcha::{
    Challenge, CreateChallengeOptions, HmacAlgorithm, Payload, VerifySolutionOptions, create_challenge, sign_challenge,
    verify_solution,
};
use axum::{Json, extract::State, response::IntoResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use super::error::WebError;
use crate::{app::App, domain::moment, keys::Keys, keys::Purpose};

/// The name of the field that carries the proof.
pub const FIELD: &str = "altcha";

/// How long a challenge may be answered. People fill in a form of three fields in well under this.
const VALIDITY: Duration = Duration::minutes(20);

/// Rounds of PBKDF2 for each number tried: about a third of a millisecond in a browser.
const ROUNDS: u32 = 1_000;

/// A proof of work that was checked, and not yet counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What tells this proof from all others.
    pub id: Vec<u8>,
    /// Until when it has to be remembered as used.
    pub expires_at: OffsetDateTime,
}

/// What is wrong with a proof of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadProof {
    /// It was right, and is too old.
    Expired,
    /// It is not an answer to a question of ours.
    Wrong,
}

/// `GET /captcha`: a question for the browser.
///
/// # Errors
/// [`WebError::Internal`] if the library fails.
pub async fn challenge(State(app): State<App>) -> Result<impl IntoResponse, WebError> {
    let now = app.clock.now();
    // Any number is as likely as any other: a robot must not know where to begin.
    let counter = app.chance.one_to(app.config.captcha.max_number);
    let challenge = make(&app.keys, counter, now + VALIDITY).map_err(|error| WebError::Internal(error.into()))?;
    Ok(Json(challenge))
}

fn make(keys: &Keys, counter: u32, expires_at: OffsetDateTime) -> altcha::Result<Challenge> {
    create_challenge(CreateChallengeOptions {
        algorithm: "PBKDF2/SHA-256".to_owned(),
        cost: ROUNDS,
        counter: Some(counter),
        expires_at: Some(expires_at.unix_timestamp()),
        hmac_signature_secret: keys.texts(Purpose::Captcha).next(),
        hmac_key_signature_secret: keys.texts(Purpose::CaptchaSolution).next(),
        data: None::<BTreeMap<_, _>>,
        ..Default::default()
    })
}

/// Checks what the browser sent.
///
/// # Errors
/// [`BadProof`] says why it does not count.
pub fn check(keys: &Keys, field: &str, now: OffsetDateTime) -> Result<Proof, BadProof> {
    let json = BASE64_STANDARD.decode(field).map_err(|_| BadProof::Wrong)?;
    let payload: Payload = serde_json::from_slice(&json).map_err(|_| BadProof::Wrong)?;
    keys.texts(Purpose::Captcha)
        .zip(keys.texts(Purpose::CaptchaSolution))
        .find_map(|(secret, solution_secret)| check_with(&payload, &secret, solution_secret, now))
        .unwrap_or(Err(BadProof::Wrong))
}

/// Checks with one key; none if the question was not signed with it.
fn check_with(
    payload: &Payload,
    secret: &str,
    solution_secret: String,
    now: OffsetDateTime,
) -> Option<Result<Proof, BadProof>> {
    let sign = |parameters: &altcha::ChallengeParameters| {
        sign_challenge(&HmacAlgorithm::Sha256, &mut parameters.clone(), None, secret, None).ok()
    };
    let given = payload.challenge.signature.as_deref()?;
    let ours = sign(&payload.challenge.parameters)?.signature?;
    if !bool::from(given.as_bytes().ct_eq(ours.as_bytes())) {
        return None;
    }
    let expires_at =
        payload.challenge.parameters.expires_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
    let Some(expires_at) = expires_at else { return Some(Err(BadProof::Wrong)) };
    if moment::is_expired(expires_at, now) {
        return Some(Err(BadProof::Expired));
    }
    // The library judges the expiry by the machine's clock; here time comes in from outside, so it gets a copy without one.
    let mut parameters = payload.challenge.parameters.clone();
    parameters.expires_at = None;
    let timeless = sign(&parameters)?;
    let verified = verify_solution(VerifySolutionOptions {
        hmac_key_signature_secret: Some(solution_secret),
        ..VerifySolutionOptions::new(&timeless, &payload.solution, secret)
    });
    Some(match verified {
        Ok(result) if result.verified => Ok(Proof { id: ours.into_bytes(), expires_at }),
        _ => Err(BadProof::Wrong),
    })
}

#[cfg(test)]
mod tests {
    use altcha::{SolveChallengeOptions, solve_challenge};
    use secrecy::SecretBox;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn keys(byte: u8) -> Keys {
        Keys::new(&SecretBox::new(vec![byte; 32].into_boxed_slice()), None)
    }

    fn solved(keys: &Keys) -> Payload {
        let challenge = make(keys, 3, NOW + VALIDITY).expect("a challenge");
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).expect("a run").expect("a solution");
        Payload { challenge, solution }
    }

    fn field(payload: &Payload) -> String {
        BASE64_STANDARD.encode(serde_json::to_vec(payload).expect("JSON"))
    }

    #[test]
    fn a_solved_question_of_ours_is_a_proof_until_it_expires() {
        let keys = keys(1);
        let field = field(&solved(&keys));
        let proof = check(&keys, &field, NOW).expect("a proof");
        assert_eq!(proof.expires_at, NOW + VALIDITY);
        assert_eq!(check(&keys, &field, NOW), Ok(proof));
        assert!(check(&keys, &field, NOW + VALIDITY - Duration::SECOND).is_ok());
        assert_eq!(check(&keys, &field, NOW + VALIDITY), Err(BadProof::Expired));
        assert_eq!(check(&keys, &field, NOW + VALIDITY + Duration::SECOND), Err(BadProof::Expired));
    }

    #[test]
    fn a_question_that_was_changed_or_is_another_s_proves_nothing() {
        let keys = keys(1);
        let honest = solved(&keys);
        assert_eq!(check(&self::keys(2), &field(&honest), NOW), Err(BadProof::Wrong));

        let mut later = honest.clone();
        later.challenge.parameters.expires_at = Some((NOW + Duration::days(9)).unix_timestamp());
        let mut timeless = honest.clone();
        timeless.challenge.parameters.expires_at = None;
        let mut easier = honest.clone();
        easier.challenge.parameters.cost = 1;
        let mut unsolved = honest.clone();
        unsolved.solution.derived_key = "00".repeat(32);
        let mut unsigned = honest;
        unsigned.challenge.signature = None;
        for changed in [later, timeless, easier, unsolved, unsigned] {
            assert_eq!(check(&keys, &field(&changed), NOW), Err(BadProof::Wrong), "{changed:?}");
        }
        for nonsense in ["", "%%%", "e30=", "bnVsbA=="] {
            assert_eq!(check(&keys, nonsense, NOW), Err(BadProof::Wrong));
        }
    }
}
