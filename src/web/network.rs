//! Which network a request comes from, and how many forms one network may send in a minute.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use ipnet::IpNet;

use super::error::WebError;
use crate::app::App;

/// The other end of a connection, as the server sees it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The network that a request comes from: an IPv4 address, or the /64 that one IPv6 subscriber has to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)))),
            v4 => Self(v4),
        }
    }

    /// As text, for a keyed hash.
    pub fn to_text(self) -> String {
        self.0.to_string()
    }

    /// Roughly, for people: enough to tell "at work" from "somewhere else", too little to find anybody.
    pub fn roughly(self) -> String {
        match self.0 {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                format!("{a}.{b}.{c}.…")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:…")
            }
        }
    }

    /// The first address, counted from our end, that is not a balancer of ours: what stands further out in
    /// `X-Forwarded-For` was written by a stranger.
    fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let mut nearest = peer;
        for hop in forwarded.into_iter().rev() {
            if !is_trusted(&nearest) {
                break;
            }
            let Ok(address) = hop.parse() else { break };
            nearest = address;
        }
        Self::of(nearest)
    }
}

impl FromRequestParts<App> for Network {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        Self::of_parts(parts, app).ok_or_else(|| WebError::Internal("the server did not note the peer".into()))
    }
}

impl Network {
    fn of_parts(parts: &Parts, app: &App) -> Option<Self> {
        let Peer(peer) = parts.extensions.get::<Peer>()?;
        Some(Self::behind(peer.ip(), &parts.headers, &app.config.limits.trusted_proxies))
    }
}

/// How many forms one network may send in a minute. Kept by each copy for itself: it wards off floods, no more. What must
/// hold for all copies together is counted in the database, by account, address and token.
pub struct NetworkLimit(Option<DefaultKeyedRateLimiter<Network>>);

impl NetworkLimit {
    /// A limit; 0 is none.
    pub fn per_minute(posts: u32) -> Self {
        Self(NonZeroU32::new(posts).map(|posts| RateLimiter::keyed(Quota::per_minute(posts))))
    }

    /// Counts one post.
    ///
    /// # Errors
    /// The time to wait, if it is one too many.
    fn count(&self, network: Network) -> Result<(), Duration> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(&network).map_err(|refused| refused.wait_time_from(limiter.clock().now()))
    }

    /// Forgets networks that have been quiet, so that memory does not grow with every stranger.
    pub fn forget_quiet(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// Refuses a form when its network has sent too many.
pub async fn limit_network(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let counted = Network::of_parts(&parts, &app).map_or(Ok(()), |network| app.network_limit.count(network));
    match counted {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(wait) => WebError::TooMany { wait }.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(value));
        }
        headers
    }

    fn network(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
        Network::behind(peer.parse().expect("an address"), &headers(forwarded), &trusted).to_text()
    }

    #[test]
    fn a_stranger_cannot_choose_their_network() {
        assert_eq!(network("203.0.113.7", &["198.51.100.1"], &[]), "203.0.113.7");
        assert_eq!(network("203.0.113.7", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(network("10.0.0.2", &["1.2.3.4, 203.0.113.7"], &["10.0.0.0/8"]), "203.0.113.7");
    }

    #[test]
    fn balancers_in_a_row_are_looked_through() {
        assert_eq!(network("10.0.0.2", &["203.0.113.7, 10.0.0.9"], &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(network("10.0.0.2", &["203.0.113.7", "10.0.0.9"], &["10.0.0.0/8"]), "203.0.113.7");
        assert_eq!(network("10.0.0.2", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(network("10.0.0.2", &[], &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn an_ipv6_subscriber_is_one_network_and_a_mapped_address_is_its_ipv4() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6", &[], &[]), "2001:db8:1:2::");
        assert_eq!(network("::ffff:203.0.113.7", &[], &[]), "203.0.113.7");
    }

    #[test]
    fn one_post_too_many_is_told_when_to_come_back() {
        let limit = NetworkLimit::per_minute(2);
        let network = Network::of([203, 0, 113, 7].into());
        assert!(limit.count(network).is_ok() && limit.count(network).is_ok());
        assert!(limit.count(network).expect_err("the third is too many") <= Duration::from_secs(60));
        assert!(limit.count(Network::of([203, 0, 113, 8].into())).is_ok());
        assert!((0..1_000).all(|_| NetworkLimit::per_minute(0).count(network).is_ok()));
    }
}
