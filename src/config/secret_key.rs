//! The secret key: given in production, made once under `var/` in development.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::SecretBox;

use super::Source;
use crate::{
    chance::{Chance, SystemChance},
    keys::SECRET_KEY_BYTES,
};

/// Where development keeps its key, so that what one run encrypted the next can read.
const DEVELOPMENT_FILE: &str = "var/secret_key";

/// The current secret and, while keys are being rotated, the previous one.
pub fn read(source: &mut Source, production: bool) -> (SecretBox<[u8]>, Option<SecretBox<[u8]>>) {
    let current = match source.text("secret_key") {
        Some(text) => decode(source, "secret_key", &text),
        None if production => {
            source.problem("secret_key", "must be set in production: `openssl rand -base64 32` makes one");
            None
        }
        None => development_key(source),
    };
    let previous = source.text("secret_key_previous").and_then(|text| decode(source, "secret_key_previous", &text));
    (current.unwrap_or_else(|| SecretBox::new(Box::default())), previous)
}

fn decode(source: &mut Source, key: &str, text: &str) -> Option<SecretBox<[u8]>> {
    match BASE64_STANDARD.decode(text) {
        Ok(bytes) if bytes.len() >= SECRET_KEY_BYTES && bytes.iter().any(|byte| *byte != bytes[0]) => {
            Some(SecretBox::new(bytes.into_boxed_slice()))
        }
        _ => {
            source.problem(key, "must be 32 random bytes or more in base64: `openssl rand -base64 32` makes some");
            None
        }
    }
}

fn development_key(source: &mut Source) -> Option<SecretBox<[u8]>> {
    let path = Path::new(DEVELOPMENT_FILE);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match make(path) {
            Ok(text) => text,
            Err(error) => {
                source.problem("secret_key", &format!("is not set, and {DEVELOPMENT_FILE} cannot be made: {error}"));
                return None;
            }
        },
        Err(error) => {
            source.problem("secret_key", &format!("is not set, and {DEVELOPMENT_FILE} cannot be read: {error}"));
            return None;
        }
    };
    decode(source, "secret_key", text.trim())
}

/// Makes a key. Two processes that start at once must end up with the same one, so the file appears whole or not at all.
fn make(path: &Path) -> std::io::Result<String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let random: [u8; SECRET_KEY_BYTES] = <dyn Chance>::bytes(&SystemChance);
    let text = BASE64_STANDARD.encode(random);
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?.write_all(text.as_bytes())?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => fs::read_to_string(path),
        Err(error) => Err(error),
    }
}
