//! Holding back robots: a proof of work, or, where scripts do not run, a small budget (docs/rules.md §2.16 to §2.18).

use std::time::Duration as Wait;

use time::{Duration, OffsetDateTime};

use super::request::Request;
use crate::{
    app::App,
    keys::Purpose,
    store::{
        StoreError,
        budgets::{self, Budget},
    },
    web::{
        captcha::{self, BadProof, Proof},
        network::Network,
    },
};

/// How often one address may be signed up without a proof.
const WITHOUT_PROOF_BY_ADDRESS: Budget = Budget { times: 3, within: Duration::HOUR };

/// How often one network may: many officers come from one, so it is generous.
const WITHOUT_PROOF_BY_NETWORK: Budget = Budget { times: 30, within: Duration::HOUR };

/// Why a form is taken for a robot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Robot {
    /// The proof was right, and is too old.
    Expired,
    /// The proof is none.
    Wrong,
    /// The proof was used with another form.
    Replayed,
    /// Too many forms without a proof.
    BudgetUsedUp {
        /// How long until there is one more.
        wait: Wait,
    },
}

/// Checks the proof; without one, takes from the budgets. Gives the proof that has yet to be counted, if there is one.
///
/// # Errors
/// [`StoreError`] if the database does not answer.
pub async fn hold_back(
    app: &App,
    field: &str,
    request: &Request,
    network: Network,
    now: OffsetDateTime,
) -> Result<Result<Option<Proof>, Robot>, StoreError> {
    if !app.config.captcha.enabled {
        return Ok(Ok(None));
    }
    if !field.is_empty() {
        return Ok(match captcha::check(&app.keys, field, now) {
            Ok(proof) => Ok(Some(proof)),
            Err(BadProof::Expired) => Err(Robot::Expired),
            Err(BadProof::Wrong) => Err(Robot::Wrong),
        });
    }
    let network = network.to_text();
    // The address first: whoever tries one over and over must not use up what all of a ministry share.
    let budgets = [
        (b"sign-up address".as_slice(), request.email.as_str().as_bytes(), WITHOUT_PROOF_BY_ADDRESS),
        (b"sign-up network".as_slice(), network.as_bytes(), WITHOUT_PROOF_BY_NETWORK),
    ];
    let mut connection = app.pool.acquire().await?;
    for (what, whose, budget) in budgets {
        let key = app.keys.mac(Purpose::Budget, &[what, whose]);
        if let Err(used_up) = budgets::take(&mut connection, &key, budget, now).await? {
            return Ok(Err(Robot::BudgetUsedUp { wait: used_up.wait(now) }));
        }
    }
    Ok(Ok(None))
}
