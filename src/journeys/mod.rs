//! What people do, one folder a journey. A journey's `mod.rs` tells its story and has its addresses; a step's file has what
//! the person sends, what the person sees, and the two handlers. Journeys do not know each other.

mod accept;
mod account;
mod activate;
mod auth;
mod dev;
mod health;
mod help;
mod home;
mod not_me;
mod sign_in;
mod sign_up;
mod sms_status;
mod start;

use axum::Router;

use crate::app::App;

pub use health::metrics_router;
pub use sms_status::router as signed_router;

/// The addresses of all journeys.
pub fn router(app: &App) -> Router<App> {
    let router = Router::new()
        .merge(home::router())
        .merge(start::router())
        .merge(sign_up::router())
        .merge(accept::router())
        .merge(auth::router())
        .merge(activate::router())
        .merge(account::router())
        .merge(not_me::router())
        .merge(sign_in::router())
        .merge(help::router())
        .merge(health::router(app));
    if app.config.is_development() { router.merge(dev::router()) } else { router }
}
