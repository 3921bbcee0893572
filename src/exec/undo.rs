//! From the journal alone to a plan that takes back what was done, newest first.
//!
//! Pure. What can't be taken back, or would give a thief something back, is withheld with its sentence.

use super::entry::Reversed;
use super::journal::Journal;
use super::ledger::{Deed, Ledger};
use crate::model::change::{Change, Undo};
use crate::model::plan::{Plan, PlanKind, SCHEMA, Step, Undoes, Withheld};
use crate::model::{Place, Time};
use anyhow::{Result, bail};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Give back a secret that leaked: an access key that a thief may hold works again.
    pub rearm_leaked_key: bool,
}

/// Returns the plan that takes back everything of this journal that is done and not undone yet.
pub fn plan(journal: &Journal, options: Options, now: Time) -> Result<Plan> {
    journal.ledger(|ledger| plan_of(ledger, options, now))
}

/// The same from a journal that was only read.
pub fn plan_of(ledger: &Ledger, options: Options, now: Time) -> Result<Plan> {
    let Some(run) = ledger.last_run() else {
        bail!("plan the undo: nothing was ever done in this case");
    };
    let mut undo = Undoing { steps: Vec::new(), withheld: Vec::new(), waves: Waves::default() };
    for deed in groups(ledger) {
        match deed.refusal(options, now) {
            Some((why, by_hand)) => {
                undo.withheld.push(Withheld { target: deed.newest.intent.target.clone(), why, by_hand });
            }
            None => undo.take(&deed),
        }
    }
    undo.withheld.sort();
    undo.withheld.dedup();
    Ok(Plan {
        schema: SCHEMA,
        kind: PlanKind::Undo,
        principal: run.principal.clone(),
        window: run.window.clone(),
        steps: undo.steps,
        withheld: undo.withheld,
    })
}

/// What could be taken back, and is not now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// So many things that were done, until the last stolen session that they end is over.
    pub things: usize,
    /// When all of them can be taken back.
    pub safe_from: Option<Time>,
    /// So many secrets that leaked, which need the operator's own word.
    pub secrets: usize,
}

/// Returns what [`plan`] withholds that is only a matter of time or of the operator's word.
pub fn waiting(journal: &Journal, options: Options, now: Time) -> Waiting {
    journal.ledger(|ledger| waiting_of(ledger, options, now))
}

/// The same from a journal that was only read.
pub fn waiting_of(ledger: &Ledger, options: Options, now: Time) -> Waiting {
    let mut waiting = Waiting::default();
    for group in groups(ledger).iter().filter(|group| group.is_done && group.has_a_way()) {
        if group.is_secret(options) {
            waiting.secrets += 1;
        } else if let Some(from) = group.unsafe_until(now) {
            waiting.things += 1;
            waiting.safe_from = waiting.safe_from.max(Some(from));
        }
    }
    waiting
}

/// What was done to one thing in one way, once or more: that it was done again means that it had been taken away.
struct Group<'a> {
    newest: &'a Deed,
    /// Newest first.
    intents: Vec<u64>,
    is_done: bool,
    safe_from: Option<Time>,
    undone: BTreeSet<u32>,
}

/// Newest run first, in it what waited for most, then the newest.
fn groups(ledger: &Ledger) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<(&Place, &Change), usize> = BTreeMap::new();
    for deed in ledger.deeds().rev() {
        let is_ours = deed.intent.kind != PlanKind::Undo && !deed.is_undone();
        if !is_ours || !(deed.is_done() || deed.is_open()) {
            continue;
        }
        let key = (&deed.intent.at, &deed.intent.change);
        match known.get(&key).and_then(|at| groups.get_mut(*at)) {
            Some(group) => {
                group.intents.push(deed.no);
                group.is_done |= deed.is_done();
                group.safe_from = group.safe_from.max(deed.intent.safe_from);
                group.undone.extend(&deed.undone);
                if let Some(first) = group.newest.intent.again
                    && first == deed.no
                {
                    // What stood before the first time is what is to be again.
                    group.newest = deed;
                }
            }
            None => {
                known.insert(key, groups.len());
                groups.push(Group {
                    newest: deed,
                    intents: vec![deed.no],
                    is_done: deed.is_done(),
                    safe_from: deed.intent.safe_from,
                    undone: deed.undone.clone(),
                });
            }
        }
    }
    groups.sort_by_key(|group| Reverse((group.newest.run, group.newest.intent.depth, group.newest.no)));
    groups
}

