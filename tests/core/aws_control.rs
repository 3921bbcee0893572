//! The AWS rows of identity, data and control: complete, resolvable, and telling exactly what a record says.
//!
//! `aws_control/events.txt` lists every event that must have a row, `aws_control/facts.txt` what each fixture under
//! `fixtures/events/aws` must tell: read that one first.

use crate::aws_edges::{event, is_edge};
use crate::support::fixtures;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use triage::catalog::{Act, Row, Service, aws, path, rows};
use triage::model::{Fact, Provenance, ResourceRef};
use triage::read;

const EVENTS: &str = include_str!("aws_control/events.txt");
const FACTS: &str = include_str!("aws_control/facts.txt");

/// The services of this half that the list of events does not name.
const MORE: [&str; 9] = [
    "access-analyzer",
    "elasticfilesystem",
    "identitystore",
    "macie2",
    "route53resolver",
    "securityhub",
    "sqs",
    "wafv2",
    "sns",
];

fn services() -> Vec<&'static Service> {
    let named: BTreeSet<String> = EVENTS
        .lines()
        .filter_map(|line| line.split(' ').next())
        .chain(MORE)
        .map(|name| format!("{name}.amazonaws.com"))
        .collect();
    aws::SERVICES.iter().copied().filter(|service| named.contains(service.source)).collect()
}

fn all_rows() -> impl Iterator<Item = (&'static str, &'static Row)> {
    services().into_iter().flat_map(|service| service.rows.iter().map(|row| (service.source, row)))
}

#[test]
fn every_listed_event_has_a_row_of_its_kind() {
    let missing: Vec<&str> = EVENTS
        .lines()
        .filter(|line| {
            let [source, event, kind] = line.split(' ').collect::<Vec<_>>()[..] else { return true };
            let source = format!("{source}.amazonaws.com");
            !rows(aws::SERVICES, &source, event).any(|row| row.kind == kind)
        })
        .collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(EVENTS.lines().count(), 121);
}

/// Builds the smallest record in which `path` leads to `planted`.
fn plant(path: &str, planted: &str) -> Value {
    path.rsplit('.').fold(Value::from(planted), |inner, segment| match segment.strip_suffix("[]") {
        Some(key) => json!({ key: [inner] }),
        None => json!({ segment: inner }),
    })
}

/// Top-level fields of a CloudTrail record that a path may begin with.
const ROOTS: [&str; 8] = [
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "serviceEventDetails",
    "userIdentity",
    "recipientAccountId",
    "resources",
    "awsRegion",
];

