//! The terms that everybody accepts before an account is active, and in which order (docs/rules.md §4.9, §4.10).
//! What the documents say is data, and not to be put here.

use time::OffsetDateTime;

use super::moment::is_expired;

/// A document that is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TermsDocument {
    /// What we do with what we know about a person.
    Privacy,
    /// What a person may do with TechPass.
    TermsOfUse,
    /// The device management acceptable use policy: for those who have SEED.
    MdmAup,
}

impl TermsDocument {
    /// All of them, in the order in which they are accepted (docs/rules.md §4.9).
    pub const ALL: [Self; 3] = [Self::Privacy, Self::TermsOfUse, Self::MdmAup];

    /// The word that the database uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::TermsOfUse => "terms_of_use",
            Self::MdmAup => "mdm_aup",
        }
    }

    /// The word that addresses use.
    #[must_use]
    pub const fn in_address(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::TermsOfUse => "terms-of-use",
            Self::MdmAup => "mdm-aup",
        }
    }

    /// What people call it, whatever title a version has.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privacy => "Privacy Policy",
            Self::TermsOfUse => "Terms of Use",
            Self::MdmAup => "MDM Acceptable Use Policy",
        }
    }

    /// Takes the word that the database uses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.as_str() == text)
    }

    /// Takes the word that addresses use.
    #[must_use]
    pub fn parse_address(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|document| document.in_address() == text)
    }
}

/// A published version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which document.
    pub document: TermsDocument,
    /// Which version, counted from 1.
    pub version: i32,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub content: String,
    /// The SHA-256 of its text: what an acceptance names.
    pub hash: Vec<u8>,
    /// From when on it is in force.
    pub effective_at: OffsetDateTime,
}

/// Every version that was ever published.
#[derive(Debug, Clone, Default)]
pub struct Published(pub Vec<Terms>);

impl Published {
    /// The newest version of each document that is in force.
    pub fn in_force(&self, now: OffsetDateTime) -> impl Iterator<Item = &Terms> {
        TermsDocument::ALL.into_iter().filter_map(move |document| self.current(document, now))
    }

    /// The version of a document that is in force.
    #[must_use]
    pub fn current(&self, document: TermsDocument, now: OffsetDateTime) -> Option<&Terms> {
        let versions = self.0.iter().filter(|terms| terms.document == document && is_expired(terms.effective_at, now));
        versions.max_by_key(|terms| terms.version)
    }

    /// A certain version.
    #[must_use]
    pub fn version(&self, document: TermsDocument, version: i32) -> Option<&Terms> {
        self.0.iter().find(|terms| terms.document == document && terms.version == version)
    }

    /// The versions that are in force, by number.
    #[must_use]
    pub fn versions_in_force(&self, now: OffsetDateTime) -> Vec<AcceptedVersion> {
        self.in_force(now).map(|terms| (terms.document, terms.version)).collect()
    }
}

/// A version of a document that somebody accepted.
pub type AcceptedVersion = (TermsDocument, i32);

/// The first document that applies and has not been accepted in the version that is in force. One of which no version is in force
/// has to wait until there is one: nobody becomes active without it.
///
/// `in_force` are the newest versions that are in effect; `with_seed` says whether SEED is provisioned, which is when the MDM
/// AUP applies.
#[must_use]
pub fn first_to_accept(
    in_force: &[AcceptedVersion],
    accepted: &[AcceptedVersion],
    with_seed: bool,
) -> Option<TermsDocument> {
    TermsDocument::ALL.into_iter().filter(|document| with_seed || *document != TermsDocument::MdmAup).find(|document| {
        let version = in_force.iter().find(|(known, _)| known == document).map(|(_, version)| *version);
        let is_enough = |taken: i32| version.is_none_or(|version| taken >= version);
        !accepted.iter().any(|(known, taken)| known == document && is_enough(*taken))
    })
}

#[cfg(test)]
mod tests {
    use super::TermsDocument::{self, MdmAup, Privacy, TermsOfUse};
    use super::{AcceptedVersion, Published, Terms, first_to_accept};
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    const FIRST: [(TermsDocument, i32); 3] = [(MdmAup, 1), (TermsOfUse, 1), (Privacy, 1)];

    #[test]
    fn each_document_has_its_words() {
        for document in TermsDocument::ALL {
            assert_eq!(TermsDocument::parse(document.as_str()), Some(document));
            assert_eq!(TermsDocument::parse_address(document.in_address()), Some(document));
        }
        assert_eq!(TermsDocument::parse("Privacy"), None);
        assert_eq!(TermsDocument::parse_address("terms_of_use"), None);
    }

