//! The settings: typed, checked once at start, every problem named in one message. Nothing else reads the environment.
//!
//! A setting is an environment variable (`PORTAL_MAIL__URL`) or the same key in the TOML file that `PORTAL_CONFIG` names
//! (`url` under `[mail]`); the environment wins.

mod secret_key;
mod source;

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use ipnet::IpNet;
use lettre::message::Mailbox;
use openidconnect::IssuerUrl;
use secrecy::{SecretBox, SecretString};
use url::Url;

pub use source::Source;

/// Where the portal runs: what is handy in development would be unsafe in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine or in a test.
    Development,
    /// For real people.
    Production,
}

/// Everything that can be set from outside.
#[derive(Debug)]
pub struct Config {
    /// Development or production.
    pub environment: Environment,
    /// Where the web server listens.
    pub listen: SocketAddr,
    /// How people reach the portal; links in mails begin with it. Has no path.
    pub base_url: Url,
    /// The PostgreSQL database.
    pub database_url: SecretString,
    /// The secret that all keys are derived from, and the one before it.
    pub secret_key: SecretBox<[u8]>,
    /// The secret that was in force before, while keys are being rotated.
    pub secret_key_previous: Option<SecretBox<[u8]>>,
    /// How e-mail leaves the portal.
    pub mail: Mail,
    /// How SMS leave the portal; none means the development inbox.
    pub sms: Option<SmsSettings>,
    /// The OpenID Connect providers, by the name that the directory uses.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// The proof of work behind "I'm not a robot".
    pub captcha: Captcha,
    /// Limits by network.
    pub limits: Limits,
    /// Where `/metrics` is served in production; in development it is on the main address.
    pub metrics_listen: Option<SocketAddr>,
    /// What is logged, and how.
    pub log: Log,
    /// Variables that look like settings and are none.
    pub ignored: Vec<String>,
}

/// How e-mail leaves the portal.
#[derive(Debug)]
pub struct Mail {
    /// The mail server; none means the development inbox.
    pub server: Option<SecretString>,
    /// The sender of every mail.
    pub from: Mailbox,
    /// How long one message may take before it counts as failed.
    pub timeout: Duration,
}

/// A gateway for SMS that speaks the Twilio Messages REST API.
#[derive(Debug, Clone)]
pub struct SmsSettings {
    /// Where it is.
    pub base_url: Url,
    /// Our account there.
    pub account_sid: String,
    /// By what it knows that it is us.
    pub auth_token: SecretString,
    /// The sender of every SMS.
    pub from: String,
}

/// An OpenID Connect provider.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// What it calls itself, and where its description is found.
    pub issuer: IssuerUrl,
    /// What it calls us.
    pub client_id: String,
    /// By what it knows that it is us.
    pub client_secret: SecretString,
    /// Classes of sign-in (`acr`) that stand for a second factor, besides what it says itself (`amr`).
    pub mfa_acr: Vec<String>,
}

/// The proof of work behind "I'm not a robot".
#[derive(Debug, Clone, Copy)]
pub struct Captcha {
    /// Whether it is asked for.
    pub enabled: bool,
    /// The highest number that a browser has to count to.
    pub max_number: u32,
}

/// Limits by network address.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Form posts a minute from one network address; 0 means no limit.
    pub network_per_minute: u32,
    /// Balancers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct Log {
    /// A `tracing` filter.
    pub filter: String,
    /// One JSON object a line instead of text.
    pub json: bool,
}

/// What is wrong with the settings: every problem, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblems(pub Vec<String>);

impl fmt::Display for ConfigProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings cannot be used: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigProblems {}

impl Config {
    /// Reads the settings from the environment and the file that it names.
    ///
    /// # Errors
    /// [`ConfigProblems`] that names everything wrong at once.
    pub fn from_environment() -> Result<Self, ConfigProblems> {
        Self::read(Source::from_environment().map_err(|problem| ConfigProblems(vec![problem]))?)
    }

