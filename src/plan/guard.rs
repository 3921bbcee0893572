//! The branch we sit on, and what the operator forbids: never planned.

use std::collections::BTreeSet;
use std::sync::Arc;

/// Who the operator is and what must not be touched. Empty on recorded input, where nobody is signed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guard {
    /// ARNs, e-mails and key ids of the operator's own identity and of every role on its way.
    pub operator: BTreeSet<Arc<str>>,
    /// Ids that the operator protects.
    pub never_touch: BTreeSet<Arc<str>>,
}

impl Guard {
    /// Returns why these names must not be touched.
    pub fn forbids<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
        names.into_iter().find_map(|name| {
            if self.operator.contains(name) {
                Some("It is the operator's own identity, or a role on its way: this would cut the branch that we sit on.")
            } else if self.never_touch.contains(name) {
                Some("It is on the list of things never to touch.")
            } else {
                None
            }
        })
    }
}
