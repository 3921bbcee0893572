//! How a run goes: what is called, in what order, and what is said of what is not.

use super::fake::{Mood, World, cancel, deactivate, deny, reverse, revoke, spec, stop};
use super::*;
use std::collections::VecDeque;
use std::time::Duration;
use triage::cloud::Refusal;
use triage::exec::{Halt, Verdict};
use triage::model::change::Change;

/// Three regions with three machines each, a user with two keys.
fn things() -> Things {
    let mut things = Things::new();
    for region in ["eu-west-3", "us-east-1", "ap-south-1"] {
        (0..3).for_each(|n| instance(&mut things, region, &format!("i-{region}-{n}")));
    }
    user(&mut things, "builder");
    ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"].iter().for_each(|id| key(&mut things, id));
    things
}

fn stops() -> Vec<Step> {
    let mut steps = vec![
        step(1, "", &deny("builder")),
        step(2, "", &deactivate("AKIAIOSFODNN7EXAMPLE")),
        step(3, "", &deactivate("AKIAI44QH8DHBEXAMPLE")),
    ];
    for region in ["eu-west-3", "us-east-1", "ap-south-1"] {
        for n in 0..3 {
            let no = steps.len() as u32 + 1;
            steps.push(Step { after: vec![1], ..step(no, region, &stop(&format!("i-{region}-{n}"))) });
        }
    }
    steps
}

#[test]
fn every_call_has_its_intent_on_the_disk_and_is_seen_afterwards() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let done = lab.run(&fake, plan(stops()));
    assert!(done.ends.iter().all(|ended| ended.end == End::Done), "{:?}", done.ends);
    assert_eq!((done.verdict(), done.tally().done), (Verdict::Whole, 12));
    let world = fake.world();
    assert_eq!(world.calls.len(), 3 + 3, "one call a region for the machines, one for each credential");
    let denied = world.calls.iter().position(|call| call.changes == [deny("builder")]).unwrap();
    assert!(
        world
            .calls
            .iter()
            .filter(|call| !call.at.region.is_empty())
            .all(|call| call.when > world.calls[denied].when)
    );
    assert_eq!(triage::exec::journal::verify(&lab.path()).unwrap(), 1 + 12 * 3 + 1);
}

#[test]
fn a_second_run_calls_nothing() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, plan(stops()));
    fake.world().calls.clear();
    let done = lab.run(&fake, plan(stops()));
    assert_eq!(fake.world().calls, []);
    assert!(done.ends.iter().all(|ended| ended.end == End::Already), "{:?}", done.ends);
    assert_eq!(done.verdict(), Verdict::Whole);
}

#[test]
fn what_has_changed_since_the_plan_is_left_alone_step_by_step() {
    let lab = Lab::new();
    let mut things = things();
    things.remove(&(at("us-east-1"), "i-us-east-1-0".into()));
    let mut steps = stops();
    for step in &mut steps {
        step.seen = Some(json!({"state": "running", "protected": "yes"}));
        if step.target.region.is_empty() {
            step.seen = None;
        }
    }
    things.get_mut(&(at("us-east-1"), "i-us-east-1-1".into())).unwrap()["protected"] = json!("other");
    things.get_mut(&(at("us-east-1"), "i-us-east-1-2".into())).unwrap()["state"] = json!("stopped");
    let fake = lab.cloud(things);
    let done = lab.run(&fake, plan(steps));
    assert_eq!(done.ends[6].end, End::Gone);
    assert_eq!(done.ends[7].end, End::Skipped("it has changed since it was planned".into()));
    assert_eq!(done.ends[8].end, End::Already);
    assert_eq!(done.tally().done, 9);
    assert_eq!(done.verdict(), Verdict::Partly);
    assert!(fake.world().calls.iter().all(|call| &*call.at.region != "us-east-1"));
}

#[test]
fn reads_that_lag_are_waited_for_and_what_never_shows_is_said() {
    let lab = Lab::new();
    let fake = lab.fake(World { things: things(), lag: 3, ..World::default() });
    let done = lab.run(&fake, plan(stops()));
    assert!(done.ends.iter().all(|ended| ended.end == End::Done), "{:?}", done.ends);

    let lab = Lab::new();
    let fake = lab.fake(World { things: things(), lag: 100_000, ..World::default() });
    let done = lab.run(&fake, plan(vec![step(1, "eu-west-3", &stop("i-eu-west-3-0"))]));
    let End::NotSeen(why) = &done.ends[0].end else { panic!("{:?}", done.ends) };
    assert!(why.starts_with("called, but not seen within 60 s: "), "{why}");
    assert_eq!(done.verdict(), Verdict::Nothing);
    let waited = lab.clock.now().duration_since(begun());
    assert!((60..70).contains(&waited.as_secs()), "{waited:?}");
    assert!(fake.world().looks.len() < 25, "it looks less and less often");
}

