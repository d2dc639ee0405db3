//! A line of text that people type and others read: a name, a department, what they call a phone (docs/rules.md §3.17, §4.20).

/// The most characters.
pub const LONGEST: usize = 64;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotShortText {
    /// Nothing was typed.
    #[error("Nothing was typed")]
    Missing,
    /// Too long.
    #[error("Use {LONGEST} characters or fewer")]
    Long,
    /// It has characters in it that cannot be seen, or that turn what follows around.
    #[error("Leave out characters that cannot be seen, such as line breaks")]
    Unseen,
}

/// Takes a text as it was typed, without the white space around it.
///
/// # Errors
/// [`NotShortText`] says what is wrong.
pub fn parse(typed: &str) -> Result<&str, NotShortText> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(NotShortText::Missing);
    }
    if text.chars().any(|letter| letter.is_control() || turns_around(letter)) {
        return Err(NotShortText::Unseen);
    }
    if text.chars().count() > LONGEST {
        return Err(NotShortText::Long);
    }
    Ok(text)
}

/// Marks of direction (Unicode Bidirectional Algorithm): with them a name reads other than it is.
const fn turns_around(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, NotShortText, parse};

    #[test]
    fn names_of_all_peoples_are_taken() {
        for name in ["Mei", "D’Souza", "Nguyễn Thị", "陈美", "Óscar-María", "S/O Rajan", "X", "இளங்கோ"]
        {
            assert_eq!(parse(&format!(" {name}\t")), Ok(name));
        }
    }

    #[test]
    fn the_length_is_counted_in_characters_at_its_edges() {
        let (longest, longer) = ("é".repeat(LONGEST), "é".repeat(LONGEST + 1));
        assert_eq!(parse(&longest), Ok(longest.as_str()));
        assert_eq!(parse(&longer), Err(NotShortText::Long));
        assert_eq!(parse(&format!(" {longest} ")), Ok(longest.as_str()));
    }

    #[test]
    fn what_cannot_be_seen_is_not_taken() {
        for text in ["", "  ", "\t"] {
            assert_eq!(parse(text), Err(NotShortText::Missing), "{text:?}");
        }
        for text in ["a\0b", "a\r\nb", "a\tb", "\u{202e}ieM", "a\u{2028}b", "a\u{85}b"] {
            assert_eq!(parse(text), Err(NotShortText::Unseen), "{text:?}");
        }
    }
}
