//! Who is behind a domain: agencies, invite-only domains, private mail providers (docs/rules.md §1 E2–E6).
//! Its rows are data that an administrator edits; no domain is to be written into the code.

use std::collections::{HashMap, HashSet};

use super::domain_name::DomainName;

/// A mail domain of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyDomain {
    /// The agency's acronym.
    pub agency: String,
    /// The agency's name.
    pub agency_name: String,
    /// The domain itself.
    pub domain: DomainName,
    /// How its people come to TechPass.
    pub sign_up: SignUpWay,
    /// Whether its people can ask for SEED when they sign up.
    pub seed_offered: bool,
    /// The identity provider at which its people sign in, where there is one.
    pub provider: Option<String>,
}

/// How the people of an agency's domain come to TechPass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignUpWay {
    /// The domain's identity provider is integrated: they sign up themselves (docs/rules.md §1 E6).
    SelfSignUp,
    /// They are invited (docs/rules.md §1 E5).
    InviteOnly,
}

/// All that is known about domains, arranged so that a question costs one look-up a label, however
/// long the lists grow.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    integrated: HashMap<DomainName, AgencyDomain>,
    invite_only: HashMap<DomainName, AgencyDomain>,
    personal: HashSet<DomainName>,
    litemail: HashSet<DomainName>,
    seed_not_offered: Vec<DomainName>,
}

impl SignUpWay {
    /// Takes the word that the database and the lists use.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "self" => Some(Self::SelfSignUp),
            "invite" => Some(Self::InviteOnly),
            _ => None,
        }
    }

    /// The word that the database and the lists use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfSignUp => "self",
            Self::InviteOnly => "invite",
        }
    }
}

impl Directory {
    /// A directory of agencies' domains, domains of private mail providers and domains of mailboxes
    /// that nothing from outside reaches.
    #[must_use]
    pub fn new(agency_domains: Vec<AgencyDomain>, personal: Vec<DomainName>, litemail: Vec<DomainName>) -> Self {
        let mut seed_not_offered: Vec<DomainName> =
            agency_domains.iter().filter(|row| !row.seed_offered).map(|row| row.domain.clone()).collect();
        seed_not_offered.sort_unstable();
        seed_not_offered.dedup();
        let (integrated, invite_only): (Vec<_>, Vec<_>) =
            agency_domains.into_iter().partition(|row| row.sign_up == SignUpWay::SelfSignUp);
        Self {
            integrated: by_domain(integrated),
            invite_only: by_domain(invite_only),
            personal: personal.into_iter().collect(),
            litemail: litemail.into_iter().collect(),
            seed_not_offered,
        }
    }

    /// Whether no mail from outside reaches that domain (docs/rules.md §1 E2).
    #[must_use]
    pub fn is_litemail(&self, domain: &DomainName) -> bool {
        is_at_or_under_any(domain, &self.litemail)
    }

    /// Whether that domain is a private mail provider's (docs/rules.md §1 E3).
    #[must_use]
    pub fn is_personal(&self, domain: &DomainName) -> bool {
        is_at_or_under_any(domain, &self.personal)
    }

    /// The agency's domain whose people are invited. Only the very domain: what lies below it is not
    /// known to be the same people (docs/rules.md §1 E5, §1.4).
    #[must_use]
    pub fn invite_only(&self, domain: &DomainName) -> Option<&AgencyDomain> {
        self.invite_only.get(domain)
    }

    /// The agency's domain with an integrated identity provider that this one is or lies under; the
    /// nearest one where several are (docs/rules.md §1 E6).
    #[must_use]
    pub fn integrated(&self, domain: &DomainName) -> Option<&AgencyDomain> {
        domain.itself_and_above().find_map(|name| self.integrated.get(name))
    }

    /// The agencies' domains at which SEED is not offered (docs/rules.md §1.8), in alphabetical order.
    pub fn seed_not_offered_domains(&self) -> impl Iterator<Item = &DomainName> {
        self.seed_not_offered.iter()
    }
}

fn by_domain(rows: Vec<AgencyDomain>) -> HashMap<DomainName, AgencyDomain> {
    rows.into_iter().map(|row| (row.domain.clone(), row)).collect()
}

fn is_at_or_under_any(domain: &DomainName, parents: &HashSet<DomainName>) -> bool {
    domain.itself_and_above().any(|name| parents.contains(name))
}

/// A directory for the tests of the rules that ask one.
#[cfg(test)]
pub(super) mod sample {
    use super::{AgencyDomain, Directory, SignUpWay};
    use crate::domain::domain_name::DomainName;

    /// Domains whose people sign up themselves.
    pub const INTEGRATED: [&str; 5] = ["tech.gov.sg", "hive.gov.sg", "moe.gov.sg", "schools.gov.sg", "cpf.gov.sg"];

    /// The invite-only domains of docs/rules.md §1 E5.
    pub const INVITE_ONLY: [&str; 6] =
        ["mindef.gov.sg", "dsta.gov.sg", "dsta-wog.gov.sg", "defence.gov.sg", "gebiz.gov.sg", "sps.gov.sg"];

    pub fn domain(text: &str) -> DomainName {
        DomainName::parse(text).unwrap()
    }

    pub fn row(text: &str, sign_up: SignUpWay) -> AgencyDomain {
        AgencyDomain {
            agency: text.split('.').next().unwrap().to_uppercase(),
            agency_name: format!("The agency at {text}"),
            domain: domain(text),
            sign_up,
            seed_offered: text != "schools.gov.sg",
            provider: (sign_up == SignUpWay::SelfSignUp).then(|| "wog".to_owned()),
        }
    }