#[test]
fn one_bad_id_sinks_nobody_else() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let bad = stop("i-eu-west-3-1");
    fake.world().mood(&bad, &[Mood::Refuses(Refusal::Denied)]);
    fake.world().blind.insert("i-us-east-1-2".into(), VecDeque::from([Refusal::Denied]));
    let done = lab.run(&fake, plan(stops()));
    let End::Failed(why) = &done.ends[4].end else { panic!("{:?}", done.ends) };
    assert!(why.contains("access denied (TheCode: as the cloud says)"), "{why}");
    let End::Failed(why) = &done.ends[8].end else { panic!("{:?}", done.ends) };
    assert!(why.starts_with("could not look: "), "{why}");
    assert_eq!((done.tally().done, done.tally().failed, done.verdict()), (10, 2, Verdict::Partly));
    assert_eq!(fake.world().calls_of(&stop("i-us-east-1-2")), 0, "what can't be seen is not touched");
}

#[test]
fn what_comes_after_waits_and_what_is_needed_must_have_succeeded() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    // The machine in front can't be stopped; one waits for it, one needs it, one needs that one.
    fake.world().mood(&stop("i-eu-west-3-0"), &[Mood::Refuses(Refusal::Protected)]);
    let steps = vec![
        step(1, "eu-west-3", &stop("i-eu-west-3-0")),
        Step { after: vec![1], ..step(2, "us-east-1", &stop("i-us-east-1-0")) },
        Step { after: vec![1], needs: vec![1], ..step(3, "us-east-1", &stop("i-us-east-1-1")) },
        Step { needs: vec![3], ..step(4, "us-east-1", &stop("i-us-east-1-2")) },
        step(5, "ap-south-1", &stop("i-ap-south-1-0")),
        Step { needs: vec![5], ..step(6, "ap-south-1", &cancel("i-ap-south-1-1")) },
    ];
    let done = lab.run(&fake, plan(steps));
    let lacks = |no| End::Skipped(format!("step {no}, which it needs, has not succeeded"));
    assert!(matches!(done.ends[0].end, End::Failed(_)));
    assert_eq!(ends(&done)[1..], [&End::Done, &lacks(1), &lacks(3), &End::Done, &End::Done]);
    let world = fake.world();
    assert!(!world.things.contains_key(&(at("ap-south-1"), "i-ap-south-1-1".into())));
    let when = |change: &Change| world.calls.iter().find(|call| call.changes.contains(change)).unwrap().when;
    assert!(when(&stop("i-eu-west-3-0")) < when(&stop("i-us-east-1-0")));
    assert!(when(&stop("i-ap-south-1-0")) < when(&cancel("i-ap-south-1-1")));
}

#[test]
fn what_is_needed_counts_when_it_was_so_already_and_gone_is_gone() {
    let lab = Lab::new();
    let mut things = things();
    things.get_mut(&(at("eu-west-3"), "i-eu-west-3-0".into())).unwrap()["state"] = json!("stopped");
    things.remove(&(at("eu-west-3"), "i-eu-west-3-1".into()));
    let fake = lab.cloud(things);
    let steps = vec![
        step(1, "eu-west-3", &stop("i-eu-west-3-0")),
        Step { needs: vec![1], ..step(2, "eu-west-3", &cancel("i-eu-west-3-0")) },
        step(3, "eu-west-3", &stop("i-eu-west-3-1")),
        Step { needs: vec![3], ..step(4, "eu-west-3", &cancel("i-eu-west-3-1")) },
        Step { needs: vec![3], ..step(5, "eu-west-3", &cancel("i-eu-west-3-2")) },
    ];
    let done = lab.run(&fake, plan(steps));
    let lacks = End::Skipped("step 3, which it needs, has not succeeded".into());
    assert_eq!(ends(&done), [&End::Already, &End::Done, &End::Gone, &End::Gone, &lacks]);
    assert_eq!(fake.world().calls_of(&cancel("i-eu-west-3-2")), 0);
}

