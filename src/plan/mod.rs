//! From a report to plans: pure, and complete when they leave here.
//!
//! Names `model`, `catalog` and `analyze`'s report; calls nothing. Only what is confirmed is planned; what is uncertain is
//! withheld with its reason.

pub mod contain;
pub mod guard;
pub mod revoke;

pub use guard::Guard;

use crate::model::change::{Change, Undo};
use crate::model::plan::{Plan, PlanKind, SCHEMA, Step, Target, Withheld};
use crate::model::{EventId, report::Confidence};

/// A step before it is numbered.
struct Draft {
    target: Target,
    because: Vec<EventId>,
    before: &'static str,
    change: Change,
    /// Lower ranks go first: launchers before the launched.
    rank: u32,
}

/// Orders and numbers the drafts; a step waits for the last step of every lower rank.
fn assemble(kind: PlanKind, mut drafts: Vec<Draft>, mut withheld: Vec<Withheld>) -> Plan {
    drafts.sort_by(|a, b| (a.rank, &a.target, &a.change).cmp(&(b.rank, &b.target, &b.change)));
    drafts.dedup_by(|a, b| {
        let same = a.change == b.change
            && a.target.account == b.target.account
            && a.target.region == b.target.region;
        if same {
            b.because.append(&mut a.because);
        }
        same
    });
    withheld.sort_by(|a, b| (&a.target, &a.why).cmp(&(&b.target, &b.why)));
    withheld.dedup();
    let mut steps: Vec<Step> = Vec::new();
    let mut rank_ends: Vec<(u32, u32)> = Vec::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        let no = index as u32 + 1;
        let after = rank_ends.iter().rev().find(|(rank, _)| *rank < draft.rank).map(|(_, no)| *no);
        match rank_ends.last_mut() {
            Some((rank, end)) if *rank == draft.rank => *end = no,
            _ => rank_ends.push((draft.rank, no)),
        }
        let spec = draft.change.spec();
        let mut because = draft.because;
        because.sort();
        because.dedup();
        steps.push(Step {
            no,
            target: draft.target,
            because,
            before: draft.before,
            change: draft.change,
            api: spec.api,
            expect: spec.expect,
            destroys: spec.destroys,
            undo: match spec.undo {
                Undo::Call(call) => call,
                Undo::None(why) => why,
            },
            after: after.into_iter().collect(),
        });
    }
    Plan { schema: SCHEMA, kind, steps, withheld }
}

/// Why something uncertain is not planned.
fn unsure(confidence: Confidence) -> Option<&'static str> {
    match confidence {
        Confidence::Confirmed => None,
        Confidence::Suspect => {
            Some("only suspected: the same principal made it, but nothing ties it to the leak")
        }
        Confidence::LikelyLegitimate => {
            Some("looks legitimate: made before the leak or from where the owners work")
        }
    }
}
