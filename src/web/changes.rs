//! What changed from one version of a document to the next, paragraph by paragraph.

use similar::{ChangeTag, TextDiff};

/// A paragraph that is new, or gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// New, or else gone.
    pub is_new: bool,
    /// The paragraph.
    pub text: String,
}

/// What is gone and what is new, in the order of the document.
pub fn between(before: &str, after: &str) -> Vec<Change> {
    let diff = TextDiff::from_lines(before, after);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let changes = changes.map(|change| Change {
        is_new: change.tag() == ChangeTag::Insert,
        // The marks of lists and headings tell nothing here.
        text: change.value().trim().trim_start_matches(['#', '-', '*', ' ']).to_owned(),
    });
    changes.filter(|change| !change.text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Change, between};

    #[test]
    fn what_is_new_and_what_is_gone_is_told() {
        let change = |is_new, text: &str| Change { is_new, text: text.to_owned() };
        let changes = between("# A\n\nOne.\n\n- Two.\n", "# A\n\nOne.\n\n- Three.\n\nFour.\n");
        assert_eq!(changes, [change(false, "Two."), change(true, "Three."), change(true, "Four.")]);
        assert_eq!(between("same\n", "same\n"), []);
    }
}
