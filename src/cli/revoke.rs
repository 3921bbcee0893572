//! `triage revoke`: wave 1, the principal's own credentials, before any log is read; wave 2, everything that it became.

use super::act::{Acted, Actor};
use super::args::RevokeArgs;
use super::door::{self, Inquiry};
use super::ui::Ui;
use super::{Failure, finish, open};
use crate::model::Time;
use crate::progress::{Phase, Progress};
use crate::render::Line;
use std::sync::atomic::AtomicBool;

pub fn run(args: &RevokeArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::open(&args.act.audit, Time::now())?;
    let session =
        door::connect(opened.principal.provider, &args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let case = opened.case(&*session)?;
    let actor = Actor { session: &*session, case: &case, args: &args.act, ui, stop };
    let mut acted = Acted::default();

    let (own, gaps) = {
        let _watch = ui.watch(&Progress::at(Phase::Looking));
        session.own_plan(&opened.principal, &case, args.options())?
    };
    acted.gaps.extend(gaps);
    match own {
        None => ui.note(
            Line::new()
                .put("Whose this is only the logs tell: its own credentials come with what it became."),
        ),
        Some(plan) => acted.join(actor.act(plan)?),
    }
    if args.own_only || acted.is_interrupted {
        return finish::acted(&args.act, &case, &acted, ui);
    }

    let (report, corpus) = session.investigate(
        &Inquiry { asks_identities: false, ..opened.inquiry(&args.act.audit, &case) },
        args.act.watch,
        ui,
        stop,
    )?;
    finish::show(&args.act, &report, ui)?;
    let (plan, gaps) = {
        let _watch = ui.watch(&Progress::at(Phase::Looking));
        session.closure_plan(&report, &case, args.options())?
    };
    acted.gaps.extend(gaps);
    acted.join(actor.act(plan)?);
    finish::reported(&args.act, &*session, &case, &report, &corpus, &acted, ui)
}
