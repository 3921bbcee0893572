//! A cloud in memory that is as unkind as the real ones: it lags, throttles, refuses, says nothing, and somebody works against us.
//!
//! Real changes with the fake's own reading where a change that takes another back is wanted.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use triage::cloud::{Async, CloudError, Inventory, Mutator, Receipt, Refusal};
use triage::exec::Clock;
use triage::exec::journal;
use triage::model::change::{AwsChange, Change, Ec2Change, IamChange, Rearms, Reversal, Spec};
use triage::model::{Observed, Place, ResourceRef, Sight, Time};

pub type Things = BTreeMap<(Place, Arc<str>), Value>;

/// A call as the cloud got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub at: Place,
    pub changes: Vec<Change>,
    pub when: Time,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    /// Refuses, and nothing happens.
    Refuses(Refusal),
    /// Answers with a failure, though it happened.
    FailsAfter(Refusal),
    /// Never answers; whether it happened.
    BlackHole(bool),
}

#[derive(Default)]
pub struct World {
    pub things: Things,
    /// What is shown instead, and for how many looks still.
    pub shown: BTreeMap<(Place, Arc<str>), (Option<Value>, u32)>,
    /// How many looks do not see a change yet.
    pub lag: u32,
    /// By thing and power: how the next calls go.
    pub moods: BTreeMap<(Arc<str>, String), VecDeque<Mood>>,
    /// By thing: how the next looks fail.
    pub blind: BTreeMap<Arc<str>, VecDeque<Refusal>>,
    /// Who takes a deny away, this long after it was written, so many times.
    pub attacker: BTreeMap<Arc<str>, (Duration, u32)>,
    pub denied_at: BTreeMap<(Place, Arc<str>), Time>,
    pub calls: Vec<Call>,
    pub looks: Vec<Call>,
    /// After each effect: how long the journal was, and what there was then.
    pub effects: Vec<(u64, Things)>,
    /// Where the journal lies, when it is to be checked at every call.
    pub journal: Option<PathBuf>,
    /// Ctrl-C comes with this call (1-based).
    pub stop_at: Option<usize>,
}

pub struct Fake<'a> {
    pub world: Mutex<World>,
    pub clock: &'a dyn Clock,
    pub stop: &'a AtomicBool,
}

fn arc(text: &str) -> Arc<str> {
    text.into()
}

/// The fake starts what stood in this state.
pub fn start(id: &str, state: &str) -> Change {
    Ec2Change::UnshareImage { id: arc(id), with: arc(state) }.into()
}

/// The fake takes the deny away.
pub fn allow(user: &str) -> Change {
    IamChange::DeactivateSshPublicKey { user: arc(user), id: arc("deny") }.into()
}

/// The fake makes the key work again.
pub fn activate(key: &str) -> Change {
    IamChange::DeactivateSigningCertificate { user: arc(key), id: arc("active") }.into()
}

/// The fake lets the sessions live again.
pub fn revive(user: &str) -> Change {
    IamChange::DeactivateServiceSpecificCredential { user: arc(user), id: arc("revoked") }.into()
}

pub fn stop(id: &str) -> Change {
    Ec2Change::StopInstance { id: arc(id) }.into()
}

pub fn cancel(id: &str) -> Change {
    Ec2Change::CancelSpotRequest { id: arc(id) }.into()
}

pub fn deny(user: &str) -> Change {
    IamChange::DenyUser { user: arc(user) }.into()
}

pub fn revoke(user: &str) -> Change {
    IamChange::RevokeUserSessions { user: arc(user), issued_before: None }.into()
}

pub fn deactivate(key: &str) -> Change {
    IamChange::DeactivateAccessKey { user: None, key: arc(key) }.into()
}

