//! The name after the @: checked once, so that no rule ever compares raw text with an agency's domain.
//! What a domain means (agency, provider, refusal) is the directory's business and not to be put here.

use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;

const MAX_LENGTH: usize = 253;
const MAX_LABEL_LENGTH: usize = 63;

/// A domain name in lower-case ASCII with at least two labels, such as `tech.gov.sg`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

/// Why a text is not a domain name; `Display` is the sentence shown beside the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainNameError {
    /// Nothing was entered.
    Empty,
    /// A letter outside a–z: the `xn--` form is the one that mail and DNS use.
    NotAscii,
    /// An IP literal, or a top label of digits alone, which only an IP address has.
    IpAddress,
    /// Over 253 characters.
    TooLong,
    /// A single label, such as `localhost`.
    NoDot,
    /// A dot at the beginning or the end, or two in a row.
    EmptyLabel,
    /// A label of over 63 characters.
    LabelTooLong,
    /// A hyphen at the beginning or the end of a label.
    HyphenAtEdge,
    /// Something other than a letter, a digit, a hyphen or a dot.
    BadCharacter,
}

impl DomainName {
    /// Takes a domain name in any letter case; it is not trimmed, because the caller knows where it came from.
    ///
    /// # Errors
    ///
    /// Says what keeps the text from being a domain name.
    pub fn parse(raw: &str) -> Result<Self, DomainNameError> {
        if raw.is_empty() {
            return Err(DomainNameError::Empty);
        }
        if !raw.is_ascii() {
            return Err(DomainNameError::NotAscii);
        }
        if raw.starts_with('[') || raw.parse::<IpAddr>().is_ok() {
            return Err(DomainNameError::IpAddress);
        }
        if raw.len() > MAX_LENGTH {
            return Err(DomainNameError::TooLong);
        }
        raw.split('.').try_for_each(check_label)?;
        let (_, top) = raw.rsplit_once('.').ok_or(DomainNameError::NoDot)?;
        if top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DomainNameError::IpAddress);
        }
        Ok(Self(raw.to_ascii_lowercase()))
    }

    /// The name as text, lower-case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is `parent` or lies below it: compared label by label from the right, never as a
    /// mere ending, so that `notmoe.gov.sg` is not `moe.gov.sg` (docs/rules.md §1.3).
    #[must_use]
    pub fn is_at_or_under(&self, parent: &str) -> bool {
        let (own, parent) = (self.0.as_bytes(), parent.as_bytes());
        let Some(start) = own.len().checked_sub(parent.len()) else {
            return false;
        };
        !parent.is_empty() && own[start..].eq_ignore_ascii_case(parent) && (start == 0 || own[start - 1] == b'.')
    }

    /// The name itself, then each name above it, longest first: `a.moe.gov.sg`, `moe.gov.sg`, `gov.sg`, `sg`.
    pub fn itself_and_above(&self) -> impl Iterator<Item = &str> {
        let above = self.0.match_indices('.').map(|(dot, _)| &self.0[dot + 1..]);
        std::iter::once(self.as_str()).chain(above)
    }
}

fn check_label(label: &str) -> Result<(), DomainNameError> {
    if label.is_empty() {
        return Err(DomainNameError::EmptyLabel);
    }
    if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(DomainNameError::BadCharacter);
    }
    if label.len() > MAX_LABEL_LENGTH {
        return Err(DomainNameError::LabelTooLong);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(DomainNameError::HyphenAtEdge);
    }
    Ok(())
}

impl fmt::Display for DomainName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Lets a set or map of domain names be asked with a part of another name, without a copy.
impl Borrow<str> for DomainName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainNameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "Enter a domain name, such as tech.gov.sg",
            Self::NotAscii => "Use only the letters a to z: enter an international domain name in its form with xn--",
            Self::IpAddress => "Enter a name such as tech.gov.sg, not an address made of numbers",
            Self::TooLong => "Enter a domain name of 253 characters or fewer",
            Self::NoDot => "Enter all of the domain name, with its dots, such as tech.gov.sg",
            Self::EmptyLabel => "Check the dots: none at the beginning or the end, and no two in a row",
            Self::LabelTooLong => "Enter at most 63 characters between two dots",
            Self::HyphenAtEdge => "Remove the hyphen beside a dot, at the beginning or at the end",
            Self::BadCharacter => "Use only letters, digits, hyphens and dots",
        })
    }
}

impl std::error::Error for DomainNameError {}

#[cfg(test)]
mod tests {
    use super::{DomainName, DomainNameError as Error};
    use proptest::prelude::*;

