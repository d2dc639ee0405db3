//! What we say by SMS: short, and with the one thing that matters alone on a line.

use serde::{Deserialize, Serialize};

use super::Letter;

/// A six-digit code that proves a phone (docs/rules.md §4.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsCode {
    /// The code.
    pub code: String,
}

/// The first password of a local account (docs/rules.md §3.19, §3.20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialPassword {
    /// What to log in with.
    pub techpass_id: String,
    /// The password.
    pub password: String,
}

impl SmsCode {
    /// What it is called in the outbox.
    pub const KIND: &str = "sms_code";

    pub(super) fn write(&self) -> Letter {
        text(format!("Your TechPass code:\n{}\nIt is valid for 10 minutes. Give it to nobody.", self.code))
    }
}

impl InitialPassword {
    pub(super) fn write(&self) -> Letter {
        let (id, password) = (&self.techpass_id, &self.password);
        text(format!(
            "Your initial TechPass password for {id}:\n{password}\nIt is valid for 72 hours. Give it to nobody."
        ))
    }
}

fn text(text: String) -> Letter {
    Letter { subject: String::new(), text, html: String::new() }
}
