//! `triage undo CASE`: takes back what was done, newest first, from the journal alone.

use super::act::Actor;
use super::args::UndoArgs;
use super::door;
use super::ui::Ui;
use super::{Failure, finish, open};
use crate::exec::{self, Journal};
use crate::model::Time;
use std::sync::atomic::AtomicBool;

pub fn run(args: &UndoArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::existing(&args.folder)?;
    let session =
        door::connect(opened.principal.provider, &args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    let case = opened.case(&*session)?;
    let plan = {
        let journal = Journal::open(&case)?;
        exec::undo::plan(
            &journal,
            exec::undo::Options { rearm_leaked_key: args.rearm_leaked_key },
            Time::now(),
        )?
    };
    let actor = Actor { session: &*session, case: &case, args: &args.act, ui, stop };
    let acted = actor.act(plan)?;
    finish::acted(&args.act, &case, &acted, ui)
}
