//! The one table of steps between proving who one is and being in: first sign-in, activation, and every later sign-in
//! (docs/rules.md §4.1). Nothing else decides which step comes next.

use super::account::AccountStatus;
use super::terms::TermsDocument;

/// How somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// At the identity provider of their agency.
    Wog,
    /// Here, with a password.
    Local,
}

/// What has been done so far: by this browser in this sitting, and for this account at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own; the table below gives them their meaning")]
pub struct Progress {
    /// How its person signs in.
    pub kind: AccountKind,
    /// Where the account stands.
    pub status: AccountStatus,
    /// This sitting: a second factor was proven, or the provider vouched for one.
    pub is_second_factor_proven: bool,
    /// The account has an authenticator or a passkey.
    pub has_second_factor: bool,
    /// Its recovery codes were shown, and its person said that they are kept.
    pub are_recovery_codes_kept: bool,
    /// Its phone is proven, or a passkey has taken its place (docs/rules.md §4.6).
    pub is_phone_settled: bool,
    /// Its person has chosen the password: the initial one is gone.
    pub is_password_chosen: bool,
    /// The next document that has to be accepted, whether it is published or not.
    pub terms: Option<TermsDocument>,
}

/// A step. Every one has a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Set up the first authenticator, with one code to confirm.
    SetUpFactor,
    /// Give a code of the authenticator that is there.
    ProveFactor,
    /// See the recovery codes, and say that they are kept.
    RecoveryCodes,
    /// Prove the phone.
    Phone,
    /// Choose a password.
    Password,
    /// Accept a document.
    Terms(TermsDocument),
    /// All is done: a pending account becomes active.
    Done,
}

/// The first step that is not done yet.
///
/// An active account went through all of them once. What can be left for it at later sign-ins: its second factor, or setting one
/// up where it has lost all of them; seeing recovery codes where new ones were made, or its first factor is kept here since; phone
/// and password where "this wasn't me" took them back (docs/rules.md §4.23); and new versions of the terms.
#[must_use]
pub fn next_step(progress: &Progress) -> Step {
    let is_local = progress.kind == AccountKind::Local;
    if !progress.is_second_factor_proven {
        return if progress.has_second_factor { Step::ProveFactor } else { Step::SetUpFactor };
    }
    // Who is vouched for by a provider needs no factor here, and so no codes to recover it.
    if progress.has_second_factor && !progress.are_recovery_codes_kept {
        return Step::RecoveryCodes;
    }
    if is_local && !progress.is_phone_settled {
        return Step::Phone;
    }
    if is_local && !progress.is_password_chosen {
        return Step::Password;
    }
    progress.terms.map_or(Step::Done, Step::Terms)
}

