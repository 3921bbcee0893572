//! EC2 and Auto Scaling: what is stopped, what only with `--destroy`, and what takes each change back.

use super::reports::*;
use super::{check, told};
use serde_json::{Value, json};
use triage::model::Report;
use triage::model::change::{AwsChange, Change, Ec2Change, Reversal};
use triage::model::plan::Plan;
use triage::model::report::*;
use triage::plan::{Guard, Options, contain::contain};

fn seen(resource: Resource, details: &[(&str, &str)]) -> Resource {
    let details = details.iter().map(|(word, text)| (arc(word), arc(text))).collect();
    Resource { state: "running", details, ..resource }
}

fn machine(details: &[(&str, &str)]) -> Resource {
    seen(resource("aws.ec2.instance", "i-1", ""), details)
}

fn plan(resources: Vec<Resource>, options: Options) -> Plan {
    contain(&Report { resources, ..aws_key() }, &Guard::default(), options)
}

const GENTLE: Options = Options {
    destroy: false,
    snapshot: false,
    isolate: false,
    no_snapshot: false,
    full_deny: false,
    scp: false,
    soft: false,
};
const DESTROY: Options = Options { destroy: true, ..GENTLE };

#[test]
fn protection_is_cleared_where_it_is_set_and_only_there() {
    let both = [("stop_protection", "true"), ("termination_protection", "true")];
    check(
        &plan(vec![machine(&both)], GENTLE),
        "1 clear_stop_protection id=i-1
         2 stop_instance id=i-1 after [1]",
    );
    check(
        &plan(vec![machine(&both)], DESTROY),
        "1 snapshot_instance id=i-1
         2 clear_stop_protection id=i-1 after [1]
         3 clear_termination_protection id=i-1 after [1, 2]
         4 terminate_instance id=i-1 after [1, 2, 3]",
    );
    for text in ["false", "unknown"] {
        let one = machine(&[("stop_protection", text)]);
        check(&plan(vec![one], GENTLE), "1 stop_instance id=i-1");
    }
}

#[test]
fn a_copy_that_fails_keeps_from_terminating_and_not_from_stopping() {
    let all = Options { snapshot: true, isolate: true, ..GENTLE };
    let gentle = plan(vec![machine(&[])], all);
    check(
        &gentle,
        "1 snapshot_instance id=i-1
         2 isolate_instance id=i-1 after [1]
         3 stop_instance id=i-1 after [1, 2]",
    );
    assert!(gentle.steps.iter().all(|step| step.needs.is_empty()));

    let destroy = plan(vec![machine(&[])], Options { destroy: true, ..all });
    check(
        &destroy,
        "1 snapshot_instance id=i-1
         2 isolate_instance id=i-1 after [1]
         3 terminate_instance id=i-1 after [1, 2]",
    );
    assert_eq!(destroy.steps[2].needs, [1]);
    let bare = Options { no_snapshot: true, ..DESTROY };
    check(&plan(vec![machine(&[])], bare), "1 terminate_instance id=i-1");
}

#[test]
fn what_was_stopped_is_left_unless_it_is_to_be_destroyed() {
    let stopped = Resource { state: "stopped", ..machine(&[]) };
    check(&plan(vec![stopped.clone()], GENTLE), "");
    check(
        &plan(vec![stopped], DESTROY),
        "1 snapshot_instance id=i-1
         2 terminate_instance id=i-1 after [1]",
    );
}

