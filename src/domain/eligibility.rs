//! Which way is mine: one verdict for a domain and a device (docs/rules.md §1 E2–E9).
//! What the verdict says on a page, and its buttons and dates, are the journey's and not to be put here.

use super::device::Device;
use super::directory::Directory;
use super::domain_name::DomainName;
use super::techpass_id;

/// What of a person decides the way; E1, the address itself, is behind us ([`super::email_address`]).
/// No name is needed, so that an answer can be sent to a colleague.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// What stands after the @ of the e-mail address.
    pub domain: &'a DomainName,
    /// The device that TechPass is asked for from.
    pub device: Device,
    /// Whether services will be used from an Internet Device, which is what SEED is for.
    pub seed_wished: bool,
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// E2: no mail from outside reaches the mailbox.
    LiteMail,
    /// E3: a private mail provider.
    PersonalMail,
    /// E4: an SE GSIB has no internet to sign up from.
    SecuredEmailDevice,
    /// E5: a domain whose people are invited.
    InviteOnly,
    /// E6: an integrated domain and a device to sign up from.
    SelfSignUp,
    /// E7: an integrated domain, but an Internet Device.
    WrongDevice,
    /// E8: an organisation outside the government.
    OutsideOrganisation,
    /// E9, for a TechPass ID: it is no mailbox, and whoever it belongs to has TechPass already.
    TechPassId,
    /// E9: any other government domain.
    OtherGovernment,
}

/// Where the applicant goes from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Nowhere with this address: another one is needed.
    Refused,
    /// To the service desk, with a service request.
    ServiceDesk,
    /// To the project manager or reporting officer, who invites.
    Invitation,
    /// To the sign-up form.
    SelfSignUp,
    /// To a non-SE GSIB or a GMD, and to the sign-up form there; else be invited.
    OtherDevice,
}

/// What becomes of the wish for SEED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeedOffer {
    /// There is none.
    NotWished,
    /// It is fulfilled with the sign-up.
    Offered,
    /// The domain's people can sign up, but are invited for SEED (docs/rules.md §1.8).
    NotOfferedAtDomain,
    /// It can be asked for from the other device.
    NotFromThisDevice,
    /// It is decided later: by the inviter, by the desk, or when a refused person comes again with
    /// another address.
    DecidedLater,
}

/// The one answer to an applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// Why.
    pub rule: Rule,
    /// Where to go.
    pub way: Way,
    /// What becomes of the wish for SEED.
    pub seed: SeedOffer,
}

impl Rule {
    /// Every rule, in the order in which they are tried.
    pub const ALL: [Self; 9] = [
        Self::LiteMail,
        Self::PersonalMail,
        Self::SecuredEmailDevice,
        Self::InviteOnly,
        Self::SelfSignUp,
        Self::WrongDevice,
        Self::OutsideOrganisation,
        Self::TechPassId,
        Self::OtherGovernment,
    ];

    /// Its number in docs/rules.md §1.
    #[must_use]
    pub const fn number(self) -> &'static str {
        match self {
            Self::LiteMail => "E2",
            Self::PersonalMail => "E3",
            Self::SecuredEmailDevice => "E4",
            Self::InviteOnly => "E5",
            Self::SelfSignUp => "E6",
            Self::WrongDevice => "E7",
            Self::OutsideOrganisation => "E8",
            Self::TechPassId | Self::OtherGovernment => "E9",
        }
    }

    /// Where the rule sends whom it meets.
    #[must_use]
    pub const fn way(self) -> Way {
        match self {
            Self::LiteMail | Self::PersonalMail => Way::Refused,
            Self::SecuredEmailDevice | Self::TechPassId | Self::OtherGovernment => Way::ServiceDesk,
            Self::InviteOnly | Self::OutsideOrganisation => Way::Invitation,
            Self::SelfSignUp => Way::SelfSignUp,
            Self::WrongDevice => Way::OtherDevice,
        }
    }
}

