//! Shows a plan as the cloud is now, asks, carries it out and says how it went: the same for revoke, contain and undo.

use super::Failure;
use super::args::ActArgs;
use super::door::Door;
use super::exit;
use super::ui::Ui;
use crate::case::Case;
use crate::exec::run::{About, Halt};
use crate::exec::{self, Approved, Consent, Done, End, Journal, Means, Refused, Terms, Told, Verdict, Wall};
use crate::model::change::Change;
use crate::model::plan::{Plan, Step};
use crate::model::{Gap, Place, Time};
use crate::observe::{self, Seen};
use crate::progress::{Phase, Progress};
use crate::render::line::Style;
use crate::render::{Line, Untrusted, count, json, plan as plan_text};
use anyhow::anyhow;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Everything that acting needs besides the plan.
pub struct Actor<'a> {
    pub session: &'a dyn Door,
    pub case: &'a Case,
    pub args: &'a ActArgs,
    pub ui: &'a Ui,
    pub stop: &'static AtomicBool,
}

/// What came of a plan.
#[derive(Default)]
pub struct Acted {
    /// Steps that were carried out now, or were so already.
    pub good: usize,
    /// Of these, carried out now.
    pub did: usize,
    pub bad: usize,
    /// Whether anything was called at all, whatever came of it.
    pub has_called: bool,
    pub is_interrupted: bool,
    /// What was tried in vain, and where.
    pub failed: Vec<(Place, Change)>,
    /// What is in force now, by whatever way, or what it was about is gone.
    pub reached: BTreeSet<(Place, Change)>,
    pub gaps: Vec<Gap>,
    /// For `-o json`.
    pub documents: Vec<Value>,
}

impl Acted {
    /// Adds what came of a later plan. What failed before and is in force after it is no failure any more: the second wave knows
    /// ways that the first, which reads no log, does not.
    pub fn join(&mut self, other: Acted) {
        let before = self.failed.len();
        self.failed.retain(|one| !other.reached.contains(one));
        self.bad = self.bad.saturating_sub(before - self.failed.len());
        self.reached.extend(other.reached);
        self.good += other.good;
        self.did += other.did;
        self.has_called |= other.has_called;
        self.bad += other.bad;
        self.is_interrupted |= other.is_interrupted;
        self.failed.extend(other.failed);
        self.gaps.extend(other.gaps);
        self.documents.extend(other.documents);
    }

    /// The exit code, if acting alone decided it.
    pub fn code(&self) -> u8 {
        match (self.is_interrupted, self.has_called, self.bad) {
            (true, _, _) => exit::INTERRUPTED,
            (false, _, 0) => exit::SUCCESS,
            (false, true, _) => exit::PARTLY,
            (false, false, _) => exit::FAILURE,
        }
    }
}

