//! `portal demo`: people to try the portal out as. In development only: their ways in are known to everybody.

use time::Duration;

use super::CommandError;
use crate::{
    app::App,
    domain::{
        account::activation_ends, email_address::EmailAddress, mobile::Mobile, password::INITIAL_VALIDITY,
        person::Role, techpass_id::Username, terms::TermsDocument,
    },
    messages::{InitialPassword, Message},
    store::{
        acceptances, credentials, outbox,
        people::{self, NewLocalAccount},
    },
};

/// Officers whom the development provider knows: address, names, role.
const OFFICERS: [(&str, &str, &str, Option<Role>); 3] = [
    ("mei.officer@tech.gov.sg", "Mei", "Tan", None),
    ("agent@tech.gov.sg", "Agnes", "Lim", Some(Role::Agent)),
    ("admin@tech.gov.sg", "Adam", "Ong", Some(Role::Admin)),
];

/// The vendor, and the first password that the SMS in the inbox has.
const VENDOR: &str = "ana.demo";
const VENDOR_ADDRESS: &str = "ana@vendor.example";
const VENDOR_PASSWORD: &str = "kaya-toast-2026";

/// Makes the demo people who are not there yet.
///
/// # Errors
/// [`CommandError`] in production, or if the database does not answer.
pub async fn make(app: &App) -> Result<(), CommandError> {
    if !app.config.is_development() {
        return Err(CommandError::Refused("demo people are for development only".to_owned()));
    }
    if let Some(provider) = app.config.providers.get("wog") {
        for (email, first, last, role) in OFFICERS {
            officer(app, provider.issuer.as_str(), email, (first, last), role).await?;
        }
    }
    vendor(app).await
}

async fn officer(
    app: &App,
    issuer: &str,
    email: &str,
    names: (&str, &str),
    role: Option<Role>,
) -> Result<(), CommandError> {
    let now = app.clock.now();
    let address = EmailAddress::parse(email).map_err(|error| CommandError::Refused(error.to_string()))?;
    let mut tx = app.pool.begin().await?;
    let subject = format!("dev-{email}");
    let Some(account) =
        people::put_demo_officer(&mut tx, app.chance.id(now), &address, (issuer, &subject), names, now).await?
    else {
        return Ok(());
    };
    for (document, version) in app.reference.load().terms.versions_in_force(now) {
        if document != TermsDocument::MdmAup {
            acceptances::accept(&mut tx, account, document, version, now).await?;
        }
    }
    if let Some(role) = role {
        people::grant(&mut tx, account, role, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn vendor(app: &App) -> Result<(), CommandError> {
    let now = app.clock.now();
    let refused = |what: &str| CommandError::Refused(format!("the demo vendor has no {what}"));
    let username = Username::parse(VENDOR).ok_or_else(|| refused("username"))?;
    let email = EmailAddress::parse(VENDOR_ADDRESS).map_err(|_| refused("address"))?;
    let mobile = Mobile::parse("SG", "9123 4567").map_err(|_| refused("number"))?;
    let hash = app.passwords.hash(VENDOR_PASSWORD, &*app.chance).await.map_err(|_| refused("password"))?;
    let mut tx = app.pool.begin().await?;
    let account = NewLocalAccount {
        id: app.chance.id(now),
        username: &username,
        email: &email,
        first_name: "Ana",
        last_name: "Demo",
        mobile: &mobile,
        activation_ends: activation_ends(now),
    };
    if !people::create_local(&mut tx, &account, now).await? {
        return Ok(());
    }
    // Ten times as long as a real one, so that whoever tries the portal out on the next day still gets in.
    let expires_at = now + INITIAL_VALIDITY.saturating_mul(10).min(Duration::days(30));
    credentials::set_password(&mut tx, account.id, &hash, Some(expires_at), now).await?;
    let message = Message::InitialPassword(InitialPassword {
        techpass_id: username.to_string(),
        password: VENDOR_PASSWORD.to_owned(),
    });
    let message = message.seal(&app.keys, &*app.chance, now);
    outbox::put(&mut tx, account.id, mobile.as_str(), &message, now).await?;
    tx.commit().await?;
    Ok(())
}