/// Where an applicant is sent, and the rule that sent them there (docs/rules.md §1; first match wins).
#[must_use]
pub fn route(applicant: &Applicant<'_>, directory: &Directory) -> Verdict {
    let rule = deciding_rule(applicant, directory);
    Verdict { rule, way: rule.way(), seed: seed_offer(rule, applicant, directory) }
}

fn deciding_rule(applicant: &Applicant<'_>, directory: &Directory) -> Rule {
    let Applicant { domain, device, .. } = *applicant;
    if directory.is_litemail(domain) {
        Rule::LiteMail
    } else if directory.is_personal(domain) {
        Rule::PersonalMail
    } else if device == Device::SeGsib {
        Rule::SecuredEmailDevice
    } else if directory.invite_only(domain).is_some() {
        Rule::InviteOnly
    } else if directory.integrated(domain).is_some() {
        if device.may_sign_up() { Rule::SelfSignUp } else { Rule::WrongDevice }
    } else if domain.as_str() == techpass_id::DOMAIN {
        Rule::TechPassId
    } else if domain.is_at_or_under("gov.sg") {
        Rule::OtherGovernment
    } else {
        Rule::OutsideOrganisation
    }
}

fn seed_offer(rule: Rule, applicant: &Applicant<'_>, directory: &Directory) -> SeedOffer {
    if !applicant.seed_wished {
        return SeedOffer::NotWished;
    }
    if !matches!(rule, Rule::SelfSignUp | Rule::WrongDevice) {
        return SeedOffer::DecidedLater;
    }
    let offered_at_domain = directory.integrated(applicant.domain).is_some_and(|row| row.seed_offered);
    if !offered_at_domain {
        // Before the device: changing to another one would be in vain.
        SeedOffer::NotOfferedAtDomain
    } else if applicant.device.seed_possible() {
        SeedOffer::Offered
    } else {
        SeedOffer::NotFromThisDevice
    }
}

#[cfg(test)]
mod tests {
    use super::{Applicant, Rule, SeedOffer, Verdict, Way, route};
    use crate::domain::device::Device::{self, Gmd, InternetDevice, NonSeGsib, SeGsib};
    use crate::domain::directory::sample::{INTEGRATED, INVITE_ONLY, directory, domain};
    use crate::domain::domain_name::DomainName;
    use crate::domain::email_address::EmailAddress;
    use proptest::prelude::*;

    fn verdict_for(name: &DomainName, device: Device, seed_wished: bool) -> Verdict {
        let applicant = Applicant { domain: name, device, seed_wished };
        route(&applicant, &directory())
    }

    fn rule_for(name: &str, device: Device) -> Rule {
        verdict_for(&domain(name), device, false).rule
    }

    #[test]
    fn each_rule_has_its_number_and_its_way() {
        for (rule, (number, way)) in Rule::ALL.into_iter().zip([
            ("E2", Way::Refused),
            ("E3", Way::Refused),
            ("E4", Way::ServiceDesk),
            ("E5", Way::Invitation),
            ("E6", Way::SelfSignUp),
            ("E7", Way::OtherDevice),
            ("E8", Way::Invitation),
            ("E9", Way::ServiceDesk),
            ("E9", Way::ServiceDesk),
        ]) {
            assert_eq!(rule.number(), number);
            assert_eq!(rule.way(), way, "{number}");
        }
    }

