//! The Google Cloud rows: all there, their paths resolve, and recorded entries tell exactly what they should.

use crate::gcp_edges::event;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use triage::catalog::{self, Act, Record, Row, gcp, path};
use triage::model::{Actor, Fact, Outcome, Provider, ResourceRef, Scope, Time};

/// `source method kind` of every methodName of the attribution table, normalised, with the kind of what it really
/// makes or changes where the table has only its neighbour's.
const ROWS: &str = include_str!("gcp_rows.txt");

#[test]
fn every_method_of_the_attribution_table_has_its_row() {
    let missing: Vec<&str> = ROWS
        .lines()
        .filter(|line| {
            let parts: Vec<&str> = line.split(' ').collect();
            let [source, method, kind] = parts[..] else { return true };
            !catalog::rows(gcp::SERVICES, source, method).any(|row| row.kind == kind)
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert_eq!(ROWS.lines().count(), 292, "a method got lost");
}

fn all_rows() -> impl Iterator<Item = (&'static str, &'static Row)> {
    gcp::SERVICES.iter().flat_map(|service| service.rows.iter().map(|row| (service.source, row)))
}

fn record<'a>(
    json: &'a Value,
    source: &'a str,
    event: &'a str,
    scope: &'a Scope,
    actor: &'a Actor,
) -> Record<'a> {
    Record {
        json,
        provider: Provider::Gcp,
        source,
        event,
        at: Time::UNIX_EPOCH,
        scope,
        actor,
        outcome: &Outcome::Succeeded,
    }
}

/// Puts a text at a path, making what is missing on the way; `[]` makes a list of one.
fn plant(json: &mut Value, path: &str, text: &str) {
    let mut here = json;
    for segment in path.split('.') {
        let (key, lists) = segment.strip_suffix("[]").map_or((segment, false), |key| (key, true));
        if here.is_null() {
            *here = json!({});
        }
        here = here.as_object_mut().expect("a path goes through objects").entry(key).or_insert(Value::Null);
        if lists {
            if here.is_null() {
                *here = json!([null]);
            }
            here = &mut here[0];
        }
    }
    *here = Value::from(text);
}

/// Returns an entry in which this one alternative resolves, and to what.
fn entry_for(alternative: &str) -> (Value, String) {
    let mut json = json!({});
    let text_for = |path: &str, needle: &str| format!("x{}{needle}y", path.len());
    if !alternative.contains('{') {
        let (path, needle) = alternative.split_once('~').unwrap_or((alternative, ""));
        let text = text_for(path, needle);
        plant(&mut json, path, &text);
        return (json, text);
    }
    let mut expect = String::new();
    let mut rest = alternative;
    while let Some((before, after)) = rest.split_once('{') {
        let (path, tail) = after.split_once('}').expect("braces close");
        let text = text_for(path, "");
        plant(&mut json, path, &text);
        expect += before;
        expect += &text;
        rest = tail;
    }
    (json, expect + rest)
}

#[test]
fn every_path_of_every_row_parses_and_resolves() {
    let (scope, actor) = (Scope { account: "acme-ci".into(), region: "us-east1".into() }, Actor::default());
    let mut seen = 0;
    for (source, row) in all_rows() {
        assert_eq!(
            row.kind.is_empty(),
            row.id.is_empty() && row.names.is_empty(),
            "{}: kind and paths go together",
            row.events
        );
        for alternative in row.id.split('|').chain(row.names.split('|')).filter(|path| !path.is_empty()) {
            let (json, expect) = entry_for(alternative);
            let event = row.events.split('|').next().expect("split yields one");
            assert_eq!(
                path::resolve(&json, alternative, event),
                [expect.as_str().into()],
                "{source} {event}: {alternative}"
            );
            let made = record(&json, source, event, &scope, &actor).resources(row.kind, row.id, row.names);
            assert!(
                made.iter().any(|resource| resource.all_names().any(|name| **name == *expect)),
                "{source} {event}: {alternative} leads to no resource"
            );
            seen += 1;
        }
    }
    assert!(seen > 1000, "only {seen} paths");
}

/// Kinds that nothing deletes, and why.
const NEVER_DELETED: &[(&str, &str)] = &[
    ("gcp.appengine.application", "an application can't be deleted, only disabled with its project"),
    ("gcp.cloudkms.crypto_key", "keys can't be deleted, their versions can"),
    ("gcp.cloudkms.key_ring", "key rings can't be deleted"),
    ("gcp.cloudquotas.quota_preference", "a request for quota can't be deleted, only changed"),
    ("gcp.compute.bulk_insert", "an operation; the VMs that it made are deleted one by one"),
    ("gcp.compute.commitment", "only Google can take a purchase back"),
    ("gcp.iap.brand", "brands can't be deleted"),
];

/// What a function tells instead of a row, since the id is a part of a name only: kind deleted, pair undone, and the entry
/// that shows both.
const BY_TELLING: &[(&str, &str, &str)] =
    &[("gcp.oslogin.ssh_public_key", "gcp os login key", "oslogin/DeleteSshPublicKey")];

