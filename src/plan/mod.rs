//! From a report to plans: pure, and complete when they leave here.
//!
//! Names `model`, `catalog` and `analyze`'s report; calls nothing and knows no clock. Only what is confirmed is planned; what
//! is uncertain, somebody else's or beyond our changes is withheld with its reason and, where we know it, with the way by
//! hand. Called by `cli`.

mod advice;
pub mod contain;
mod ground;
pub mod guard;
pub mod revoke;
pub mod ticket;
mod words;

pub use guard::Guard;

use crate::model::change::{Change, Undo};
use crate::model::observed::TAGS_SEEN;
use crate::model::plan::{Plan, PlanKind, SCHEMA, Step, Target, Withheld};
use crate::model::{EventId, Report, Time, report};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A step before it is numbered.
struct Draft {
    target: Target,
    because: BTreeSet<EventId>,
    why: Vec<String>,
    before: &'static str,
    change: Change,
    /// Lower ranks go first.
    rank: u32,
    after: After,
    /// Tried in this order when the cloud refuses `change` for a quota or because it can't be changed that way.
    otherwise: Vec<Change>,
    /// Whether the earlier steps on this target must have succeeded, not only ended.
    needs_earlier: bool,
    /// Until when its undo would give stolen sessions life again, where records tell; else the change's own limit counts.
    lives_until: Option<Time>,
}

/// What the operator asks for beyond the reversible rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Plan what destroys, too.
    pub destroy: bool,
    /// Snapshot disks before they are touched.
    pub snapshot: bool,
    /// Cut machines off the network before they are stopped.
    pub isolate: bool,
    /// Deny the principal's own role everything, sessions to come too.
    pub full_deny: bool,
    /// Begin with a service control policy where the organization allows it.
    pub scp: bool,
    /// Leave a shared service account enabled: its keys, and a deny policy, instead.
    pub soft: bool,
    /// Destroy without a snapshot of the disks.
    pub no_snapshot: bool,
}

/// Which steps must be done before one.
enum After {
    Nothing,
    /// Every step of a lower rank than this one.
    Below(u32),
    /// Every earlier step on this target of the same account.
    Target(Arc<str>),
    /// Every earlier step on its own target, and these changes of the same account, each in its region, which must have succeeded.
    Done(Vec<(Arc<str>, Change)>),
}

/// What a planner proposes, in any order.
struct Proposal<'a> {
    report: &'a Report,
    guard: &'a Guard,
    drafts: Vec<Draft>,
    withheld: Vec<Withheld>,
}

/// A tag may be what the operator protects it by.
const HIDDEN: &str = "never_touch names tags, and the tags that it bears could not be seen";

