//! Where settings come from, and the list of what is wrong with them.

use std::{collections::BTreeMap, str::FromStr};

use super::ConfigProblems;

/// Every setting that there is. Those of later releases are accepted already, so that one file can serve both.
const KNOWN: &[&str] = &[
    "env",
    "listen",
    "base_url",
    "database_url",
    "secret_key",
    "secret_key_previous",
    "mail.url",
    "mail.from",
    "captcha.enabled",
    "captcha.max_number",
    "limits.network_per_minute",
    "limits.trusted_proxies",
    "metrics_listen",
    "log",
    "log_format",
];
const KNOWN_SECTIONS: &[&str] = &["sms.", "oidc.", "attachments."];
/// The settings as text, by key (`mail.url`), and what was found wrong with them so far.
#[derive(Debug, Default)]
pub struct Source {
    values: BTreeMap<String, String>,
    problems: Vec<String>,
    ignored: Vec<String>,
}

impl Source {
    /// Reads `PORTAL_*` and the TOML file that `PORTAL_CONFIG` names.
    ///
    /// # Errors
    /// One sentence, if the file cannot be read.
    pub fn from_environment() -> Result<Self, String> {
        let mut source = Self::default();
        if let Ok(path) = std::env::var("PORTAL_CONFIG") {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("PORTAL_CONFIG: cannot read {path}: {e}"))?;
            let table = text.parse::<toml::Table>().map_err(|e| format!("PORTAL_CONFIG: {path}: {}", e.message()))?;
            source.add_table("", &table);
        }
        let variables = std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value)));
        for (key, value) in variables {
            let Some(key) = key.strip_prefix("PORTAL_") else { continue };
            match value.into_string() {
                Ok(value) => source.add(key, value),
                Err(_) => source.problems.push(format!("PORTAL_{key} is not text (UTF-8)")),
            }
        }
        Ok(source)
    }

    /// The given variables, without `PORTAL_`: for tests.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut source = Self::default();
        for (key, value) in pairs {
            source.add(key, value.to_owned());
        }
        source
    }

    fn add(&mut self, variable: &str, value: String) {
        let key = variable.to_ascii_lowercase().replace("__", ".");
        if is_known(&key) {
            self.values.insert(key, value);
        } else if key != "config" {
            // Not refused: a cluster sets variables of its own for a service that is called "portal".
            self.ignored.push(variable.to_owned());
        }
    }

    /// Variables that begin with `PORTAL_` and are no settings, for a warning: they may be misspelt.
    pub fn ignored(&self) -> Vec<String> {
        self.ignored.iter().map(|name| format!("PORTAL_{name}")).collect()
    }

    fn add_table(&mut self, prefix: &str, table: &toml::Table) {
        for (key, value) in table {
            let key = format!("{prefix}{key}");
            match value {
                toml::Value::Table(table) => self.add_table(&format!("{key}."), table),
                toml::Value::String(text) => self.add_from_file(key, text.clone()),
                toml::Value::Array(items) => {
                    let items = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                    self.add_from_file(key, items.collect::<Vec<_>>().join(","));
                }
                other => self.add_from_file(key, other.to_string()),
            }
        }
    }

    fn add_from_file(&mut self, key: String, value: String) {
        if !is_known(&key) {
            self.problem(&key, "is not a setting: is it misspelt?");
        }
        self.values.insert(key, value);
    }

    /// The names that stand between a section and its settings: `wog` of `oidc.wog.issuer`.
    pub fn names_in(&self, section: &str) -> Vec<String> {
        let prefix = format!("{section}.");
        let names =
            self.values.keys().filter_map(|key| key.strip_prefix(&prefix)?.split_once('.').map(|(name, _)| name));
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.dedup();
        names
    }

    /// Notes what is wrong with a setting.
    pub fn problem(&mut self, key: &str, what: &str) {
        self.problems.push(format!("{} {what}", variable(key)));
    }

    /// The setting's text; an empty one counts as not set.
    pub fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The setting's text, which must be there.
    pub fn required(&mut self, key: &str, why: &str) -> String {
        self.text(key).unwrap_or_else(|| {
            self.problem(key, &format!("must be set: {why}"));
            String::new()
        })
    }

    /// The setting, read as what it is; `otherwise` where it is not set or cannot be read (which is noted).
    pub fn parsed<T: FromStr>(&mut self, key: &str, expected: &str, otherwise: impl FnOnce() -> T) -> T {
        self.optional(key, expected).unwrap_or_else(otherwise)
    }

    /// The setting, read as what it is, if it is set.
    pub fn optional<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let text = self.text(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, &format!("must be {expected}"));
        }
        parsed
    }

    /// A list, separated by commas.
    pub fn list<T: FromStr>(&mut self, key: &str, expected: &str) -> Vec<T> {
        let text = self.text(key).unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let parsed: Result<Vec<T>, _> = items.map(str::parse).collect();
        parsed.unwrap_or_else(|_| {
            self.problem(key, &format!("must be {expected}"));
            Vec::new()
        })
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &str, otherwise: bool) -> bool {
        self.choice(key, &[("true", true), ("false", false)], otherwise)
    }

    /// One of several words.
    pub fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)], otherwise: T) -> T {
        let Some(text) = self.text(key) else { return otherwise };
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.problem(key, &format!("must be {}", words.join(" or ")));
        otherwise
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ConfigProblems`] if anything was wrong.
    pub fn finish(self) -> Result<(), ConfigProblems> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigProblems(self.problems)) }
    }
}

fn is_known(key: &str) -> bool {
    KNOWN.contains(&key) || KNOWN_SECTIONS.iter().any(|section| key.starts_with(section))
}

/// The name of a setting as people write it.
fn variable(key: &str) -> String {
    format!("PORTAL_{}", key.to_ascii_uppercase().replace('.', "__"))
}
