//! TechPass IDs: what one signs in with (docs/rules.md, words). Some are e-mail addresses of an agency; the others are under a
//! domain of their own, which takes no mail.

/// The domain of the IDs that are no mailboxes.
pub const DOMAIN: &str = "techpass.gov.sg";
