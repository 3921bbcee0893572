//! Google Cloud: what `--destroy` needs before it ends a group, what an undo makes again, and what only a person can do.

use super::check;
use super::reports::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use triage::analyze::outlived::outlived;
use triage::model::change::gcp::{ComputeChange, ProjectChange};
use triage::model::change::{Change, Reversal};
use triage::model::report::{Attribution, Confidence, Resource, Use};
use triage::model::{Report, Time};
use triage::plan::{Guard, Options, contain::contain};

const DESTROY: Options = Options {
    destroy: true,
    snapshot: false,
    isolate: false,
    full_deny: false,
    scp: false,
    soft: false,
    no_snapshot: false,
};

fn with(resource: Resource, state: &'static str, region: &str, details: &[(&str, &str)]) -> Resource {
    let details = details.iter().map(|(word, text)| (arc(word), arc(text))).collect();
    Resource { state, region: arc(region), zone: None, details, ..resource }
}

/// A regional group whose two machines lie in two zones, and its autoscaler of another name.
fn group(state: &'static str, members: &str) -> Report {
    let machine = |id: &str, zone: &str, protected: &[(&str, &str)]| {
        let one = launched("gcp.compute.instance", id, "20");
        Resource { attribution: Attribution::Indirect, ..with(one, state, zone, protected) }
    };
    let resources = vec![
        machine("21", "eu-west-3-a", &[]),
        machine("22", "eu-west-3-b", &[("protected", "true")]),
        with(
            resource("gcp.compute.instance_group_manager", "20", "pool"),
            state,
            "eu-west-3",
            &[("members", members)],
        ),
        with(resource("gcp.compute.autoscaler", "30", "grow"), state, "eu-west-3", &[("target", "pool")]),
        // Of the owners' group of the same name elsewhere.
        with(resource("gcp.compute.autoscaler", "31", "pool"), state, "eu-north-1", &[("target", "pool")]),
    ];
    Report { resources, ..gcp_account() }
}

fn plan(report: &Report, options: Options) -> triage::model::plan::Plan {
    contain(report, &Guard::default(), options)
}

#[test]
fn a_group_ends_after_its_autoscaler_and_the_copies_of_all_that_it_has() {
    for state in ["running", "stopped"] {
        let plan = plan(&group(state, "2"), DESTROY);
        let of = |name: &str| -> Vec<u32> {
            plan.steps.iter().filter(|step| step.change.name() == name).map(|step| step.no).collect()
        };
        let end =
            plan.steps.iter().find(|step| step.change.name() == "delete_instance_group").expect("it ends");
        let mut needs: Vec<u32> =
            of("snapshot_instance").into_iter().chain(of("unprotect_instance")).collect();
        let scaler = plan.steps.iter().find(|step| &*step.target.id == "30").expect("its autoscaler");
        assert_eq!(scaler.change.name(), "delete_autoscaler");
        needs.push(scaler.no);
        needs.sort_unstable();
        assert_eq!((needs.len(), &end.needs), (4, &needs), "{state}: {plan:#?}");
        assert_eq!(of("stop_group_member").len(), 2, "{state}: also where no copy can be had");
        assert!(of("delete_compute_instance").is_empty(), "{state}: they go with their group");
    }
    let bare = plan(&group("running", "2"), Options { no_snapshot: true, ..DESTROY });
    let end = bare.steps.iter().find(|step| step.change.name() == "delete_instance_group").expect("it ends");
    assert_eq!(end.needs.len(), 2, "its autoscaler, and the flag of one machine");
}

#[test]
fn a_group_with_machines_that_nobody_knows_is_not_ended() {
    let mut report = group("running", "5");
    report.resources.retain(|one| one.id.as_ref() != "31");
    let plan = plan(&report, DESTROY);
    assert!(plan.steps.iter().all(|step| step.change.name() != "delete_instance_group"), "{plan:#?}");
    let why = "It has 5 machines, and deleting it deletes all of them: this plan knows and copies 2.";
    assert!(
        plan.withheld.iter().any(|one| &*one.target.id == "20" && one.why.contains(why)),
        "{:#?}",
        plan.withheld
    );
}

