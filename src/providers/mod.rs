//! The identity providers of the agencies, by OpenID Connect: authorization code with PKCE, state and nonce. Whom a verified
//! identity lets in is the journeys' and the domain's business, and not to be put here.

mod identity;

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use openidconnect::{
    AsyncHttpClient, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpClientError,
    HttpRequest, HttpResponse, LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse,
    core::{CoreAuthPrompt, CoreClient, CoreProviderMetadata, CoreResponseType, CoreTokenResponse},
    reqwest,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::Instant;
use url::Url;

pub use self::identity::Identity;
use crate::{
    chance::Chance,
    config::{Config, ProviderSettings},
};

/// How long a provider may take to answer: a person is waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// For how long what a provider says about itself is taken as known.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);

/// How soon its keys are asked for again because one is missing: a forged token must not make us ask without end.
const KEYS_AGAIN: Duration = Duration::from_secs(5);

/// Why a sign-in at a provider did not work.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or not as a provider does.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It answered, and the answer is not to be believed.
    #[error("the provider's answer was refused: {0}")]
    Refused(String),
    /// Its clock and ours are too far apart.
    #[error("the provider's clock and ours differ: {0}")]
    Clock(String),
}

/// All providers that are set up, by name.
pub struct Providers(BTreeMap<String, Provider>);

/// One provider.
pub struct Provider {
    settings: ProviderSettings,
    redirect: RedirectUrl,
    http: reqwest::Client,
    known: Mutex<Option<Known>>,
}

/// What a provider says about itself, keys included.
#[derive(Clone)]
struct Known {
    metadata: Arc<CoreProviderMetadata>,
    since: Instant,
}

/// What has to be remembered between leaving for a provider and coming back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Begun {
    /// Tells this way there from another one; the provider gives it back.
    pub state: String,
    nonce: String,
    verifier: String,
}

/// How the provider is to ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ask<'a> {
    /// The address that is expected, to fill in.
    pub login_hint: Option<&'a str>,
    /// Let the person choose another account, even if they are signed in there.
    pub choose_account: bool,
    /// Let the person prove anew who they are, even if they are signed in there (OpenID Connect Core 1.0 §3.1.2.1).
    pub anew: bool,
}

impl Providers {
    /// The providers of the settings. Connects when first used.
    ///
    /// # Errors
    /// A sentence, if a setting cannot be used.
    pub fn new(config: &Config) -> Result<Self, String> {
        let providers = config.providers.iter().map(|(name, settings)| {
            let redirect =
                config.base_url.join(&format!("/auth/{name}/callback")).map_err(|error| error.to_string())?;
            Ok((name.clone(), Provider::new(settings.clone(), redirect)?))
        });
        providers.collect::<Result<_, String>>().map(Self)
    }

    /// The provider of that name.
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.0.get(name)
    }

    /// Asks every provider about itself, so that the first page already says where its forms may lead.
    pub async fn get_to_know(&self) {
        for (name, provider) in &self.0 {
            if let Err(error) = provider.metadata(KNOWN_FOR).await {
                tracing::warn!(name, %error, "a provider cannot be asked about itself yet");
            }
        }
    }

    /// Where forms of ours may lead besides this site: browsers hold redirects against `form-action`.
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.0.values().flat_map(Provider::origins).collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

impl Provider {
    fn new(settings: ProviderSettings, redirect: Url) -> Result<Self, String> {
        let http = reqwest::ClientBuilder::new()
            // A provider that redirects its own token endpoint would make us call whatever it likes.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { settings, redirect: RedirectUrl::from_url(redirect), http, known: Mutex::default() })
    }

