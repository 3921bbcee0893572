//! More evidence takes no credential away, but for what it unmakes: an operation that is seen to fail, a record that another
//! replaces, a heuristic link to what somebody else is seen to have minted.

use super::{AWS, GCP, Recorded, some};
use crate::support::fixtures;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use triage::analyze::Investigation;
use triage::model::report::{Report, Window};
use triage::model::{Event, Principal, Provenance};
use triage::read;

fn credentials(report: &Report) -> BTreeSet<(String, String)> {
    report.credentials.iter().map(|row| (row.kind.to_owned(), row.id.to_string())).collect()
}

fn only_grows(recorded: &'static Recorded, fewer: &[usize], more: &[usize]) {
    let mut all: Vec<usize> = fewer.iter().chain(more).copied().collect();
    all.sort_unstable();
    all.dedup();
    let few = credentials(&recorded.report(recorded.at(fewer)));
    let many = credentials(&recorded.report(recorded.at(&all)));
    let lost: Vec<_> = few.difference(&many).collect();
    assert!(lost.is_empty(), "more evidence took away {lost:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_evidence_takes_no_aws_credential_away(fewer in some(&AWS), more in some(&AWS)) {
        only_grows(&AWS, &fewer, &more);
    }

    #[test]
    fn more_evidence_takes_no_gcp_credential_away(fewer in some(&GCP), more in some(&GCP)) {
        only_grows(&GCP, &fewer, &more);
    }
}

/// A recorded event with some of its fields changed.
fn record(fixture: &str, changes: &[(&str, Value)]) -> Event {
    let path = fixtures().join("events").join(fixture);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut record: Value = serde_json::from_str(&text).expect("a fixture is JSON");
    for (pointer, value) in changes {
        *record.pointer_mut(pointer).unwrap_or_else(|| panic!("{fixture} has no {pointer}")) = value.clone();
    }
    read::read(record.to_string().as_bytes(), Provenance::default())
        .expect("a record")
        .expect("an audit record")
}

fn became(principal: &str, window: &Window, events: &[&Event]) -> BTreeSet<(String, String)> {
    let principal = Principal::parse(principal).expect("a principal");
    let mut investigation = Investigation::new(principal, window.clone());
    events.iter().for_each(|event| investigation.absorb((*event).clone()));
    credentials(&investigation.report())
}

fn user(name: &str, key: &str) -> Value {
    json!({
        "type": "IAMUser", "principalId": format!("AIDA{name}"), "accountId": "111122223333", "accessKeyId": key,
        "arn": format!("arn:aws:iam::111122223333:user/{name}"), "userName": name,
    })
}

fn event_id(n: u32) -> Value {
    format!("00000000-0000-4000-8000-{n:012}").into()
}

const LEAKED: &str = "AKIARTX3GSDS6ZRUUHGT";

/// A user that the key made acts with a key whose making nobody logged. That somebody also gave it a password once took
/// this back: the user belonged to the password alone.
#[test]
fn a_password_of_a_made_user_takes_its_keys_from_nobody() {
    let made = record(
        "aws/iam/CreateUser.json",
        &[
            ("/userIdentity", user("deploy", LEAKED)),
            ("/eventTime", "2026-03-02T03:00:00Z".into()),
            ("/eventID", event_id(1)),
        ],
    );
    let keyed = record(
        "aws/iam/CreateAccessKey.json",
        &[
            ("/userIdentity", user("aws-backup", "AKIARTX3GSDSUNSEENKE")),
            ("/eventTime", "2026-03-02T03:20:00Z".into()),
            ("/eventID", event_id(2)),
        ],
    );
    let password = record(
        "aws/iam/CreateLoginProfile.json",
        &[
            ("/requestParameters/userName", "aws-backup".into()),
            ("/responseElements/loginProfile/userName", "aws-backup".into()),
            ("/eventTime", "2026-03-02T03:10:00Z".into()),
            ("/eventID", event_id(3)),
        ],
    );
    let window = Window::default();
    let few = became(LEAKED, &window, &[&made, &keyed]);
    assert!(few.contains(&("aws.access_key".into(), "AKIARTX3GSDS2WXWWSOM".into())), "{few:?}");
    let many = became(LEAKED, &window, &[&made, &keyed, &password]);
    assert!(few.is_subset(&many), "{many:?}");
    assert_eq!(many.len(), few.len() + 1);
}