#[test]
fn a_quota_leads_to_the_next_way_and_only_a_quota_does() {
    for (refusal, tries_next) in [
        (Refusal::Quota, true),
        (Refusal::Unmodifiable, true),
        (Refusal::Denied, false),
        (Refusal::Invalid, false),
    ] {
        let lab = Lab::new();
        let fake = lab.cloud(things());
        fake.world().mood(&deny("builder"), &[Mood::Refuses(refusal); 9]);
        let steps = || vec![Step { otherwise: vec![revoke("builder")], ..step(1, "", &deny("builder")) }];
        let done = lab.run(&fake, plan(steps()));
        assert_eq!(done.ends[0].end == End::Done, tries_next, "{refusal:?} {:?}", done.ends);
        assert_eq!(fake.world().calls_of(&revoke("builder")), usize::from(tries_next), "{refusal:?}");
        if tries_next {
            assert!(
                lab.told.lock().unwrap().iter().any(|told| matches!(told, Told::TriesNext { step: 1, .. }))
            );
            fake.world().calls.clear();
            let again = lab.run(&fake, plan(steps()));
            assert_eq!((again.ends[0].end.clone(), fake.world().calls.len()), (End::Already, 0));
            let (_, undone) = lab.undo(&fake);
            assert_eq!((undone.verdict(), &fake.world().things), (Verdict::Whole, &things()));
        }
    }
    // Every way is refused.
    let lab = Lab::new();
    let fake = lab.cloud(things());
    fake.world().mood(&deny("builder"), &[Mood::Refuses(Refusal::Quota)]);
    fake.world().mood(&revoke("builder"), &[Mood::Refuses(Refusal::Quota)]);
    let steps = vec![Step { otherwise: vec![revoke("builder")], ..step(1, "", &deny("builder")) }];
    let done = lab.run(&fake, plan(steps));
    assert!(
        matches!(&done.ends[0].end, End::Failed(why) if why.contains("a limit is reached")),
        "{:?}",
        done.ends
    );
    assert_eq!(done.verdict(), Verdict::Nothing);
}

#[test]
fn throttles_and_conflicts_are_waited_out_and_do_not_last_for_ever() {
    for refusal in [Refusal::Throttled, Refusal::Conflict, Refusal::SignedOut] {
        for (times, is_done) in [(1, true), (3, true), (4, false)] {
            let lab = Lab::new();
            let fake = lab.cloud(things());
            fake.world().mood(&revoke("builder"), &vec![Mood::Refuses(refusal); times]);
            fake.world().blind.insert("builder".into(), VecDeque::from([refusal, refusal]));
            let done = lab.run(&fake, plan(vec![step(1, "", &revoke("builder"))]));
            assert_eq!(done.ends[0].end == End::Done, is_done, "{refusal:?} {times} {:?}", done.ends);
            assert_eq!(fake.world().calls.len(), times.min(3) + 1);
            assert!(lab.clock.now().duration_since(begun()).as_secs() >= 1, "it waits in between");
        }
    }
}

#[test]
fn an_unclear_answer_is_resolved_by_looking() {
    for (mood, calls) in [
        (Mood::FailsAfter(Refusal::Failed), 1),
        (Mood::FailsAfter(Refusal::Unreachable), 1),
        (Mood::Refuses(Refusal::Unreachable), 2),
        (Mood::BlackHole(true), 1),
        (Mood::BlackHole(false), 2),
    ] {
        for change in [deny("builder"), revoke("builder")] {
            for lag in [0, 3] {
                let lab = Lab::new();
                let fake =
                    lab.fake(World { things: things(), lag, journal: Some(lab.path()), ..World::default() });
                fake.world().mood(&change, &[mood]);
                let done = lab.run(&fake, plan(vec![step(1, "", &change)]));
                assert_eq!(done.ends[0].end, End::Done, "{mood:?} {change:?}");
                assert_eq!(fake.world().calls.len(), calls, "{mood:?} {change:?} {lag}");
                let (_, undone) = lab.undo(&fake);
                assert_eq!(undone.verdict(), Verdict::Whole);
                assert_eq!(fake.world().things, things());
            }
        }
    }
}

#[test]
fn an_unclear_call_that_does_no_good_twice_is_not_repeated_blindly() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    fake.world().mood(&revoke("builder"), &[Mood::FailsAfter(Refusal::Failed)]);
    // The look before the call succeeds; none does afterwards.
    let journal = Journal::open(&lab.case).unwrap();
    let blind = VecDeque::from(vec![Refusal::Denied; 99]);
    let done = lab.clock.run(async {
        let run = lab.carry_out(&fake, plan(vec![step(1, "", &revoke("builder"))]), &journal, options());
        let mut run = std::pin::pin!(run);
        std::future::poll_fn(|context| {
            if fake.world().calls.len() == 1 {
                fake.world().blind.entry("builder".into()).or_insert_with(|| blind.clone());
            }
            run.as_mut().poll(context)
        })
        .await
    });
    assert!(
        matches!(&done.ends[0].end, End::NotSeen(why) if why.contains("access denied")),
        "{:?}",
        done.ends
    );
    assert_eq!(fake.world().calls.len(), 1);
}

