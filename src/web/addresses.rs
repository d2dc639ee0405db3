//! Addresses that more than one journey links to.

use crate::domain::{device::Device, domain_name::DomainName};

/// The page that says which way is whose. It names no person, so that it can be sent to a colleague (docs/rules.md §1.7).
pub fn answer(domain: &DomainName, device: Device, seed_wished: bool) -> String {
    // Domains and devices consist of letters, digits, dots and dashes: nothing needs encoding.
    format!("/start/answer?domain={domain}&device={}&seed={}", device.as_str(), yes_or_no(seed_wished))
}

/// The page that asks, with these answers given already.
pub fn question(device: Device, seed_wished: bool) -> String {
    format!("/start?device={}&seed={}", device.as_str(), yes_or_no(seed_wished))
}

fn yes_or_no(wished: bool) -> &'static str {
    if wished { "yes" } else { "no" }
}
