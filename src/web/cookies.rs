//! What every reader of cookies needs, and what browsers need when one is taken back.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Takes out what cannot be read: one cookie of a neighbour on the same host would hide all of ours, for a header is read as a whole.
pub async fn drop_unreadable(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if headers.get_all(header::COOKIE).iter().any(|value| value.to_str().is_err()) {
        let pairs =
            headers.get_all(header::COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        let kept: Vec<&[u8]> = pairs.filter(|pair| pair.iter().all(|byte| matches!(byte, b' '..=b'~'))).collect();
        if let Ok(value) = HeaderValue::from_bytes(&kept.join(&b';')) {
            headers.insert(header::COOKIE, value);
        }
    }
    next.run(request).await
}

/// The cookie of a session that is over, taken back as browsers want it: without `Secure` they would keep a `__Host-` cookie,
/// and every page would look in vain for what it stands for.
pub async fn take_back_dead_cookie(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in response.headers_mut() {
        if name == header::SET_COOKIE && value.as_bytes().starts_with(b"__Host-session=;") {
            *value = HeaderValue::from_static("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
        }
    }
    response
}