impl Actor<'_> {
    /// Holds a plan against the cloud, shows it, asks, carries it out.
    pub fn act(&self, plan: Plan) -> Result<Acted, Failure> {
        let Seen { plan, already, gone, gaps } = {
            let _watch = self.ui.watch(&Progress::at(Phase::Checking));
            self.session.runtime().block_on(observe::see(self.session.inventory(), plan))
        };
        self.case.write_plan(plan.kind.name(), &json::document(&plan))?;
        self.show(&plan, &already, &gone)?;
        let mut acted = Acted { good: already.len() + gone.len(), gaps, ..Acted::default() };
        let what = |step: &Step| (observe::place_of(step), step.change.clone());
        acted.reached.extend(already.iter().chain(&gone).map(what));
        acted.documents.push(json!({"plan": plan, "already": numbers(&already), "gone": numbers(&gone)}));
        if self.args.dry_run || plan.steps.is_empty() {
            return Ok(acted);
        }
        self.check_permissions(&plan);
        let planned: BTreeMap<u32, (Place, Change)> =
            plan.steps.iter().map(|step| (step.no, what(step))).collect();
        // Who declines keeps a whole case.
        self.case.seal()?;
        let approved = self.approve(plan)?;
        let done = self.carry_out(approved)?;
        self.tell(&done);
        acted.good += done.ends.iter().filter(|ended| ended.end.is_good()).count();
        acted.bad += done.ends.iter().filter(|ended| !ended.end.is_good()).count();
        acted.did += done.ends.iter().filter(|ended| ended.end == End::Done).count();
        let bad = done.ends.iter().filter(|ended| !ended.end.is_good());
        acted.failed.extend(bad.filter_map(|ended| planned.get(&ended.no).cloned()));
        let good = done.ends.iter().filter(|ended| ended.end.is_good());
        acted.reached.extend(good.filter_map(|ended| planned.get(&ended.no).cloned()));
        acted.has_called |= done.ends.iter().any(|ended| matches!(ended.end, End::Done | End::NotSeen(_)));
        acted.is_interrupted |= done.halted == Some(Halt::Interrupted);
        acted.documents.push(document(&done));
        if let Some(Halt::Journal(why)) = &done.halted {
            return Err(Failure::Other(anyhow!(
                "go on: the journal can't be written, and without it nothing is called: {why}"
            )));
        }
        Ok(acted)
    }

    fn show(&self, plan: &Plan, already: &[Step], gone: &[Step]) -> anyhow::Result<()> {
        let mut view = self.ui.view(Some(Time::now()));
        // Consent is asked of somebody who saw every step.
        view.detail |= plan.steps.len() <= FEW || self.args.dry_run;
        let text = plan_text::plan(plan, &view);
        match self.args.audit.is_table() {
            true => self.ui.result(text.as_bytes())?,
            false => self.ui.aside(&text),
        }
        if !already.is_empty() {
            self.ui
                .note(count(already.len() as u64, "step", "steps").put(" of this plan: it is so already."));
        }
        if !gone.is_empty() {
            self.ui.note(
                count(gone.len() as u64, "step", "steps").put(" of this plan: what it was about is gone."),
            );
        }
        Ok(())
    }

    /// Says what the operator lacks, before anything starts. What can't be asked is said too.
    fn check_permissions(&self, plan: &Plan) {
        let mut by: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
        for step in &plan.steps {
            let needs = by.entry(&step.target.account).or_default();
            needs.extend(step.change.spec().permissions);
        }
        let mut jobs = JoinSet::new();
        let _inside = self.session.runtime().enter();
        for (account, needs) in by {
            let account = account.to_owned();
            let asked = self.session.lacks(&account, needs.into_iter().collect());
            jobs.spawn(async move {
                let asked = tokio::time::timeout(PREFLIGHT, asked).await;
                (
                    account,
                    asked
                        .map_err(|_| "no answer in time".to_owned())
                        .and_then(|told| told.map_err(|e| e.to_string())),
                )
            });
        }
        let told = self.session.runtime().block_on(jobs.join_all());
        for (account, lacks) in told {
            match lacks {
                Ok(lacks) if lacks.is_empty() => {}
                Ok(lacks) => self.ui.warn(
                    Line::new()
                        .put("In ")
                        .put(Untrusted(&account))
                        .put(" you lack ")
                        .list(", ", lacks.iter().map(|one| Line::new().put(Untrusted(one))))
                        .put(": steps that need it will fail."),
                ),
                Err(why) => self.ui.note(
                    Line::new()
                        .put("Whether you may do all this in ")
                        .put(Untrusted(&account))
                        .put(" could not be asked: ")
                        .put(Untrusted(&why))
                        .put("."),
                ),
            }
        }
    }

    fn approve(&self, plan: Plan) -> Result<Approved, Failure> {
        let guard = self.session.guard();
        let forbids = |step: &Step| {
            let names = [Some(&step.target.id), step.target.name.as_ref()].into_iter().flatten();
            guard.forbids(names.map(|name| &**name)).map(str::to_owned)
        };
        let most = self.session.config().max_steps.map_or(exec::gate::MOST_STEPS, |most| most as usize);
        let terms = Terms { most, forbids: &forbids };
        let mut ask = self.ui;
        let consent = match (self.args.yes, self.ui.can_ask()) {
            (true, _) => Consent::Given,
            (false, true) => Consent::Asked { ask: &mut ask, expect: self.session.word() },
            (false, false) => Consent::Nobody,
        };
        exec::gate::approve(plan, consent, &terms).map_err(|refused| match refused {
            Refused::Nobody | Refused::Declined | Refused::Forbidden { .. } => {
                Failure::Refused(refused.into())
            }
            Refused::Ask(_) => Failure::Other(refused.into()),
        })
    }

    fn carry_out(&self, approved: Approved) -> anyhow::Result<Done> {
        let journal = Journal::open(self.case)?;
        let about = About {
            command_line: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            operator: Some(self.session.operator().to_owned()),
            endpoints: self.session.overrides().to_vec(),
        };
        let plan = approved.plan();
        let progress = Progress::at(Phase::Acting(plan.kind.name()));
        progress.steps(plan.steps.len());
        let _watch = self.ui.watch(&progress);
        let (ui, heard) = (self.ui.clone(), progress.clone());
        let tell = move |told: Told| hear(&ui, &heard, told);
        let (inventory, mutator) = (self.session.inventory(), self.session.mutator());
        let clock = Wall::default();
        let means = Means {
            inventory: &*inventory,
            mutator: &*mutator,
            journal: &journal,
            clock: &clock,
            tell: &tell,
            stop: self.stop,
        };
        let options = exec::Options::default();
        self.session.runtime().block_on(async {
            let done = exec::run::run(approved, &about, means, options).await;
            if self.args.watch && done.is_watchable() && !self.stop.load(Ordering::Relaxed) {
                progress.phase(Phase::Watching);
                let times = self.session.config().looks_again();
                let last = times.last().copied().unwrap_or_default();
                self.ui.note(
                    Line::new()
                        .put("Watching what was done for ")
                        .put(last.as_secs())
                        .put(" s; Ctrl-C ends the watch."),
                );
                return Ok(exec::run::watch(done, &times, means, options).await);
            }
            Ok(done)
        })
    }

    /// Says how it went: what is not so first.
    fn tell(&self, done: &Done) {
        for ended in &done.ends {
            let Some(why) = ended.end.why() else { continue };
            self.ui.warn(
                Line::new()
                    .put("step ")
                    .put(ended.no)
                    .put(", ")
                    .put(Untrusted(ended.target.kind))
                    .put(" ")
                    .put(Untrusted(&ended.target.id))
                    .put(": ")
                    .put(Untrusted(why))
                    .put("."),
            );
        }
        for (no, reverted) in &done.reverted {
            let line = Line::new().put("step ").put(*no).put(" was taken away by somebody else");
            self.ui.warn(match reverted.is_in_force {
                true => line.put(" and is in force again: somebody still has power there."),
                false => line.put(" and is NOT in force."),
            });
        }
        let tally = done.tally();
        let line = match done.verdict() {
            Verdict::Whole => Line::new().styled(Style::Bold, "Done and seen: "),
            Verdict::Partly => Line::new().styled(Style::Red, "Partly done: "),
            Verdict::Nothing => Line::new().styled(Style::Red, "Nothing was done: "),
        };
        let dir = self.case.dir().to_string_lossy();
        self.ui.note(
            line.join(count(tally.done, "step", "steps"))
                .put(" carried out, ")
                .put(tally.already)
                .put(" so already, ")
                .put(tally.gone)
                .put(" gone, ")
                .put(tally.skipped)
                .put(" skipped, ")
                .put(tally.failed)
                .put(" failed, ")
                .put(tally.not_started)
                .put(" not started. The journal is in ")
                .put(Untrusted(&dir))
                .put("; triage undo takes it back."),
        );
    }
}