    #[test]
    fn each_row_of_the_rules_decides_on_each_device() {
        use Rule::*;
        for (name, [non_se_gsib, se_gsib, gmd, internet_device]) in [
            ("litemail.gov.sg", [LiteMail; 4]),
            ("a.litemail.gov.sg", [LiteMail; 4]),
            ("gmail.com", [PersonalMail; 4]),
            ("mail.yahoo.com.sg", [PersonalMail; 4]),
            ("tech.gov.sg", [SelfSignUp, SecuredEmailDevice, SelfSignUp, WrongDevice]),
            ("a.moe.gov.sg", [SelfSignUp, SecuredEmailDevice, SelfSignUp, WrongDevice]),
            ("schools.gov.sg", [SelfSignUp, SecuredEmailDevice, SelfSignUp, WrongDevice]),
            ("mindef.gov.sg", [InviteOnly, SecuredEmailDevice, InviteOnly, InviteOnly]),
            ("dsta-wog.gov.sg", [InviteOnly, SecuredEmailDevice, InviteOnly, InviteOnly]),
            ("vendor.example", [OutsideOrganisation, SecuredEmailDevice, OutsideOrganisation, OutsideOrganisation]),
            ("a.mindef.gov.sg", [OtherGovernment, SecuredEmailDevice, OtherGovernment, OtherGovernment]),
            ("gov.sg", [OtherGovernment, SecuredEmailDevice, OtherGovernment, OtherGovernment]),
            ("techpass.gov.sg", [TechPassId, SecuredEmailDevice, TechPassId, TechPassId]),
            ("a.techpass.gov.sg", [OtherGovernment, SecuredEmailDevice, OtherGovernment, OtherGovernment]),
        ] {
            for (device, expected) in
                [(NonSeGsib, non_se_gsib), (SeGsib, se_gsib), (Gmd, gmd), (InternetDevice, internet_device)]
            {
                assert_eq!(rule_for(name, device), expected, "{name} on {device:?}");
            }
        }
    }

    #[test]
    fn every_integrated_domain_signs_up_and_every_invite_only_one_is_invited() {
        for name in INTEGRATED {
            assert_eq!(rule_for(name, NonSeGsib), Rule::SelfSignUp, "{name}");
        }
        for name in INVITE_ONLY {
            assert_eq!(rule_for(name, NonSeGsib), Rule::InviteOnly, "{name}");
        }
    }

    #[test]
    fn look_alikes_of_known_domains_are_strangers() {
        for (name, expected) in [
            ("notmoe.gov.sg", Rule::OtherGovernment),
            ("not-moe.gov.sg", Rule::OtherGovernment),
            ("notmindef.gov.sg", Rule::OtherGovernment),
            ("mindef-gov.sg", Rule::OutsideOrganisation),
            ("evilmoe.gov.sg.attacker.example", Rule::OutsideOrganisation),
            ("moe.gov.sg.attacker.example", Rule::OutsideOrganisation),
            ("tech.gov.sg.com", Rule::OutsideOrganisation),
            ("evilgov.sg", Rule::OutsideOrganisation),
            ("tech-gov.sg", Rule::OutsideOrganisation),
            ("techgov.sg", Rule::OutsideOrganisation),
            ("xn--tch-uia.gov.sg", Rule::OtherGovernment),
            ("notgmail.com", Rule::OutsideOrganisation),
        ] {
            assert_eq!(rule_for(name, NonSeGsib), expected, "{name}");
        }
    }

    #[test]
    fn a_vendor_with_a_government_address_signs_up_like_an_officer() {
        let vendor = EmailAddress::parse("Peter_FROM.Acme@TECH.gov.sg").unwrap();
        assert!(vendor.is_vendor());
        let verdict = verdict_for(vendor.domain(), NonSeGsib, false);
        assert_eq!(verdict.rule, Rule::SelfSignUp);
    }

    #[test]
    fn a_wish_for_seed_is_answered_for_each_way() {
        for (name, device, expected) in [
            ("tech.gov.sg", NonSeGsib, SeedOffer::Offered),
            ("tech.gov.sg", Gmd, SeedOffer::Offered),
            ("tech.gov.sg", InternetDevice, SeedOffer::NotFromThisDevice),
            ("tech.gov.sg", SeGsib, SeedOffer::DecidedLater),
            ("schools.gov.sg", NonSeGsib, SeedOffer::NotOfferedAtDomain),
            ("a.schools.gov.sg", Gmd, SeedOffer::NotOfferedAtDomain),
            ("schools.gov.sg", InternetDevice, SeedOffer::NotOfferedAtDomain),
            ("schools.gov.sg", SeGsib, SeedOffer::DecidedLater),
            ("mindef.gov.sg", NonSeGsib, SeedOffer::DecidedLater),
            ("vendor.example", InternetDevice, SeedOffer::DecidedLater),
            ("other.gov.sg", NonSeGsib, SeedOffer::DecidedLater),
            ("gmail.com", NonSeGsib, SeedOffer::DecidedLater),
            ("litemail.gov.sg", NonSeGsib, SeedOffer::DecidedLater),
        ] {
            let seed = verdict_for(&domain(name), device, true).seed;
            assert_eq!(seed, expected, "{name} on {device:?}");
            let seed = verdict_for(&domain(name), device, false).seed;
            assert_eq!(seed, SeedOffer::NotWished, "{name} on {device:?}");
        }
    }

