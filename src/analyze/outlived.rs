//! What was still used after it had been ended: somebody gets in by a way that nobody shut, or what was done does not hold.
//!
//! Pure; called by `cli/revoke.rs`, which knows what was ended when.

use crate::model::Time;
use crate::model::report::{Confidence, Report, Use};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Until a change holds everywhere, and for clocks that differ: what comes sooner is no sign (gcp.md 5.1).
const HOLDS_AFTER: SignedDuration = SignedDuration::from_secs(120);

/// Returns the thief's own uses of credentials that came after each had been ended, and were not all refused.
pub fn outlived<'r>(report: &'r Report, ended: &BTreeMap<Arc<str>, Time>) -> Vec<(&'r Use, Time)> {
    let of = |one: &'r Use| {
        let at = *ended.get(&one.credential)?;
        let from = at.checked_add(HOLDS_AFTER).ok()?;
        let is_thiefs = one.confidence == Confidence::Confirmed;
        (is_thiefs && one.last > from && one.failed < one.events).then_some((one, at))
    };
    report.uses.iter().filter_map(of).collect()
}