#[test]
fn machines_that_cannot_be_stopped_are_cut_off_or_terminated() {
    let spot = [("lifecycle", "spot"), ("spot_type", "one-time")];
    let of_fleet = [("lifecycle", "spot"), ("tag:aws:ec2:fleet-id", "fleet-7")];
    let cases: [(&[(&str, &str)], &str); 3] = [
        (
            &[("root_device", "instance-store"), ("stop_protection", "true")],
            "Its root disk is instance store",
        ),
        (&spot, "a one-time request"),
        (&of_fleet, "a spot machine of a fleet"),
    ];
    for (details, why) in cases {
        let withheld = format!("- aws.ec2.instance i-1: … {why} … ec2:TerminateInstances (destroys)");
        check(&plan(vec![machine(details)], GENTLE), &withheld);
        let isolate = Options { isolate: true, ..GENTLE };
        check(&plan(vec![machine(details)], isolate), "1 isolate_instance id=i-1");
        assert!(told(&plan(vec![machine(details)], DESTROY)).contains("terminate_instance id=i-1"));
    }
    // On-demand machines of a fleet and spot machines of a persistent request can be.
    for details in [
        [("lifecycle", "spot"), ("spot_type", "persistent")],
        [("az", "a"), ("tag:aws:ec2:fleet-id", "fleet-7")],
    ] {
        check(&plan(vec![machine(&details)], GENTLE), "1 stop_instance id=i-1");
    }
}

#[test]
fn a_machine_in_somebody_elses_group_is_put_in_standby_first() {
    let in_group = machine(&[("asg", "web")]);
    let gentle = plan(vec![in_group.clone()], GENTLE);
    check(
        &gentle,
        "1 enter_standby group=web id=i-1
         2 stop_instance id=i-1 after [1]",
    );
    assert_eq!(gentle.steps[1].needs, [1]);
    // In the principal's own group it is that which is held.
    let own = vec![
        seen(launched("aws.ec2.instance", "i-1", "web"), &[("asg", "web")]),
        seen(resource("aws.autoscaling.group", "web", ""), &[("members", "1")]),
    ];
    check(
        &plan(own, GENTLE),
        "1 suspend_scaling_group name=web
         2 stop_instance id=i-1 after [1]",
    );
}

#[test]
fn a_group_ends_only_when_every_member_has_been_copied() {
    let group = |members: &str| {
        let details = [("members", members), ("scale_in_protected", "1"), ("deletion_protection", "x")];
        seen(resource("aws.autoscaling.group", "web", ""), &details)
    };
    let member = |id| seen(launched("aws.ec2.instance", id, "web"), &[("asg", "web")]);
    let whole = plan(vec![group("2"), member("i-1"), member("i-2")], DESTROY);
    check(
        &whole,
        "1 suspend_scaling_group name=web
         2 snapshot_instance id=i-1 after [1]
         3 snapshot_instance id=i-2 after [1]
         4 terminate_instance id=i-1 after [2]
         5 terminate_instance id=i-2 after [3]
         6 clear_scale_in_protection name=web after [1]
         7 empty_scaling_group name=web after [1, 2, 3, 6]
         8 clear_deletion_protection name=web after [1, 6, 7]
         9 delete_scaling_group name=web after [1, 2, 3, 6, 7, 8]",
    );
    assert_eq!(whole.steps[6].needs, [1, 2, 3, 6]);
    // One that nobody has seen would end without a copy.
    let told = told(&plan(vec![group("3"), member("i-1"), member("i-2")], DESTROY));
    assert!(told.contains("suspend_scaling_group") && !told.contains("empty_scaling_group"), "{told}");
    let bare = Options { no_snapshot: true, ..DESTROY };
    let told = super::told(&plan(vec![group("3"), member("i-1")], bare));
    assert!(told.contains("empty_scaling_group") && !told.contains("snapshot_instance"), "{told}");
}

/// A sweep does not try again what failed in the one before; what that was a condition of is not done without it either.
#[test]
fn what_needs_a_step_that_is_left_out_is_withheld() {
    let group = seen(resource("aws.autoscaling.group", "web", ""), &[("members", "2"), ("asg", "web")]);
    let member = |id| seen(launched("aws.ec2.instance", id, "web"), &[("asg", "web")]);
    let mut whole = plan(vec![group, member("i-1"), member("i-2")], DESTROY);
    let copy = |id: &str| Change::from(Ec2Change::SnapshotInstance { id: id.into() });
    whole.leave_out(|step| step.change == copy("i-1"));
    let left: Vec<String> = whole.steps.iter().map(|step| step.change.name()).collect();
    assert_eq!(left, ["suspend_scaling_group", "snapshot_instance", "terminate_instance"], "{whole:#?}");
    assert_eq!(&*whole.steps[2].target.id, "i-2");
    let told: Vec<&str> = whole.withheld.iter().map(|one| &*one.target.id).collect();
    assert_eq!(told, ["web", "web", "i-1"], "to empty it, to delete it, to end the machine");
    assert!(whole.withheld.iter().all(|one| one.why.ends_with("which has failed.")));
}

