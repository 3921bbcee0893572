//! `triage contain`: what the principal launched, launchers first, until two sweeps in a row find nothing new and running.

use super::act::{Acted, Actor};
use super::args::ContainArgs;
use super::door::{self, Inquiry};
use super::ui::Ui;
use super::{Failure, finish, open};
use crate::model::Time;
use crate::observe;
use crate::plan;
use crate::progress::{Phase, Progress};
use crate::render::Line;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// So many sweeps in a row must find nothing new: an event is minutes late, and a launcher that was missed launches again.
const QUIET: u32 = 2;
/// More sweeps than this mean that somebody goes on launching: credentials first.
const MOST: u32 = 12;

pub fn run(args: &ContainArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::open(&args.act.audit, Time::now())?;
    let session =
        door::connect(opened.principal.provider, &args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let case = opened.case(&*session)?;
    let actor = Actor { session: &*session, case: &case, args: &args.act, ui, stop };
    let mut acted = Acted::default();
    // What runs is asked about; who signs in is revoke's.
    let inquiry = Inquiry { asks_identities: false, ..opened.inquiry(&args.act.audit, &case) };
    let (mut quiet, mut sweeps) = (0, 0);
    let mut tried = BTreeSet::new();
    loop {
        sweeps += 1;
        let (report, corpus) = session.investigate(&inquiry, args.act.watch, ui, stop)?;
        let mut plan = plan::contain::contain(&report, session.guard(), args.options());
        // What failed once is told once: trying it again and again would hide what is new.
        plan.leave_out(|step| tried.contains(&(observe::place_of(step), step.change.clone())));
        let now = actor.act(plan)?;
        tried.extend(now.failed.iter().cloned());
        // What is so already was not new.
        let is_new = now.did > 0 || now.bad > 0;
        quiet = if is_new { 0 } else { quiet + 1 };
        acted.join(now);
        let is_over =
            quiet >= QUIET || args.act.dry_run || acted.is_interrupted || stop.load(Ordering::Relaxed);
        if is_over || sweeps >= MOST {
            if !is_over {
                acted.bad += 1;
                ui.warn(
                    Line::new()
                        .put("something new was running in each of ")
                        .put(sweeps)
                        .put(" sweeps: look who launches it."),
                );
            }
            return finish::reported(&args.act, &*session, &case, &report, &corpus, &acted, ui);
        }
        ui.note(Line::new().put("Sweep ").put(sweeps).put(" done; looking again."));
        let _watch = ui.watch(&Progress::at(Phase::Pausing));
        door::pause(Duration::from_secs(args.pause), stop);
    }
}