/// What takes a change back, as the fake reads it. An instance takes two changes: what protects it, then its start.
pub fn reverse(change: &Change, before: &Value) -> Reversal {
    let text = |name: &str| before[name].as_str().unwrap_or_default().to_owned();
    match change {
        Change::Aws(AwsChange::Ec2(Ec2Change::StopInstance { id })) => Reversal::Changes(vec![
            Ec2Change::UnshareSnapshot { id: id.clone(), with: arc(&text("protected")) }.into(),
            start(id, &text("state")),
        ]),
        Change::Aws(AwsChange::Iam(IamChange::DenyUser { user })) => Reversal::Changes(vec![allow(user)]),
        Change::Aws(AwsChange::Iam(IamChange::RevokeUserSessions { user, .. })) => {
            Reversal::Changes(vec![revive(user)])
        }
        Change::Aws(AwsChange::Iam(IamChange::DeactivateAccessKey { key, .. })) => {
            Reversal::Changes(vec![activate(key)])
        }
        Change::Aws(_) | Change::Gcp(_) => Reversal::None("There is no way back."),
    }
}

/// What is known of a change, as the tests want it, whatever the services say.
pub fn spec(change: &Change) -> Spec {
    let spec = Spec {
        destroys: false,
        repeats_safely: true,
        batch: 1,
        settles_within: Duration::from_secs(60),
        keeps_watch: false,
        rearms: Rearms::Nothing,
        ..change.spec()
    };
    match change {
        Change::Aws(AwsChange::Ec2(Ec2Change::StopInstance { .. })) => Spec { batch: 50, ..spec },
        Change::Aws(AwsChange::Ec2(Ec2Change::CancelSpotRequest { .. })) => Spec { destroys: true, ..spec },
        Change::Aws(AwsChange::Iam(IamChange::DenyUser { .. })) => {
            Spec { keeps_watch: true, rearms: Rearms::SessionsFor(Duration::from_secs(36 * 3600)), ..spec }
        }
        Change::Aws(AwsChange::Iam(IamChange::RevokeUserSessions { .. })) => {
            Spec { repeats_safely: false, ..spec }
        }
        Change::Aws(AwsChange::Iam(IamChange::DeactivateAccessKey { .. })) => {
            Spec { rearms: Rearms::Secret, ..spec }
        }
        Change::Aws(_) | Change::Gcp(_) => spec,
    }
}

/// Which thing a change changes.
pub fn thing(change: &Change) -> Arc<str> {
    match change {
        Change::Aws(AwsChange::Ec2(
            Ec2Change::StopInstance { id }
            | Ec2Change::CancelSpotRequest { id }
            | Ec2Change::UnshareImage { id, .. }
            | Ec2Change::UnshareSnapshot { id, .. },
        )) => id.clone(),
        Change::Aws(AwsChange::Iam(
            IamChange::DenyUser { user }
            | IamChange::RevokeUserSessions { user, .. }
            | IamChange::DeactivateSshPublicKey { user, .. }
            | IamChange::DeactivateServiceSpecificCredential { user, .. }
            | IamChange::DeactivateSigningCertificate { user, .. },
        )) => user.clone(),
        Change::Aws(AwsChange::Iam(IamChange::DeactivateAccessKey { key, .. })) => key.clone(),
        other => panic!("the fake has no {other:?}"),
    }
}

/// What a change makes of a thing: which field, which value.
fn wants(change: &Change) -> Option<(&'static str, Value)> {
    Some(match change {
        Change::Aws(AwsChange::Ec2(Ec2Change::StopInstance { .. })) => ("state", json!("stopped")),
        Change::Aws(AwsChange::Ec2(Ec2Change::UnshareImage { with, .. })) => ("state", json!(&**with)),
        Change::Aws(AwsChange::Ec2(Ec2Change::UnshareSnapshot { with, .. })) => ("protected", json!(&**with)),
        Change::Aws(AwsChange::Iam(IamChange::DenyUser { .. })) => ("deny", json!(true)),
        Change::Aws(AwsChange::Iam(IamChange::DeactivateSshPublicKey { .. })) => ("deny", json!(false)),
        Change::Aws(AwsChange::Iam(IamChange::RevokeUserSessions { .. })) => ("revoked", json!(true)),
        Change::Aws(AwsChange::Iam(IamChange::DeactivateServiceSpecificCredential { .. })) => {
            ("revoked", json!(false))
        }
        Change::Aws(AwsChange::Iam(IamChange::DeactivateAccessKey { .. })) => ("status", json!("Inactive")),
        Change::Aws(AwsChange::Iam(IamChange::DeactivateSigningCertificate { .. })) => {
            ("status", json!("Active"))
        }
        Change::Aws(AwsChange::Ec2(Ec2Change::CancelSpotRequest { .. })) => return None,
        other => panic!("the fake has no {other:?}"),
    })
}