#[test]
fn every_path_resolves_on_the_shape_that_it_describes() {
    let mut checked = 0;
    for (source, row) in all_rows() {
        for event in row.events.split('|') {
            for (paths, alternative) in
                [row.id, row.names].iter().flat_map(|paths| paths.split('|').map(move |one| (*paths, one)))
            {
                if alternative.is_empty() {
                    continue;
                }
                let record = plant(alternative, "planted-1");
                let root = alternative.split(['.', '[']).next().unwrap_or_default();
                assert!(ROOTS.contains(&root), "{source} {event}: {alternative} begins outside a record");
                for which in [alternative, paths] {
                    let found = path::resolve(&record, which, event);
                    assert_eq!(found, ["planted-1".into()], "{source} {event}: {which} on {record}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 700, "only {checked} paths");
}

/// The words of a row as they stand between braces.
fn braces(words: &str) -> Vec<&str> {
    words.split('{').skip(1).map(|rest| rest.split_once('}').expect("a brace that closes").0).collect()
}

#[test]
fn what_rows_say_is_whole() {
    for (source, row) in all_rows() {
        let name = format!("{source} {}", row.events);
        for path in [row.how, row.note, row.pair].into_iter().flat_map(braces) {
            for one in path.split('|').filter(|one| *one != "id") {
                let root = one.split(['.', '[']).next().unwrap_or_default();
                assert!(ROOTS.contains(&root), "{name}: {{{path}}}");
                assert_eq!(path::resolve(&plant(one, "x"), path, ""), ["x".into()], "{name}: {{{path}}}");
            }
        }
        assert_eq!(row.kind.is_empty(), row.id.is_empty() && row.names.is_empty(), "{name}: kind and paths");
        if row.kind.is_empty() {
            assert!(row.act == Act::Tells && row.tells.is_some(), "{name}: about nothing, and tells nothing");
            continue;
        }
        let kind: Vec<&str> = row.kind.split('.').collect();
        let is_plain =
            |part: &&str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        assert!(
            kind.len() == 3 && kind[0] == "aws" && kind.iter().all(is_plain),
            "{name}: kind {}",
            row.kind
        );
        assert_eq!(row.act == Act::Touches, !row.how.is_empty(), "{name}: touches and says how");
        assert_eq!(
            row.finding.is_some() || source == "s3.amazonaws.com" && row.events == "GetObject",
            !row.note.is_empty(),
            "{name}: a finding has a note"
        );
        if row.finding.is_some() {
            assert!(
                row.note.ends_with('.') && row.note.len() < 200,
                "{name}: one plain sentence: {}",
                row.note
            );
            assert!(row.note.starts_with(|c: char| c.is_uppercase() || c == '{'), "{name}: {}", row.note);
        }
    }
}

/// Kinds that nothing deletes, and why.
const STAYS: [(&str, &str); 0] = [];

#[test]
fn what_can_be_made_can_be_deleted() {
    let kinds = |act: Act| -> BTreeSet<&str> {
        all_rows().filter(|(_, row)| row.act == act).map(|(_, row)| row.kind).collect()
    };
    let stays: BTreeSet<&str> = STAYS.iter().map(|(kind, _)| *kind).collect();
    let created = kinds(Act::Creates);
    let left: Vec<_> =
        created.difference(&kinds(Act::Deletes)).copied().filter(|kind| !stays.contains(kind)).collect();
    assert_eq!(left, [""; 0]);
    assert!(created.len() > 70, "{}", created.len());
}

#[test]
fn every_pair_has_both_halves() {
    // A label's braces may name what was added in one half and what was removed in the other.
    let label = |row: &'static Row| row.pair.split(' ').next().unwrap_or_default();
    let halves = |undoes: bool| -> BTreeSet<(&str, &str)> {
        all_rows()
            .filter(|(_, row)| !row.pair.is_empty() && row.undoes == undoes)
            .map(|(source, row)| (source, label(row)))
            .collect()
    };
    let (doing, undoing) = (halves(false), halves(true));
    assert_eq!(doing.symmetric_difference(&undoing).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
    assert!(doing.len() > 60, "{}", doing.len());
}

/// What a record tells, read as it was delivered.
fn told(json: &Value) -> Vec<String> {
    let event = read::read(json.to_string().as_bytes(), Provenance::default());
    event.expect("a record that can be read").expect("an audit record").facts.iter().map(line).collect()
}

fn resource(resource: &ResourceRef) -> String {
    let mut line = format!("{} {}", resource.kind, resource.id);
    if !resource.names.is_empty() {
        line += &format!(" ({})", resource.names.join(", "));
    }
    line
}

fn line(fact: &Fact) -> String {
    match fact {
        Fact::Created(made) => format!("created {}", resource(made)),
        Fact::Deleted(gone) => format!("deleted {}", resource(gone)),
        Fact::Touched { resource: touched, how } => format!("touched {}: {how}", resource(touched)),
        Fact::Granted { member, role, on } => format!("granted {member}: {role} on {on}"),
        Fact::Withdrawn { member, role, on } => format!("withdrawn {member}: {role} on {on}"),
        Fact::Leak { key, principal, found_at } => format!("leak {key:?} {principal:?} {found_at:?}"),
        Fact::Signal(signal) if signal.undoes => format!("undoes [{}]", signal.pair),
        Fact::Signal(signal) => {
            let technique = signal.technique.map_or("-", |technique| technique.id);
            format!("{:?} {technique} <{}> [{}] {}", signal.kind, signal.subject, signal.pair, signal.note)
        }
        Fact::Issued(_)
        | Fact::Revoked { .. }
        | Fact::Restored { .. }
        | Fact::SignedIn { .. }
        | Fact::Carries { .. }
        | Fact::Forwarded { .. } => format!("{fact:?}"),
    }
}

/// Fixtures of this half by name (`iam/CreateUser`), with what they tell.
fn fixtures_told() -> BTreeMap<String, Vec<String>> {
    let mut told_by = BTreeMap::new();
    for service in services() {
        let name = service.source.trim_end_matches(".amazonaws.com");
        let Ok(folder) = std::fs::read_dir(fixtures().join("events/aws").join(name)) else { continue };
        for entry in folder {
            let file = entry.expect("a folder that lists").path();
            let name =
                format!("{name}/{}", file.file_stem().expect("a fixture has a name").to_string_lossy());
            let lines = event(&name).facts.iter().map(line).collect();
            told_by.insert(name, lines);
        }
    }
    told_by
}

#[test]
fn fixtures_tell_exactly_their_facts() {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in FACTS.trim_end().split("\n\n") {
        let mut lines = block.lines().map(str::to_owned);
        if let Some(name) = lines.next() {
            expected.insert(name, lines.map(|line| line.trim_start().to_owned()).collect());
        }
    }
    let told_by = fixtures_told();
    for (name, lines) in &told_by {
        // Recordings of credential edges lie in the same folders and are held to every field there.
        if expected.contains_key(name) || !is_edge(name) {
            assert_eq!(expected.get(name), Some(lines), "{name}");
        }
    }
    let unread: Vec<_> = expected.keys().filter(|name| !told_by.contains_key(*name)).collect();
    assert_eq!(unread, Vec::<&String>::new());
}

/// Returns who a policy lets in, by the words that a record of account 111122223333 grants with.
fn let_in(policy: Value) -> Vec<String> {
    let record = json!({
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketPolicy",
        "eventTime": "2026-03-02T09:00:00Z",
        "recipientAccountId": "111122223333",
        "requestParameters": {"bucketName": "b", "bucketPolicy": policy},
    });
    told(&record).iter().filter_map(|line| line.strip_prefix("granted ").map(str::to_owned)).collect()
}

#[track_caller]
fn check_let_in(statement: Value, expect: &[&str]) {
    let policy = json!({"Version": "2012-10-17", "Statement": statement});
    assert_eq!(let_in(policy.clone()), expect, "{policy}");
    assert_eq!(let_in(policy.to_string().into()), expect, "as text: {policy}");
    let encoded: String = policy.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(let_in(encoded.into()), expect, "percent-encoded: {policy}");
}

#[test]
fn policies_tell_whom_they_let_in() {
    let to = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*"});
    check_let_in(to(json!("*")), &["*: s3:* on b"]);
    check_let_in(json!([to(json!({"AWS": ["111122223333", "arn:aws:iam::111122223333:root"]}))]), &[]);
    check_let_in(to(json!({"AWS": "arn:aws:iam::*:root"})), &["arn:aws:iam::*:root: s3:* on b"]);
    check_let_in(to(json!({"AWS": "arn:aws:iam::cloudfront:user/x"})), &[]);
    check_let_in(to(json!({"Service": "cloudtrail.amazonaws.com"})), &[]);
    check_let_in(json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}), &[]);
    check_let_in(
        json!({"Effect": "Allow", "NotPrincipal": {"AWS": "444455556666"}, "NotAction": "s3:Put*", "Resource": "*"}),
        &["*: * on b"],
    );
    let everybody_if = |condition: Value| json!({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*", "Condition": condition});
    let own = json!({"StringEquals": {"aws:SourceAccount": "111122223333"}});
    check_let_in(everybody_if(own), &[]);
    check_let_in(everybody_if(json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})), &[]);
    // A condition that names another account lets that account in.
    let other = json!({"StringEquals": {"aws:PrincipalAccount": ["111122223333", "777788889999"]}});
    check_let_in(everybody_if(other), &["777788889999: s3:* on b"]);
    // Said twice, in two operators or statements, it is one way in.
    let twice = json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x*"}});
    let statement = everybody_if(twice);
    check_let_in(json!([statement, statement]), &["arn:aws:iam::*:role/x*: s3:* on b"]);
    // Conditions that narrow nothing down.
    for loose in [
        json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        json!({"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}),
        json!({"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
        json!({"StringLike": {"aws:PrincipalArn": "*"}}),
    ] {
        check_let_in(everybody_if(loose), &["*: s3:* on b"]);
    }
    for unreadable in ["HIDDEN_DUE_TO_SECURITY_REASONS", "", "%", "%7", "%zz%7B", "{\"Statement\":"] {
        assert_eq!(let_in(unreadable.into()), [""; 0], "{unreadable}");
    }
}

/// A policy that can't be read opens nothing that we could name, and closes nothing either.
#[test]
fn only_a_policy_that_was_read_closes_what_another_opened() {
    let own = r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*"}}"#;
    for (source, event, parameters, path) in [
        ("s3", "PutBucketPolicy", json!({"bucketName": "b"}), "/bucketPolicy"),
        ("kms", "PutKeyPolicy", json!({"keyId": "k"}), "/policy"),
        ("secretsmanager", "PutResourcePolicy", json!({"secretId": "s"}), "/resourcePolicy"),
        ("sns", "SetTopicAttributes", json!({"topicArn": "t", "attributeName": "Policy"}), "/attributeValue"),
        ("sqs", "SetQueueAttributes", json!({"queueUrl": "q"}), "/attributes/Policy"),
        ("ecr", "SetRepositoryPolicy", json!({"repositoryName": "r"}), "/policyText"),
        ("es", "UpdateElasticsearchDomainConfig", json!({"domainName": "d"}), "/accessPolicies"),
    ] {
        for (policy, closes) in
            [(own, true), ("HIDDEN_DUE_TO_SECURITY_REASONS", false), ("{\"Statement\": [", false)]
        {
            let mut parameters = parameters.clone();
            match path.strip_prefix("/attributes/") {
                Some(name) => parameters["attributes"] = json!({ name: policy }),
                None => parameters[&path[1..]] = json!(policy),
            }
            let record = json!({
                "eventSource": format!("{source}.amazonaws.com"),
                "eventName": event,
                "eventTime": "2026-03-02T09:00:00Z",
                "recipientAccountId": "111122223333",
                "requestParameters": parameters,
            });
            let told = told(&record);
            assert_eq!(
                told.iter().any(|line| line.starts_with("undoes [") && !line.contains("policy-gone")),
                closes,
                "{record}: {told:?}"
            );
        }
    }
}

#[test]
fn nobody_can_plant_braces_in_a_note() {
    let record = json!({
        "eventSource": "iam.amazonaws.com",
        "eventName": "AddUserToGroup",
        "eventTime": "2026-03-02T09:00:00Z",
        "recipientAccountId": "111122223333",
        "requestParameters": {"userName": "{requestParameters.groupName}", "groupName": "{id}{"},
    });
    let told = told(&record);
    assert!(
        told[0].ends_with("User {requestParameters.groupName} was added to group {id}{ and has its rights."),
        "{told:?}"
    );
}

#[test]
fn a_long_list_stays_a_sentence() {
    let accounts: Vec<String> = (0..1000).map(|n| format!("{:012}", 111122220000_u64 + n)).collect();
    let record = json!({
        "eventSource": "rds.amazonaws.com",
        "eventName": "ModifyDBSnapshotAttribute",
        "eventTime": "2026-03-02T09:00:00Z",
        "recipientAccountId": "111122223333",
        "requestParameters": {"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": accounts},
    });
    let told = told(&record);
    assert!(told[0].ends_with("111122220004 and 995 more, where it can be copied."), "{}", told[0]);
}
