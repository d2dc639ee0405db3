//! What a person reads whose e-mail address was not taken (docs/rules.md §1 E1).
//! Finding out what is wrong is [`super::email_address`]'s business and not to be put here.

use std::fmt;

use super::domain_name::DomainNameError;

/// Why a text is not an e-mail address (docs/rules.md §1 E1); `Display` is the sentence shown beside the
/// field. It carries nothing of the text, so that it can go into any page and any log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EmailAddressError {
    /// Nothing but white space.
    Empty,
    /// Over 256 characters.
    TooLong,
    /// A line break, NUL or the like inside.
    ControlCharacter,
    /// A zero-width or direction mark, which copying from a document leaves behind.
    InvisibleCharacter,
    /// A link was copied.
    Mailto,
    /// Copied with the name, as mail programs show it, or it is markup.
    AngleBrackets,
    /// The local part is in quotation marks, or the whole is.
    QuotationMark,
    /// An international address; our mail goes to plain ones only.
    NotAscii,
    /// More than one @, most often two addresses.
    SeveralAtSigns,
    /// A comma, semicolon or full stop from the list or sentence that it was copied from.
    TrailingPunctuation,
    /// White space inside.
    SpaceInside,
    /// No @.
    NoAtSign,
    /// The local part is missing.
    NothingBeforeAtSign,
    /// The local part is over 64 characters.
    LocalPartTooLong,
    /// A dot at the edge of the local part, or two in a row.
    MisplacedDot,
    /// A character that a local part cannot have.
    BadLocalPart,
    /// The domain is missing.
    NothingAfterAtSign,
    /// The domain is a single label.
    DomainWithoutDot,
    /// An IP address in place of a domain.
    DomainIsIpAddress,
    /// Anything else that keeps the domain from being one.
    BadDomain,
}

impl From<DomainNameError> for EmailAddressError {
    fn from(error: DomainNameError) -> Self {
        match error {
            DomainNameError::Empty => Self::NothingAfterAtSign,
            DomainNameError::NoDot => Self::DomainWithoutDot,
            DomainNameError::IpAddress => Self::DomainIsIpAddress,
            DomainNameError::NotAscii => Self::NotAscii,
            DomainNameError::TooLong
            | DomainNameError::EmptyLabel
            | DomainNameError::LabelTooLong
            | DomainNameError::HyphenAtEdge
            | DomainNameError::BadCharacter => Self::BadDomain,
        }
    }
}

impl fmt::Display for EmailAddressError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Empty => "Enter an e-mail address, such as name@tech.gov.sg",
            Self::TooLong => "Enter an e-mail address of 256 characters or fewer",
            Self::ControlCharacter => {
                "Type the e-mail address by hand: it has a line break or another control character in it"
            }
            Self::InvisibleCharacter => {
                "Type the e-mail address by hand: it has an invisible character in it, which copying often leaves behind"
            }
            Self::Mailto => "Remove “mailto:” and leave only the e-mail address, such as name@tech.gov.sg",
            Self::AngleBrackets => {
                "Enter only the e-mail address, such as name@tech.gov.sg, without a name and without < and >"
            }
            Self::QuotationMark => "Enter the e-mail address without quotation marks",
            Self::NotAscii => {
                "Enter the plain form of the e-mail address, with the letters a to z only: we cannot send to international addresses"
            }
            Self::SeveralAtSigns => "Enter one e-mail address only, with one @ sign",
            Self::TrailingPunctuation => {
                "Remove the comma, semicolon or full stop at the end of the e-mail address"
            }
            Self::SpaceInside => "Remove the space inside the e-mail address",
            Self::NoAtSign => "Enter the whole e-mail address, with its @ sign, such as name@tech.gov.sg",
            Self::NothingBeforeAtSign => {
                "Enter the whole e-mail address: the part before the @ sign is missing"
            }
            Self::LocalPartTooLong => "Check the part before the @ sign: it can have 64 characters at most",
            Self::MisplacedDot => {
                "Check the dots before the @ sign: none at the beginning or the end, and no two in a row"
            }
            Self::BadLocalPart => {
                "Check the part before the @ sign: it has a character that an e-mail address cannot have there"
            }
            Self::NothingAfterAtSign => {
                "Enter the whole e-mail address: the part after the @ sign is missing"
            }
            Self::DomainWithoutDot => "Enter all of the part after the @ sign, such as tech.gov.sg",
            Self::DomainIsIpAddress => {
                "Enter a name such as tech.gov.sg after the @ sign, not an address made of numbers"
            }
            Self::BadDomain => {
                "Check the part after the @ sign: it can have only letters, digits and hyphens, with single dots between, such as tech.gov.sg"
            }
        })
    }
}

impl std::error::Error for EmailAddressError {}

#[cfg(test)]
mod tests {
    use super::EmailAddressError::{self, *};
    use std::collections::HashSet;

    const ALL: [EmailAddressError; 20] = [
        Empty,
        TooLong,
        ControlCharacter,
        InvisibleCharacter,
        Mailto,
        AngleBrackets,
        QuotationMark,
        NotAscii,
        SeveralAtSigns,
        TrailingPunctuation,
        SpaceInside,
        NoAtSign,
        NothingBeforeAtSign,
        LocalPartTooLong,
        MisplacedDot,
        BadLocalPart,
        NothingAfterAtSign,
        DomainWithoutDot,
        DomainIsIpAddress,
        BadDomain,
    ];

    #[test]
    fn each_error_has_a_sentence_of_its_own_that_says_what_to_do() {
        let sentences: HashSet<String> = ALL.iter().map(ToString::to_string).collect();
        assert_eq!(sentences.len(), ALL.len());
        for sentence in sentences {
            let verb = sentence.split(' ').next().unwrap();
            assert!(["Enter", "Check", "Remove", "Type"].contains(&verb), "{sentence}");
            assert!(!sentence.ends_with('.'), "{sentence}");
        }
    }
}