#[test]
fn fleets_are_held_cancelled_or_left_by_their_type() {
    for (kind, id, hold, cancel) in [
        ("aws.ec2.fleet", "fleet-1", "hold_fleet", "cancel_fleet"),
        ("aws.ec2.spot_fleet", "sfr-1", "hold_spot_fleet", "cancel_spot_fleet"),
    ] {
        let of = |kind_of| vec![seen(resource(kind, id, ""), &[("fleet_type", kind_of)])];
        check(&plan(of("maintain"), GENTLE), &format!("1 {hold} id={id}"));
        check(&plan(of("request"), GENTLE), &format!("1 {cancel} id={id}"));
        check(&plan(of("instant"), GENTLE), &format!("- {kind} {id}: It launched once"));
        // No machine of it is known: it is not ended over their heads.
        check(&plan(of("maintain"), DESTROY), &format!("1 {hold} id={id}"));
        let mut known = of("maintain");
        known.push(seen(launched("aws.ec2.instance", "i-1", id), &[]));
        let end = hold.replace("hold", "terminate");
        check(
            &plan(known, DESTROY),
            &format!(
                "1 {hold} id={id}
                 2 snapshot_instance id=i-1 after [1]
                 3 terminate_instance id=i-1 after [2]
                 4 {end} id={id} after [1, 2]"
            ),
        );
    }
}

/// The request reads active for a while after its machine was stopped: to cancel it then ends the machine, with its disks.
#[test]
fn a_spot_request_that_still_reads_active_is_not_cancelled_under_a_stopped_machine() {
    let of = |request: &'static str, machine: &'static str| Report {
        resources: vec![
            Resource { state: request, ..resource("aws.ec2.spot_request", "sir-1", "") },
            Resource { state: machine, ..launched("aws.ec2.instance", "i-1", "sir-1") },
        ],
        ..aws_key()
    };
    for request in ["running", "stopped"] {
        let plan = contain(&of(request, "stopped"), &Guard::default(), Options::default());
        assert_eq!(plan.steps, [], "{request}");
        let names: Vec<String> = contain(&of(request, "stopped"), &Guard::default(), DESTROY)
            .steps
            .iter()
            .map(|step| step.change.name())
            .collect();
        assert_eq!(names[..2], ["snapshot_instance", "cancel_spot_request"], "{request}: {names:?}");
    }
    let plan = contain(&of("running", "gone"), &Guard::default(), Options::default());
    assert_eq!(plan.steps.iter().map(|step| step.change.name()).collect::<Vec<_>>(), ["cancel_spot_request"]);
    // While its machine runs: first the request, then the machine, or it would start another.
    let plan = contain(&of("running", "running"), &Guard::default(), DESTROY);
    let names: Vec<String> = plan.steps.iter().map(|step| step.change.name()).collect();
    let at = |name: &str| names.iter().position(|one| one == name).unwrap();
    assert!(at("cancel_spot_request") < at("terminate_instance"), "{names:?}");
}

#[test]
fn a_spot_request_whose_machine_is_stopped_is_cancelled_after_the_copy() {
    let resources = vec![
        Resource { state: "stopped", ..resource("aws.ec2.spot_request", "sir-1", "") },
        Resource { state: "stopped", ..launched("aws.ec2.instance", "i-1", "sir-1") },
    ];
    let plan = plan(resources, DESTROY);
    check(
        &plan,
        "1 snapshot_instance id=i-1
         2 cancel_spot_request id=sir-1 after [1]
         3 terminate_instance id=i-1 after [1]",
    );
    assert_eq!(plan.steps[1].needs, [1]);
}