    #[test]
    fn they_are_accepted_in_order_and_the_mdm_aup_only_with_seed() {
        for (accepted, without_seed, with_seed) in [
            (&[][..], Some(Privacy), Some(Privacy)),
            (&[(Privacy, 1)][..], Some(TermsOfUse), Some(TermsOfUse)),
            (&[(TermsOfUse, 1)][..], Some(Privacy), Some(Privacy)),
            (&[(Privacy, 1), (TermsOfUse, 1)][..], None, Some(MdmAup)),
            (&[(Privacy, 1), (TermsOfUse, 1), (MdmAup, 1)][..], None, None),
        ] {
            assert_eq!(first_to_accept(&FIRST, accepted, false), without_seed, "{accepted:?}");
            assert_eq!(first_to_accept(&FIRST, accepted, true), with_seed, "{accepted:?}");
        }
    }

    #[test]
    fn a_new_version_is_asked_for_and_an_old_one_is_not_enough() {
        let accepted = [(Privacy, 1), (TermsOfUse, 1)];
        let in_force = [(Privacy, 2), (TermsOfUse, 1), (MdmAup, 1)];
        assert_eq!(first_to_accept(&in_force, &accepted, false), Some(Privacy));
        assert_eq!(first_to_accept(&in_force, &[(Privacy, 2), (TermsOfUse, 1)], false), None);
        assert_eq!(first_to_accept(&in_force, &[(Privacy, 3), (TermsOfUse, 1)], false), None);
    }

    #[test]
    fn a_version_is_in_force_from_the_second_that_it_names() {
        let from = datetime!(2026-12-01 00:00 UTC);
        let terms = |version, effective_at| Terms {
            document: Privacy,
            version,
            title: String::new(),
            content: String::new(),
            hash: Vec::new(),
            effective_at,
        };
        let published = Published(vec![terms(2, from), terms(1, datetime!(2026-11-01 00:00 UTC))]);
        for (now, expected) in [
            (datetime!(2026-10-31 23:59:59 UTC), None),
            (from - Duration::SECOND, Some(1)),
            (from, Some(2)),
            (from + Duration::SECOND, Some(2)),
        ] {
            assert_eq!(published.current(Privacy, now).map(|terms| terms.version), expected, "{now}");
        }
        assert_eq!(published.versions_in_force(from), [(Privacy, 2)]);
        assert_eq!(published.version(Privacy, 1).map(|terms| terms.version), Some(1));
    }

    #[test]
    fn what_is_not_published_is_waited_for_where_it_applies() {
        for (in_force, accepted, without_seed, with_seed) in [
            (&[][..], &[][..], Some(Privacy), Some(Privacy)),
            (&[(TermsOfUse, 1), (MdmAup, 1)][..], &[][..], Some(Privacy), Some(Privacy)),
            (&[(Privacy, 1)][..], &[(Privacy, 1)][..], Some(TermsOfUse), Some(TermsOfUse)),
            (&[(Privacy, 1), (TermsOfUse, 1)][..], &[(Privacy, 1), (TermsOfUse, 1)][..], None, Some(MdmAup)),
            // What was accepted once was in force once.
            (&[][..], &[(Privacy, 1), (TermsOfUse, 1)][..], None, Some(MdmAup)),
        ] {
            assert_eq!(first_to_accept(in_force, accepted, false), without_seed, "{in_force:?} {accepted:?}");
            assert_eq!(first_to_accept(in_force, accepted, true), with_seed, "{in_force:?} {accepted:?}");
        }
    }

    fn any_versions() -> impl Strategy<Value = Vec<AcceptedVersion>> {
        let document = proptest::sample::select(&TermsDocument::ALL[..]);
        proptest::collection::vec((document, 1..4_i32), 0..6)
    }

    proptest! {
        #[test]
        fn nothing_is_left_to_accept_only_where_all_that_applies_was_accepted(
            published in any_versions(), accepted in any_versions(), with_seed in any::<bool>(),
        ) {
            let in_force: Vec<AcceptedVersion> = TermsDocument::ALL
                .into_iter()
                .filter_map(|document| published.iter().copied().filter(|(known, _)| *known == document).max())
                .collect();
            let left = first_to_accept(&in_force, &accepted, with_seed);
            for document in TermsDocument::ALL.into_iter().filter(|document| with_seed || *document != MdmAup) {
                let newest = in_force.iter().find(|(known, _)| *known == document).map_or(1, |(_, version)| *version);
                let is_accepted = accepted.iter().any(|(known, version)| *known == document && *version >= newest);
                // Those ahead of the one that is left are done; where none is left, all are.
                if left.is_none_or(|left| document < left) {
                    prop_assert!(is_accepted, "{document:?} is not accepted");
                } else if left == Some(document) {
                    prop_assert!(!is_accepted, "{document:?} is asked for twice");
                }
            }
            prop_assert!(with_seed || left != Some(MdmAup));
        }
    }
}
