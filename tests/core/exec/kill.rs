//! Killed anywhere: between every two writes and calls, and in the middle of a write.
//!
//! A process that is killed leaves what it wrote and what it called. So a run that went to its end, with the journal's length
//! at every effect, holds every kill that it could have suffered: the journal up to a byte, and the cloud as it was then.

use super::fake::{Mood, World, cancel, deactivate, deny, revoke, stop};
use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use triage::cloud::Refusal;
use triage::exec::{Verdict, journal};

fn things() -> Things {
    let mut things = Things::new();
    (0..3).for_each(|n| instance(&mut things, "eu-west-3", &format!("i-{n}")));
    instance(&mut things, "us-east-1", "i-3");
    user(&mut things, "builder");
    key(&mut things, "AKIAIOSFODNN7EXAMPLE");
    things
}

fn steps() -> Plan {
    plan(vec![
        Step { otherwise: vec![revoke("builder")], ..step(1, "", &deny("builder")) },
        step(2, "", &deactivate("AKIAIOSFODNN7EXAMPLE")),
        Step { after: vec![1], ..step(3, "eu-west-3", &stop("i-0")) },
        Step { after: vec![1], ..step(4, "eu-west-3", &stop("i-1")) },
        Step { after: vec![1], ..step(5, "eu-west-3", &stop("i-2")) },
        Step { after: vec![1], needs: vec![5], ..step(6, "us-east-1", &stop("i-3")) },
    ])
}

/// A moment of a run: how much of the journal is on the disk, what there is, and what there was before the last effect.
struct Moment {
    journal: Vec<u8>,
    things: Things,
    before: Things,
    /// Whether the last line is cut off.
    is_torn: bool,
    name: String,
}

/// Every moment since the journal had `from` bytes, before which there was `first`.
fn moments(journal: &[u8], from: usize, first: &Things, effects: &[(u64, Things)]) -> Vec<Moment> {
    let ends = (0..journal.len()).filter(|at| journal[*at] == b'\n').map(|at| at + 1);
    let mut cuts: BTreeSet<usize> = ends.filter(|end| *end >= from).collect();
    // Torn: after the first byte of a line, in its middle, and just before its line break.
    let lines: Vec<usize> = std::iter::once(from).chain(cuts.iter().copied()).collect();
    for pair in lines.windows(2).filter(|pair| pair[1] > pair[0]) {
        cuts.extend([pair[0] + 1, (pair[0] + pair[1]) / 2, pair[1] - 1]);
    }
    cuts.insert(from);
    let state = |many: usize| many.checked_sub(1).map_or(first, |last| &effects[last].1).clone();
    let mut moments = Vec::new();
    for cut in cuts {
        let past = effects.iter().filter(|(length, _)| (*length as usize) < cut).count();
        let or_now = effects.iter().filter(|(length, _)| *length as usize <= cut).count();
        for many in past..=or_now {
            moments.push(Moment {
                journal: journal[..cut].to_vec(),
                things: state(many),
                before: state(many.saturating_sub(1)),
                is_torn: cut > 0 && journal[cut - 1] != b'\n',
                name: format!("{many} effects, journal cut at {cut} of {}", journal.len()),
            });
        }
    }
    moments
}

/// A case that was killed at a moment.
fn killed(moment: &Moment, lag: u32) -> (Lab, World) {
    let lab = Lab::new();
    fs::write(lab.path(), &moment.journal).unwrap();
    let world =
        World { journal: Some(lab.path()), ..World::after(moment.things.clone(), &moment.before, lag) };
    (lab, world)
}

/// The end of a run that nobody kills, and everything on its way.
fn whole(prepare: fn(&mut World)) -> (Vec<Moment>, Things) {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    prepare(&mut fake.world());
    let done = lab.run(&fake, steps());
    assert_eq!(done.verdict(), Verdict::Whole, "{:?}", done.ends);
    let world = fake.world();
    let journal = fs::read(lab.path()).unwrap();
    (moments(&journal, 0, &things(), &world.effects), world.things.clone())
}