/// A name is no identity: what the owners delete under the thief's name leaves the thief's standing, and what they make is theirs.
#[test]
fn another_thing_of_the_same_name_and_another_id_is_neither_the_thiefs_nor_its_end() {
    let (thiefs, owners) = ("key-0123456789abcdef0", "key-0fedcba9876543210");
    let pair = |event: &str, who: &str, key: &str, id: &str, n: u32| {
        let path = format!("aws/ec2/{event}KeyPair.json");
        let at = format!("2026-03-02T03:{n:02}:00Z");
        record(
            &path,
            &[
                ("/userIdentity", user(who, key)),
                ("/responseElements/keyPairId", id.into()),
                ("/eventTime", at.into()),
                ("/eventID", event_id(n)),
            ],
        )
    };
    let told = |events: &[Event]| {
        let mut investigation =
            Investigation::new(Principal::parse(LEAKED).expect("a key"), Window::default());
        events.iter().for_each(|event| investigation.absorb(event.clone()));
        let report = investigation.report();
        report.resources.iter().map(|one| (one.id.to_string(), one.state)).collect::<Vec<_>>()
    };
    let alice = "AKIARTX3GSDSALICESKE";
    let made = pair("Create", "deploy", LEAKED, thiefs, 10);
    let other = pair("Create", "alice", alice, owners, 5);
    let gone = pair("Delete", "alice", alice, owners, 20);
    let standing = [(thiefs.to_owned(), "left")];
    assert_eq!(told(&[other.clone(), made.clone(), gone.clone()]), standing, "all of it");
    assert_eq!(told(&[made.clone(), gone]), standing, "also where nobody saw the owners' being made");
    let ended = pair("Delete", "alice", alice, thiefs, 30);
    assert_eq!(told(&[other, made, ended]), [(thiefs.to_owned(), "deleted")], "its own id");
}

/// The same on Google: a key made later for a made account took back what the account did before it had one.
#[test]
fn a_key_of_a_made_service_account_takes_nothing_from_its_maker() {
    let seed = "ci-deployer@acme-ci.iam.gserviceaccount.com";
    let made = record("gcp/iam/CreateServiceAccount.json", &[("/insertId", "a1".into())]);
    let account = made.facts.iter().find_map(|fact| match fact {
        triage::model::Fact::Created(resource) => {
            resource.all_names().find(|name| name.contains('@')).cloned()
        }
        _ => None,
    });
    let account = account.expect("the account is named by its e-mail");
    assert_eq!(made.actor.principal.as_deref(), Some(seed), "the fixture's caller");
    let later = |seconds: i64| {
        let at = made.at.checked_add(jiff::SignedDuration::from_secs(seconds)).expect("a time");
        Value::from(at.to_string())
    };
    let minted = record(
        "gcp/iam/CreateServiceAccountKey.json",
        &[
            ("/protoPayload/authenticationInfo", json!({"principalEmail": *account})),
            ("/timestamp", later(60)),
            ("/insertId", "a2".into()),
        ],
    );
    let id = "b81d6f2e4a7c40d59e3f1a2b3c4d5e6f70819203";
    let own_key = format!("projects/acme-ci/serviceAccounts/{account}/keys/{}", id.replace('b', "c"));
    let keyed = record(
        "gcp/iam/CreateServiceAccountKey.json",
        &[
            ("/protoPayload/response/name", own_key.into()),
            ("/resource/labels/email_id", (*account).into()),
            ("/timestamp", later(120)),
            ("/insertId", "a3".into()),
        ],
    );
    let window = Window::default();
    let few = became(seed, &window, &[&made, &minted]);
    assert!(few.contains(&("gcp.service_account_key".into(), id.into())), "{few:?}");
    let many = became(seed, &window, &[&made, &minted, &keyed]);
    assert!(few.is_subset(&many), "{many:?}");
    assert_eq!(many.len(), few.len() + 1);
}