#[test]
fn a_deny_that_somebody_takes_away_is_put_in_force_again_and_told() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    fake.world().attacker.insert("builder".into(), (Duration::from_secs(10), 2));
    let done = lab.run(&fake, plan(stops()));
    assert!(done.ends.iter().all(|ended| ended.end == End::Done), "{:?}", done.ends);
    assert_eq!((done.reverted[&1].times, done.reverted[&1].is_in_force), (2, true));
    assert_eq!(fake.world().things[&(at(""), "builder".into())]["deny"], json!(true));
    assert_eq!(fake.world().calls_of(&deny("builder")), 3);
    let told = lab.told.lock().unwrap();
    assert_eq!(told.iter().filter(|told| matches!(told, Told::Reverted { step: 1, .. })).count(), 2);
    let text = std::fs::read_to_string(lab.path()).unwrap();
    assert_eq!((text.matches("\"reverted\"").count(), text.matches("\"reapplied\"").count()), (2, 2));
    drop(told);
    let (undo, undone) = lab.undo(&fake);
    assert_eq!(undo.steps.iter().filter(|step| &*step.target.id == "builder").count(), 1);
    assert_eq!(undone.verdict(), Verdict::Whole);
    assert_eq!(fake.world().things, things());
}

#[test]
fn a_deny_that_is_taken_away_before_it_was_ever_seen_is_put_in_force_again() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    fake.world().attacker.insert("builder".into(), (Duration::ZERO, 1));
    let begun = lab.clock.now();
    let done = lab.run(&fake, plan(vec![step(1, "", &deny("builder"))]));
    assert_eq!(done.ends[0].end, End::Done);
    assert_eq!((done.reverted[&1].times, done.reverted[&1].is_in_force), (1, true));
    assert_eq!(fake.world().calls_of(&deny("builder")), 2);
    let passed = lab.clock.now().duration_since(begun).as_secs();
    assert!(passed < 60, "it is not waited for as for one that only shows late: {passed} s");
    let (undo, undone) = lab.undo(&fake);
    assert_eq!((undo.steps.len(), undone.verdict()), (1, Verdict::Whole));
    assert_eq!(fake.world().things, things());
}

#[test]
fn a_deny_that_never_holds_is_no_success() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    fake.world().attacker.insert("builder".into(), (Duration::from_secs(10), 1000));
    let done = lab.run(&fake, plan(vec![step(1, "", &deny("builder"))]));
    assert!(
        matches!(&done.ends[0].end, End::NotSeen(why) if why.contains("took it away 4 times")),
        "{:?}",
        done.ends
    );
    assert_eq!((done.reverted[&1].times, done.reverted[&1].is_in_force), (4, false));
    assert_eq!(fake.world().calls_of(&deny("builder")), 4);
    assert_eq!(done.verdict(), Verdict::Nothing);
}

#[test]
fn watching_goes_on_at_its_times() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let journal = Journal::open(&lab.case).unwrap();
    let done = lab.clock.run(lab.carry_out(&fake, plan(stops()), &journal, options()));
    assert!(done.is_watchable() && done.reverted.is_empty());
    // After the check at 15 s.
    fake.world().attacker.insert("builder".into(), (Duration::from_secs(50), 1));
    let begun = lab.clock.now();
    let tell = |_| {};
    let means = Means {
        inventory: &fake,
        mutator: &fake,
        journal: &journal,
        clock: &lab.clock,
        tell: &tell,
        stop: &lab.stop,
    };
    let times = [60, 300, 900].map(Duration::from_secs);
    let done = lab.clock.run(triage::exec::run::watch(done, &times, means, options()));
    let passed = lab.clock.now().duration_since(begun).as_secs();
    assert!((900..910).contains(&passed), "{passed}");
    assert_eq!((done.reverted[&1].times, done.reverted[&1].is_in_force), (1, true));
    assert_eq!(done.verdict(), Verdict::Whole);
    assert_eq!(fake.world().things[&(at(""), "builder".into())]["deny"], json!(true));
}