#[test]
fn what_functions_delete_and_undo_is_recorded() {
    for (kind, pair, fixture) in BY_TELLING {
        let facts = event(fixture).facts;
        let deletes = |fact: &Fact| matches!(fact, Fact::Deleted(gone) if gone.kind == *kind);
        let undoes = |fact: &Fact| matches!(fact, Fact::Signal(half) if half.undoes && half.pair.starts_with(&format!("{pair}/")));
        assert!(facts.iter().any(deletes) && facts.iter().any(undoes), "{fixture}: {facts:?}");
    }
}

#[test]
fn every_kind_that_is_created_can_be_seen_deleted() {
    let kinds = |act: Act| -> BTreeSet<&str> {
        all_rows().filter(|(_, row)| row.act == act).map(|(_, row)| row.kind).collect()
    };
    let (created, mut deleted) = (kinds(Act::Creates), kinds(Act::Deletes));
    deleted.extend(BY_TELLING.iter().map(|(kind, _, _)| *kind));
    let never: BTreeSet<&str> = NEVER_DELETED.iter().map(|(kind, _)| *kind).collect();
    let forgotten: Vec<&&str> =
        created.iter().filter(|kind| !deleted.contains(*kind) && !never.contains(*kind)).collect();
    assert!(forgotten.is_empty(), "made but never seen deleted: {forgotten:?}");
    let wrong: Vec<&&str> =
        never.iter().filter(|kind| deleted.contains(*kind) || !created.contains(*kind)).collect();
    assert!(wrong.is_empty(), "needs no excuse: {wrong:?}");
}

#[test]
fn rows_are_tidy() {
    let sources: Vec<&str> = gcp::SERVICES.iter().map(|service| service.source).collect();
    let mut halves: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for (source, row) in all_rows() {
        let name = format!("{source} {}", row.events);
        assert!(
            row.kind.is_empty() || row.kind.starts_with("gcp.") && row.kind.split('.').count() == 3,
            "{name}: {}",
            row.kind
        );
        assert!(row.finding.is_none() || !row.note.is_empty(), "{name}: a finding without a sentence");
        assert!(
            row.note.is_empty() || row.note.ends_with('.') && !row.note.contains(". "),
            "{name}: one sentence, please: {}",
            row.note
        );
        assert!(row.act != Act::Touches || !row.how.is_empty(), "{name}: touched how?");
        let rungs: Vec<&str> = row.contain.split(';').filter(|rung| !rung.is_empty()).collect();
        assert!(
            rungs.is_sorted_by_key(|rung| rung.starts_with('!')),
            "{name}: reversible rungs first: {rungs:?}"
        );
        if !row.pair.is_empty() {
            halves.entry(row.pair).or_default().insert(row.undoes);
        }
        for event in row.events.split('|') {
            assert_eq!(
                gcp::normalize(source, event),
                if event.starts_with("google.") { gcp::normalize(source, event) } else { event.to_owned() },
                "{name}"
            );
        }
    }
    for (_, pair, _) in BY_TELLING {
        halves.entry(pair).or_default().insert(true);
    }
    let one_sided: Vec<_> = halves.iter().filter(|(_, halves)| !halves.contains(&true)).collect();
    assert!(one_sided.is_empty(), "done and never undone: {one_sided:?}");
    assert!(sources.len() > 50);
}

fn name(resource: &ResourceRef) -> String {
    let launcher =
        resource.launcher.as_ref().map(|launcher| format!(" launched by {launcher}")).unwrap_or_default();
    format!(
        "{} {} [{}] in {} {}{launcher}",
        resource.kind,
        resource.id,
        resource.names.join(" "),
        resource.account,
        resource.region
    )
}

fn told(fact: &Fact) -> String {
    match fact {
        Fact::Created(resource) => format!("created {}", name(resource)),
        Fact::Deleted(resource) => format!("deleted {}", name(resource)),
        Fact::Touched { resource, how } => format!("touched {}: {how}", name(resource)),
        Fact::Carries { compute, identity } => format!("carries {} {}: {identity}", compute.kind, compute.id),
        Fact::Granted { member, role, on } => format!("granted {role} on {on} to {member}"),
        Fact::Withdrawn { member, role, on } => format!("withdrew {role} on {on} from {member}"),
        Fact::Signal(signal) if signal.undoes => format!("undoes {}", signal.pair),
        Fact::Signal(signal) => format!(
            "finding {:?} {} about {} <{}>: {}",
            signal.kind,
            signal.technique.map_or("-", |technique| technique.id),
            signal.subject,
            signal.pair,
            signal.note
        ),
        Fact::Issued(_)
        | Fact::Revoked { .. }
        | Fact::Restored { .. }
        | Fact::SignedIn { .. }
        | Fact::Forwarded { .. }
        | Fact::Leak { .. } => format!("{fact:?}"),
    }
}

/// What each entry tells: a line with its name, then its facts, each begun by two spaces.
const TOLD: &str = include_str!("gcp_catalog_told.txt");