    pub fn directory() -> Directory {
        let integrated = INTEGRATED.map(|text| row(text, SignUpWay::SelfSignUp));
        let invite_only = INVITE_ONLY.map(|text| row(text, SignUpWay::InviteOnly));
        Directory::new(
            integrated.into_iter().chain(invite_only).collect(),
            ["gmail.com", "yahoo.com.sg", "163.com"].map(domain).into(),
            vec![domain("litemail.gov.sg")],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{INTEGRATED, INVITE_ONLY, directory, domain, row};
    use super::{AgencyDomain, Directory, SignUpWay};
    use proptest::prelude::*;

    fn names(row: Option<&AgencyDomain>) -> Option<&str> {
        row.map(|row| row.domain.as_str())
    }

    #[test]
    fn each_way_has_its_word() {
        for (way, word) in [(SignUpWay::SelfSignUp, "self"), (SignUpWay::InviteOnly, "invite")] {
            assert_eq!(way.as_str(), word);
            assert_eq!(SignUpWay::parse(word), Some(way));
        }
        assert_eq!(SignUpWay::parse("Self"), None);
        assert_eq!(SignUpWay::parse(""), None);
    }

    #[test]
    fn an_integrated_domain_is_found_exactly_or_at_a_dot() {
        let directory = directory();
        for (asked, found) in [
            ("moe.gov.sg", Some("moe.gov.sg")),
            ("MOE.gov.SG", Some("moe.gov.sg")),
            ("staff.moe.gov.sg", Some("moe.gov.sg")),
            ("a.b.c.moe.gov.sg", Some("moe.gov.sg")),
            ("notmoe.gov.sg", None),
            ("moe.gov.sg.attacker.example", None),
            ("gov.sg", None),
            ("mindef.gov.sg", None),
        ] {
            assert_eq!(names(directory.integrated(&domain(asked))), found, "{asked}");
        }
    }

    #[test]
    fn the_nearest_of_several_integrated_domains_decides() {
        let directory = Directory::new(
            vec![row("moe.gov.sg", SignUpWay::SelfSignUp), row("labs.moe.gov.sg", SignUpWay::SelfSignUp)],
            vec![],
            vec![],
        );
        for (asked, found) in [
            ("a.labs.moe.gov.sg", "labs.moe.gov.sg"),
            ("labs.moe.gov.sg", "labs.moe.gov.sg"),
            ("notlabs.moe.gov.sg", "moe.gov.sg"),
        ] {
            assert_eq!(names(directory.integrated(&domain(asked))), Some(found));
        }
    }

    #[test]
    fn an_invite_only_domain_is_found_exactly_and_not_below_it() {
        let directory = directory();
        for text in INVITE_ONLY {
            assert_eq!(names(directory.invite_only(&domain(text))), Some(text));
            let below = domain(&format!("mail.{text}"));
            assert_eq!(directory.invite_only(&below), None);
        }
        assert_eq!(directory.invite_only(&domain("tech.gov.sg")), None);
    }

    #[test]
    fn private_and_unreachable_mail_is_known_at_a_dot_and_not_by_its_ending() {
        let directory = directory();
        for (asked, litemail, personal) in [
            ("litemail.gov.sg", true, false),
            ("a.litemail.gov.sg", true, false),
            ("notlitemail.gov.sg", false, false),
            ("gmail.com", false, true),
            ("mail.gmail.com", false, true),
            ("notgmail.com", false, false),
            ("gmail.com.sg", false, false),
            ("yahoo.com.sg", false, true),
            ("com.sg", false, false),
        ] {
            let asked = domain(asked);
            assert_eq!(directory.is_litemail(&asked), litemail, "{asked}");
            assert_eq!(directory.is_personal(&asked), personal, "{asked}");
        }
    }

    #[test]
    fn the_domains_without_seed_are_listed_in_order() {
        let mut late = row("zoo.gov.sg", SignUpWay::SelfSignUp);
        late.seed_offered = false;
        let rows = vec![late, row("schools.gov.sg", SignUpWay::SelfSignUp)];
        let directory = Directory::new(rows, vec![], vec![]);
        let listed: Vec<_> = directory.seed_not_offered_domains().collect();
        assert_eq!(listed, [&domain("schools.gov.sg"), &domain("zoo.gov.sg")]);
    }

    #[test]
    fn an_empty_directory_knows_nobody() {
        let (directory, asked) = (Directory::default(), domain("tech.gov.sg"));
        assert!(!directory.is_litemail(&asked) && !directory.is_personal(&asked));
        assert_eq!(directory.integrated(&asked), None);
        assert_eq!(directory.invite_only(&asked), None);
        assert_eq!(directory.seed_not_offered_domains().count(), 0);
    }

    proptest! {
        #[test]
        fn a_look_up_finds_what_comparing_with_every_row_finds(
            label in "([a-z]{1,3}\\.?){0,2}",
            joint in "\\.?",
            known in proptest::sample::select(&INTEGRATED[..]),
            tail in "(\\.sg)?",
        ) {
            if let Ok(asked) = super::DomainName::parse(&format!("{label}{joint}{known}{tail}")) {
                let by_scan = INTEGRATED.iter().any(|row| asked.is_at_or_under(row));
                prop_assert_eq!(directory().integrated(&asked).is_some(), by_scan);
            }
        }
    }
}
