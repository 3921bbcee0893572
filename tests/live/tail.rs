//! What runs by itself, whatever service runs it (`tail.py`): each thing of the thief's is held or ended in moto, the owners' beside
//! it of the same kind goes on, what can come back does, and `--destroy` ends the rest.

use crate::stand::{Done, MEANT, Stand, script};
use serde_json::{Value, json};
use std::collections::BTreeMap;

struct Tail {
    stand: Stand,
    world: Value,
}

impl Tail {
    fn made() -> Option<Tail> {
        let stand = Stand::attacked()?;
        let mut world = stand.world.clone();
        let made = script(stand.python, &["tail.py", &stand.url, "make"], &world);
        world["tail"] = serde_json::from_str(&made).expect("JSON");
        Some(Tail { stand, world })
    }

    /// What moto holds, by whose and what.
    fn look(&self) -> Value {
        let seen = script(self.stand.python, &["tail.py", &self.stand.url, "look"], &self.world);
        serde_json::from_str(&seen).expect("JSON")
    }

    /// In the one account and the two regions.
    #[track_caller]
    fn contain(&self, more: &[&str]) -> Done {
        let args = [
            "contain",
            "--principal",
            self.stand.leaked(),
            "--accounts",
            self.stand.text("/accounts/shop"),
            "--regions",
            "eu-west-1,us-east-1",
            "--yes",
            MEANT,
            "--pause",
            "1",
        ];
        self.stand.run(&mut self.stand.command(&[&args, more].concat())).goes_through()
    }
}

/// What is there otherwise than before, by name.
fn changed(before: &Value, after: &Value) -> BTreeMap<String, Value> {
    let before = before.as_object().expect("things");
    let after = after.as_object().expect("things");
    assert!(before.keys().eq(after.keys()));
    let is_other = |(name, _): &(&String, &Value)| before[*name] != after[*name];
    after.iter().filter(is_other).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// So many sweeps there were: the last two found nothing new, and the one before them did.
#[track_caller]
fn sweeps(done: &Done, many: &[u32]) {
    let told = done.err.matches("looking again").count() + 1;
    assert!(many.iter().any(|many| *many as usize == told), "{told} sweeps: {}", done.err);
}

fn things(wanted: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(wanted).expect("things")
}

#[test]
fn what_runs_by_itself_is_held_whatever_service_runs_it_and_comes_back() {
    let Some(tail) = Tail::made() else { return };
    let before = tail.look();
    // The thief watches: for the first two of its machines that are stopped it launches another.
    let launch = json!({"url": tail.stand.url, "keys": tail.stand.world["keys"]["leaked"], "region": "eu-west-1",
        "image": "ami-0abcdef1234567890"});
    tail.stand.door("hooks", json!([{"after": "StopInstances", "seconds": 0, "times": 2, "launch": launch}]));
    let done = tail.contain(&["--case-dir", "case"]);
    let hooks = tail.stand.door("hooks", json!([]));
    let launched = hooks[0]["made"].as_array().expect("machines");
    assert_eq!(launched.len(), 2, "{hooks}");
    let state = tail.stand.state();
    for id in launched {
        let machine =
            &state[tail.stand.text("/accounts/shop")]["eu-west-1"]["instances"][id.as_str().expect("an id")];
        assert_eq!(machine["state"], "stopped", "launched while we contained: {id}");
    }
    sweeps(&done, &[4, 5]);
    let after = tail.look();
    let gone = json!({"refused": "ValidationException"});
    let held = json!({
        "rule": "DISABLED", "schedule": "DISABLED", "execution": "ABORTED", "batch": "DISABLED", "queue": "DISABLED",
        "emr groups": {"MASTER": 1, "CORE": 1, "TASK": 0}, "trigger": "DEACTIVATED", "notebook": "Stopped", "model": gone,
        "nodes": {"minSize": 0, "maxSize": 8, "desiredSize": 0}, "spot": null, "spot fleet": "cancelled_running", "fleet": "deleted_running",
        "task": "STOPPED", "source": "Disabled", "action": null,
    });
    assert_eq!(changed(&before["miner"], &after["miner"]), things(held));
    assert_eq!(after["house"], before["house"], "the owners' of the same kinds");
    // The thief's machine in the owners' group stands aside before it is stopped, so that the group ends nobody.
    let member = tail.world["tail"]["member"].as_str().expect("an id");
    let mut members = before["web"]["members"].clone();
    members[member] = "Standby".into();
    assert_eq!((&after["web"]["members"], &after["member"]), (&members, &json!("stopped")));
    assert_eq!(after["web"]["sizes"], json!([2, 2, 3]), "one less is wanted");

    let mark = tail.stand.mark();
    sweeps(&tail.contain(&["--case-dir", "again"]), &[2]);
    assert_eq!(tail.stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    tail.stand.run(&mut tail.stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    let end = tail.look();
    // What was cancelled or ended has no way back, and the plan said so.
    let lost = json!({"execution": "ABORTED", "spot": null, "spot fleet": "cancelled_running", "fleet": "deleted_running", "task": "STOPPED"});
    assert_eq!(changed(&before["miner"], &end["miner"]), things(lost));
    for part in ["house", "web", "member"] {
        assert_eq!(end[part], before[part], "{part}");
    }

    tail.contain(&["--case-dir", "destroyed", "--destroy"]);
    let end = tail.look();
    let refused = |code: &str| json!({ "refused": code });
    let ended = things(json!({
        "flow": refused("StateMachineDoesNotExist"), "emr": "TERMINATED", "emr held": false, "job": refused("EntityNotFoundException"),
        "notebook": refused("ValidationException"), "pods": refused("ResourceNotFoundException"), "stack": refused("ValidationError"),
        "template": null, "mail": refused("NotFoundException"),
    }));
    for (name, is) in ended {
        assert_eq!(end["miner"][&name], is, "{name}");
    }
    assert_eq!(end["house"], before["house"], "the owners' of the same kinds");
    let mut members = before["web"]["members"].clone();
    members.as_object_mut().expect("members").remove(member);
    assert_eq!((&end["web"]["members"], &end["member"]), (&members, &json!("terminated")));
}
