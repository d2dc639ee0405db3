//! TechPass IDs: what one signs in with (docs/rules.md, words; §4.12). Some are e-mail addresses of an agency; the others are
//! under a domain of their own, which takes no mail.

use std::fmt;

use super::email_address::EmailAddress;

/// The domain of the IDs that are no mailboxes.
pub const DOMAIN: &str = "techpass.gov.sg";

/// The longest username (docs/rules.md §3.17).
pub const LONGEST_USERNAME: usize = 64;

/// What stands before `@techpass.gov.sg`, in lower case (docs/rules.md §3.17).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Takes a username in any letter case, with spaces around it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let edge = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
        let is_good = text.len() <= LONGEST_USERNAME
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
            && edge(text.chars().next())
            && edge(text.chars().next_back())
            && !text.contains("..");
        is_good.then_some(Self(text))
    }

    /// As the database keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{DOMAIN}", self.0)
    }
}

/// What somebody gave to sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TechPassId {
    /// A local account, with or without `@techpass.gov.sg`.
    Local(Username),
    /// An address of an agency; whether its provider is known is for the directory to say.
    Address(EmailAddress),
}

impl TechPassId {
    /// Understands what was typed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.rsplit_once('@') {
            None => Username::parse(text).map(Self::Local),
            Some((name, domain)) if domain.eq_ignore_ascii_case(DOMAIN) => Username::parse(name).map(Self::Local),
            Some(_) => EmailAddress::parse(text).ok().map(Self::Address),
        }
    }
}

impl fmt::Display for TechPassId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(username) => username.fmt(out),
            Self::Address(address) => out.write_str(address.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST_USERNAME, TechPassId, Username};

    #[test]
    fn a_username_has_the_form_that_the_rules_give_it() {
        for (text, is_good) in [
            ("ana", true),
            ("a", true),
            ("Ana.Lim-2_x", true),
            ("  ana ", true),
            ("9lives", true),
            ("", false),
            (".ana", false),
            ("ana.", false),
            ("-ana", false),
            ("ana_", false),
            ("ana..lim", false),
            ("ana lim", false),
            ("anä", false),
            ("ana@lim", false),
        ] {
            assert_eq!(Username::parse(text).is_some(), is_good, "{text:?}");
        }
        assert!(Username::parse(&"a".repeat(LONGEST_USERNAME)).is_some());
        assert!(Username::parse(&"a".repeat(LONGEST_USERNAME + 1)).is_none());
    }

    #[test]
    fn a_local_id_may_leave_its_domain_out() {
        for text in ["ana.lim", "ANA.LIM@techpass.gov.sg", " ana.lim@TECHPASS.GOV.SG "] {
            let id = TechPassId::parse(text).unwrap();
            assert!(matches!(id, TechPassId::Local(_)), "{text}");
            assert_eq!(id.to_string(), "ana.lim@techpass.gov.sg");
        }
    }

    #[test]
    fn any_other_address_is_that_of_an_agency_or_of_nobody() {
        let id = TechPassId::parse("Mei@Tech.gov.sg").unwrap();
        assert!(matches!(id, TechPassId::Address(_)));
        assert_eq!(id.to_string(), "mei@tech.gov.sg");
        assert!(matches!(TechPassId::parse("ana@a.techpass.gov.sg"), Some(TechPassId::Address(_))));
        for text in ["", "@", "ana@", "@techpass.gov.sg", "ana lim", "ana@techpass.gov.sg@techpass.gov.sg"] {
            assert_eq!(TechPassId::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn anything_typed_is_answered(text in ".*") {
            if let Some(id) = TechPassId::parse(&text) {
                prop_assert_eq!(TechPassId::parse(&id.to_string()), Some(id));
            }
        }
    }
}