    /// Known domains, names beside, below and around them, and strangers.
    fn any_domain() -> impl Strategy<Value = String> {
        let known = proptest::sample::select(
            [&INTEGRATED[..], &INVITE_ONLY[..], &["litemail.gov.sg", "gmail.com", "gov.sg", "b.example"]].concat(),
        );
        ("([a-z]{1,3}[.-]?)?", known, "(\\.example)?")
            .prop_map(|(before, known, after)| format!("{before}{known}{after}"))
    }

    fn any_device() -> impl Strategy<Value = Device> {
        proptest::sample::select(&Device::ALL[..])
    }

    proptest! {
        #[test]
        fn a_domain_that_merely_ends_in_an_integrated_one_is_never_self_sign_up(
            before in "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?-?",
            known in proptest::sample::select(&INTEGRATED[..]),
            device in any_device(),
        ) {
            let name = format!("{before}{known}");
            prop_assume!(!INTEGRATED.contains(&name.as_str()));
            let verdict = verdict_for(&domain(&name), device, true);
            prop_assert!(verdict.way != Way::SelfSignUp && verdict.way != Way::OtherDevice);
        }

        #[test]
        fn a_domain_that_goes_on_after_an_integrated_one_is_never_self_sign_up(
            known in proptest::sample::select(&INTEGRATED[..]),
            after in "\\.[a-z]{2,6}",
            device in any_device(),
        ) {
            let verdict = verdict_for(&domain(&format!("{known}{after}")), device, true);
            prop_assert!(verdict.way != Way::SelfSignUp && verdict.way != Way::OtherDevice);
        }

        #[test]
        fn letter_case_never_matters(name in any_domain(), device in any_device(), seed: bool) {
            let lower = verdict_for(&domain(&name), device, seed);
            let upper = verdict_for(&domain(&name.to_uppercase()), device, seed);
            prop_assert_eq!(lower, upper);
        }

        #[test]
        fn every_domain_and_device_has_one_verdict_that_fits_its_rule(
            name in any_domain(),
            device in any_device(),
            seed: bool,
        ) {
            let name = domain(&name);
            let verdict = verdict_for(&name, device, seed);
            prop_assert_eq!(verdict, verdict_for(&name, device, seed));
            prop_assert_eq!(verdict.way, verdict.rule.way());
            prop_assert_eq!(verdict.seed == SeedOffer::NotWished, !seed);
            prop_assert!(verdict.seed != SeedOffer::Offered || verdict.way == Way::SelfSignUp);
            prop_assert_eq!(verdict_for(&name, device, !seed).rule, verdict.rule);
        }

        #[test]
        fn an_se_gsib_never_signs_up(name in any_domain(), seed: bool) {
            let verdict = verdict_for(&domain(&name), SeGsib, seed);
            prop_assert!(matches!(verdict.way, Way::Refused | Way::ServiceDesk));
            prop_assert!(verdict.seed != SeedOffer::Offered);
        }

        #[test]
        fn only_a_government_domain_is_sent_to_the_desk_by_its_domain(name in any_domain()) {
            let name = domain(&name);
            let rule = verdict_for(&name, NonSeGsib, false).rule;
            prop_assert!(rule != Rule::OtherGovernment || name.is_at_or_under("gov.sg"));
            prop_assert!(rule != Rule::OutsideOrganisation || !name.is_at_or_under("gov.sg"));
        }
    }
}