/// Where a step stands on the way to an active account: its number, and how many there are. None where nothing is to be done.
///
/// `is_vouched`: the provider vouches for a second factor, so that none is set up here. `with_aup`: the MDM AUP is asked for.
#[must_use]
pub fn place(step: Step, kind: AccountKind, is_vouched: bool, with_aup: bool) -> Option<(usize, usize)> {
    let factor: &[Step] = if is_vouched { &[] } else { &[Step::SetUpFactor, Step::RecoveryCodes] };
    let local: &[Step] = if kind == AccountKind::Local { &[Step::Phone, Step::Password] } else { &[] };
    let terms = TermsDocument::ALL.into_iter().filter(|document| with_aup || *document != TermsDocument::MdmAup);
    let all: Vec<Step> = factor.iter().chain(local).copied().chain(terms.map(Step::Terms)).collect();
    // Who goes on another day proves the factor that was set up.
    let step = if step == Step::ProveFactor { Step::SetUpFactor } else { step };
    let index = all.iter().position(|known| *known == step)?;
    Some((index + 1, all.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::terms::{AcceptedVersion, first_to_accept};

    const NOTHING: Progress = Progress {
        kind: AccountKind::Local,
        status: AccountStatus::Pending,
        is_second_factor_proven: false,
        has_second_factor: false,
        are_recovery_codes_kept: false,
        is_phone_settled: false,
        is_password_chosen: false,
        terms: Some(TermsDocument::Privacy),
    };

    /// What a person does at a step.
    fn after(progress: Progress, step: Step) -> Progress {
        let terms = TermsDocument::ALL;
        match step {
            Step::SetUpFactor => Progress { has_second_factor: true, is_second_factor_proven: true, ..progress },
            Step::ProveFactor => Progress { is_second_factor_proven: true, ..progress },
            Step::RecoveryCodes => Progress { are_recovery_codes_kept: true, ..progress },
            Step::Phone => Progress { is_phone_settled: true, ..progress },
            Step::Password => Progress { is_password_chosen: true, ..progress },
            Step::Terms(document) => {
                let at = terms.iter().position(|known| *known == document).unwrap_or(terms.len());
                Progress { terms: terms.get(at + 1).copied(), ..progress }
            }
            Step::Done => progress,
        }
    }

    fn way(mut progress: Progress) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            let step = next_step(&progress);
            steps.push(step);
            if step == Step::Done || steps.len() > 20 {
                return steps;
            }
            progress = after(progress, step);
        }
    }

    const TERMS: [Step; 3] = [
        Step::Terms(TermsDocument::Privacy),
        Step::Terms(TermsDocument::TermsOfUse),
        Step::Terms(TermsDocument::MdmAup),
    ];

    #[test]
    fn a_local_account_goes_through_every_step_in_the_order_of_the_rules() {
        let steps = [Step::SetUpFactor, Step::RecoveryCodes, Step::Phone, Step::Password];
        assert_eq!(way(NOTHING), [&steps[..], &TERMS, &[Step::Done]].concat());
    }

    #[test]
    fn a_step_says_where_it_stands_among_those_of_its_person() {
        let local = |step| place(step, AccountKind::Local, false, true);
        assert_eq!(local(Step::SetUpFactor), Some((1, 7)));
        assert_eq!(local(Step::ProveFactor), Some((1, 7)), "on another day");
        assert_eq!(local(Step::Password), Some((4, 7)));
        assert_eq!(local(Step::Terms(TermsDocument::MdmAup)), Some((7, 7)));
        assert_eq!(local(Step::Done), None);
        let officer = |step, is_vouched| place(step, AccountKind::Wog, is_vouched, false);
        assert_eq!(officer(Step::Terms(TermsDocument::Privacy), true), Some((1, 2)));
        assert_eq!(officer(Step::Terms(TermsDocument::TermsOfUse), false), Some((4, 4)));
        assert_eq!(officer(Step::Phone, true), None);
        assert_eq!(officer(Step::Terms(TermsDocument::MdmAup), true), None);
    }

    #[test]
    fn who_chose_the_password_by_an_e_mailed_link_is_not_asked_for_another() {
        let steps = [Step::SetUpFactor, Step::RecoveryCodes, Step::Phone];
        let progress = Progress { is_password_chosen: true, ..NOTHING };
        assert_eq!(way(progress), [&steps[..], &TERMS, &[Step::Done]].concat());
    }

    #[test]
    fn an_officer_whose_provider_vouches_for_a_second_factor_only_accepts_the_terms() {
        let progress = Progress { kind: AccountKind::Wog, is_second_factor_proven: true, ..NOTHING };
        assert_eq!(way(progress), [&TERMS[..], &[Step::Done]].concat());
    }

    #[test]
    fn an_officer_whose_provider_does_not_sets_up_one_here() {
        let progress = Progress { kind: AccountKind::Wog, ..NOTHING };
        assert_eq!(way(progress), [&[Step::SetUpFactor, Step::RecoveryCodes], &TERMS[..], &[Step::Done]].concat());
    }

    #[test]
    fn who_comes_back_on_another_day_gives_a_code_and_goes_on_where_it_stopped() {
        let progress = Progress { has_second_factor: true, are_recovery_codes_kept: true, ..NOTHING };
        assert_eq!(way(progress)[..2], [Step::ProveFactor, Step::Phone]);
    }

    #[test]
    fn an_active_account_gives_its_code_and_is_in() {
        let progress = Progress {
            status: AccountStatus::Active,
            has_second_factor: true,
            are_recovery_codes_kept: true,
            is_phone_settled: true,
            is_password_chosen: true,
            terms: None,
            ..NOTHING
        };
        assert_eq!(way(progress), [Step::ProveFactor, Step::Done]);
    }

    fn any_progress() -> impl Strategy<Value = Progress> {
        let facts = (any::<[bool; 5]>(), any::<[bool; 2]>(), 0..4_usize);
        facts.prop_map(|([proven, has, kept, phone, password], [local, active], terms)| Progress {
            kind: if local { AccountKind::Local } else { AccountKind::Wog },
            status: if active { AccountStatus::Active } else { AccountStatus::Pending },
            is_second_factor_proven: proven,
            has_second_factor: has,
            are_recovery_codes_kept: kept,
            is_phone_settled: phone,
            is_password_chosen: password,
            terms: TermsDocument::ALL.get(terms).copied(),
        })
    }

    /// What the rules ask of everybody who gets in.
    fn does_every_fact_hold(progress: &Progress) -> bool {
        let is_officer = progress.kind == AccountKind::Wog;
        [
            progress.is_second_factor_proven,
            progress.are_recovery_codes_kept || !progress.has_second_factor,
            progress.is_phone_settled || is_officer,
            progress.is_password_chosen || is_officer,
            progress.terms.is_none(),
        ]
        .into_iter()
        .all(|holds| holds)
    }

    const EVERY_STEP: [Step; 8] = [
        Step::SetUpFactor,
        Step::ProveFactor,
        Step::RecoveryCodes,
        Step::Phone,
        Step::Password,
        TERMS[0],
        TERMS[1],
        TERMS[2],
    ];

    proptest! {
        #[test]
        fn done_means_that_nothing_is_left_and_where_nothing_is_left_it_is_done(progress in any_progress()) {
            prop_assert_eq!(next_step(&progress) == Step::Done, does_every_fact_hold(&progress));
        }

        #[test]
        fn whatever_is_requested_in_whatever_order_the_end_is_reached_only_when_every_fact_holds(
            progress in any_progress(), requests in proptest::collection::vec(proptest::sample::select(&EVERY_STEP[..]), 0..64),
        ) {
            let mut now = progress;
            for step in requests {
                // A step counts only where it is the next one: that is what every page asks first.
                if next_step(&now) == step {
                    now = after(now, step);
                }
                prop_assert_eq!(next_step(&now) == Step::Done, does_every_fact_hold(&now), "{:?}", now);
            }
        }

        #[test]
        fn whoever_skips_one_step_that_is_left_never_comes_to_the_end(
            progress in any_progress(), skipped in any::<proptest::sample::Index>(), rounds in 1..4_usize,
        ) {
            let mut left = way(progress);
            left.pop();
            prop_assume!(!left.is_empty());
            let skipped = left[skipped.index(left.len())];
            let mut now = progress;
            for step in EVERY_STEP.repeat(rounds) {
                if step != skipped && next_step(&now) == step {
                    now = after(now, step);
                }
            }
            prop_assert_ne!(next_step(&now), Step::Done, "without {:?}", skipped);
        }

        #[test]
        fn nobody_comes_to_the_end_without_every_document_that_applies_whatever_is_published(
            progress in any_progress(), published in any::<[bool; 3]>(), with_seed in any::<bool>(),
        ) {
            let in_force: Vec<AcceptedVersion> =
                TermsDocument::ALL.into_iter().zip(published).filter(|(_, is)| *is).map(|(document, _)| (document, 1)).collect();
            let (mut accepted, mut progress) = (Vec::new(), progress);
            for _ in 0..20 {
                progress.terms = first_to_accept(&in_force, &accepted, with_seed);
                match next_step(&progress) {
                    // What is not published cannot be accepted.
                    Step::Terms(document) => accepted.extend(in_force.iter().copied().filter(|(known, _)| *known == document)),
                    step => progress = after(progress, step),
                }
            }
            let needed = if with_seed { &TermsDocument::ALL[..] } else { &TermsDocument::ALL[..2] };
            let has_all = needed.iter().all(|document| accepted.contains(&(*document, 1)));
            prop_assert_eq!(next_step(&progress) == Step::Done, has_all);
        }

        #[test]
        fn every_way_comes_to_its_end(progress in any_progress()) {
            prop_assert_eq!(way(progress).pop(), Some(Step::Done));
        }
    }
}
