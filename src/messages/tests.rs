use time::macros::datetime;

use super::{techpass_onboarding::SeedNote, *};
use crate::chance::SeededChance;

const ENDS: OffsetDateTime = datetime!(2026-12-22 11:07 UTC);
const HOSTILE: &str = "<script>alert(1)</script>&\"'";

fn samples() -> Vec<Message> {
    let onboarding = |seed| {
        Message::TechPassOnboarding(TechPassOnboarding { token: "t0ken".to_owned(), activation_ends: ENDS, seed })
    };
    vec![
        onboarding(SeedNote::None),
        onboarding(SeedNote::Sent),
        onboarding(SeedNote::NotOffered),
        Message::SeedOnboarding(SeedOnboarding { expires_at: ENDS }),
        Message::AlreadyActive(AlreadyActive {}),
        Message::AccountDisabled(AccountDisabled {}),
    ]
}

/// What is sent about local accounts, by e-mail.
fn samples_of_local_accounts() -> Vec<Message> {
    let techpass_id = || "ana.lim@techpass.gov.sg".to_owned();
    let notice = |happened| {
        let token = Some("t0ken".to_owned());
        Message::SecurityNotice(SecurityNotice { happened, techpass_id: techpass_id(), at: ENDS, token })
    };
    let secured = |is_local| Message::AccountSecured(AccountSecured { techpass_id: techpass_id(), is_local, at: ENDS });
    let shut = |has_ended| Message::NoPasswordLink(NoPasswordLink { techpass_id: techpass_id(), has_ended });
    let link = |with_code| {
        let token = "t0ken".to_owned();
        Message::PasswordLink(PasswordLink { token, techpass_id: techpass_id(), expires_at: ENDS, with_code })
    };
    vec![
        link(true),
        link(false),
        shut(false),
        shut(true),
        Message::NewBrowser(NewBrowser {
            techpass_id: techpass_id(),
            browser: HOSTILE.to_owned(),
            network: "203.0.113.…".to_owned(),
            at: ENDS,
            token: "t0ken".to_owned(),
        }),
        secured(true),
        secured(false),
        notice(security_notice::Happened::PasswordChanged),
        notice(security_notice::Happened::AuthenticatorAdded),
        notice(security_notice::Happened::AuthenticatorRemoved),
        notice(security_notice::Happened::RecoveryCodesMade),
        notice(security_notice::Happened::MobileChanged),
        notice(security_notice::Happened::PasskeyAdded),
        notice(security_notice::Happened::PasskeyRemoved),
        notice(security_notice::Happened::PasskeyCopied),
        notice(security_notice::Happened::RecoveryCodeUsed),
        notice(security_notice::Happened::PasswordLocked),
        notice(security_notice::Happened::CodesLocked),
    ]
}

#[test]
fn a_link_for_a_password_promises_a_code_only_where_one_is_asked_for_and_one_of_an_earlier_version_is_silent() {
    let stored = r#"{"kind":"password_link","token":"t0ken","techpass_id":"ana@techpass.gov.sg","expires_at":0}"#;
    let earlier: Message = serde_json::from_str(stored).expect("a link");
    let with_code =
        PasswordLink { token: String::new(), techpass_id: String::new(), expires_at: ENDS, with_code: true };
    let without_code = PasswordLink { with_code: false, ..with_code.clone() };
    for (message, says_so) in
        [(earlier, false), (Message::PasswordLink(with_code), true), (Message::PasswordLink(without_code), false)]
    {
        let letter = written(&message, "ana@vendor.example");
        for body in [letter.text, letter.html] {
            assert_eq!(body.contains("you are asked for a code of your authenticator app"), says_so, "{body}");
        }
    }
}

#[test]
fn an_sms_has_what_matters_alone_on_a_line_and_fits_into_one_message() {
    let code = written(&Message::SmsCode(SmsCode { code: "012345".to_owned() }), "+6591234567");
    assert!(code.text.lines().any(|line| line == "012345"), "{}", code.text);
    let password =
        InitialPassword { techpass_id: "ana@techpass.gov.sg".to_owned(), password: "Xk9vQ2pLw7zR".to_owned() };
    let password = written(&Message::InitialPassword(password), "+6591234567");
    assert!(password.text.lines().any(|line| line == "Xk9vQ2pLw7zR") && password.text.contains("password"));
    for letter in [code, password] {
        assert!(letter.text.len() <= 160 && letter.text.is_ascii(), "{}", letter.text);
    }
}

