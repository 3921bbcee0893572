//! The way back: from the journal alone, exact, newest first, and not where it would give a thief something back.

use super::fake::{allow, cancel, deactivate, deny, start, stop};
use super::*;
use triage::exec::undo;
use triage::exec::{Reversed, Verdict};
use triage::model::change::Reversal;

fn things() -> Things {
    let mut things = Things::new();
    instance(&mut things, "eu-west-3", "i-0");
    instance(&mut things, "us-east-1", "i-1");
    things.get_mut(&(at("us-east-1"), "i-1".into())).unwrap()["state"] = json!("hibernating");
    user(&mut things, "builder");
    key(&mut things, "AKIAIOSFODNN7EXAMPLE");
    things
}

fn steps() -> Plan {
    plan(vec![
        step(1, "", &deny("builder")),
        step(2, "", &deactivate("AKIAIOSFODNN7EXAMPLE")),
        Step { after: vec![1], ..step(3, "eu-west-3", &stop("i-0")) },
        Step { after: vec![3], ..step(4, "us-east-1", &stop("i-1")) },
    ])
}

fn hours(many: i64) -> Time {
    begun() + jiff::SignedDuration::from_hours(many)
}

#[test]
fn it_restores_exactly_and_newest_first() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, steps());
    fake.world().calls.clear();
    let (plan, done) = lab.undo(&fake);
    assert_eq!((done.verdict(), &fake.world().things), (Verdict::Whole, &things()));
    assert_eq!(
        (plan.kind, plan.kind.name(), &*plan.principal.id),
        (PlanKind::Undo, "undo", "AKIAIOSFODNN7EXAMPLE")
    );
    let world = fake.world();
    let when = |change: &Change| world.calls.iter().find(|call| call.changes.contains(change)).unwrap().when;
    assert!(when(&start("i-1", "hibernating")) < when(&start("i-0", "running")));
    assert!(when(&start("i-0", "running")) < when(&allow("builder")));
    drop(world);
    // Once undone, nothing is left; done again, it can be undone again.
    assert_eq!(lab.undo(&fake).0.steps, []);
    lab.run(&fake, steps());
    assert_ne!(fake.world().things, things());
    assert_eq!(lab.undo(&fake).1.verdict(), Verdict::Whole);
    assert_eq!(fake.world().things, things());
}

#[test]
fn what_would_give_a_thief_something_back_is_withheld() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, steps());
    let journal = Journal::open(&lab.case).unwrap();
    let plan = |rearm_leaked_key, now| undo::plan(&journal, undo::Options { rearm_leaked_key }, now).unwrap();
    let ids = |plan: &Plan| plan.withheld.iter().map(|one| one.target.id.to_string()).collect::<Vec<_>>();
    let early = plan(false, hours(35));
    assert_eq!(ids(&early), ["AKIAIOSFODNN7EXAMPLE", "builder"]);
    assert_eq!(early.steps.len(), 4, "two machines, of two changes each");
    let why = &early.withheld[1].why;
    assert!(why.contains("2026-07-15T21:00:00") && why.contains("safe from then on"), "{why}");
    assert!(early.withheld[0].why.contains("--rearm-leaked-key"), "{:?}", early.withheld[0]);
    assert_eq!(ids(&plan(true, hours(35))), ["builder"]);
    assert_eq!(ids(&plan(false, hours(37))), ["AKIAIOSFODNN7EXAMPLE"]);
    assert!(ids(&plan(true, hours(37))).is_empty());
}

#[test]
fn what_the_records_say_of_the_last_session_counts_before_the_rule() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let lives_until = Some(hours(2));
    lab.run(&fake, plan(vec![Step { lives_until, ..step(1, "", &deny("builder")) }]));
    let journal = Journal::open(&lab.case).unwrap();
    let withheld = |now| undo::plan(&journal, undo::Options::default(), now).unwrap().withheld.len();
    assert_eq!((withheld(hours(1)), withheld(hours(2))), (1, 0));
}

#[test]
fn what_somebody_has_changed_since_is_left_as_it_is() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, steps());
    fake.world().calls.clear();
    fake.world().things.get_mut(&(at("eu-west-3"), "i-0".into())).unwrap()["state"] = json!("rebooting");
    fake.world().things.remove(&(at("us-east-1"), "i-1".into()));
    let (plan, done) = lab.undo(&fake);
    for (step, ended) in plan.steps.iter().zip(&done.ends) {
        match &*step.target.id {
            "i-0" => assert!(
                matches!(&ended.end, End::Skipped(why) if why.contains("changed since") || why.contains("it needs")),
                "{ended:?}"
            ),
            "i-1" => assert_eq!(ended.end, End::Gone),
            _ => assert_eq!(ended.end, End::Done),
        }
    }
    assert!(fake.world().calls.iter().all(|call| call.at.region.is_empty()));
    assert_eq!(done.verdict(), Verdict::Partly);
}

#[test]
fn what_has_no_way_back_says_its_sentence() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, plan(vec![step(1, "eu-west-3", &cancel("i-0"))]));
    let journal = Journal::open(&lab.case).unwrap();
    let plan = undo::plan(&journal, undo::Options::default(), hours(99)).unwrap();
    assert_eq!((plan.steps.len(), &*plan.withheld[0].why), (0, "There is no way back."));
}

#[test]
fn what_was_so_before_or_refused_or_skipped_is_not_taken_back() {
    let lab = Lab::new();
    let mut before = things();
    before.get_mut(&(at("eu-west-3"), "i-0".into())).unwrap()["state"] = json!("stopped");
    let fake = lab.cloud(before.clone());
    fake.world().mood(&stop("i-1"), &[super::fake::Mood::Refuses(triage::cloud::Refusal::Denied)]);
    lab.run(&fake, plan(vec![step(1, "eu-west-3", &stop("i-0")), step(2, "us-east-1", &stop("i-1"))]));
    let (plan, _) = lab.undo(&fake);
    assert_eq!((plan.steps, plan.withheld), (vec![], vec![]));
    assert_eq!(fake.world().things, before);
}

#[test]
fn an_empty_journal_has_nothing_to_undo() {
    let lab = Lab::new();
    let journal = Journal::open(&lab.case).unwrap();
    let error = undo::plan(&journal, undo::Options::default(), begun()).unwrap_err().to_string();
    assert_eq!(error, "plan the undo: nothing was ever done in this case");
}

#[test]
fn the_journal_keeps_the_way_back_of_the_real_changes() {
    // With the services' own words: whatever they say is what is kept.
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let journal = Journal::open(&lab.case).unwrap();
    let real = Options { reverse: Change::undo, ..options() };
    lab.clock.run(lab.carry_out(&fake, plan(vec![step(1, "eu-west-3", &stop("i-0"))]), &journal, real));
    let (kept, before) = journal.ledger(|ledger| {
        let deed = ledger.deeds().next().unwrap();
        (deed.intent.undo.clone(), deed.intent.before.clone())
    });
    assert_eq!(before, json!({"state": "running", "protected": "yes"}));
    match (stop("i-0").undo(&before), kept) {
        (Reversal::Changes(changes), Reversed::Changes(kept)) => assert_eq!(changes, kept),
        (Reversal::None(why), Reversed::None(kept)) => assert_eq!(why, kept),
        (said, kept) => panic!("{said:?} was kept as {kept:?}"),
    }
}