impl Group<'_> {
    /// Whether there is anything to call.
    fn has_a_way(&self) -> bool {
        matches!(&self.newest.intent.undo, Reversed::Changes(changes) if !changes.is_empty())
    }

    fn is_secret(&self, options: Options) -> bool {
        self.newest.intent.rearms_secret && !options.rearm_leaked_key
    }

    fn unsafe_until(&self, now: Time) -> Option<Time> {
        self.safe_from.filter(|from| *from > now)
    }

    /// Why it is not taken back, and what a human may do.
    fn refusal(&self, options: Options, now: Time) -> Option<(String, String)> {
        let intent = &self.newest.intent;
        let by_hand = match intent.change.spec().undo {
            Undo::Call(call) => call.to_owned(),
            Undo::None(_) => String::new(),
        };
        if let Reversed::None(why) = &intent.undo {
            return Some((why.clone(), String::new()));
        }
        if !self.is_done {
            let why = "The run ended before it was known whether this was done. Carry out the plan again in this case: it looks first, and then knows.";
            return Some((why.into(), by_hand));
        }
        if self.is_secret(options) {
            let why = "It would give a thief the leaked secret back, which works for ever. Make a new one instead; --rearm-leaked-key takes it back all the same.";
            return Some((why.into(), by_hand));
        }
        let from = self.unsafe_until(now)?;
        let why = format!(
            "It would give stolen sessions life again, which may live until {from}. It is safe from then on."
        );
        Some((why, by_hand))
    }
}

/// Which undo steps come before which: of later runs first, then of what came last in a run, in one account.
#[derive(Default)]
struct Waves {
    /// By account: the wave that is being filled, its steps, and those of the wave before.
    accounts: BTreeMap<Arc<str>, Wave>,
    last_on: BTreeMap<(Arc<str>, Arc<str>), u32>,
}

#[derive(Default)]
struct Wave {
    depth: (usize, u32),
    steps: Vec<u32>,
    before: Vec<u32>,
}

struct Undoing {
    steps: Vec<Step>,
    withheld: Vec<Withheld>,
    waves: Waves,
}

impl Undoing {
    fn take(&mut self, group: &Group<'_>) {
        let intent = &group.newest.intent;
        let Reversed::Changes(changes) = &intent.undo else { return };
        let parts = changes.len() as u32;
        let done = intent.change.spec().does;
        let mut needs = Vec::new();
        for (part, change) in (1..).zip(changes) {
            if group.undone.contains(&part) {
                continue;
            }
            let no = self.steps.len() as u32 + 1;
            let mut after = self.waves.before(group.newest, no);
            after.extend(&needs);
            after.sort_unstable();
            after.dedup();
            let spec = change.spec();
            self.steps.push(Step {
                no,
                target: intent.target.clone(),
                because: Vec::new(),
                why: format!(
                    "Takes back step {} of the {} plan, done {}, which {done}.",
                    intent.step,
                    intent.kind.name(),
                    group.newest.at,
                ),
                before: "changed by us",
                change: change.clone(),
                api: spec.api,
                expect: spec.expect,
                destroys: spec.destroys,
                undo: match spec.undo {
                    Undo::Call(call) => call,
                    Undo::None(why) => why,
                },
                after,
                needs: std::mem::replace(&mut needs, vec![no]),
                otherwise: Vec::new(),
                seen: None,
                lives_until: None,
                undoes: Some(Undoes {
                    intents: group.intents.clone(),
                    part,
                    parts,
                    // After the first part it is not in force any more, by our own hand.
                    while_in_force: (part == 1 && group.undone.is_empty()).then(|| intent.change.clone()),
                }),
            });
        }
    }
}

impl Waves {
    /// Returns the steps that must end before this one, and notes it.
    fn before(&mut self, deed: &Deed, no: u32) -> Vec<u32> {
        let target = (deed.intent.target.account.clone(), deed.intent.target.id.clone());
        let earlier = self.last_on.insert(target, no);
        let wave = self.accounts.entry(deed.intent.at.account.clone()).or_default();
        let depth = (deed.run, deed.intent.depth);
        if !wave.steps.is_empty() && wave.depth != depth {
            wave.before = std::mem::take(&mut wave.steps);
        }
        wave.depth = depth;
        wave.steps.push(no);
        wave.before.iter().copied().chain(earlier).collect()
    }
}
