//! What looks like what the principal launched: told with what it shares, never what is common or known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use triage::analyze::siblings::similar;
use triage::model::observed::State;
use triage::model::report::*;
use triage::model::{Observed, Provider, Report, ResourceRef, Time};

fn at(hour: u32) -> Time {
    format!("2026-07-14T{hour:02}:00:00Z").parse().unwrap()
}

fn details(words: &[(&str, &str)]) -> BTreeMap<Arc<str>, Arc<str>> {
    words.iter().map(|(word, text)| (Arc::from(*word), Arc::from(*text))).collect()
}

fn made(kind: &'static str, id: &str, name: Option<&str>, words: &[(&str, &str)]) -> Resource {
    Resource {
        kind,
        id: id.into(),
        name: name.map(Arc::from),
        account: "111122223333".into(),
        region: "eu-west-3".into(),
        zone: None,
        created_by: "AKIAIOSFODNN7EXAMPLE".into(),
        event: "e".into(),
        created_at: at(10),
        state: "running",
        observed_at: None,
        deleted_at: None,
        deleted_by: None,
        deleted_event: None,
        attribution: Attribution::Direct,
        launched_by: None,
        confidence: Confidence::Confirmed,
        protections: vec![],
        details: details(words),
        cost: None,
        turns: vec![],
    }
}

fn swept(id: &str, hour: u32, words: &[(&str, &str)]) -> Observed {
    Observed {
        resource: ResourceRef {
            kind: "aws.ec2.instance",
            id: id.into(),
            names: vec![],
            account: "111122223333".into(),
            region: "ap-south-1".into(),
            launcher: None,
        },
        at: at(12),
        state: State::Running,
        created_at: Some(at(hour)),
        held_by: vec![],
        made_by: None,
        identity: None,
        details: details(words),
    }
}

fn report(resources: Vec<Resource>) -> Report {
    let key: Arc<str> = "AKIAIOSFODNN7EXAMPLE".into();
    Report {
        schema: SCHEMA,
        principal: Subject {
            given: key.to_string(),
            provider: Provider::Aws,
            kind: "access_key",
            id: key.to_string(),
            account: None,
            arn: None,
        },
        window: Window::default(),
        partial: false,
        counts: Counts::default(),
        credentials: vec![],
        resources,
        touched: vec![],
        findings: vec![],
        attempts: vec![],
        uses: vec![],
        unlinked: vec![],
        root: None,
        unclassified: vec![],
        coverage: Coverage::default(),
        gaps: vec![],
        grants: vec![],
        similar: vec![],
        leaked_keys: vec![],
        seed_user: None,
        cost: None,
        activity: vec![],
        used: vec![],
    }
}

fn check(resources: Vec<Resource>, seen: &[Observed], expect: &[(&str, &[&str])]) {
    let own = BTreeSet::from([Arc::from("i-own")]);
    let report = report(resources);
    let told = similar(&report, seen, &own);
    let told: Vec<(&str, Vec<&str>)> = told
        .iter()
        .map(|one| (&*one.observed.resource.id, one.shares.iter().map(String::as_str).collect()))
        .collect();
    let expect: Vec<(&str, Vec<&str>)> = expect.iter().map(|(id, shares)| (*id, shares.to_vec())).collect();
    assert_eq!(told, expect);
    let backwards: Vec<Observed> = seen.iter().rev().cloned().collect();
    assert_eq!(similar(&report, &backwards, &own).len(), told.len());
}

const MINER: &[(&str, &str)] = &[("image", "ami-1"), ("user_data_sha256", "aa"), ("key_name", "k")];

#[test]
fn what_shares_a_trait_is_told_with_what_it_shares() {
    check(
        vec![made("aws.ec2.instance", "i-1", None, MINER)],
        &[
            swept("i-3", 11, &[("image", "ami-1")]),
            swept("i-2", 11, &[("image", "ami-9"), ("user_data_sha256", "aa"), ("key_name", "k")]),
            swept("i-4", 11, &[("image", "ami-9")]),
        ],
        &[("i-2", &["user data aa with i-1", "key pair k with i-1"]), ("i-3", &["image ami-1 with i-1"])],
    );
}

#[test]
fn what_is_known_own_gone_or_unread_is_not_told() {
    let gone = Observed { state: State::Gone, ..swept("i-5", 11, MINER) };
    let unread = [("user_data_sha256", "unknown"), ("key_name", "")];
    check(
        vec![
            made("aws.ec2.instance", "i-1", None, &[("user_data_sha256", "unknown"), ("image", "ami-1")]),
            // Known, though only suspected: the report tells of it, and it is no measure for others.
            Resource {
                confidence: Confidence::Suspect,
                ..made("aws.ec2.instance", "i-2", None, &[("image", "ami-2")])
            },
        ],
        &[
            swept("i-1", 11, MINER),
            swept("i-2", 11, MINER),
            swept("i-own", 11, MINER),
            gone,
            swept("i-6", 11, &unread),
            swept("i-7", 11, &[("image", "ami-2")]),
        ],
        &[],
    );
}

#[test]
fn what_the_principal_made_to_launch_with_is_a_trait_itself() {
    check(
        vec![
            made("aws.ec2.launch_template", "lt-1", Some("t"), &[]),
            made("aws.ec2.key_pair", "key-1", Some("backdoor"), &[]),
        ],
        &[
            swept("i-2", 11, &[("launch_template", "lt-1")]),
            swept("i-3", 11, &[("key_name", "backdoor")]),
            swept("i-4", 11, &[("key_name", "key-1")]),
        ],
        &[("i-2", &["launch template lt-1 with lt-1"]), ("i-3", &["key pair backdoor with key-1"])],
    );
}

#[test]
fn a_trait_that_the_owners_machines_have_too_says_nothing() {
    let mut seen: Vec<Observed> =
        (0..4).map(|n| swept(&format!("i-old{n}"), 8, &[("image", "ami-1")])).collect();
    seen.push(swept("i-2", 11, &[("image", "ami-1"), ("user_data_sha256", "aa")]));
    let resources = vec![made("aws.ec2.instance", "i-1", None, MINER)];
    check(resources.clone(), &seen, &[("i-2", &["user data aa with i-1"])]);
    // A few of them do not make a habit.
    let few: Vec<Observed> = seen.split_off(2);
    let ids: Vec<&str> = few.iter().map(|one| &*one.resource.id).collect();
    let image: &[&str] = &["image ami-1 with i-1"];
    let both: &[&str] = &["user data aa with i-1", "image ami-1 with i-1"];
    check(resources, &few, &[(ids[2], both), (ids[0], image), (ids[1], image)]);
}
