//! What a browser's session holds, and how what two requests at once change in it becomes one: each writes only what it changed
//! itself. How it is stored is the business of `sessions`, and not to be put here.

use std::collections::HashMap;

use serde::Deserialize as _;
use serde_json::{Map, Value};
use tower_sessions::{
    session::{Id, Record},
    session_store::{Error, Result},
};

use crate::domain::sitting::Sitting;

/// The key under which a session's content has its [`Sitting`].
pub const SITTING: &str = "sitting";

/// Under this key a record carries what was loaded, so that what changed can be told from what did not. Never stored.
const LOADED: &str = "loaded";

/// Under this key a record carries the id that its session was moved to in a transaction. Never stored.
pub const MOVED: &str = "moved";

/// What a session holds, by key.
pub type Content = Map<String, Value>;

/// Content as the session library carries it through a request.
pub fn carried(content: Content) -> HashMap<String, Value> {
    let mut carried: HashMap<String, Value> = content.clone().into_iter().collect();
    carried.insert(LOADED.to_owned(), Value::Object(content));
    carried
}

/// What was loaded, and what it has become since.
pub fn loaded_and_wanted(record: &Record) -> (Content, Content) {
    let loaded = record.data.get(LOADED).and_then(Value::as_object).cloned().unwrap_or_default();
    let stored = record.data.iter().filter(|(key, _)| *key != LOADED && *key != MOVED);
    (loaded, stored.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// The id that the session of a record was moved to; forgotten once asked.
pub fn take_moved(record: &mut Record) -> Option<Id> {
    record.data.remove(MOVED)?.as_str()?.parse().ok()
}

/// The sitting in a content.
///
/// # Errors
/// [`Error::Decode`] if there is something else in its place.
pub fn sitting(content: &Content) -> Result<Option<Sitting>> {
    content.get(SITTING).map(Sitting::deserialize).transpose().map_err(|error| Error::Decode(error.to_string()))
}

/// Puts a sitting into a content.
///
/// # Errors
/// [`Error::Encode`] if it cannot be written down.
pub fn put_sitting(content: &mut Content, sitting: &Sitting) -> Result<()> {
    let value = serde_json::to_value(sitting).map_err(|error| Error::Encode(error.to_string()))?;
    content.insert(SITTING.to_owned(), value);
    Ok(())
}

/// What is stored, changed as `wanted` differs from `loaded`. What others changed meanwhile stays, and a sitting never goes back.
///
/// # Errors
/// [`Error`] if a sitting cannot be read.
pub fn merged(loaded: &Content, wanted: &Content, stored: &Content) -> Result<Content> {
    let mut merged = by_key(loaded, wanted, stored);
    match (sitting(wanted)?, sitting(stored)?) {
        _ if loaded.get(SITTING) == wanted.get(SITTING) => {}
        (Some(ours), Some(theirs)) => put_sitting(&mut merged, &ours.on_top_of(theirs))?,
        (None, Some(theirs)) => put_sitting(&mut merged, &theirs)?,
        (_, None) => {}
    }
    Ok(merged)
}

/// Where both sides have an object under a key, its own keys are merged the same way.
fn by_key(loaded: &Content, wanted: &Content, stored: &Content) -> Content {
    let mut merged = stored.clone();
    for key in loaded.keys().chain(wanted.keys()).filter(|key| loaded.get(*key) != wanted.get(*key)) {
        match (wanted.get(key), stored.get(key)) {
            (None, _) => drop(merged.remove(key)),
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                let nothing = Content::new();
                let loaded = loaded.get(key).and_then(Value::as_object).unwrap_or(&nothing);
                merged.insert(key.clone(), Value::Object(by_key(loaded, ours, theirs)));
            }
            (Some(ours), _) => drop(merged.insert(key.clone(), ours.clone())),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 11:07 UTC);

    fn content(value: &Value) -> Content {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn what_only_one_of_two_changed_is_in_what_comes_out() {
        let loaded = content(&json!({"next": "/account", "kept": 1, "trips": {"a": 1, "b": 2}}));
        for (wanted, stored, expected) in [
            (json!({"kept": 1, "trips": {"a": 1, "b": 2}}), json!({}), json!({})),
            (
                json!({"next": "/help", "kept": 1, "trips": {"a": 1, "b": 2}}),
                json!({"next": "/account", "kept": 2, "trips": {"b": 2}}),
                json!({"next": "/help", "kept": 2, "trips": {"b": 2}}),
            ),
            (
                json!({"next": "/account", "kept": 1, "trips": {"b": 2, "c": 3}}),
                json!({"next": "/account", "trips": {"a": 1, "b": 2, "d": 4}, "new": true}),
                json!({"next": "/account", "trips": {"b": 2, "c": 3, "d": 4}, "new": true}),
            ),
        ] {
            let merged = merged(&loaded, &content(&wanted), &content(&stored)).expect("no sitting in it");
            assert_eq!(Value::Object(merged), expected, "{wanted} onto {stored}");
        }
    }

    #[test]
    fn what_is_carried_is_what_was_loaded_until_it_is_changed() {
        let loaded = content(&json!({"next": "/account"}));
        let data = carried(loaded.clone());
        let mut record = Record { id: Id::default(), data, expiry_date: NOW };
        assert_eq!(loaded_and_wanted(&record), (loaded.clone(), loaded.clone()));
        record.data.remove("next");
        record.data.insert(MOVED.to_owned(), json!(Id(7).to_string()));
        assert_eq!(loaded_and_wanted(&record), (loaded, Content::new()));
        assert_eq!(take_moved(&mut record), Some(Id(7)));
        assert_eq!(take_moved(&mut record), None);
    }

    fn any_sitting() -> impl Strategy<Value = Sitting> {
        (any::<[bool; 3]>(), proptest::option::of(0..600_i64)).prop_map(|([proven, complete, staff], confirmed)| {
            Sitting {
                account: Uuid::nil(),
                began_at: NOW,
                confirmed_at: confirmed.map(|seconds| NOW + Duration::seconds(seconds)),
                is_second_factor_proven: proven,
                is_vouched: false,
                is_complete: complete,
                is_staff: staff,
                led_to: complete.then(|| "/account".to_owned()),
                browser: String::new(),
                network: String::new(),
                known_by: None,
            }
        })
    }

    fn with(sitting: &Sitting) -> Content {
        let mut content = Content::new();
        put_sitting(&mut content, sitting).expect("a sitting");
        content
    }

    proptest! {
        #[test]
        fn no_write_ever_makes_a_sitting_go_back(loaded in any_sitting(), wanted in any_sitting(), stored in any_sitting()) {
            for wanted in [with(&wanted), Content::new()] {
                let merged = merged(&with(&loaded), &wanted, &with(&stored)).expect("sittings");
                let after = sitting(&merged).expect("a sitting").expect("a sitting");
                prop_assert!(after.is_complete >= stored.is_complete);
                prop_assert!(after.is_second_factor_proven >= stored.is_second_factor_proven);
                prop_assert!(after.confirmed_at >= stored.confirmed_at);
                prop_assert!(after.is_staff >= stored.is_staff);
                prop_assert!(stored.led_to.is_none() || after.led_to == stored.led_to);
            }
        }

        #[test]
        fn whichever_of_two_comes_last_both_have_proven_what_they_proved(
            loaded in any_sitting(), first in any_sitting(), second in any_sitting(),
        ) {
            let (loaded, first, second) = (with(&loaded), with(&first), with(&second));
            let both = |one: &Content, other: &Content| {
                let stored = merged(&loaded, one, &loaded).expect("sittings");
                sitting(&merged(&loaded, other, &stored).expect("sittings")).expect("a sitting").expect("a sitting")
            };
            let (one, other) = (both(&first, &second), both(&second, &first));
            prop_assert_eq!(
                (one.is_complete, one.is_second_factor_proven, one.confirmed_at, one.is_staff),
                (other.is_complete, other.is_second_factor_proven, other.confirmed_at, other.is_staff)
            );
        }
    }
}