impl World {
    pub fn calls_of(&self, change: &Change) -> usize {
        self.calls.iter().flat_map(|call| &call.changes).filter(|one| *one == change).count()
    }

    pub fn mood(&mut self, change: &Change, moods: &[Mood]) {
        self.moods.insert((thing(change), change.name()), moods.iter().copied().collect());
    }

    /// Goes on with what another world held, as after a crash: what was changed last is not seen yet.
    pub fn after(things: Things, was: &Things, lag: u32) -> World {
        let mut world = World { lag, ..World::default() };
        if lag > 0 {
            for key in things.keys().chain(was.keys()).collect::<BTreeSet<_>>() {
                if things.get(key) != was.get(key) {
                    world.shown.insert(key.clone(), (was.get(key).cloned(), lag));
                }
            }
        }
        world.things = things;
        world
    }

    fn set(&mut self, key: &(Place, Arc<str>), change: &Change, now: Time) {
        let was = self.things.get(key).cloned();
        match wants(change) {
            Some((field, value)) => {
                if field == "deny" && value == json!(true) {
                    self.denied_at.insert(key.clone(), now);
                }
                if let Some(thing) = self.things.get_mut(key) {
                    thing[field] = value;
                }
                if field == "state"
                    && change.name() == "stop_instance"
                    && let Some(thing) = self.things.get_mut(key)
                {
                    thing["protected"] = json!("no");
                }
            }
            None => drop(self.things.remove(key)),
        }
        if self.lag > 0 && was.as_ref() != self.things.get(key) {
            self.shown.insert(key.clone(), (was, self.lag));
        }
    }

    /// What somebody else does in the meantime.
    fn attack(&mut self, key: &(Place, Arc<str>), now: Time) {
        let Some((after, times)) = self.attacker.get_mut(&key.1) else { return };
        let Some(denied) = self.denied_at.get(key) else { return };
        if *times > 0 && now.duration_since(*denied).unsigned_abs() >= *after {
            *times -= 1;
            self.denied_at.remove(key);
            if let Some(thing) = self.things.get_mut(key) {
                thing["deny"] = json!(false);
            }
        }
    }

    fn seen(&mut self, key: &(Place, Arc<str>)) -> Option<Value> {
        if let Some((value, left)) = self.shown.get_mut(key) {
            if *left > 0 {
                *left -= 1;
                return value.clone();
            }
            self.shown.remove(key);
        }
        self.things.get(key).cloned()
    }
}

impl Fake<'_> {
    pub fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn error(refusal: Refusal, at: &Place, change: &Change) -> CloudError {
        CloudError::new(refusal, change.spec().api, at, Some("TheCode"), "as the cloud says")
    }
}