fn written(message: &Message, recipient: &str) -> Letter {
    let base_url = Url::parse("https://portal.example.gov.sg").expect("a URL");
    message.write(Letterhead { base_url: &base_url, recipient }).expect("a letter")
}

#[test]
fn every_message_says_who_it_is_for_and_has_its_link_alone_on_a_line() {
    for message in samples().into_iter().chain(samples_of_local_accounts()) {
        let letter = written(&message, "mei@tech.gov.sg");
        assert!(letter.text.contains("mei@tech.gov.sg") && letter.html.contains("mei@tech.gov.sg"), "{message:?}");
        assert!(!letter.subject.is_empty() && letter.subject.len() <= 78, "{}", letter.subject);
        let links: Vec<&str> = letter.text.lines().filter(|line| line.starts_with("https://")).collect();
        assert_eq!(links.len(), 1, "one thing to do: {}", letter.text);
        for link in links {
            assert!(Url::parse(link).is_ok() && !link.contains(' '), "{link}");
            assert!(letter.html.contains(link), "{link} is missing in the HTML");
        }
        assert!(!letter.text.contains("\n\n\n"), "{}", letter.text);
    }
}

#[test]
fn a_notice_leads_to_where_its_reader_can_say_that_it_was_not_them_and_one_of_an_earlier_version_too() {
    let stored =
        r#"{"kind":"security_notice","happened":"password_changed","techpass_id":"ana@techpass.gov.sg","at":0}"#;
    let earlier: Message = serde_json::from_str(stored).expect("a notice");
    assert!(
        written(&earlier, "ana@vendor.example")
            .text
            .contains("\nhttps://portal.example.gov.sg/account/security/not-me\n")
    );
    for message in samples_of_local_accounts() {
        let Message::SecurityNotice(notice) = &message else { continue };
        let letter = written(&message, "ana@vendor.example");
        assert!(letter.text.contains("\nhttps://portal.example.gov.sg/not-me/t0ken\n"), "{}", letter.text);
        let word = notice.happened.to_word().expect("a word");
        assert_eq!(security_notice::Happened::parse(&word), Some(notice.happened), "{word}");
    }
}

#[test]
fn every_message_without_its_dates_would_be_caught() {
    let onboarding = written(&samples()[0], "mei@tech.gov.sg");
    assert_eq!(onboarding.subject, "Accept your TechPass invitation before 22 Dec 2026");
    assert!(onboarding.text.contains("until 22 Dec 2026, 7:07 pm (Singapore time)"));
    assert!(onboarding.text.contains("\nhttps://portal.example.gov.sg/accept/t0ken\n"));
    let seed = written(&samples()[3], "mei@tech.gov.sg");
    assert_eq!(seed.subject, "Put your device on SEED before 22 Dec 2026");
    assert!(seed.text.contains("\nhttps://portal.example.gov.sg/account/seed\n"));
}

#[test]
fn what_a_stranger_typed_is_escaped_in_html() {
    for message in samples().into_iter().chain(samples_of_local_accounts()) {
        assert!(!written(&message, HOSTILE).html.contains("<script>"), "{message:?}");
    }
}

#[test]
fn the_onboarding_e_mail_says_what_became_of_the_wish_for_seed() {
    let says = |seed: usize, what: &str| {
        let letter = written(&samples()[seed], "mei@tech.gov.sg");
        letter.text.contains(what) && letter.html.contains(what)
    };
    assert!(!says(0, "You also asked for SEED"));
    assert!(says(1, "A second e-mail tells you"));
    assert!(says(2, "ask your project manager or reporting officer to invite you"));
}

#[test]
fn a_message_is_unreadable_in_the_outbox_and_comes_back_whole() {
    let keys = Keys::new(&secrecy::SecretBox::new(vec![3; 32].into_boxed_slice()), None);
    let chance = SeededChance::new(5);
    for message in samples() {
        let sealed = message.seal(&keys, &chance, ENDS);
        assert_eq!(sealed.kind, message.kind());
        assert!(!sealed.body.windows(5).any(|window| window == b"t0ken"));
        assert_eq!(Message::open(&keys, sealed.id, &sealed.body).expect("ours"), message);
        assert!(Message::open(&keys, chance_id(&chance), &sealed.body).is_err());
    }
}

#[test]
fn a_sign_up_counts_every_kind_that_it_can_send() {
    for message in samples() {
        assert!(SENT_BY_SIGN_UP.contains(&message.kind()));
    }
}

fn chance_id(chance: &dyn Chance) -> Uuid {
    chance.id(ENDS)
}