/// An instance id is never used twice, a function's name is: the making that came before the use is the one that counts,
/// whichever is found first.
#[test]
fn a_name_made_again_later_hides_no_earlier_making() {
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:render";
    let named = |by: Value, at: &str, n: u32| {
        record(
            "aws/lambda/CreateFunction20150331.json",
            &[
                ("/userIdentity", by),
                ("/eventTime", at.into()),
                ("/eventID", event_id(n)),
                (
                    "/requestParameters/role",
                    "arn:aws:iam::111122223333:role/service-role/thumbnails-role".into(),
                ),
                (
                    "/responseElements/role",
                    "arn:aws:iam::111122223333:role/service-role/thumbnails-role".into(),
                ),
                ("/responseElements/functionArn", function.into()),
            ],
        )
    };
    let keyed = record(
        "aws/iam/CreateAccessKey.json",
        &[("/eventTime", "2026-03-02T03:00:00Z".into()), ("/eventID", event_id(1))],
    );
    let early = named(user("svc-backup", "AKIARTX3GSDS2WXWWSOM"), "2026-03-02T03:10:00Z", 2);
    let late = named(user("deploy", LEAKED), "2026-03-02T04:00:00Z", 3);
    let session = record(
        "aws/sts/GetCallerIdentity-lambda.json",
        &[("/eventTime", "2026-03-02T03:30:00Z".into()), ("/eventID", event_id(4))],
    );
    let minted = record(
        "aws/sts/AssumeRole-lambda.json",
        &[
            ("/requestParameters/roleSessionName", "render".into()),
            ("/eventTime", "2026-03-02T03:20:00Z".into()),
        ],
    );
    let window = Window::default();
    let few = became(LEAKED, &window, &[&keyed, &early, &minted, &session]);
    let many = became(LEAKED, &window, &[&keyed, &early, &minted, &session, &late]);
    assert!(few.contains(&("aws.session".into(), "ASIARTX3GSDSQTKFGQW5".into())), "{few:?}");
    assert!(few.is_subset(&many), "{many:?}");
}

/// The one judgement that more evidence takes back on purpose: an impersonation from an address counts until the owners are
/// seen to have worked from there before the leak. Then it is taken for theirs, and what is theirs is not what leaked became.
#[test]
fn what_the_owners_did_before_the_leak_takes_an_impersonation_back() {
    let recorded = &GCP;
    let leak = recorded.case.file.window.leaked_at.expect("the case says when it leaked");
    let seed = recorded.case.file.principal.clone();
    let loader =
        ("gcp.impersonation".to_owned(), "data-loader@shop-data-7302.iam.gserviceaccount.com".to_owned());
    let hop = recorded
        .events
        .iter()
        .flatten()
        .find(|event| {
            event.actor.principal.as_deref() == Some(&*loader.1)
                && event.actor.delegation.iter().any(|hop| Some(hop) == seed.email.as_ref())
        })
        .expect("the scenario has a hop");
    let mut before = recorded
        .events
        .iter()
        .flatten()
        .find(|event| event.at < leak && event.actor.principal == seed.email && event.address.is_some())
        .expect("the pipeline worked before the leak")
        .clone();
    before.address = hop.address.clone();
    let window = recorded.case.file.window.clone();
    let given = seed.email.clone().expect("a service account has an e-mail");
    assert!(became(&given, &window, &[hop]).contains(&loader));
    assert!(!became(&given, &window, &[hop, &before]).contains(&loader));
}
