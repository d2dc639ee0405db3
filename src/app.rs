//! What every handler can reach, and the way of a request through the layers to its journey.

use std::{ops::Deref, sync::Arc};

use arc_swap::ArcSwap;
use axum::{Router, http::StatusCode, middleware, response::IntoResponse};
use sqlx::PgPool;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate},
    csrf::CsrfLayer,
};

use crate::{
    chance::Chance,
    clock::Clock,
    config::Config,
    jobs::bell::Bell,
    journeys,
    keys::Keys,
    messages::{post::Post, sms::Sms},
    metering::Meter,
    passkeys::RelyingParty,
    passwords::Passwords,
    providers::Providers,
    store::directory::Reference,
    web::{
        assets, captcha, cookies, error, finish, headers, network, network::NetworkLimit, new_password, observe,
        session,
    },
};

/// Everything that comes in from outside or is shared by all requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// What is behind [`App`].
pub struct AppState {
    /// The database.
    pub pool: PgPool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// The settings.
    pub config: Config,
    /// What is derived from the secret key.
    pub keys: Keys,
    /// Agencies, domains and holidays, as last read.
    pub reference: ArcSwap<Reference>,
    /// Wakes the workers.
    pub bell: Bell,
    /// The way out for e-mail.
    pub post: Post,
    /// The way out for SMS.
    pub sms: Sms,
    /// Makes and checks the hashes of passwords.
    pub passwords: Passwords,
    /// To whom passkeys belong; none where the portal's address is no name: then there are none.
    pub passkeys: Option<RelyingParty>,
    /// The identity providers of the agencies.
    pub providers: Providers,
    /// How many forms a network may send.
    pub network_limit: NetworkLimit,
    /// Figures for `/metrics`.
    pub meter: Meter,
}

impl App {
    /// Puts the portal together.
    ///
    /// # Errors
    /// A sentence, if a setting turns out to be unusable.
    pub fn new(
        config: Config,
        pool: PgPool,
        reference: Reference,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<Self, String> {
        let keys = Keys::new(&config.secret_key, config.secret_key_previous.as_ref());
        let post = Post::new(&config.mail)?;
        let sms = Sms::new(&config)?;
        let providers = Providers::new(&config)?;
        Ok(Self(Arc::new(AppState {
            pool,
            clock,
            chance,
            keys,
            reference: ArcSwap::from_pointee(reference),
            bell: Bell::new(),
            post,
            sms,
            passwords: Passwords::new(),
            passkeys: RelyingParty::at(&config.base_url),
            providers,
            network_limit: NetworkLimit::per_minute(config.limits.network_per_minute),
            meter: Meter::new(),
            config,
        })))
    }
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

/// All addresses, behind all layers. The first layer named is the innermost.
pub fn router(app: App) -> Router {
    let pages = journeys::router(&app)
        .route("/captcha", axum::routing::get(captcha::challenge))
        .route("/password-strength", axum::routing::post(new_password::strength))
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED.into_response() })
        .fallback(|| async { StatusCode::NOT_FOUND.into_response() })
        .layer(middleware::from_fn_with_state(app.clone(), session::recognise))
        .layer(session::layer(&app))
        .layer(middleware::from_fn(cookies::take_back_dead_cookie))
        .layer(middleware::from_fn_with_state(app.clone(), network::limit_network))
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(cookies::drop_unreadable))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(finish::finish))
        .layer(middleware::from_fn_with_state(app.clone(), error::error_pages))
        // Pages are small: the fastest level saves most of what the best one does, for a tenth of the time.
        .layer(CompressionLayer::<DefaultPredicate>::new().quality(CompressionLevel::Fastest));
    // Signed by the machine that sends it, so it needs nothing of what is there for browsers.
    let signed = journeys::signed_router()
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED.into_response() })
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), error::error_pages));
    pages
        .merge(signed)
        .merge(assets::router().layer(middleware::from_fn_with_state(app.clone(), error::error_pages)))
        .layer(middleware::from_fn_with_state(app.clone(), headers::security_headers))
        .layer(middleware::from_fn_with_state(app.clone(), observe::observe))
        .with_state(app)
}