    /// Where to send the browser, and what to remember until it comes back.
    ///
    /// # Errors
    /// [`ProviderError`] if the provider does not answer.
    pub async fn begin(&self, chance: &dyn Chance, ask: Ask<'_>) -> Result<(Url, Begun), ProviderError> {
        let metadata = self.metadata(KNOWN_FOR).await?;
        let random = || BASE64_URL_SAFE_NO_PAD.encode(chance.bytes::<32>());
        let begun = Begun { state: random(), nonce: random(), verifier: random() };
        let (state, nonce) = (begun.state.clone(), begun.nonce.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(begun.verifier.clone()));
        let client = self.client(&metadata);
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge);
        if let Some(hint) = ask.login_hint {
            request = request.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        if ask.choose_account {
            request = request.add_prompt(CoreAuthPrompt::SelectAccount);
        }
        if ask.anew {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        Ok((request.url().0, begun))
    }

    /// Who came back with this code.
    ///
    /// # Errors
    /// [`ProviderError`] if the provider does not answer, or its answer is not to be believed.
    pub async fn finish(&self, code: String, begun: &Begun, now: OffsetDateTime) -> Result<Identity, ProviderError> {
        let metadata = self.metadata(KNOWN_FOR).await?;
        let tokens = self.exchange(&metadata, code, begun).await?;
        let token =
            tokens.id_token().ok_or_else(|| ProviderError::Refused("there is no ID token in the answer".to_owned()))?;
        let nonce = Nonce::new(begun.nonce.clone());
        let claims = match identity::verify(&self.client(&metadata).id_token_verifier(), token, &nonce, now) {
            // It may have changed its keys since we asked.
            Err(identity::Unverified::UnknownKey) => {
                let metadata = self.metadata(KEYS_AGAIN).await?;
                identity::verify(&self.client(&metadata).id_token_verifier(), token, &nonce, now)?
            }
            verified => verified?,
        };
        Ok(Identity::of(&claims, &self.settings.mfa_acr))
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        code: String,
        begun: &Begun,
    ) -> Result<CoreTokenResponse, ProviderError> {
        use openidconnect::RequestTokenError as Error;
        let client = self.client(metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| ProviderError::Unreachable("it names no token endpoint".to_owned()))?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier.clone()));
        request.request_async(&Asking(&self.http)).await.map_err(|error| match error {
            Error::ServerResponse(response) => ProviderError::Refused(response.to_string()),
            Error::Request(error) => ProviderError::Unreachable(error.to_string()),
            Error::Parse(error, _) => ProviderError::Refused(error.to_string()),
            other => ProviderError::Unreachable(other.to_string()),
        })
    }

    fn client(
        &self,
        metadata: &CoreProviderMetadata,
    ) -> CoreClient<
        openidconnect::EndpointSet,
        openidconnect::EndpointNotSet,
        openidconnect::EndpointNotSet,
        openidconnect::EndpointNotSet,
        openidconnect::EndpointMaybeSet,
        openidconnect::EndpointMaybeSet,
    > {
        let secret = ClientSecret::new(self.settings.client_secret.expose_secret().to_owned());
        CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            Some(secret),
        )
        .set_redirect_uri(self.redirect.clone())
    }

    /// What the provider says about itself, asked for again if that was longer ago than `at_most`. If it does not answer, what
    /// it said before still holds: signing in must not end because one document cannot be read just now.
    async fn metadata(&self, at_most: Duration) -> Result<Arc<CoreProviderMetadata>, ProviderError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.as_ref().filter(|known| known.since.elapsed() < at_most) {
            return Ok(Arc::clone(&known.metadata));
        }
        let asked = CoreProviderMetadata::discover_async(self.settings.issuer.clone(), &self.http).await;
        match (asked, known) {
            (Ok(metadata), _) => {
                let metadata = Arc::new(metadata);
                let known = Known { metadata: Arc::clone(&metadata), since: Instant::now() };
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
                Ok(metadata)
            }
            (Err(error), Some(known)) => {
                tracing::warn!(%error, "a provider's own description cannot be read; the last one still holds");
                Ok(known.metadata)
            }
            (Err(error), None) => Err(ProviderError::Unreachable(error.to_string())),
        }
    }

    fn origins(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = known.as_ref().map(|known| known.metadata.authorization_endpoint().url().clone());
        [Some(self.settings.issuer.url().clone()), endpoint]
            .into_iter()
            .flatten()
            .map(|url| url.origin().ascii_serialization())
            .collect()
    }
}

/// Asks a provider. What comes with one of these statuses is from a provider that is out, or from what stands before it, and is no
/// answer of its own, whatever its text looks like.
struct Asking<'a>(&'a reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Asking<'_> {
    type Error = HttpClientError<reqwest::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.call(request).await?;
            let status = answer.status();
            if status.is_server_error() || status == reqwest::StatusCode::TOO_MANY_REQUESTS {
                return Err(HttpClientError::Other(format!("status {status}")));
            }
            Ok(answer)
        })
    }
}
