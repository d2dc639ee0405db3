use super::*;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn development<'a>(extra: &[(&'a str, &'a str)]) -> Source {
    let mut pairs = vec![("DATABASE_URL", "postgres://localhost/portal"), ("SECRET_KEY", KEY)];
    pairs.extend(extra);
    Source::from_pairs(pairs)
}

fn production<'a>(extra: &[(&'a str, &'a str)]) -> Source {
    let mut pairs = vec![
        ("ENV", "production"),
        ("BASE_URL", "https://portal.techpass.gov.sg"),
        ("MAIL__URL", "smtps://user:secret@mail.gov.sg"),
        ("MAIL__FROM", "TechPass <no-reply@techpass.gov.sg>"),
        ("SMS__BASE_URL", "https://sms.example.gov.sg"),
        ("SMS__ACCOUNT_SID", "AC0"),
        ("SMS__AUTH_TOKEN", "secret"),
        ("SMS__FROM", "TechPass"),
    ];
    pairs.extend(extra);
    development(&pairs)
}

fn problems(source: Source) -> Vec<String> {
    Config::read(source).expect_err("the settings are refused").0
}

#[test]
fn development_needs_little() {
    let config = Config::read(development(&[])).expect("usable");
    assert_eq!(config.base_url.as_str(), "http://127.0.0.1:8080/");
    assert_eq!(config.limits.network_per_minute, 0);
    assert!(config.captcha.enabled && config.captcha.max_number == 1_000);
    assert!(config.mail.server.is_none() && config.shows_masthead() && !config.is_https());
}

#[test]
fn the_base_url_follows_the_listening_address_unless_it_is_set() {
    let config = Config::read(development(&[("LISTEN", "127.0.0.1:9999")])).expect("usable");
    assert_eq!(config.base_url.as_str(), "http://127.0.0.1:9999/");
}

#[test]
fn production_runs_with_safe_settings() {
    let config = Config::read(production(&[])).expect("usable");
    assert_eq!(config.limits.network_per_minute, 600);
    assert!(config.log.json && config.is_https() && config.shows_masthead());
}

#[test]
fn production_refuses_unsafe_settings_and_names_each() {
    let source = Source::from_pairs([
        ("ENV", "production"),
        ("BASE_URL", "http://portal.techpass.gov.sg"),
        ("CAPTCHA__ENABLED", "false"),
        ("MAIL__URL", "smtp://mail.gov.sg"),
    ]);
    let problems = problems(source);
    for key in [
        "PORTAL_BASE_URL",
        "PORTAL_CAPTCHA__ENABLED",
        "PORTAL_MAIL__URL",
        "PORTAL_MAIL__FROM",
        "PORTAL_SMS__BASE_URL",
        "PORTAL_SECRET_KEY",
        "PORTAL_DATABASE_URL",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(key)), "{key} is missing in {problems:?}");
    }
    assert_eq!(problems.len(), 7, "{problems:?}");
}

#[test]
fn production_takes_mail_by_tls_or_on_the_same_machine_only() {
    for url in ["smtps://mail.gov.sg", "smtp://mail.gov.sg:587?tls=required", "smtp://127.0.0.1:25", "smtp://localhost"]
    {
        assert!(Config::read(production(&[("MAIL__URL", url)])).is_ok(), "{url}");
    }
    for url in [
        "smtp://mail.gov.sg",
        "smtp://127.0.0.1.attacker.example",
        "smtp://mail.gov.sg?tls=opportunistic",
        "http://mail.gov.sg",
    ] {
        assert_eq!(problems(production(&[("MAIL__URL", url)])).len(), 1, "{url}");
    }
}

#[test]
fn a_short_or_constant_secret_key_is_refused() {
    for key in ["c2hvcnQ=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not base64"] {
        let problems = problems(Source::from_pairs([("DATABASE_URL", "postgres://x/y"), ("SECRET_KEY", key)]));
        assert!(problems[0].starts_with("PORTAL_SECRET_KEY must be 32 random bytes"), "{problems:?}");
    }
}

#[test]
fn every_wrong_value_is_named() {
    let problems = problems(development(&[
        ("LISTEN", "everywhere"),
        ("BASE_URL", "https://portal.gov.sg/with/path"),
        ("LIMITS__TRUSTED_PROXIES", "10.0.0.0/8, nonsense"),
        ("CAPTCHA__MAX_NUMBER", "0"),
    ]));
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn no_secret_shows_in_debug_output() {
    let config = Config::read(production(&[("DATABASE_URL", "postgres://portal:hunter2@db/portal")])).expect("usable");
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("secret@") && !shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn a_variable_that_is_no_setting_is_told_and_not_refused() {
    let config = Config::read(development(&[("SERVICE_HOST", "10.0.0.1"), ("MAIL__URI", "x")])).expect("usable");
    assert_eq!(config.ignored, ["PORTAL_SERVICE_HOST", "PORTAL_MAIL__URI"]);
}

#[test]
fn a_provider_is_named_by_its_settings_and_needs_all_of_them() {
    let wog = [
        ("OIDC__WOG__ISSUER", "https://login.example.gov.sg"),
        ("OIDC__WOG__CLIENT_ID", "portal"),
        ("OIDC__WOG__CLIENT_SECRET", "secret"),
        ("OIDC__WOG__MFA_ACR", "phr, phrh"),
    ];
    let config = Config::read(production(&wog)).expect("usable");
    assert_eq!(config.providers["wog"].mfa_acr, ["phr", "phrh"]);
    let found = problems(production(&wog[..1]));
    assert_eq!(found.len(), 2, "{found:?}");
    let found = problems(production(&[("OIDC__WOG__ISSUER", "http://login.example.gov.sg"), wog[1], wog[2]]));
    assert_eq!(found, ["PORTAL_OIDC__WOG__ISSUER must be https in production"]);
    assert_eq!(problems(development(&[("OIDC__WOG__ISSUER", "login"), wog[1], wog[2]])).len(), 1);
}

#[test]
fn an_sms_gateway_needs_all_of_its_settings() {
    let found = problems(development(&[("SMS__BASE_URL", "https://sms.example.gov.sg")]));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(Config::read(development(&[])).expect("usable").sms.is_none());
}