/// Nobody waits longer than this to hear what they may do, while a thief works.
const PREFLIGHT: Duration = Duration::from_secs(8);
/// Plans of so few steps are shown whole.
const FEW: usize = 20;

fn numbers(steps: &[Step]) -> Vec<Value> {
    steps.iter().map(|step| json!({"target": step.target, "change": step.change})).collect()
}

fn hear(ui: &Ui, progress: &Progress, told: Told) {
    match told {
        Told::Resolving { intents } => ui.note(
            count(intents as u64, "call", "calls")
                .put(" of an earlier run had no end; looking what became of them."),
        ),
        Told::Reverted { step, target, what } => ui.warn(
            Line::new()
                .styled(Style::Red, "TAKEN AWAY AGAIN: ")
                .put("step ")
                .put(step)
                .put(" on ")
                .put(Untrusted(&target.id))
                .put(" (")
                .put(Untrusted(&what))
                .put("): somebody still has power there."),
        ),
        Told::Reapplied { step, target } => {
            ui.note(
                Line::new()
                    .put("Step ")
                    .put(step)
                    .put(" on ")
                    .put(Untrusted(&target.id))
                    .put(" is in force again."),
            );
        }
        Told::TriesNext { step, why } => {
            ui.note(
                Line::new().put("Step ").put(step).put(" tries another way: ").put(Untrusted(&why)).put("."),
            );
        }
        Told::Calls { step } => progress.step_called(step),
        Told::Ended { step, end } => progress.step_ended(step, end.is_good()),
        Told::Repeats { .. } => {}
    }
}

fn document(done: &Done) -> Value {
    let ends: Vec<Value> = done
        .ends
        .iter()
        .map(|ended| {
            let end = match &ended.end {
                End::Done => "done",
                End::Already => "already",
                End::Gone => "gone",
                End::Skipped(_) => "skipped",
                End::Failed(_) => "failed",
                End::NotSeen(_) => "not_seen",
                End::NotStarted => "not_started",
            };
            let mut one = json!({"no": ended.no, "target": ended.target, "end": end});
            if let Some(why) = ended.end.why() {
                one["why"] = why.into();
            }
            if done.reverted.contains_key(&ended.no) {
                one["taken_away_again"] = true.into();
            }
            one
        })
        .collect();
    json!({"kind": done.kind.name(), "ends": ends})
}