fn kill_everywhere(prepare: fn(&mut World), at_least: usize) {
    let (moments, finally) = whole(prepare);
    assert!(moments.len() >= at_least, "{} moments", moments.len());
    for moment in &moments {
        for lag in if moment.is_torn { vec![0] } else { vec![0, 2] } {
            let name = format!("{}, lag {lag}", moment.name);
            let (lab, mut world) = killed(moment, lag);
            prepare(&mut world);
            let fake = lab.fake(world);
            let done = lab.run(&fake, steps());
            assert_eq!(done.verdict(), Verdict::Whole, "{name}: {:?}", done.ends);
            assert_eq!(fake.world().things, finally, "{name}");
            journal::verify(&lab.path()).unwrap();
            let (undo, undone) = lab.undo(&fake);
            assert_eq!(undo.withheld, [], "{name}");
            assert_eq!(undone.verdict(), Verdict::Whole, "{name}: {:?} {:?}", undo.steps, undone.ends);
            assert_eq!(fake.world().things, things(), "{name}");
            let (undo, _) = lab.undo(&fake);
            assert_eq!(undo.steps, [], "{name}: nothing is left to undo");
        }
    }
}

#[test]
fn a_run_killed_anywhere_ends_as_if_it_had_not_been() {
    kill_everywhere(|_| {}, 60);
}

#[test]
fn so_does_one_that_is_refused_throttled_and_left_without_answers() {
    kill_everywhere(
        |world| {
            world.mood(&deny("builder"), &[Mood::Refuses(Refusal::Quota); 9]);
            world.mood(&stop("i-1"), &[Mood::FailsAfter(Refusal::Failed)]);
            world.mood(&stop("i-3"), &[Mood::Refuses(Refusal::Throttled)]);
            world.mood(&deactivate("AKIAIOSFODNN7EXAMPLE"), &[Mood::BlackHole(true)]);
        },
        80,
    );
}

#[test]
fn so_does_one_that_somebody_works_against() {
    kill_everywhere(
        |world| {
            world.attacker.insert("builder".into(), (Duration::from_secs(10), 1));
        },
        70,
    );
}

#[test]
fn an_undo_killed_anywhere_ends_as_if_it_had_not_been() {
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, steps());
    let done = fake.world().things.clone();
    let from = fs::metadata(lab.path()).unwrap().len() as usize;
    fake.world().effects.clear();
    lab.undo(&fake);
    let moments = moments(&fs::read(lab.path()).unwrap(), from, &done, &fake.world().effects);
    assert!(moments.len() >= 60, "{} moments", moments.len());
    for moment in &moments {
        for lag in if moment.is_torn { vec![0] } else { vec![0, 2] } {
            let name = format!("{}, lag {lag}", moment.name);
            let (lab, world) = killed(moment, lag);
            let fake = lab.fake(world);
            let (undo, undone) = lab.undo(&fake);
            assert_eq!(undone.verdict(), Verdict::Whole, "{name}: {:?} {:?}", undo.steps, undone.ends);
            assert_eq!(fake.world().things, things(), "{name}");
            let (undo, _) = lab.undo(&fake);
            assert_eq!(undo.steps, [], "{name}: nothing is left to undo");
        }
    }
}

#[test]
fn dropped_in_the_middle_it_lets_go_of_its_journal() {
    for seconds in 0..20 {
        let lab = Lab::new();
        let fake = lab.cloud(things());
        fake.world().attacker.insert("builder".into(), (Duration::from_secs(10), 1));
        let journal = Journal::open(&lab.case).unwrap();
        let until = begun() + jiff::SignedDuration::from_secs(seconds);
        lab.clock.run_until(lab.carry_out(&fake, steps(), &journal, options()), |now| now > until);
        drop(journal);
        let done = lab.run(&fake, steps());
        assert_eq!(done.verdict(), Verdict::Whole, "{seconds} s: {:?}", done.ends);
        assert_eq!(fake.world().things[&(at(""), "builder".into())]["deny"], json!(true));
    }
}

#[test]
fn what_was_destroyed_before_the_kill_is_gone_and_not_destroyed_again() {
    let plan = || plan(vec![step(1, "eu-west-3", &cancel("i-0"))]);
    let lab = Lab::new();
    let fake = lab.cloud(things());
    lab.run(&fake, plan());
    let calls: usize = fake.world().calls.len();
    let moments = moments(&fs::read(lab.path()).unwrap(), 0, &things(), &fake.world().effects);
    for moment in &moments {
        let (lab, world) = killed(moment, 0);
        let was_there = world.things.contains_key(&(at("eu-west-3"), "i-0".into()));
        let fake = lab.fake(world);
        let done = lab.run(&fake, plan());
        assert_eq!(done.ends[0].end, if was_there { End::Done } else { End::Gone }, "{}", moment.name);
        assert_eq!(fake.world().calls.len(), if was_there { calls } else { 0 }, "{}", moment.name);
    }
}
