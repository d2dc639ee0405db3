//! Addresses that more than one journey links to.

use crate::domain::{device::Device, domain_name::DomainName};

/// The page that says which way is whose. It names no person, so that it can be sent to a colleague (docs/rules.md §1.7).
pub fn answer(domain: &DomainName, device: Device, seed_wished: bool) -> String {
    // Domains and devices consist of letters, digits, dots and dashes: nothing needs encoding.
    let seed = if seed_wished { "yes" } else { "no" };
    format!("/start/answer?domain={domain}&device={}&seed={seed}", device.as_str())
}
