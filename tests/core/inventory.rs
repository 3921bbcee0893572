//! Recorded inventories: what each call shows, what it leaves open, and what a look at a key adds to the log.

use crate::aws_edges::event;
use crate::cloudtrail::fixture;
use serde_json::{Value, json};
use triage::analyze::Investigation;
use triage::model::gap::GapKind;
use triage::model::observed::{KeySeen, State};
use triage::model::report::{Credential, Window};
use triage::model::{Observed, Place, Principal, Provenance, ResourceRef, Time, time};
use triage::read::{
    self,
    inventory::{self, Look},
};

fn look(call: &str, response: Value) -> Look {
    let line = json!({"observed_at": "2026-03-03T00:00:00Z", "call": call, "account": "111122223333",
        "region": "eu-west-1", "response": response});
    inventory::read(line.to_string().as_bytes()).expect("a line of an inventory")
}

#[test]
fn a_call_that_is_not_interpreted_is_named() {
    let look = look("neptune:DescribeDBClusters", json!({"DBClusters": []}));
    assert_eq!((look.observed.len(), look.keys.len(), look.listings.len()), (0, 0, 0));
    assert_eq!(look.gaps.len(), 1);
    assert_eq!(look.gaps[0].kind, GapKind::Blind);
    assert_eq!(&*look.gaps[0].place, "neptune:DescribeDBClusters in eu-west-1 of 111122223333");
}

#[test]
fn a_list_of_tasks_shows_that_they_exist_and_no_more() {
    let arn = "arn:aws:ecs:eu-west-1:111122223333:task/render/1ed6fe2c9f14be756ab79a49f2e0e44a";
    let look = look("ecs:ListTasks", json!({"taskArns": [arn, "", 7]}));
    let seen: Vec<_> = look.observed.iter().map(|o| (o.resource.kind, &*o.resource.id, o.state)).collect();
    assert_eq!(seen, [("aws.ecs.task", arn, State::Unknown)]);
    // It covers one cluster: what it leaves out is not gone.
    assert_eq!((look.listings, look.gaps), (Vec::new(), Vec::new()));
}

#[test]
fn keys_are_seen_working_or_not() {
    let key = |id: &str, status: &str| json!({"UserName": "deploy", "AccessKeyId": id, "Status": status});
    let look = look(
        "iam:ListAccessKeys",
        json!({"AccessKeyMetadata": [
            key("AKIARTX3GSDS2WXWWSOM", "Active"), key("AKIARTX3GSDSZYTVWVUN", "Inactive"),
            key("AKIARTX3GSDS6ZRUUHGT", "Expired"), {"AccessKeyId": "AKIARTX3GSDSVXQWBIPM"}, {"Status": "Active"}]}),
    );
    let seen: Vec<_> = look.keys.iter().map(|seen| (&*seen.key, seen.active)).collect();
    let expect =
        [("AKIARTX3GSDS2WXWWSOM", true), ("AKIARTX3GSDSZYTVWVUN", false), ("AKIARTX3GSDS6ZRUUHGT", false)];
    assert_eq!(seen, expect);
    assert_eq!(look.keys[0].user.as_deref(), Some("deploy"));
    assert_eq!(look.observed, Vec::new());
    assert_eq!(look.gaps.len(), 1, "a key without a status is no key that works, nor one that does not");
    assert!(look.gaps[0].why.contains("AKIARTX3GSDSVXQWBIPM"));
}

#[test]
fn what_launched_an_instance_is_told_by_its_tags_nearest_first() {
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let instance = json!({"InstanceId": "i-0abcdef1234567890", "State": {"Name": "running"}, "Tags": [
        tag("Name", "aws:autoscaling:groupName"), tag("aws:cloudformation:stack-id", "arn:aws:cloudformation:stack"),
        tag("eks:cluster-name", "farm"), tag("eks:nodegroup-name", "gpu"), tag("aws:autoscaling:groupName", "eks-gpu")]});
    let look = look("ec2:DescribeInstances", json!({"Reservations": [{"Instances": [instance]}]}));
    let held: Vec<&str> = look.observed[0].held_by.iter().map(|by| &**by).collect();
    assert_eq!(held, ["eks-gpu", "farm/gpu", "farm", "arn:aws:cloudformation:stack"]);
    assert_eq!(look.listings.len(), 1);
}