#[test]
fn what_a_service_keeps_is_stopped_through_it() {
    let managed = machine(&[("operator", "eks.amazonaws.com")]);
    check(&plan(vec![managed], GENTLE), "- aws.ec2.instance i-1: eks.amazonaws.com made it and keeps it");
    let group = seen(resource("aws.autoscaling.group", "g", ""), &[("operator", "eks.amazonaws.com")]);
    check(&plan(vec![group], GENTLE), "- aws.autoscaling.group g: eks.amazonaws.com made it");
}

#[test]
fn what_lies_about_is_given_back_only_with_destroy() {
    for (kind, id, change) in [
        ("aws.ec2.launch_template", "lt-1", "delete_launch_template id=lt-1"),
        ("aws.autoscaling.launch_configuration", "lc", "delete_launch_configuration name=lc"),
        ("aws.ec2.elastic_ip", "eipalloc-1", "release_address id=eipalloc-1"),
        ("aws.ec2.network_interface", "eni-1", "delete_network_interface id=eni-1"),
    ] {
        let gentle = plan(vec![resource(kind, id, "")], GENTLE);
        assert!(gentle.steps.is_empty() && gentle.withheld.len() == 1, "{kind}: {}", told(&gentle));
        check(&plan(vec![resource(kind, id, "")], DESTROY), &format!("1 {change}"));
    }
    check(
        &plan(vec![resource("aws.ec2.volume", "vol-1", "")], DESTROY),
        "1 snapshot_volume id=vol-1
         2 delete_volume id=vol-1 after [1]",
    );
    let attached = seen(resource("aws.ec2.volume", "vol-1", ""), &[("attached_to", "i-7")]);
    check(&plan(vec![attached], DESTROY), "- aws.ec2.volume vol-1: It is attached to i-7");
}

#[test]
fn a_key_pair_is_deleted_only_where_it_can_be_brought_back() {
    let pair = |text| vec![seen(resource("aws.ec2.key_pair", "key-1", ""), &[("public_key", text)])];
    check(&plan(pair("read"), GENTLE), "1 delete_key_pair id=key-1");
    check(&plan(pair("unreadable"), GENTLE), "- aws.ec2.key_pair key-1: … Its public half has not been read");
    check(&plan(pair("unreadable"), DESTROY), "1 delete_key_pair id=key-1");
}

#[test]
fn rules_in_groups_of_others_are_taken_one_by_one_and_own_groups_closed_whole() {
    let opened = |id: &str, group: &str| Touched {
        how: format!("opened in {group}"),
        ..touched("aws.ec2.security_group_rule", id, &format!("e-{id}"))
    };
    let mut report = aws_key();
    report.touched = vec![
        opened("sgr-2", "sg-others"),
        opened("sgr-1", "sg-others"),
        opened("sgr-3", "sg-own"),
        Touched { confidence: Confidence::Suspect, ..opened("sgr-4", "sg-others") },
    ];
    report.findings.push(finding(FindingKind::Exposure, "sg-others", "e-sgr-1"));
    report.resources = vec![resource("aws.ec2.security_group", "sg-own", "")];
    let plan = contain(&report, &Guard::default(), GENTLE);
    check(
        &plan,
        "1 close_security_group id=sg-own
         2 revoke_rules group=sg-others rules=[sgr-1,sgr-2]",
    );
    assert!(plan.steps[1].why.ends_with("e-sgr-1 happened."), "{}", plan.steps[1].why);
}

