//! What makes a password good enough (docs/rules.md §4.7). How it is kept is not to be put here.

use time::Duration;
use zxcvbn::{Score, zxcvbn};

/// The fewest characters.
pub const SHORTEST: usize = 12;

/// The most bytes: Argon2 takes more, but nobody types more.
pub const LONGEST: usize = 256;

/// How long an initial password is valid (docs/rules.md §3.20).
pub const INITIAL_VALIDITY: Duration = Duration::hours(72);

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Too short.
    #[error(
        "Use at least {SHORTEST} characters. Four words that have nothing to do with each other are easy to keep in mind"
    )]
    Short,
    /// Too long.
    #[error("Use at most {LONGEST} characters")]
    Long,
    /// It has the name or the ID in it.
    #[error("Leave out your name and your TechPass ID: they are the first thing that others try")]
    Name,
    /// It is one of those that others try early.
    #[error("This password is easy to guess. {0}")]
    Guessable(String),
}

/// Checks a new password of somebody whose names and IDs are `about`.
///
/// # Errors
/// [`Weakness`] says why it is not taken, in words for the person.
pub fn check(password: &str, about: &[&str]) -> Result<(), Weakness> {
    if password.chars().count() < SHORTEST {
        return Err(Weakness::Short);
    }
    if password.len() > LONGEST {
        return Err(Weakness::Long);
    }
    let lower = password.to_lowercase();
    let words = about.iter().flat_map(|text| text.split(['@', '.', '-', '_', ' '])).map(str::to_lowercase);
    // Shorter ones are in too many words to forbid them, and the domain of an ID names nobody.
    let names: Vec<String> =
        words.filter(|word| word.chars().count() >= 4 && !["techpass"].contains(&word.as_str())).collect();
    if names.iter().any(|name| lower.contains(name)) {
        return Err(Weakness::Name);
    }
    let inputs: Vec<&str> = names.iter().map(String::as_str).chain(["techpass", "seed", "singapore"]).collect();
    // The estimate is slow for long texts, and what is long is not made weaker by what follows.
    let start: String = password.chars().take(100).collect();
    let estimate = zxcvbn(&start, &inputs);
    if estimate.score() >= Score::Three {
        return Ok(());
    }
    let advice = estimate.feedback().and_then(|feedback| feedback.warning()).map(|warning| warning.to_string());
    Err(Weakness::Guessable(advice.unwrap_or_else(|| "Add another word or two".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Weakness, check};

    const ANA: [&str; 3] = ["Ana", "Limbang", "ana.limbang@techpass.gov.sg"];

    #[test]
    fn a_few_words_that_have_nothing_to_do_with_each_other_are_good() {
        for password in ["wobbly teapot eleven moon", "Xk9#vQ2!pLw7zR", "kaya toast quantum ferry"] {
            assert_eq!(check(password, &ANA), Ok(()), "{password}");
        }
    }

    #[test]
    fn what_others_try_early_is_not_taken() {
        for password in
            ["password1234", "qwertyuiop123", "aaaaaaaaaaaaaaaa", "123456789012", "Singapore2026", "techpass12345"]
        {
            assert!(matches!(check(password, &ANA), Err(Weakness::Guessable(_))), "{password}");
        }
    }

    #[test]
    fn the_length_is_counted_in_characters_at_its_edges() {
        assert_eq!(check("Xk9#vQ2!pLw", &ANA), Err(Weakness::Short));
        assert_eq!(check("Xk9#vQ2!pLw7", &ANA), Ok(()));
        assert_eq!(check(&"é".repeat(11), &ANA), Err(Weakness::Short));
        assert_eq!(check(&format!("Xk9#vQ2!{}", "y".repeat(LONGEST - 7)), &ANA), Err(Weakness::Long));
    }

    #[test]
    fn names_and_ids_are_not_taken_in_any_letter_case() {
        for password in ["wobbly LIMBANG moon 7", "xx-limbang-9-teapot"] {
            assert_eq!(check(password, &ANA), Err(Weakness::Name), "{password}");
        }
        assert_eq!(check("banana canal teapot 9", &ANA), Ok(()), "a short name stands in many words");
    }
}
