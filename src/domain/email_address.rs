//! The address that a person is known by: whoever holds one of these holds a checked address.
//! Whether its domain may sign up is eligibility's business (docs/rules.md §1 E2–E9) and not to be put here.

use std::fmt;

use super::domain_name::DomainName;
pub use super::email_address_error::EmailAddressError;

const MAX_CHARACTERS: usize = 256;
const MAX_LOCAL_PART: usize = 64;

/// An e-mail address, trimmed and in lower case: the same address in other letter case or with spaces
/// around it is the same person (docs/rules.md §1 E1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress {
    text: String,
    domain: DomainName,
}

impl EmailAddress {
    /// Takes what a person typed or pasted: any Unicode white space around it and any letter case.
    ///
    /// # Errors
    ///
    /// Says what keeps the text from being an e-mail address (docs/rules.md §1 E1).
    pub fn parse(raw: &str) -> Result<Self, EmailAddressError> {
        let trimmed = raw.trim();
        check_for_slips(trimmed)?;
        let (local_part, domain) = trimmed.split_once('@').ok_or(EmailAddressError::NoAtSign)?;
        check_local_part(local_part)?;
        let domain = DomainName::parse(domain)?;
        Ok(Self { text: trimmed.to_ascii_lowercase(), domain })
    }

    /// The whole address. There is no `Display`, so that writing out a person's address is always a decision.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the @.
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.text[..self.text.len() - self.domain.as_str().len() - 1]
    }

    /// What stands after the @.
    #[must_use]
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// `m•••@tech.gov.sg`: enough for its owner to know it, for logs and for pages that strangers may open.
    /// Always three bullets, because the length would tell who it is.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}•••@{}", &self.text[..1], self.domain)
    }

    /// Whether the address is a vendor's WOG account, such as `name_from.vendor@agency.gov.sg`: its person
    /// signs up like a public officer (docs/rules.md §1 E6), but is none.
    #[must_use]
    pub fn is_vendor(&self) -> bool {
        self.local_part().contains("_from.")
    }
}

/// What is wrong with the text as a whole: what people paste first, so that they read what to do and not
/// merely that a character is wrong.
fn check_for_slips(text: &str) -> Result<(), EmailAddressError> {
    use EmailAddressError as Error;
    let starts_with_mailto = text.get(.."mailto:".len()).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
    let at_signs = text.bytes().filter(|byte| *byte == b'@').count();
    let slips = [
        (text.is_empty(), Error::Empty),
        (text.chars().count() > MAX_CHARACTERS, Error::TooLong),
        (text.contains(char::is_control), Error::ControlCharacter),
        (text.contains(is_invisible), Error::InvisibleCharacter),
        (starts_with_mailto, Error::Mailto),
        (text.contains(['<', '>']), Error::AngleBrackets),
        (text.contains(['"', '“', '”']), Error::QuotationMark),
        (at_signs > 1, Error::SeveralAtSigns),
        (text.contains(char::is_whitespace), Error::SpaceInside),
        (!text.is_ascii(), Error::NotAscii),
        (at_signs == 0, Error::NoAtSign),
        (text.ends_with([',', ';', '.']), Error::TrailingPunctuation),
    ];
    match slips.into_iter().find(|(happened, _)| *happened) {
        Some((_, slip)) => Err(slip),
        None => Ok(()),
    }
}