fn back(change: Change, before: Value) -> Value {
    match change.undo(&before) {
        Reversal::Changes(changes) => json!(changes),
        Reversal::None(why) => json!(why),
    }
}

#[test]
fn what_was_deleted_to_make_way_is_made_again_from_what_was_seen() {
    let config = json!({"autoscaler": {"name": "grow", "target": "projects/p/zones/z/instanceGroupManagers/pool"}, "group": "20"});
    let delete = || Change::from(ComputeChange::DeleteAutoscaler { name: arc("30") });
    let made = back(delete(), json!({"id": "30", "config": config}));
    let saved = made[0]["gcp"].to_string();
    assert!(saved.contains("recreate_autoscaler") && saved.contains("instanceGroupManagers/pool"), "{made}");
    assert!(back(delete(), json!({})).is_string(), "unseen is not guessed");
    let lien = json!({"parent": "projects/1", "restrictions": ["resourcemanager.projects.delete"], "reason": "r", "origin": "o"});
    let remove = || Change::from(ProjectChange::RemoveLien { name: arc("liens/1") });
    assert!(back(remove(), json!({"lien": lien}))[0].to_string().contains("restore_lien"));
    assert!(back(remove(), json!({})).is_string());
}

#[test]
fn liens_stay_and_protection_stays_unless_it_is_to_be_destroyed() {
    let report = Report {
        resources: vec![
            resource("gcp.cloudresourcemanager.lien", "liens/p1-l2", ""),
            with(
                resource("gcp.compute.instance", "12", "vm"),
                "running",
                "eu-west-3-a",
                &[("protected", "true")],
            ),
        ],
        ..gcp_account()
    };
    check(
        &plan(&report, Options::default()),
        "1 stop_instance id=12
         - gcp.cloudresourcemanager.lien liens/p1-l2: … | … resourcemanager.liens.delete",
    );
    let destroyed = plan(&report, DESTROY);
    let names: Vec<String> = destroyed.steps.iter().map(|step| step.change.name()).collect();
    assert_eq!(
        names,
        [
            "snapshot_instance",
            "stop_instance",
            "unprotect_instance",
            "delete_compute_instance",
            "remove_lien"
        ]
    );
    assert_eq!(destroyed.steps[3].needs, [1, 2, 3], "nothing is deleted that has no copy");
    assert_eq!(destroyed.steps[1].needs, Vec::<u32>::new(), "a stop needs none");
}

#[test]
fn a_key_of_os_login_is_left_to_who_may_take_it_out() {
    let report =
        Report { resources: vec![resource("gcp.oslogin.ssh_public_key", "9b1f", "")], ..gcp_account() };
    let plan = plan(&report, DESTROY);
    let by_hand = &plan.withheld.first().expect("it is told").by_hand;
    for part in [
        "admin.directory.users.patch",
        "https://developers.google.com/",
        "gcloud compute os-login ssh-keys remove",
    ] {
        assert!(by_hand.contains(part), "{part}: {by_hand}");
    }
}

#[test]
fn only_success_of_the_thief_well_after_the_end_counts_as_still_in() {
    let one = |credential: &str, last: Time, confidence| Use {
        last,
        ..use_of(credential, "203.0.113.9", true, confidence)
    };
    let (end, late) = (at(11), at(12));
    let soon = end.checked_add(jiff::SignedDuration::from_secs(60)).expect("a time");
    let report = Report {
        uses: vec![
            one("a", late, Confidence::Confirmed),
            one("a", soon, Confidence::Confirmed),
            one("a", late, Confidence::LikelyLegitimate),
            Use { failed: 7, ..one("a", late, Confidence::Confirmed) },
            one("other", late, Confidence::Confirmed),
        ],
        ..gcp_account()
    };
    let ended = BTreeMap::from([(arc("a"), end)]);
    let found = outlived(&report, &ended);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0, found[0].1), (&report.uses[0], end));
    assert!(outlived(&report, &BTreeMap::new()).is_empty());
}