#[test]
fn every_entry_tells_exactly_this() {
    let mut expected: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in TOLD.lines().filter(|line| !line.is_empty()) {
        match (line.strip_prefix("  "), expected.last_mut()) {
            (Some(fact), Some((_, facts))) => facts.push(fact),
            (_, _) => expected.push((line, Vec::new())),
        }
    }
    let mut wrong = String::new();
    for (fixture, expect) in &expected {
        let found: Vec<String> = event(fixture).facts.iter().map(told).collect();
        if found != *expect {
            wrong += &format!(
                "{fixture}\n{}\n",
                found.iter().map(|fact| format!("  {fact}\n")).collect::<String>()
            );
        }
    }
    assert!(wrong.is_empty(), "these entries tell something else:\n{wrong}");
    assert!(expected.len() > 100, "only {} entries", expected.len());
}

/// Both entries of an operation, and its deletion, must name one resource.
#[test]
fn both_entries_of_an_operation_and_its_deletion_are_one_resource() {
    let made = |fixture: &str| -> ResourceRef {
        event(fixture)
            .facts
            .into_iter()
            .find_map(|fact| match fact {
                Fact::Created(resource) | Fact::Deleted(resource) => Some(resource),
                _ => None,
            })
            .unwrap_or_else(|| panic!("{fixture} makes nothing"))
    };
    for (one, other) in [
        ("compute/instances.insert-first", "compute/instances.insert-last"),
        ("compute/instances.insert-first", "compute/instances.delete-first"),
        ("compute/instances.insert-last", "compute/instances.delete-last"),
        ("compute/regionInstances.bulkInsert-first", "compute/regionInstances.bulkInsert-last"),
        ("compute/instanceGroupManagers.insert-last", "compute/instanceGroupManagers.delete"),
        ("compute/autoscalers.insert-first", "compute/autoscalers.delete"),
        ("compute/instanceTemplates.insert-last", "compute/instanceTemplates.delete"),
        ("compute/firewalls.insert-last", "compute/firewalls.delete"),
        ("compute/disks.createSnapshot-first", "compute/snapshots.delete"),
        ("logging/CreateSink", "logging/DeleteSink"),
        ("logging/CreateExclusion", "logging/DeleteExclusion"),
        ("run/Services.CreateService-v1", "run/Services.DeleteService"),
        ("cloudfunctions/CreateFunction", "cloudfunctions/DeleteFunction"),
        ("dataproc/CreateCluster", "dataproc/DeleteCluster"),
        ("dataflow/jobs.create", "dataflow/UpdateJob-cancelled"),
        ("batch/CreateJob", "batch/DeleteJob"),
        ("notebooks/CreateInstance", "notebooks/DeleteInstance"),
        ("aiplatform/CreateCustomJob", "aiplatform/CancelCustomJob"),
        ("tpu/CreateNode", "tpu/DeleteNode"),
        ("container/CreateCluster", "container/DeleteCluster"),
        ("cloudscheduler/CreateJob", "cloudscheduler/DeleteJob"),
        ("cloudsql/instances.create", "cloudsql/instances.delete"),
        ("storage/buckets.create", "storage/buckets.delete"),
        ("bigquery/datasetservice.insert", "bigquery/DeleteDataset"),
    ] {
        let (one_, other_) = (made(one), made(other));
        assert!(one_.is_same(&other_), "{one} and {other}:\n{}\n{}", name(&one_), name(&other_));
    }
    let path = "projects/acme-ci/zones/us-central1-a/instances/miner-1";
    for fixture in ["compute/instances.insert-first", "compute/instances.insert-last"] {
        let vm = made(fixture);
        assert_eq!(&*vm.id, "1454427709413609468", "{fixture}");
        assert!(vm.names.iter().any(|name| &**name == path), "{fixture}: {:?}", vm.names);
    }
}

/// Nothing in a record may make a row panic or take part of the log for a resource of another kind.
#[test]
fn rows_survive_any_shape() {
    let shapes = [
        json!(null),
        json!("HIDDEN"),
        json!([]),
        json!({"protoPayload": "…"}),
        json!({"protoPayload": {"request": "...", "response": [], "metadata": 1, "resourceName": "", "serviceData": {"policyDelta": {"bindingDeltas": "x"}}}}),
        json!({"protoPayload": {"resourceName": "//\u{202e}projects/", "request": {"policy": {"bindings": [{"role": 1}, null, {"role": "r", "members": "x"}]}, "sourceRanges": {"0.0.0.0/0": 1}, "alloweds": ["x", {"IPProtocol": 6, "ports": 22}], "labels": "x", "metadata": {"items": "x"}}, "response": {"operationGroupId": {}}}, "resource": {"labels": null}, "operation": []}),
    ];
    let (scope, actor) = (Scope::default(), Actor::default());
    for (source, row) in all_rows() {
        for event in row.events.split('|') {
            for json in &shapes {
                catalog::facts(gcp::SERVICES, &record(json, source, event, &scope, &actor));
            }
        }
    }
}
