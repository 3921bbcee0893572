//! The executor against a cloud in memory: intents before calls, done means seen, a kill anywhere loses nothing, a way back.

mod back;
mod chain;
mod clock;
mod consent;
pub mod fake;
mod kill;
mod runs;

use crate::formats::{check_journal, check_plan};
use clock::Still;
use fake::{Fake, Things, World, reverse, spec, thing};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use triage::case::Case;
use triage::exec::run::About;
use triage::exec::{Approved, Clock, Consent, Done, End, Journal, Means, Options, Terms, Told, gate};
use triage::model::change::{Change, Undo};
use triage::model::plan::{Plan, PlanKind, SCHEMA, Step, Target};
use triage::model::report::{Subject, Window};
use triage::model::{Place, Provider, Time, time};

pub const ACCOUNT: &str = "111122223333";

pub fn begun() -> Time {
    time::parse("2026-07-14T09:00:00Z").unwrap()
}

pub fn at(region: &str) -> Place {
    Place::new(ACCOUNT, region)
}

/// A step of no special kind, in a region of the account; `""` is global.
pub fn step(no: u32, region: &str, change: &Change) -> Step {
    let known = change.spec();
    Step {
        no,
        target: Target {
            kind: if region.is_empty() { "aws.iam.user" } else { "aws.ec2.instance" },
            id: thing(change),
            name: None,
            account: ACCOUNT.into(),
            region: region.into(),
            zone: None,
        },
        because: vec!["11111111-2222-3333-4444-555555555555".into()],
        why: format!("Step {no}."),
        before: "left",
        change: change.clone(),
        api: known.api,
        expect: known.expect,
        destroys: known.destroys,
        undo: match known.undo {
            Undo::Call(call) => call,
            Undo::None(why) => why,
        },
        after: vec![],
        needs: vec![],
        otherwise: vec![],
        seen: None,
        lives_until: None,
        undoes: None,
    }
}

pub fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        schema: SCHEMA,
        kind: PlanKind::Contain,
        principal: Subject {
            given: "AKIAIOSFODNN7EXAMPLE".into(),
            provider: Provider::Aws,
            kind: "access_key",
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            account: Some(ACCOUNT.into()),
            arn: None,
        },
        window: Window { leaked_at: time::parse("2026-07-14T08:55:00Z"), ..Window::default() },
        steps,
        withheld: vec![],
    }
}

pub fn approved(plan: Plan) -> Approved {
    let terms = Terms { most: gate::MOST_STEPS, forbids: &|_| None };
    gate::approve(plan, Consent::Given, &terms).unwrap()
}

/// A running instance in a region.
pub fn instance(things: &mut Things, region: &str, id: &str) {
    things.insert((at(region), id.into()), json!({"state": "running", "protected": "yes"}));
}

pub fn user(things: &mut Things, name: &str) {
    things.insert((at(""), name.into()), json!({"deny": false, "revoked": false}));
}

pub fn key(things: &mut Things, id: &str) {
    things.insert((at(""), id.into()), json!({"status": "Active"}));
}

pub fn options() -> Options {
    Options { spec, reverse, ..Options::default() }
}

/// One case, one cloud, one clock.
pub struct Lab {
    _home: tempfile::TempDir,
    pub case: Case,
    pub clock: Still,
    pub stop: AtomicBool,
    pub told: Mutex<Vec<Told>>,
}

impl Lab {
    pub fn new() -> Lab {
        // Thousands of runs, each synced to the disk many times: in memory where there is such a folder.
        let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let case = Case::create(Some(&home.path().join("case")), &crate::case::meta()).unwrap();
        Lab {
            _home: home,
            case,
            clock: Still::at(begun()),
            stop: AtomicBool::new(false),
            told: Mutex::default(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.case.dir().join("journal.ndjson")
    }

    pub fn fake(&self, world: World) -> Fake<'_> {
        Fake { world: Mutex::new(world), clock: &self.clock, stop: &self.stop }
    }

    /// Of things alone; every call is checked against the journal.
    pub fn cloud(&self, things: Things) -> Fake<'_> {
        self.fake(World { things, journal: Some(self.path()), ..World::default() })
    }

    pub async fn carry_out(&self, fake: &Fake<'_>, plan: Plan, journal: &Journal, options: Options) -> Done {
        let tell = |told: Told| self.told.lock().unwrap().push(told);
        let means = Means {
            inventory: fake,
            mutator: fake,
            journal,
            clock: &self.clock,
            tell: &tell,
            stop: &self.stop,
        };
        triage::exec::run::run(approved(plan), &About::default(), means, options).await
    }

    pub fn run(&self, fake: &Fake<'_>, plan: Plan) -> Done {
        let journal = Journal::open(&self.case).unwrap();
        let done = self.clock.run(self.carry_out(fake, plan, &journal, options()));
        check_journal(&self.path());
        done
    }

    /// Undoes everything, at a time when all of it is safe.
    pub fn undo(&self, fake: &Fake<'_>) -> (Plan, Done) {
        let journal = Journal::open(&self.case).unwrap();
        let plan = self.undo_plan(&journal);
        check_plan(&plan);
        (plan.clone(), self.clock.run(self.carry_out(fake, plan, &journal, options())))
    }

    pub fn undo_plan(&self, journal: &Journal) -> Plan {
        let later = self.clock.now() + jiff::SignedDuration::from_hours(48);
        triage::exec::undo::plan(journal, triage::exec::undo::Options { rearm_leaked_key: true }, later)
            .unwrap()
    }
}

pub fn ends(done: &Done) -> Vec<&End> {
    done.ends.iter().map(|ended| &ended.end).collect()
}
