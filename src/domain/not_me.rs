//! "This wasn't me": for how long its owner can say so of something that happened to an account, and what is taken back then
//! (docs/rules.md §4.23).

use time::Duration;

/// How long the link in a notice is valid: longer than most people are away.
pub const LINK_VALIDITY: Duration = Duration::days(7);

/// Something that was added to an account, and that somebody who is not its owner could go on using.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// An authenticator app, and the recovery codes that came with it.
    Authenticator,
    /// A passkey, and its standing in for a phone.
    Passkey,
    /// Recovery codes.
    RecoveryCodes,
    /// A proven mobile number.
    Mobile,
    /// A browser that counts as known.
    Browser,
}