/// Every machine that a report can hold, with everything that it can tell.
#[test]
fn nothing_that_needs_destroy_is_planned_without_it() {
    for report in all() {
        let plan = contain(&report, &Guard::default(), Options { snapshot: true, isolate: true, ..GENTLE });
        for step in &plan.steps {
            assert!(!step.change.spec().needs_destroy, "{:?}", step.change);
        }
        for step in contain(&report, &Guard::default(), DESTROY).steps {
            let ends = matches!(step.change, Change::Aws(AwsChange::Ec2(_)))
                && step.change.name() == "terminate_instance";
            assert!(!ends || !step.needs.is_empty(), "without a copy: {:?}", step.change);
        }
    }
}

// ---- Undo

fn change(name: &str, fields: Value) -> Change {
    serde_json::from_value(json!({ "aws": { name: fields } })).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A change, what was seen before it, and what takes it back.
type Undone = (&'static str, Value, Value, Vec<(&'static str, Value)>);

#[test]
fn every_change_is_taken_back_by_what_was_seen_before_it() {
    let arn = "arn:aws:autoscaling:eu-west-3:111122223333:autoScalingGroup:u:autoScalingGroupName/web";
    let rule = json!({"direction": "in", "protocol": "tcp", "from": 22, "to": 22, "ipv4": "0.0.0.0/0"});
    let plan = json!({"start": null, "end": null, "recurrence": "0 * * * *", "time_zone": null, "min": 1, "max": 2, "desired": 1});
    let pool = json!({"max": null, "min": 1, "state": "Stopped", "reuse": null});
    let id = || json!({"id": "x"});
    let cases: Vec<Undone> = vec![
        ("stop_instance", id(), json!({}), vec![("start_instance", id())]),
        ("clear_stop_protection", id(), json!({"on": true}), vec![("set_stop_protection", id())]),
        (
            "clear_termination_protection",
            id(),
            json!({"on": true}),
            vec![("set_termination_protection", id())],
        ),
        (
            "isolate_instance",
            id(),
            json!({"groups": {"eni-1": ["sg-1"]}, "vpcs": ["vpc-1"]}),
            vec![
                ("restore_interfaces", json!({"id": "x", "groups": {"eni-1": ["sg-1"]}})),
                ("delete_quarantine", json!({"vpc": "vpc-1"})),
            ],
        ),
        (
            "replace_instance_profile",
            json!({"instance": "i", "profile": "p"}),
            json!({"profile": "q"}),
            vec![("replace_instance_profile", json!({"instance": "i", "profile": "q"}))],
        ),
        (
            "remove_instance_profile",
            json!({"instance": "i"}),
            json!({"profile": "q"}),
            vec![("give_instance_profile", json!({"instance": "i", "profile": "q"}))],
        ),
        (
            "hold_spot_fleet",
            id(),
            json!({"capacity": 3, "on_demand": 1}),
            vec![("size_spot_fleet", json!({"id": "x", "capacity": 3, "on_demand": 1}))],
        ),
        (
            "hold_fleet",
            id(),
            json!({"total": 3, "on_demand": 1, "spot": 2}),
            vec![("size_fleet", json!({"id": "x", "total": 3, "on_demand": 1, "spot": 2}))],
        ),
        (
            "close_security_group",
            id(),
            json!({"rules": [rule]}),
            vec![("authorize_rules", json!({"group": "x", "rules": [rule]}))],
        ),
        (
            "revoke_rules",
            json!({"group": "x", "rules": ["sgr-1"]}),
            json!({"rules": [rule]}),
            vec![("authorize_rules", json!({"group": "x", "rules": [rule]}))],
        ),
        (
            "delete_key_pair",
            id(),
            json!({"name": "k", "public_key": "ssh-rsa AAAA"}),
            vec![("import_key_pair", json!({"name": "k", "public_key": "ssh-rsa AAAA"}))],
        ),
        (
            "unshare_snapshot",
            json!({"id": "x", "with": "*"}),
            json!({"shared": true}),
            vec![("share_snapshot", json!({"id": "x", "with": "*"}))],
        ),
        (
            "unshare_image",
            json!({"id": "x", "with": "*"}),
            json!({"shared": true}),
            vec![("share_image", json!({"id": "x", "with": "*"}))],
        ),
        (
            "suspend_scaling_group",
            json!({"name": "web"}),
            json!({"arn": arn, "suspended": ["AZRebalance", "Terminate"]}),
            vec![(
                "resume_scaling_group",
                json!({"name": "web", "arn": arn, "processes": ["Launch", "HealthCheck", "ReplaceUnhealthy", "AlarmNotification",
                    "ScheduledActions", "AddToLoadBalancer", "InstanceRefresh"]}),
            )],
        ),
        (
            "empty_scaling_group",
            json!({"name": "web"}),
            json!({"arn": arn, "min": 1, "max": 9, "desired": 3}),
            vec![(
                "size_scaling_group",
                json!({"name": "web", "arn": arn, "min": 1, "max": 9, "desired": 3}),
            )],
        ),
        (
            "enter_standby",
            json!({"group": "web", "id": "x"}),
            json!({"arn": arn}),
            vec![("exit_standby", json!({"group": "web", "id": "x"}))],
        ),
        (
            "clear_scale_in_protection",
            json!({"name": "web"}),
            json!({"arn": arn, "protected": ["i-1"]}),
            vec![("set_scale_in_protection", json!({"name": "web", "arn": arn, "ids": ["i-1"]}))],
        ),
        (
            "clear_deletion_protection",
            json!({"name": "web"}),
            json!({"arn": arn, "level": "prevent-all-deletion"}),
            vec![(
                "set_deletion_protection",
                json!({"name": "web", "arn": arn, "level": "prevent-all-deletion"}),
            )],
        ),
        (
            "delete_warm_pool",
            json!({"name": "web"}),
            json!({"arn": arn, "pool": pool}),
            vec![("put_warm_pool", json!({"name": "web", "arn": arn, "pool": pool}))],
        ),
        (
            "delete_scheduled_action",
            json!({"group": "web", "action": "back"}),
            json!({"plan": plan}),
            vec![("put_scheduled_action", json!({"group": "web", "action": "back", "plan": plan}))],
        ),
    ];
    for (name, fields, before, expect) in cases {
        let change = self::change(name, fields);
        let expect = expect.into_iter().map(|(name, fields)| self::change(name, fields)).collect();
        assert_eq!(change.undo(&before), Reversal::Changes(expect), "{name}");
        let is_static = matches!(
            name,
            "stop_instance"
                | "enter_standby"
                | "clear_stop_protection"
                | "clear_termination_protection"
                | "unshare_snapshot"
                | "unshare_image"
        );
        // A journal that says too little takes nothing back by guessing.
        if !is_static {
            assert!(matches!(change.undo(&json!({})), Reversal::None(_)), "{name} guessed");
        }
        assert!(!change.spec().does.is_empty(), "{name}");
    }
    for name in ["terminate_instance", "snapshot_instance", "cancel_fleet", "release_address"] {
        let Reversal::None(why) = change(name, id()).undo(&json!({})) else {
            panic!("{name} has no way back")
        };
        assert!(why.ends_with('.'), "{why}");
    }
}

#[test]
fn what_a_tag_protects_is_left_and_so_is_what_nobody_saw_the_tags_of() {
    let guard = Guard { never_touch: [arc("tag:env=prod")].into(), ..Guard::default() };
    let plan = |details: &[(&str, &str)]| {
        contain(&Report { resources: vec![machine(details)], ..aws_key() }, &guard, GENTLE)
    };
    check(&plan(&[("tags_seen", "yes"), ("tag:env", "dev")]), "1 stop_instance id=i-1");
    let spared = plan(&[("tags_seen", "yes"), ("tag:env", "prod")]);
    assert!(spared.steps.is_empty() && spared.withheld.iter().any(|one| one.target.id == arc("i-1")));
    let hidden = plan(&[("type", "m5.large")]);
    assert!(hidden.steps.is_empty(), "{}", told(&hidden));
    assert!(hidden.withheld.iter().any(|one| one.why.contains("could not be seen")), "{:?}", hidden.withheld);
}
