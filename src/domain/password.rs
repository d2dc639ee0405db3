//! What makes a password good enough (docs/rules.md §4.7). How it is kept is not to be put here.

use time::Duration;
use zxcvbn::{Score, feedback::Warning, zxcvbn};

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
    Guessable(&'static str),
}

/// What a new password is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// From 0, nothing, to [`STRONGEST`].
    pub strength: u8,
    /// Why it is not taken; none if it is.
    pub weakness: Option<Weakness>,
}

/// The strength of the strongest passwords. From [`Score::Three`] on they are taken.
pub const STRONGEST: u8 = Score::Four as u8;

impl Judgement {
    /// Why it is so, and what helps: one sentence for the person.
    #[must_use]
    pub fn in_words(&self) -> String {
        match &self.weakness {
            Some(weakness) => weakness.to_string(),
            None if self.strength == STRONGEST => "Very strong: nobody guesses this password".to_owned(),
            None => "Strong: this password is hard to guess".to_owned(),
        }
    }
}

/// Checks a new password of somebody whose names and IDs are `about`.
///
/// # Errors
/// [`Weakness`] says why it is not taken, in words for the person.
pub fn check<T: AsRef<str>>(password: &str, about: &[T]) -> Result<(), Weakness> {
    judge(password, about).weakness.map_or(Ok(()), Err)
}

/// Judges a new password of somebody whose names and IDs are `about`. What decides and what is shown as one types is this, and so
/// the two never contradict each other.
#[must_use]
pub fn judge<T: AsRef<str>>(password: &str, about: &[T]) -> Judgement {
    let weak = |strength, weakness| Judgement { strength, weakness: Some(weakness) };
    if password.len() > LONGEST {
        return weak(0, Weakness::Long);
    }
    let length = password.chars().count();
    if length < SHORTEST {
        return weak(u8::from(length * 2 >= SHORTEST), Weakness::Short);
    }
    let lower = password.to_lowercase();
    let words = about.iter().flat_map(|text| text.as_ref().split(['@', '.', '-', '_', ' '])).map(str::to_lowercase);
    // Shorter ones are in too many words to forbid them, and the domain of an ID names nobody.
    let names: Vec<String> =
        words.filter(|word| word.chars().count() >= 4 && !["techpass"].contains(&word.as_str())).collect();
    if names.iter().any(|name| lower.contains(name)) {
        return weak(1, Weakness::Name);
    }
    let inputs: Vec<&str> = names.iter().map(String::as_str).chain(["techpass", "seed", "singapore"]).collect();
    // The estimate is slow for long texts, and what is long is not made weaker by what follows.
    let start: String = password.chars().take(100).collect();
    let estimate = zxcvbn(&start, &inputs);
    let strength = u8::from(estimate.score());
    if estimate.score() >= Score::Three {
        return Judgement { strength, weakness: None };
    }
    let warning = estimate.feedback().and_then(|feedback| feedback.warning());
    weak(strength.max(1), Weakness::Guessable(what_helps(warning)))
}

/// Why others guess it early, and what helps.
const fn what_helps(warning: Option<Warning>) -> &'static str {
    match warning {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            "Its keys lie in a row. Use four words that have nothing to do with each other"
        }
        Some(Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess) => {
            "It repeats itself. Add a word or two that are new in it"
        }
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => "Many people use one like it. Use four words that have nothing to do with each other",
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => {
            "Rows such as abc or 6543 come early. Use words in their place"
        }
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => {
            "Years and dates come early. Use words in their place"
        }
        Some(Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess) => {
            "Names come early. Add a word or two that are no names"
        }
        Some(Warning::AWordByItselfIsEasyToGuess) | None => "Add a word or two that have nothing to do with the rest",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST, SHORTEST, STRONGEST, Weakness, check, judge};

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

    #[test]
    fn the_better_a_password_the_stronger_it_shows_and_each_says_what_helps() {
        for (password, strength, says) in [
            ("", 0, "Use at least 12 characters"),
            ("short", 0, "Use at least 12 characters"),
            ("shorter", 1, "Use at least 12 characters"),
            ("xx-limbang-9-teapot", 1, "Leave out your name"),
            ("aaaaaaaaaaaaaaaa", 1, "It repeats itself. Add a word"),
            ("password1234", 1, "Many people use one like it. Use four words"),
            ("wobbly teapot eleven moon", STRONGEST, "Very strong"),
        ] {
            let judgement = judge(password, &ANA);
            assert!(judgement.in_words().contains(says), "{password}: {}", judgement.in_words());
            assert_eq!(judgement.strength, strength, "{password}");
        }
    }

    proptest! {
        #[test]
        fn what_shows_as_strong_is_taken_and_nothing_else(password in "[a-z0-9 !]{0,40}") {
            let judgement = judge(&password, &ANA);
            prop_assert_eq!(check(&password, &ANA), judgement.weakness.clone().map_or(Ok(()), Err));
            prop_assert_eq!(judgement.strength >= 3, judgement.weakness.is_none());
            prop_assert!(judgement.weakness.is_some() || password.chars().count() >= SHORTEST);
        }
    }
}