#[test]
fn ctrl_c_finishes_what_is_under_way_and_starts_nothing() {
    let all = {
        let lab = Lab::new();
        let fake = lab.cloud(things());
        lab.run(&fake, plan(stops()));
        fake.world().calls.len()
    };
    for call in 1..=all {
        let lab = Lab::new();
        let fake = lab.fake(World {
            things: things(),
            journal: Some(lab.path()),
            stop_at: Some(call),
            ..World::default()
        });
        let serial = Options { at_once: 1, ..options() };
        let journal = Journal::open(&lab.case).unwrap();
        let done = lab.clock.run(lab.carry_out(&fake, plan(stops()), &journal, serial));
        assert_eq!(done.halted, Some(Halt::Interrupted));
        assert_eq!(fake.world().calls.len(), call, "no call is started after it");
        let called: usize = fake.world().calls.iter().map(|call| call.changes.len()).sum();
        let ended = done.ends.iter().filter(|ended| ended.end == End::Done).count();
        assert_eq!(ended, called, "what was called is seen to its end: {:?}", done.ends);
        assert!(done.ends.iter().all(|ended| matches!(ended.end, End::Done | End::NotStarted)));
        let (lines, ledger) = triage::exec::journal::read(&lab.path()).unwrap();
        assert!(lines.iter().any(|line| line.entry == triage::exec::Entry::Interrupted));
        assert_eq!(ledger.open().count(), 0);
        drop(journal);
        lab.stop.store(false, std::sync::atomic::Ordering::SeqCst);
        fake.world().stop_at = None;
        let done = lab.run(&fake, plan(stops()));
        assert_eq!((done.verdict(), done.tally().already), (Verdict::Whole, called as u64));
    }
}

#[test]
fn a_plan_without_steps_is_carried_out_at_once() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    let done = lab.run(&fake, plan(vec![]));
    assert_eq!((done.verdict(), done.ends.len()), (Verdict::Whole, 0));
    assert!(fake.world().looks.is_empty());
}

#[test]
fn thousands_of_steps_take_their_time_and_not_its_square() {
    // Without a journal to be read at each call; the machine's own speed is taken out by comparing with itself.
    let time = |many: usize| {
        let lab = Lab::new();
        let mut things = Things::new();
        let mut steps = Vec::new();
        for n in 0..many {
            let region = ["eu-west-3", "us-east-1", "ap-south-1", "sa-east-1"][n % 4];
            let id = format!("i-{n:05}");
            instance(&mut things, region, &id);
            let after = if n == 0 { vec![] } else { vec![n.div_ceil(2) as u32] };
            steps.push(Step { after, ..step(n as u32 + 1, region, &stop(&id)) });
        }
        let fake = lab.fake(World { things, ..World::default() });
        let begun = std::time::Instant::now();
        let done = lab.run(&fake, plan(steps));
        assert_eq!(done.verdict(), Verdict::Whole);
        assert!(fake.world().calls.len() < many, "batched: {} calls", fake.world().calls.len());
        (begun.elapsed(), lab.undo(&fake).1.verdict())
    };
    let (small, _) = time(300);
    let (large, undone) = time(2400);
    assert_eq!(undone, Verdict::Whole);
    assert!(large < small * 30, "{small:?} for 300 steps, {large:?} for 2400");
}

#[test]
fn both_runtimes_of_tokio_carry_it_out() {
    struct Quick(std::time::Instant);
    impl Clock for Quick {
        fn now(&self) -> Time {
            Time::now()
        }
        fn passed(&self) -> Duration {
            self.0.elapsed() * 1000
        }
        fn sleep(&self, time: Duration) -> triage::cloud::Async<'_, ()> {
            Box::pin(tokio::time::sleep(time / 1000))
        }
    }
    let current = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    for runtime in [current, many] {
        let home = tempfile::tempdir().unwrap();
        let case = Case::create(Some(&home.path().join("case")), &crate::case::meta()).unwrap();
        let done = runtime.block_on(async {
            tokio::spawn(async move {
                let quick = Quick(std::time::Instant::now());
                let (stop, journal) = (AtomicBool::new(false), Journal::open(&case).unwrap());
                let world =
                    World { things: things(), journal: Some(journal.path().into()), ..World::default() };
                let fake = Fake { world: Mutex::new(world), clock: &quick, stop: &stop };
                let means = Means {
                    inventory: &fake,
                    mutator: &fake,
                    journal: &journal,
                    clock: &quick,
                    tell: &|_| {},
                    stop: &stop,
                };
                let options =
                    Options { looks_again_after: Duration::ZERO, spec, reverse, ..Options::default() };
                triage::exec::run::run(approved(plan(stops())), &About::default(), means, options).await
            })
            .await
            .unwrap()
        });
        assert_eq!(done.verdict(), Verdict::Whole);
    }
}

#[test]
fn the_first_call_does_not_wait_for_the_rest() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, plan(stops()));
    let first = fake.world().calls[0].clone();
    assert_eq!(first.changes, [deny("builder")]);
    assert!(first.when.duration_since(begun()).as_millis() < 100);
}
