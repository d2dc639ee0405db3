//! Static files: embedded in the binary, compressed when it was built, named by their content so that they never go stale.

use std::{collections::HashMap, sync::LazyLock};

use axum::Router;
use memory_serve::{CacheControl, MemoryServe};

const MOUNTED_AT: &str = "/static";

/// The address of each file, by its path below `static/` (`/css/portal.css`).
static ADDRESSES: LazyLock<HashMap<&'static str, String>> =
    LazyLock::new(|| files().manifest().iter().map(|(path, hashed)| (path, format!("{MOUNTED_AT}{hashed}"))).collect());

/// The address of a static file, as it stands in a page.
///
/// # Panics
/// In a debug build, if there is no such file: a page must not ask for one.
pub fn address(path: &'static str) -> &'static str {
    let address = ADDRESSES.get(path).map(String::as_str);
    debug_assert!(address.is_some(), "static{path} does not exist");
    address.unwrap_or(path)
}

/// Serves the files.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().nest(MOUNTED_AT, files().into_router())
}

fn files() -> MemoryServe {
    memory_serve::load!()
        .index_file(None)
        .enable_hashed_routes(true)
        .enable_brotli(true)
        .enable_gzip(true)
        .cache_control(CacheControl::Short)
}
