//! `triage revoke`: wave 1, the principal's own credentials, before any log is read; wave 2, everything that it became.

use super::act::{Acted, Actor};
use super::args::RevokeArgs;
use super::door::{self, Inquiry};
use super::ui::Ui;
use super::{Failure, finish, open};
use crate::analyze::outlived::outlived;
use crate::model::plan::Plan;
use crate::model::{Report, Time};
use crate::observe::place_of;
use crate::progress::{Phase, Progress};
use crate::render::line::Style;
use crate::render::{Line, Untrusted};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// With `--watch` the log is asked again after something was ended, so often at most: who is still in makes new ways in.
const ROUNDS: u32 = 3;

pub fn run(args: &RevokeArgs, ui: &Ui, stop: &'static AtomicBool) -> Result<u8, Failure> {
    let opened = open::open(&args.act.audit, Time::now())?;
    let session =
        door::connect(opened.principal.provider, &args.act.audit.live, &opened.id, !args.act.dry_run, ui)?;
    session.refuse_self(&opened.principal)?;
    let case = opened.case(&*session)?;
    let actor = Actor { session: &*session, case: &case, args: &args.act, ui, stop };
    let mut acted = Acted::default();
    let mut ended = Ended::default();

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
        Some(plan) => acted.join(ended.act(&actor, plan)?),
    }
    if args.own_only || acted.is_interrupted {
        return finish::acted(&args.act, &case, &acted, ui);
    }

    let inquiry = Inquiry { asks_identities: false, ..opened.inquiry(&args.act.audit, &case) };
    let mut round = 1;
    let (report, corpus) = loop {
        let (report, corpus) = session.investigate(&inquiry, args.act.watch, ui, stop)?;
        if round == 1 {
            finish::show(&args.act, &report, ui)?;
        }
        let (plan, gaps) = {
            let _watch = ui.watch(&Progress::at(Phase::Looking));
            session.closure_plan(&report, &case, args.options())?
        };
        acted.gaps.extend(gaps);
        let now = ended.act(&actor, plan)?;
        let is_over =
            now.did == 0 || now.is_interrupted || args.act.dry_run || !args.act.watch || round >= ROUNDS;
        acted.join(now);
        if is_over {
            break (report, corpus);
        }
        round += 1;
        ui.note(Line::new().put("Asking the log again, for what is done with what was ended."));
    };
    if args.act.watch {
        acted.bad += ended.tell(&report, ui);
    }
    finish::reported(&args.act, &*session, &case, &report, &corpus, &acted, ui)
}

/// What was ended, by id, and when that was seen first.
#[derive(Default)]
struct Ended(BTreeMap<Arc<str>, Time>);

impl Ended {
    fn act(&mut self, actor: &Actor<'_>, plan: Plan) -> Result<Acted, Failure> {
        let steps: Vec<_> = plan
            .steps
            .iter()
            .map(|step| ((place_of(step), step.change.clone()), step.target.id.clone()))
            .collect();
        let acted = actor.act(plan)?;
        let at = Time::now();
        for (what, id) in steps {
            if acted.reached.contains(&what) {
                self.0.entry(id).or_insert(at);
            }
        }
        Ok(acted)
    }

    /// Says what the log shows to have been used all the same; returns how much.
    fn tell(&self, report: &Report, ui: &Ui) -> usize {
        let outlived = outlived(report, &self.0);
        for (one, at) in &outlived {
            ui.warn(
                Line::new()
                    .styled(Style::Red, "STILL IN: ")
                    .put(Untrusted(&one.credential))
                    .put(" was used with success as late as ")
                    .put(Untrusted(&one.last.to_string()))
                    .put(", after it was ended at ")
                    .put(Untrusted(&at.to_string()))
                    .put(": look by which way."),
            );
        }
        outlived.len()
    }
}