    /// Reads and checks the settings.
    ///
    /// # Errors
    /// [`ConfigProblems`] that names everything wrong at once.
    pub fn read(mut source: Source) -> Result<Self, ConfigProblems> {
        let environment = source.choice(
            "env",
            &[("development", Environment::Development), ("production", Environment::Production)],
            Environment::Development,
        );
        let production = environment == Environment::Production;
        let listen = source.parsed("listen", "an address and port, such as 127.0.0.1:8080", || {
            SocketAddr::from(([127, 0, 0, 1], 8080))
        });
        let base_url = base_url(&mut source, listen);
        let database_url = source.required("database_url", "it names the PostgreSQL database; script/server makes one");
        let (secret_key, secret_key_previous) = secret_key::read(&mut source, production);
        let mail = mail(&mut source, &base_url);
        let sms = sms(&mut source, production);
        let providers = providers(&mut source, production);
        let captcha = Captcha {
            enabled: source.flag("captcha.enabled", true),
            max_number: source.parsed("captcha.max_number", "a number from 1 to 1000000", || 1_000),
        };
        if !(1..=1_000_000).contains(&captcha.max_number) {
            source.problem("captcha.max_number", "must be a number from 1 to 1000000");
        }
        let limits = Limits {
            network_per_minute: source
                .parsed("limits.network_per_minute", "a number, 0 for no limit", || if production { 600 } else { 0 }),
            trusted_proxies: source.list("limits.trusted_proxies", "networks such as 10.0.0.0/8, separated by commas"),
        };
        let metrics_listen = source.optional("metrics_listen", "an address and port, such as 127.0.0.1:9090");
        let log = Log {
            filter: source
                .text("log")
                // An answer of a passkey that does not fit is no error of ours: who refuses it writes it down.
                .unwrap_or_else(|| {
                    "info,memory_serve=warn,sqlx::postgres::notice=warn,webauthn_rs_core=off".to_owned()
                }),
            json: source.choice("log_format", &[("text", false), ("json", true)], production),
        };
        if let Err(problem) = log.filter.parse::<tracing_subscriber::EnvFilter>() {
            source.problem("log", &format!("is not a filter: {problem}"));
        }
        if production {
            refuse_what_is_unsafe(&mut source, &base_url, &mail, captcha);
        }
        let ignored = source.ignored();
        source.finish()?;
        Ok(Self {
            environment,
            listen,
            base_url,
            database_url: database_url.into(),
            secret_key,
            secret_key_previous,
            mail,
            sms,
            providers,
            captcha,
            limits,
            metrics_listen,
            log,
            ignored,
        })
    }

    /// Whether development's conveniences are there: the inbox, the page of components.
    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }

    /// How people reach the portal, as links begin: without a slash at the end.
    pub fn origin(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// Whether people reach the portal by https, so that cookies are `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// Whether the government masthead is shown: in development, and where the address ends in `.gov.sg`.
    pub fn shows_masthead(&self) -> bool {
        self.is_development() || self.base_url.host_str().is_some_and(|host| host.ends_with(".gov.sg"))
    }
}

fn base_url(source: &mut Source, listen: SocketAddr) -> Url {
    let expected = "an address such as https://portal.example.gov.sg, without a path";
    let url: Url = source.parsed("base_url", expected, || {
        Url::parse(&format!("http://{listen}")).unwrap_or_else(|_| unreachable!("a socket address makes a URL"))
    });
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.password().is_none()
        && url.username().is_empty();
    if !is_plain {
        source.problem("base_url", &format!("must be {expected}"));
    }
    url
}