/// Zero-width and direction marks, soft hyphen and byte order mark: neither white space nor control
/// characters to Unicode, and a person cannot see what to correct.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// A dot-atom (RFC 5321 §4.1.2). Quoted local parts are legal there, but no organisation hands them out,
/// and the programs on a mail's way take them apart differently.
fn check_local_part(local_part: &str) -> Result<(), EmailAddressError> {
    if local_part.is_empty() {
        return Err(EmailAddressError::NothingBeforeAtSign);
    }
    if local_part.len() > MAX_LOCAL_PART {
        return Err(EmailAddressError::LocalPartTooLong);
    }
    if !local_part.bytes().all(|byte| byte == b'.' || is_atom_byte(byte)) {
        return Err(EmailAddressError::BadLocalPart);
    }
    if local_part.split('.').any(str::is_empty) {
        return Err(EmailAddressError::MisplacedDot);
    }
    Ok(())
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Shows the masked form: a debug print of a larger value must not put an address into a log.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EmailAddress({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::{EmailAddress, EmailAddressError as Error, is_invisible};
    use proptest::prelude::*;

    fn address(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn of_length(length: usize) -> String {
        let mut text = format!("{}@", "l".repeat(64));
        text.push_str(&format!("{}.", "a".repeat(63)).repeat(2));
        text.push_str(&"b".repeat(length - text.len() - 3));
        text + ".sg"
    }

    #[test]
    fn usual_and_unusual_addresses_are_taken() {
        for (text, local_part, domain) in [
            ("mei@tech.gov.sg", "mei", "tech.gov.sg"),
            ("peter_wilson@tech.gov.sg", "peter_wilson", "tech.gov.sg"),
            ("a.b-c+seed@x.example", "a.b-c+seed", "x.example"),
            ("o'brien@moe.gov.sg", "o'brien", "moe.gov.sg"),
            ("!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~", "x.example"),
            ("1@163.com", "1", "163.com"),
            ("ana@xn--bcher-kva.example", "ana", "xn--bcher-kva.example"),
        ] {
            let address = address(text);
            assert_eq!(address.as_str(), text);
            assert_eq!(address.local_part(), local_part);
            assert_eq!(address.domain().as_str(), domain);
        }
    }

    #[test]
    fn letter_case_and_white_space_around_do_not_make_another_person() {
        for text in [
            "Mei@Tech.Gov.SG",
            "MEI@TECH.GOV.SG",
            " mei@tech.gov.sg ",
            "\tmei@tech.gov.sg\r\n",
            "\u{a0}mei@tech.gov.sg\u{3000}",
            "\u{2003}\u{2028}mei@tech.gov.sg\u{85}",
        ] {
            assert_eq!(address(text), address("mei@tech.gov.sg"), "{text:?}");
        }
        assert_ne!(address("mei@tech.gov.sg"), address("me.i@tech.gov.sg"));
    }

    #[test]
    fn exactly_256_characters_are_taken_and_one_more_is_too_many() {
        assert_eq!(address(&of_length(256)).as_str().len(), 256);
        assert_eq!(address(&format!(" {}\n", of_length(256))).as_str().len(), 256);
        assert_eq!(EmailAddress::parse(&of_length(257)), Err(Error::TooLong));
        assert_eq!(EmailAddress::parse(&"é".repeat(257)), Err(Error::TooLong));
        assert_eq!(EmailAddress::parse(&"é".repeat(256)), Err(Error::NotAscii));
        let endless = "a@".repeat(32 * 1024);
        assert_eq!(EmailAddress::parse(&endless), Err(Error::TooLong));
    }

    #[test]
    fn a_local_part_has_64_characters_at_most() {
        let local = "a".repeat(64);
        assert!(EmailAddress::parse(&format!("{local}@b.sg")).is_ok());
        assert_eq!(EmailAddress::parse(&format!("{local}a@b.sg")), Err(Error::LocalPartTooLong));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_do() {
        for (text, reason) in [
            ("", Error::Empty),
            (" \t\u{a0}\n", Error::Empty),
            ("mei", Error::NoAtSign),
            ("mei.tech.gov.sg", Error::NoAtSign),
            ("mei(at)tech.gov.sg", Error::NoAtSign),
            ("@", Error::NothingBeforeAtSign),
            ("@tech.gov.sg", Error::NothingBeforeAtSign),
            ("mei@", Error::NothingAfterAtSign),
            ("mei@@tech.gov.sg", Error::SeveralAtSigns),
            ("a@b.sg, c@d.sg", Error::SeveralAtSigns),
            ("a@b.sg;c@d.sg;", Error::SeveralAtSigns),
            ("a@b@tech.gov.sg", Error::SeveralAtSigns),
            ("mei ling@tech.gov.sg", Error::SpaceInside),
            ("mei@tech.gov.sg today", Error::SpaceInside),
            ("mei@tech .gov.sg", Error::SpaceInside),
            ("mei\u{a0}ling@tech.gov.sg", Error::SpaceInside),
            (".mei@tech.gov.sg", Error::MisplacedDot),
            ("mei.@tech.gov.sg", Error::MisplacedDot),
            ("mei..ling@tech.gov.sg", Error::MisplacedDot),
            ("mei(x)@tech.gov.sg", Error::BadLocalPart),
            ("mei,ling@tech.gov.sg", Error::BadLocalPart),
            ("me\\i@tech.gov.sg", Error::BadLocalPart),
            ("mei@localhost", Error::DomainWithoutDot),
            ("mei@[127.0.0.1]", Error::DomainIsIpAddress),
            ("mei@[IPv6:::1]", Error::DomainIsIpAddress),
            ("mei@127.0.0.1", Error::DomainIsIpAddress),
            ("mei@tech.gov.1", Error::DomainIsIpAddress),
            ("mei@tech..gov.sg", Error::BadDomain),
            ("mei@.tech.gov.sg", Error::BadDomain),
            ("mei@-tech.gov.sg", Error::BadDomain),
            ("mei@te_ch.gov.sg", Error::BadDomain),
            ("mei@tech,gov.sg", Error::BadDomain),
            ("mei@tech.gov.sg:25", Error::BadDomain),
            ("mei@tech.gov.sg/x", Error::BadDomain),
            ("mei@tech.gov.sg?bcc=x", Error::BadDomain),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn typical_slips_are_told_apart() {
        for (text, reason) in [
            ("Mei <mei@tech.gov.sg>", Error::AngleBrackets),
            ("<mei@tech.gov.sg>", Error::AngleBrackets),
            ("\"Tan, Mei\" <mei@tech.gov.sg>", Error::AngleBrackets),
            ("<script>alert(1)</script>", Error::AngleBrackets),
            ("mailto:mei@tech.gov.sg", Error::Mailto),
            ("MailTo:mei@tech.gov.sg", Error::Mailto),
            ("mei@tech.gov.sg,", Error::TrailingPunctuation),
            ("mei@tech.gov.sg;", Error::TrailingPunctuation),
            ("mei@tech.gov.sg. ", Error::TrailingPunctuation),
            ("\"mei\"@tech.gov.sg", Error::QuotationMark),
            ("\"a@b\"@tech.gov.sg", Error::QuotationMark),
            ("“mei@tech.gov.sg”", Error::QuotationMark),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn look_alikes_and_hidden_characters_are_refused() {
        for (text, reason) in [
            ("mеi@tech.gov.sg", Error::NotAscii),
            ("mei@tеch.gov.sg", Error::NotAscii),
            ("\u{212a}im@tech.gov.sg", Error::NotAscii),
            ("mei@tech.gov.\u{17f}g", Error::NotAscii),
            ("mei＠tech.gov.sg", Error::NotAscii),
            ("mei@tech。gov.sg", Error::NotAscii),
            ("josé@tech.gov.sg", Error::NotAscii),
            ("陈@tech.gov.sg", Error::NotAscii),
            ("ｍｅｉ@tech.gov.sg", Error::NotAscii),
            ("mei@tech.gov.sg\0", Error::ControlCharacter),
            ("mei\0@tech.gov.sg", Error::ControlCharacter),
            ("mei\r\nBcc: x@tech.gov.sg", Error::ControlCharacter),
            ("mei@tech.gov.sg\r\nBcc: x@y.sg", Error::ControlCharacter),
            ("mei@tech.\tgov.sg", Error::ControlCharacter),
            ("mei@tech.gov.sg\u{7f}", Error::ControlCharacter),
            ("\u{feff}mei@tech.gov.sg", Error::InvisibleCharacter),
            ("mei@tech.gov.sg\u{200b}", Error::InvisibleCharacter),
            ("mei@\u{202e}gs.vog.hcet", Error::InvisibleCharacter),
            ("me\u{ad}i@tech.gov.sg", Error::InvisibleCharacter),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(reason), "{text:?}");
        }
        assert!(!is_invisible('a'));
    }

    #[test]
    fn a_masked_address_tells_neither_name_nor_length() {
        assert_eq!(address("mei@tech.gov.sg").masked(), "m•••@tech.gov.sg");
        assert_eq!(address("m@tech.gov.sg").masked(), "m•••@tech.gov.sg");
        let long = address("Mei.Ling.Tan_from.Vendor@tech.gov.sg");
        assert_eq!(long.masked(), "m•••@tech.gov.sg");
        assert_eq!(format!("{long:?}"), "EmailAddress(m•••@tech.gov.sg)");
    }

    #[test]
    fn a_vendor_is_known_by_the_local_part_alone() {
        for (text, expected) in [
            ("peter_wilson_FROM.VENDORPROVIDER@tech.gov.sg", true),
            ("peter_from.acme@tech.gov.sg", true),
            ("peter_From.acme@moe.gov.sg", true),
            ("_from.acme@tech.gov.sg", true),
            ("peter@tech.gov.sg", false),
            ("peter.from.acme@tech.gov.sg", false),
            ("peter_fromacme@tech.gov.sg", false),
            ("peter_from@tech.gov.sg", false),
            ("from.acme@tech.gov.sg", false),
        ] {
            assert_eq!(address(text).is_vendor(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_the_parser(text in "\\PC{0,12}@?\\PC{0,12}|.*") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let text = address.as_str();
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(text.matches('@').count(), 1);
                prop_assert_eq!(format!("{}@{}", address.local_part(), address.domain()), text);
                prop_assert_eq!(EmailAddress::parse(text), Ok(address.clone()));
            }
        }

        #[test]
        fn an_address_is_the_same_in_any_letter_case_and_with_any_space_around(
            local in "[a-z0-9_+'-]{1,20}",
            domain in "[a-z0-9]{1,10}\\.gov\\.sg",
            around in "[ \\t\\r\\n\\u{a0}\\u{2009}\\u{3000}]{0,4}",
            upper in proptest::collection::vec(any::<bool>(), 40),
        ) {
            let plain = format!("{local}@{domain}");
            let shouted: String = plain
                .chars()
                .zip(upper)
                .map(|(letter, up)| if up { letter.to_ascii_uppercase() } else { letter })
                .collect();
            prop_assert_eq!(EmailAddress::parse(&format!("{around}{shouted}{around}")), EmailAddress::parse(&plain));
            prop_assert!(EmailAddress::parse(&plain).is_ok());
        }

        #[test]
        fn a_debug_print_never_shows_the_local_part(local in "[a-z]{2,20}") {
            let printed = format!("{:?}", address(&format!("{local}@x-1.example")));
            prop_assert_eq!(printed, format!("EmailAddress({}•••@x-1.example)", &local[..1]));
        }
    }
}