    fn domain(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    fn of_length(length: usize) -> String {
        let mut name = format!("{}.", "a".repeat(63)).repeat(3);
        name.push_str(&"b".repeat(length - name.len() - 3));
        name + ".sg"
    }

    #[test]
    fn usual_and_unusual_domain_names_are_taken() {
        for name in [
            "tech.gov.sg",
            "a.b",
            "163.com",
            "dsta-wog.gov.sg",
            "xn--fiqs8s.xn--yfro4i67o",
            "1.2.3.4.example",
            "a--b.example",
            "0x7f.example",
        ] {
            assert_eq!(domain(name).as_str(), name);
            assert_eq!(domain(name).to_string(), name);
        }
        assert_eq!(domain("TECH.Gov.SG").as_str(), "tech.gov.sg");
    }

    #[test]
    fn what_is_not_a_domain_name_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", Error::Empty),
            ("localhost", Error::NoDot),
            (".", Error::EmptyLabel),
            (".gov.sg", Error::EmptyLabel),
            ("tech.gov.sg.", Error::EmptyLabel),
            ("tech..gov.sg", Error::EmptyLabel),
            ("-tech.gov.sg", Error::HyphenAtEdge),
            ("tech-.gov.sg", Error::HyphenAtEdge),
            ("tech.gov.-", Error::HyphenAtEdge),
            ("te_ch.gov.sg", Error::BadCharacter),
            ("tech.gov.sg ", Error::BadCharacter),
            ("tech,gov.sg", Error::BadCharacter),
            ("tech.gov.sg/x", Error::BadCharacter),
            ("tech.gov.sg\0", Error::BadCharacter),
            ("tech.gov\r\n.sg", Error::BadCharacter),
            ("tech.gov.sg:25", Error::BadCharacter),
            ("a@tech.gov.sg", Error::BadCharacter),
            ("127.0.0.1", Error::IpAddress),
            ("127.1", Error::IpAddress),
            ("999.999.999.999", Error::IpAddress),
            ("tech.gov.123", Error::IpAddress),
            ("[127.0.0.1]", Error::IpAddress),
            ("[IPv6:::1]", Error::IpAddress),
            ("::1", Error::IpAddress),
            ("téch.gov.sg", Error::NotAscii),
            ("tech。gov.sg", Error::NotAscii),
        ] {
            assert_eq!(DomainName::parse(text), Err(reason), "{text:?}");
            assert!(!reason.to_string().is_empty());
        }
    }

    #[test]
    fn lengths_are_taken_up_to_their_limit() {
        assert!(DomainName::parse(&format!("{}.sg", "a".repeat(63))).is_ok());
        assert_eq!(DomainName::parse(&format!("{}.sg", "a".repeat(64))), Err(Error::LabelTooLong));
        assert_eq!(of_length(253).len(), 253);
        assert!(DomainName::parse(&of_length(253)).is_ok());
        assert_eq!(DomainName::parse(&of_length(254)), Err(Error::TooLong));
    }

    #[test]
    fn a_parent_matches_exactly_or_at_a_dot_and_never_as_an_ending() {
        for (name, parent, expected) in [
            ("moe.gov.sg", "moe.gov.sg", true),
            ("moe.gov.sg", "MOE.gov.SG", true),
            ("a.moe.gov.sg", "moe.gov.sg", true),
            ("a.b.moe.gov.sg", "moe.gov.sg", true),
            ("gov.sg", "gov.sg", true),
            ("notmoe.gov.sg", "moe.gov.sg", false),
            ("not-moe.gov.sg", "moe.gov.sg", false),
            ("moe.gov.sg.attacker.example", "moe.gov.sg", false),
            ("evilmoe.gov.sg.attacker.example", "moe.gov.sg", false),
            ("gov.sg", "moe.gov.sg", false),
            ("evilgov.sg", "gov.sg", false),
            ("moe.gov.sg", ".gov.sg", false),
            ("moe.gov.sg", ".", false),
            ("moe.gov.sg", "", false),
        ] {
            let matches = domain(name).is_at_or_under(parent);
            assert_eq!(matches, expected, "{name} under {parent}");
        }
    }

    #[test]
    fn a_name_is_followed_by_each_name_above_it() {
        let name = domain("a.moe.gov.sg");
        let all: Vec<_> = name.itself_and_above().collect();
        assert_eq!(all, ["a.moe.gov.sg", "moe.gov.sg", "gov.sg", "sg"]);
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_the_parser(text in any::<String>()) {
            if let Ok(name) = DomainName::parse(&text) {
                prop_assert_eq!(name.as_str(), text.to_ascii_lowercase());
                prop_assert_eq!(DomainName::parse(name.as_str()), Ok(name.clone()));
            }
        }

        #[test]
        fn a_parent_is_found_just_when_it_is_among_the_names_above(
            name in "([a-c]{1,2}\\.){1,4}[a-c]{1,2}",
            parent in "([a-c]{1,2}\\.){0,3}[a-c]{1,2}",
        ) {
            let name = domain(&name);
            let is_above = name.itself_and_above().any(|above| above == parent);
            prop_assert_eq!(name.is_at_or_under(&parent), is_above);
        }
    }
}
