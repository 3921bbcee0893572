//! `triage undo CASE`: takes back what was done, newest first, from the journal alone; refuses what would give a thief a live
//! session back, and says from when on it will not.

use super::act::Actor;
use super::args::UndoArgs;
use super::door;
use super::ui::Ui;
use super::{Failure, exit, finish, open};
use crate::exec::Journal;
use crate::exec::undo::{self, Options, Waiting};
use crate::model::Time;
use crate::render::{Line, Untrusted, count};
use std::sync::atomic::AtomicBool;

pub fn run(args: &UndoArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::existing(&args.folder)?;
    let session =
        door::connect(opened.principal.provider, &args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    let case = opened.case(&*session)?;
    let options = Options { rearm_leaked_key: args.rearm_leaked_key };
    let (plan, waiting) = {
        let (journal, now) = (Journal::open(&case)?, Time::now());
        (undo::plan(&journal, options, now)?, undo::waiting(&journal, options, now))
    };
    let actor = Actor { session: &*session, case: &case, args: &args.act, ui, stop };
    let mut acted = actor.act(plan)?;
    tell(waiting, ui);
    if waiting.things == 0 || args.act.dry_run {
        return finish::acted(&args.act, &case, &acted, ui);
    }
    if acted.has_called {
        // The rest is still to be done.
        acted.bad += waiting.things;
    }
    let code = finish::acted(&args.act, &case, &acted, ui)?;
    Ok(if matches!(code, exit::SUCCESS | exit::INCOMPLETE) { exit::REFUSED } else { code })
}

/// Says what stays as it is, and what must come first.
fn tell(waiting: Waiting, ui: &Ui) {
    if let Some(from) = waiting.safe_from {
        let from = from.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        ui.warn(
            Line::new()
                .put("Refused: ")
                .join(count(waiting.things as u64, "change is", "changes are"))
                .put(" not taken back, because stolen sessions that may still live would work again. It is safe from ")
                .put(Untrusted(&from))
                .put(" on: run this again then."),
        );
    }
    if waiting.secrets > 0 {
        ui.warn(
            count(waiting.secrets as u64, "secret", "secrets")
                .put(" that leaked (keys, ways in) stay off: --rearm-leaked-key gives them back to whoever holds them."),
        );
    }
}
