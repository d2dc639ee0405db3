//! Passkeys, as their owner knows them: what they are called (docs/rules.md §4.6a).

use super::short_text::{self, NotShortText};

/// What a passkey is called, so that its owner knows it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

impl PasskeyName {
    /// Takes what was typed, with single spaces.
    ///
    /// # Errors
    /// A sentence for beside the field.
    pub fn parse(typed: &str) -> Result<Self, &'static str> {
        let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        match short_text::parse(&name) {
            Ok(_) => Ok(Self(name)),
            Err(NotShortText::Missing) => Err("Give the passkey a name, such as Work laptop"),
            Err(NotShortText::Long) => Err("Use at most 64 characters for the name"),
            Err(NotShortText::Unseen) => Err("Leave out characters that cannot be seen"),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::PasskeyName;

    #[test]
    fn names_are_what_people_type_with_single_spaces() {
        let name = |typed: &str| PasskeyName::parse(typed).map(|name| name.as_str().to_owned());
        assert_eq!(name("  Work \t laptop "), Ok("Work laptop".to_owned()));
        assert_eq!(name(&"é".repeat(64)), Ok("é".repeat(64)));
        assert!(name(&"é".repeat(65)).is_err());
        assert!(name(" \r\n ").is_err());
        for unseen in ["a\0b", "\u{202e}potpal kroW", "a\u{2066}b"] {
            assert_eq!(name(unseen), Err("Leave out characters that cannot be seen"), "{unseen:?}");
        }
    }
}