impl Inventory for Fake<'_> {
    fn look<'a>(&'a self, at: &'a Place, changes: &'a [Change]) -> Async<'a, Vec<Result<Sight, CloudError>>> {
        Box::pin(async move {
            // The answer takes a moment, in which others get their turn.
            self.clock.sleep(Duration::from_millis(20)).await;
            let now = self.clock.now();
            let mut world = self.world();
            assert!(!changes.is_empty() && changes.len() <= 100, "{} in one look", changes.len());
            assert!(changes.iter().all(|change| change.is_like(&changes[0])), "{changes:?}");
            world.looks.push(Call { at: at.clone(), changes: changes.to_vec(), when: now });
            let mut sights = Vec::new();
            for change in changes {
                let key = (at.clone(), thing(change));
                world.attack(&key, now);
                if let Some(refusal) = world.blind.get_mut(&key.1).and_then(VecDeque::pop_front) {
                    sights.push(Err(Self::error(refusal, at, change)));
                    continue;
                }
                sights.push(Ok(match world.seen(&key) {
                    None => Sight::Gone,
                    Some(state) => {
                        let is_done = wants(change).is_some_and(|(field, value)| state[field] == value);
                        Sight::there(state, is_done)
                    }
                }));
            }
            sights
        })
    }

    fn observe<'a>(
        &'a self,
        _: &'a Place,
        _: &'static str,
        _: &'a [ResourceRef],
    ) -> Async<'a, Result<Vec<Observed>, CloudError>> {
        unreachable!("an executor looks at changes only")
    }

    fn sweep<'a>(&'a self, _: &'a Place) -> Async<'a, Vec<Result<Vec<Observed>, CloudError>>> {
        unreachable!("an executor looks at changes only")
    }

    fn observes(&self, _: &str) -> bool {
        false
    }
}

impl Mutator for Fake<'_> {
    fn perform<'a>(
        &'a self,
        at: &'a Place,
        changes: &'a [Change],
        _: &'a [u32],
    ) -> Async<'a, Vec<Result<Receipt, CloudError>>> {
        Box::pin(async move {
            self.clock.sleep(Duration::from_millis(20)).await;
            let mut answers = Vec::new();
            let mut never = false;
            {
                let now = self.clock.now();
                let mut world = self.world();
                assert!(changes.len() <= spec(&changes[0]).batch, "{} in one call", changes.len());
                assert!(changes.iter().all(|change| change.is_like(&changes[0])), "{changes:?}");
                let length = world.journal.as_ref().map(|path| std::fs::metadata(path).unwrap().len());
                if let Some(path) = &world.journal {
                    let (_, ledger) = journal::read(path).unwrap();
                    for change in changes {
                        let waits =
                            ledger.open().any(|deed| deed.intent.change == *change && deed.intent.at == *at);
                        assert!(waits, "{change:?} is called and no intent of it is on the disk");
                    }
                }
                world.calls.push(Call { at: at.clone(), changes: changes.to_vec(), when: now });
                if world.stop_at == Some(world.calls.len()) {
                    self.stop.store(true, Ordering::SeqCst);
                }
                for change in changes {
                    let key = (at.clone(), thing(change));
                    let moods = world.moods.get_mut(&(key.1.clone(), change.name()));
                    let mood = moods.and_then(VecDeque::pop_front);
                    let is_there = world.things.contains_key(&key);
                    let (happens, answer) = match mood {
                        _ if !is_there => (false, Err(Refusal::NotFound)),
                        None => (true, Ok(())),
                        Some(Mood::Refuses(refusal)) => (false, Err(refusal)),
                        Some(Mood::FailsAfter(refusal)) => (true, Err(refusal)),
                        Some(Mood::BlackHole(happens)) => {
                            never = true;
                            (happens, Ok(()))
                        }
                    };
                    if happens {
                        world.set(&key, change, now);
                    }
                    if let (true, Some(length)) = (happens, length) {
                        let things = world.things.clone();
                        world.effects.push((length, things));
                    }
                    answers.push(match answer {
                        Ok(()) => Ok(Receipt {
                            request_id: Some(format!("request-{}", world.calls.len())),
                            ..Receipt::default()
                        }),
                        Err(refusal) => Err(Self::error(refusal, at, change)),
                    });
                }
            }
            if never {
                std::future::pending::<()>().await;
            }
            self.clock.sleep(Duration::from_millis(20)).await;
            answers
        })
    }
}