/// Returns the credential that CreateAccessKey minted, after its status was changed and looked at at these times.
#[track_caller]
fn after(statuses: &[(&str, &str)], looks: &[(&str, bool)]) -> Credential {
    let key = "AKIARTX3GSDS2WXWWSOM";
    let minted = event("iam/CreateAccessKey");
    let minter = minted.actor.key.clone().expect("its caller has a key");
    let principal = Principal::parse(&minter).expect("a key id");
    let mut investigation = Investigation::new(principal, Window::default());
    investigation.absorb(minted);
    for (at, status) in statuses {
        let mut json = fixture("iam/UpdateAccessKey-inactive");
        json["eventTime"] = json!(at);
        json["requestParameters"] = json!({"userName": "svc-backup", "accessKeyId": key, "status": status});
        let raw = json.to_string();
        investigation
            .absorb(read::cloudtrail::read(raw.as_bytes(), Provenance::default()).expect("a record"));
    }
    for (at, active) in looks {
        let at = time::parse(at).unwrap();
        let (key, account) = (key.into(), "111122223333".into());
        investigation.key_seen(KeySeen { key, active: *active, user: None, account, at });
    }
    let report = investigation.report();
    report.credentials.into_iter().find(|made| &*made.id == key).expect("a key was made")
}

#[test]
fn the_last_word_on_a_key_counts_whether_logged_or_looked_at() {
    let at = |credential: Credential| credential.deactivated_at.map(|at| at.to_string());
    let (logged, early, late) = ("2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z", "2026-03-03T00:00:00Z");
    let off = (logged, "Inactive");
    assert_eq!(at(after(&[], &[])), None);
    assert_eq!(at(after(&[], &[(late, true)])), None);
    // Nobody logged it, but it does not work.
    assert_eq!(at(after(&[], &[(late, false)])).as_deref(), Some(late));
    // The log says when; a look later agrees, one before says nothing about it.
    assert_eq!(at(after(&[off], &[(late, false)])).as_deref(), Some(logged));
    assert_eq!(at(after(&[off], &[(early, true)])).as_deref(), Some(logged));
    // Armed again in the log after it was seen off.
    let again = ("2026-03-04T00:00:00Z", "Active");
    assert_eq!(at(after(&[again], &[(late, false)])), None);
    // It works again, and no log says by whom.
    assert_eq!(at(after(&[off], &[(late, true)])), None);
    assert_eq!(at(after(&[], &[(late, true), (early, false)])), None);
    assert_eq!(after(&[], &[(late, false)]).state, "left");
}

/// What a live look showed reads back as it was, details and all.
#[test]
fn a_live_look_reads_back_as_it_was() {
    let at: Time = "2026-03-14T05:00:00Z".parse().unwrap();
    let seen = Observed {
        resource: ResourceRef {
            kind: "aws.ec2.instance",
            id: "i-0123456789abcdef0".into(),
            names: vec!["web\u{1b}[2J\"1".into()],
            account: "111122223333".into(),
            region: "eu-west-3".into(),
            launcher: Some("asg".into()),
        },
        at,
        state: State::Stopped,
        created_at: Some(at),
        held_by: vec!["workers".into()],
        made_by: Some("arn:aws:iam::111122223333:user/ci".into()),
        identity: Some("arn:aws:iam::111122223333:instance-profile/web".into()),
        details: [("type".into(), "p4d.24xlarge".into())].into(),
    };
    let place = Place::new("111122223333", "eu-west-3");
    let line = inventory::line(at, &place, std::slice::from_ref(&seen));
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert_eq!(inventory::read(&line).unwrap().observed, [seen]);
    for broken in ["aws.ec2.instance", "stopped", "i-0123456789abcdef0"] {
        let text = String::from_utf8(line.clone()).unwrap().replace(broken, "");
        assert!(inventory::read(text.as_bytes()).is_err(), "{broken}");
    }
}
