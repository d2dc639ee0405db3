//! Addresses that more than one journey links to.

use serde::Deserialize;

use crate::domain::{activation::Step, device::Device, domain_name::DomainName, terms::TermsDocument};

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

/// Where signing in begins.
pub const SIGN_IN: &str = "/sign-in";

/// What somebody sees first who is signed in.
pub const ACCOUNT: &str = "/account";

/// What somebody sees who has signed out.
pub const SIGNED_OUT: &str = "/?signed-out=yes";

/// What somebody sees whose account has just become active.
pub const ACTIVATED: &str = "/activate/done";

/// Where somebody looks after how they sign in.
pub const SECURITY: &str = "/account/security";

/// The passkeys of somebody who is signed in.
pub const PASSKEYS: &str = "/account/security/passkeys";

/// The authenticator apps of somebody who is signed in.
pub const AUTHENTICATORS: &str = "/account/security/authenticators";

/// Where somebody who is signed in proves anew who they are.
pub const CONFIRM: &str = "/account/security/confirm";

/// Where signing in begins for somebody who wanted to see a page of ours.
pub fn sign_in(wanted: Option<&str>) -> String {
    match wanted {
        None | Some("/") => SIGN_IN.to_owned(),
        Some(path) => with_next(SIGN_IN, path),
    }
}

/// Where somebody proves anew who they are before they see a page of ours.
pub fn confirm(wanted: &str) -> String {
    with_next(CONFIRM, wanted)
}

/// A page of ours that says first what was just done.
pub fn done(page: &str, what: &str) -> String {
    format!("{page}?done={what}")
}

/// What the address of such a page carries.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    /// What was just done; nothing where nobody comes from doing something.
    pub done: String,
}

fn with_next(address: &str, wanted: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("{address}?next={next}")
}

/// Where a step is done.
pub const fn step(step: Step) -> &'static str {
    match step {
        Step::SetUpFactor => "/activate/mfa",
        Step::ProveFactor => "/sign-in/mfa",
        Step::RecoveryCodes => "/activate/recovery-codes",
        Step::Phone => "/activate/phone",
        Step::Password => "/activate/password",
        Step::Terms(TermsDocument::Privacy) => "/activate/terms/privacy",
        Step::Terms(TermsDocument::TermsOfUse) => "/activate/terms/terms-of-use",
        Step::Terms(TermsDocument::MdmAup) => "/activate/terms/mdm-aup",
        Step::Done => "/activate",
    }
}

/// A path of this site, or nothing: whoever makes up the address of a sign-in page must not choose where it leads.
pub fn own_path(text: &str) -> Option<&str> {
    let is_plain = text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && text.len() <= 512;
    is_plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_a_path_of_this_site_is_gone_to_after_signing_in() {
        for path in ["/account", "/account/security?tab=1", "/invitations/3#top", "/"] {
            assert_eq!(own_path(path), Some(path));
        }
        for elsewhere in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\tb",
            "/a\r\nb",
            "/\u{2028}",
            " /account",
            "http:/evil.example",
        ] {
            assert_eq!(own_path(elsewhere), None, "{elsewhere:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(512))), None);
    }
}