impl<'a> Proposal<'a> {
    fn new(report: &'a Report, guard: &'a Guard) -> Proposal<'a> {
        Proposal { report, guard, drafts: Vec::new(), withheld: Vec::new() }
    }

    /// Takes a step, unless the guard protects its target or one of `names`.
    fn take<'n>(&mut self, draft: Draft, names: impl IntoIterator<Item = &'n str>) {
        let refusal = self
            .guard
            .forbids_target(&draft.target, self.details(&draft.target))
            .or_else(|| self.guard.forbids(names))
            .or_else(|| self.hides_tags(&draft.target).then_some(HIDDEN));
        match refusal {
            Some(why) => {
                let by_hand = format!("if it must be: {}", draft.change.spec().api);
                self.withhold(draft.target, why, by_hand);
            }
            None => self.drafts.push(draft),
        }
    }

    /// Whether the operator protects things by their tags and nobody saw which ones this thing bears. Credentials are ended all
    /// the same.
    fn hides_tags(&self, target: &Target) -> bool {
        let is_credential = ["iam", "rolesanywhere", "sso", "identitystore", "sts"]
            .iter()
            .any(|service| target.kind.split('.').nth(1) == Some(*service));
        if !target.kind.starts_with("aws.") || is_credential || !self.guard.asks_tags() {
            return false;
        }
        match self.found(target) {
            Some(one) => !one.details.contains_key(TAGS_SEEN),
            // Somebody else's, which was only changed: it is not looked at before the plan is made.
            None => {
                self.report.touched.iter().any(|one| one.id == target.id && one.account == target.account)
            }
        }
    }

    /// What the cloud told of a target when it was looked at.
    fn details(&self, target: &Target) -> &'a BTreeMap<Arc<str>, Arc<str>> {
        static NOTHING: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        self.found(target).map_or(&NOTHING, |one| &one.details)
    }

    /// A target among what was made, where its tags matter.
    fn found(&self, target: &Target) -> Option<&'a report::Resource> {
        let is_it = |one: &&report::Resource| {
            one.kind == target.kind
                && one.id == target.id
                && one.account == target.account
                && one.region == target.region
        };
        // Only tags are asked for: without such a wish nobody need search.
        self.guard.asks_tags().then(|| self.report.resources.iter().find(is_it)).flatten()
    }

    fn withhold(&mut self, target: Target, why: impl Into<String>, by_hand: impl Into<String>) {
        self.withheld.push(Withheld { target, why: why.into(), by_hand: by_hand.into() });
    }

    /// Orders and numbers the steps. Equal changes in one place are one step, with all reasons, in the lowest rank.
    fn into_plan(self, kind: PlanKind) -> Plan {
        let mut merged: BTreeMap<(Arc<str>, Arc<str>, Change), Draft> = BTreeMap::new();
        let mut drafts = self.drafts;
        drafts.sort_by(|a, b| (a.rank, &a.target, &a.why).cmp(&(b.rank, &b.target, &b.why)));
        for draft in drafts {
            let place = (draft.target.account.clone(), draft.target.region.clone(), draft.change.clone());
            match merged.get_mut(&place) {
                Some(first) => {
                    first.because.extend(draft.because);
                    for why in draft.why {
                        if !first.why.contains(&why) {
                            first.why.push(why);
                        }
                    }
                }
                None => {
                    merged.insert(place, draft);
                }
            }
        }
        let mut drafts: Vec<Draft> = merged.into_values().collect();
        // By call, so that the same call on many things stands together.
        let place = |one: &Draft| (one.rank, one.change.spec().api);
        drafts.sort_by(|a, b| {
            place(a).cmp(&place(b)).then_with(|| (&a.target, &a.change).cmp(&(&b.target, &b.change)))
        });
        let mut withheld = self.withheld;
        withheld.sort();
        withheld.dedup();
        Plan {
            schema: SCHEMA,
            kind,
            principal: self.report.principal.clone(),
            window: self.report.window.clone(),
            steps: steps(&drafts),
            withheld,
        }
    }
}

fn steps(drafts: &[Draft]) -> Vec<Step> {
    let mut on_target: BTreeMap<(&str, &str), Vec<u32>> = BTreeMap::new();
    let mut numbers: BTreeMap<(&str, &str, &Change), u32> = BTreeMap::new();
    let mut steps = Vec::new();
    for (no, draft) in (1..).zip(drafts) {
        let (account, region) = (&*draft.target.account, &*draft.target.region);
        let mut done = Vec::new();
        let after = match &draft.after {
            After::Nothing => Vec::new(),
            // They are sorted by rank.
            After::Below(rank) => {
                let below = drafts[..steps.len()].partition_point(|other| other.rank < *rank);
                (1..=below as u32).collect()
            }
            After::Target(id) => on_target.get(&(account, &**id)).cloned().unwrap_or_default(),
            After::Done(changes) => {
                done.extend(changes.iter().filter_map(|(at, one)| numbers.get(&(account, &**at, one))));
                on_target.get(&(account, &*draft.target.id)).cloned().unwrap_or_default()
            }
        };
        numbers.insert((account, region, &draft.change), no);
        let earlier = on_target.entry((&draft.target.account, &draft.target.id)).or_default();
        let mut needs = if draft.needs_earlier { earlier.clone() } else { done };
        needs.sort_unstable();
        earlier.push(no);
        steps.push(step(no, draft, after, needs));
    }
    steps
}

fn step(no: u32, draft: &Draft, mut after: Vec<u32>, needs: Vec<u32>) -> Step {
    after.extend(&needs);
    after.sort_unstable();
    after.dedup();
    let spec = draft.change.spec();
    Step {
        no,
        target: draft.target.clone(),
        because: draft.because.iter().cloned().collect(),
        why: draft.why.join(" "),
        before: draft.before,
        change: draft.change.clone(),
        api: spec.api,
        expect: spec.expect,
        destroys: spec.destroys,
        undo: match spec.undo {
            Undo::Call(call) => call,
            Undo::None(why) => why,
        },
        after,
        needs,
        otherwise: draft.otherwise.clone(),
        seen: None,
        lives_until: draft.lives_until,
        undoes: None,
    }
}
