//! `triage revoke`: wave 1, the principal's own credentials, before any log is read; wave 2, everything that it became.

use super::act::{Acted, Actor};
use super::args::RevokeArgs;
use super::live::Session;
use super::ui::Ui;
use super::{Failure, finish, open};
use crate::model::Time;
use crate::plan;
use std::sync::atomic::AtomicBool;

pub fn run(args: &RevokeArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::open(&args.act.audit, Time::now())?;
    let session = Session::connect(&args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let case = opened.case(&session)?;
    let actor = Actor { session: &session, case: &case, args: &args.act, ui, stop };
    let mut acted = Acted::default();

    let (report, corpus) = session.investigate(
        &args.act.audit,
        &opened.principal,
        &opened.window,
        &case,
        args.act.watch,
        ui,
        stop,
    )?;
    acted.join(actor.act(plan::revoke::revoke(&report, &session.guard))?);
    finish::reported(&args.act, &case, &report, &corpus, &acted, ui)
}
