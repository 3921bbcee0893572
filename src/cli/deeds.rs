//! A case's journal as a report shows it: each call, what stood before and after it, and whether it can be taken back.

use crate::exec::{Deed, Entry, Ledger, Line, Outcome, Resolution, Reversed, Status};
use crate::model::dossier::{After, Became, Done, UndoState};
use crate::model::plan::PlanKind;
use crate::model::{Sight, secret};
use std::collections::BTreeMap;

/// Returns every call that the journal knows of, oldest first.
pub fn deeds(lines: &[Line], ledger: &Ledger) -> Vec<Done> {
    let mut told: BTreeMap<u64, Told> = BTreeMap::new();
    for line in lines {
        note(&mut told, &line.entry);
    }
    ledger.deeds().map(|deed| done(ledger, deed, told.remove(&deed.no).unwrap_or_default())).collect()
}

/// What lines say of an intent besides what became of it.
#[derive(Default)]
struct Told {
    after: Option<After>,
    why: Option<String>,
}

fn note(told: &mut BTreeMap<u64, Told>, entry: &Entry) {
    let mut set = |of: u64, change: &dyn Fn(&mut Told)| change(told.entry(of).or_default());
    match entry {
        Entry::Verified { of, sight } => {
            set(*of, &|one| *one = Told { after: Some(after(sight)), why: None })
        }
        Entry::Outcome { of, outcome } => set(*of, &|one| one.why = why(outcome)),
        Entry::NotSeen { of, why } => set(*of, &|one| one.why = Some(why.clone())),
        Entry::Resolved { of, why, .. } => set(*of, &|one| one.why.clone_from(why)),
        Entry::Reverted { of, sight } => set(*of, &|one| {
            one.after = Some(after(sight));
            one.why = Some("somebody has taken it away since".into());
        }),
        Entry::Started(_)
        | Entry::Intent(_)
        | Entry::Again { .. }
        | Entry::Reapplied { .. }
        | Entry::Skipped { .. }
        | Entry::Undone { .. }
        | Entry::Torn { .. }
        | Entry::Interrupted
        | Entry::Ended(_) => {}
    }
}

fn after(sight: &Sight) -> After {
    match sight {
        Sight::Gone => After::Gone,
        Sight::There { state, .. } => After::There(state.clone()),
    }
}

fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Ok(_) => None,
        Outcome::Refused { why, .. } | Outcome::Unclear { why, .. } => Some(secret::redact(why)),
    }
}

fn done(ledger: &Ledger, deed: &Deed, told: Told) -> Done {
    let intent = &deed.intent;
    let spec = intent.change.spec();
    Done {
        no: deed.no,
        at: deed.at,
        kind: intent.kind,
        operator: ledger.run(deed.run).and_then(|run| run.operator.clone()),
        target: intent.target.clone(),
        place: intent.at.clone(),
        change: serde_json::to_value(&intent.change).unwrap_or_default(),
        api: spec.api,
        does: spec.does,
        before: intent.before.clone(),
        after: told.after,
        became: became(deed.status),
        why: told.why,
        undo: undo(deed),
    }
}

fn became(status: Status) -> Became {
    match status {
        Status::Verified | Status::Resolved(Resolution::Done) => Became::Verified,
        Status::Took => Became::Taken,
        Status::Refused => Became::Refused,
        Status::Resolved(Resolution::NotDone) => Became::NotDone,
        Status::Resolved(Resolution::Gone) => Became::Gone,
        Status::Open | Status::Unclear | Status::Resolved(Resolution::Unknown) => Became::Unknown,
    }
}

fn undo(deed: &Deed) -> UndoState {
    if deed.is_undone() {
        return UndoState::Undone;
    }
    if !deed.undone.is_empty() {
        let parts = u32::try_from(deed.undone.len()).unwrap_or(u32::MAX);
        return UndoState::Partly { parts, of: deed.undo_parts };
    }
    let is_void = matches!(deed.status, Status::Refused | Status::Resolved(Resolution::NotDone));
    if is_void || deed.intent.kind == PlanKind::Undo {
        return UndoState::Needless;
    }
    match &deed.intent.undo {
        Reversed::None(why) => UndoState::None(why.clone()),
        Reversed::Changes(changes) => UndoState::Possible {
            calls: changes.iter().map(|change| change.spec().api).collect(),
            safe_from: deed.intent.safe_from,
            rearms_secret: deed.intent.rearms_secret,
        },
    }
}
