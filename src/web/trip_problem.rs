//! What can go wrong on a trip to an identity provider, told on one page: what happened, what to do, and the way to try again.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{
    error::WebError,
    observe::RequestId,
    page::PageContext,
    provider_trip::{Purpose, TripError, seal_purpose},
};
use crate::{app::App, providers::ProviderError};

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The person turned back at the provider.
    Cancelled,
    /// The browser has no such trip: it took too long, was used already, or began elsewhere.
    Lost,
    /// The provider does not answer.
    Unreachable,
    /// The provider of the address is not set up here.
    NotSetUp,
    /// What the provider said is not to be believed.
    Refused,
    /// The provider's clock and ours are too far apart.
    Clock,
    /// The invitation is for another account; whose, masked.
    OtherAccount {
        /// The account that is expected.
        expected: String,
    },
    /// The provider does not vouch for the address.
    Unverified,
    /// Another provider is responsible for the address.
    OtherProvider,
    /// Somebody else came back than is signed in here; who that is.
    OtherPerson {
        /// Who is signed in here.
        expected: String,
    },
    /// The provider did not ask who they are, though it was told to.
    NotAsked,
    /// The account of this address belongs to another person at the provider.
    Taken,
    /// There is no account for this address, masked.
    NoAccount {
        /// The address.
        address: String,
    },
    /// The account is disabled.
    Disabled,
    /// The account's time to activate is over, or it has ended.
    Ended,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::Lost => StatusCode::BAD_REQUEST,
            Self::Unreachable | Self::NotSetUp | Self::Clock => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ended => StatusCode::GONE,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// Whether another account at the provider may help.
    fn helps_another_account(&self) -> bool {
        matches!(
            self,
            Self::OtherAccount { .. }
                | Self::NoAccount { .. }
                | Self::Unverified
                | Self::OtherProvider
                | Self::OtherPerson { .. }
        )
    }

    /// Whether the same again may help.
    fn helps_again(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Lost | Self::Unreachable | Self::Refused | Self::Clock | Self::NotAsked)
    }
}

#[derive(Template)]
#[template(path = "auth/problem.html")]
struct Page<'a> {
    page: &'a PageContext,
    problem: &'a Problem,
    provider: &'a str,
    purpose: String,
    is_accepting: bool,
    choose: bool,
    again: bool,
    reference: &'a str,
}

/// The page.
///
/// # Errors
/// [`WebError`] if it cannot be rendered.
pub fn page(
    app: &App,
    page: &PageContext,
    request_id: &RequestId,
    provider: &str,
    purpose: &Purpose,
    problem: &Problem,
) -> Result<Response, WebError> {
    page.answer(
        problem.status(),
        &Page {
            page,
            problem,
            provider,
            purpose: seal_purpose(app, purpose),
            is_accepting: matches!(purpose, Purpose::Accept { .. }),
            choose: problem.helps_another_account(),
            again: problem.helps_again(),
            reference: request_id.as_str(),
        },
    )
}

/// The page of a trip that could not be begun.
///
/// # Errors
/// [`WebError`] if it is the database that does not answer.
pub fn could_not_begin(
    app: &App,
    context: &PageContext,
    request_id: &RequestId,
    provider: &str,
    purpose: &Purpose,
    error: TripError,
) -> Result<Response, WebError> {
    match error {
        TripError::Store(error) => Err(error.into()),
        TripError::NotSetUp(_) => {
            tracing::error!(%error, "somebody cannot sign in");
            page(app, context, request_id, provider, purpose, &Problem::NotSetUp)
        }
        TripError::Provider(error) => page(app, context, request_id, provider, purpose, &of_provider(&error)),
    }
}

/// What a provider's error means for the person.
pub fn of_provider(error: &ProviderError) -> Problem {
    tracing::warn!(%error, "a sign-in at a provider did not work");
    match error {
        ProviderError::Unreachable(_) => Problem::Unreachable,
        ProviderError::Refused(_) => Problem::Refused,
        ProviderError::Clock(_) => Problem::Clock,
    }
}