fn mail(source: &mut Source, base_url: &Url) -> Mail {
    let server = source.text("mail.url");
    if let Some(url) = &server {
        let is_mail_server = Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "smtp" | "smtps") && url.host_str().is_some_and(|host| !host.is_empty())
        });
        if !is_mail_server {
            source.problem("mail.url", "must be a mail server such as smtps://user:password@mail.example.sg:465");
        }
    }
    let host = base_url.host_str().unwrap_or("localhost");
    let from = source.parsed("mail.from", "a sender such as TechPass <no-reply@example.gov.sg>", || {
        let domain =
            if host.parse::<std::net::IpAddr>().is_ok() || host == "localhost" { "portal.example" } else { host };
        Mailbox::new(
            Some("TechPass".to_owned()),
            lettre::Address::new("no-reply", domain)
                .unwrap_or_else(|_| unreachable!("the host of a URL is a mail domain")),
        )
    });
    Mail { server: server.map(SecretString::from), from, timeout: Duration::from_secs(20) }
}

fn sms(source: &mut Source, production: bool) -> Option<SmsSettings> {
    let expected = "the address of the SMS gateway, such as https://api.twilio.com";
    let base_url: Option<Url> = source.optional("sms.base_url", expected);
    let Some(base_url) = base_url else {
        if production && source.text("sms.base_url").is_none() {
            source.problem("sms.base_url", "must be set in production: the development inbox sends nothing");
        }
        return None;
    };
    if base_url.cannot_be_a_base() || (production && base_url.scheme() != "https" && !stays_here(&base_url)) {
        source.problem("sms.base_url", "must be an https address in production");
    }
    let why = "the SMS gateway asks for it";
    let account_sid = source.required("sms.account_sid", why);
    let auth_token = source.required("sms.auth_token", why).into();
    let from = source.required("sms.from", "it is the sender of every SMS");
    Some(SmsSettings { base_url, account_sid, auth_token, from })
}

fn providers(source: &mut Source, production: bool) -> BTreeMap<String, ProviderSettings> {
    let mut providers = BTreeMap::new();
    for name in source.names_in("oidc") {
        let key = |setting: &str| format!("oidc.{name}.{setting}");
        let issuer = source.required(&key("issuer"), "it is what the provider calls itself");
        let client_id = source.required(&key("client_id"), "it is what the provider calls the portal");
        let client_secret = source.required(&key("client_secret"), "by it the provider knows the portal");
        let mfa_acr = source.list(&key("mfa_acr"), "classes of sign-in, separated by commas");
        let is_safe = !production || Url::parse(&issuer).is_ok_and(|url| url.scheme() == "https" || stays_here(&url));
        match IssuerUrl::new(issuer.clone()) {
            Ok(_) if !is_safe => source.problem(&key("issuer"), "must be https in production"),
            Ok(issuer) => {
                providers
                    .insert(name, ProviderSettings { issuer, client_id, client_secret: client_secret.into(), mfa_acr });
            }
            Err(_) if issuer.is_empty() => {}
            Err(_) => source.problem(&key("issuer"), "must be an address such as https://login.example.gov.sg"),
        }
    }
    providers
}

fn refuse_what_is_unsafe(source: &mut Source, base_url: &Url, mail: &Mail, captcha: Captcha) {
    use secrecy::ExposeSecret;
    if base_url.scheme() != "https" {
        source.problem("base_url", "must be https in production: cookies and links are not safe without it");
    }
    if !captcha.enabled {
        source
            .problem("captcha.enabled", "must be true in production: robots would send mail through the sign-up form");
    }
    match mail.server.as_ref().map(|url| Url::parse(url.expose_secret())) {
        None => source.problem("mail.url", "must be set in production: the development inbox sends nothing"),
        Some(Ok(url)) if url.scheme() == "smtp" && !is_encrypted(&url) => {
            source.problem("mail.url", "must be encrypted in production: smtps://…, or smtp://…?tls=required");
        }
        Some(_) => {}
    }
    if source.text("mail.from").is_none() {
        source.problem("mail.from", "must be set in production: it is the sender of every mail");
    }
}

/// Whether mail to this server cannot be read on the way: by TLS, or because it does not leave the machine.
fn is_encrypted(url: &Url) -> bool {
    url.scheme() == "smtps"
        || stays_here(url)
        || url.query_pairs().any(|(key, value)| key == "tls" && value == "required")
}

/// Whether what is sent there does not leave the machine.
fn stays_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
