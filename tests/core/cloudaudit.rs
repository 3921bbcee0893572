//! The Google reader: every oddity that real entries have, and hostile ones.

use crate::support::shared;
use proptest::prelude::*;
use serde_json::{Value, json};
use triage::model::report::FindingKind;
use triage::model::{Event, Fact, Outcome, Provenance, Provider};
use triage::read::{Head, RecordKind, Unreadable, cloudaudit};

const SA: &str = "ci@acme-ci.iam.gserviceaccount.com";

/// A plain entry: a disk was made by a service account.
fn entry() -> Value {
    json!({
        "logName": "projects/acme-ci/logs/cloudaudit.googleapis.com%2Factivity",
        "insertId": "abc123",
        "timestamp": "2026-03-14T02:10:01.5Z",
        "receiveTimestamp": "2026-03-14T02:10:02Z",
        "severity": "NOTICE",
        "resource": {"type": "gce_disk", "labels": {"project_id": "acme-ci", "zone": "europe-west4-b", "disk_id": "77"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "compute.googleapis.com",
            "methodName": "v1.compute.disks.setLabels",
            "resourceName": "projects/acme-ci/zones/europe-west4-b/disks/d",
            "authenticationInfo": {"principalEmail": SA},
            "requestMetadata": {"callerIp": "203.0.113.9", "callerSuppliedUserAgent": "curl/8"},
        },
    })
}

/// Sets or (with null) removes the value at a `/`-separated pointer, whose parents exist.
fn with(mut entry: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let map = entry.pointer_mut(parent).and_then(Value::as_object_mut).expect("a parent");
    if value.is_null() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), value);
    }
    entry
}

fn without(entry: Value, pointer: &str) -> Value {
    with(entry, pointer, Value::Null)
}

#[track_caller]
fn read(entry: &Value) -> Event {
    let raw = entry.to_string();
    cloudaudit::read(raw.as_bytes(), Provenance::default()).expect("readable").expect("an audit entry")
}

fn head(entry: &Value) -> Result<Head, Unreadable> {
    cloudaudit::head(entry.to_string().as_bytes())
}

#[track_caller]
fn refused(raw: &str) -> String {
    cloudaudit::read(raw.as_bytes(), Provenance::default()).expect_err("unreadable").0
}

#[test]
fn a_plain_entry_is_read_whole() {
    let event = read(&entry());
    assert_eq!(event.provider, Provider::Gcp);
    assert_eq!(&*event.id, "abc123");
    assert_eq!(event.at.to_string(), "2026-03-14T02:10:01.5Z");
    assert_eq!((&*event.scope.account, &*event.scope.region), ("acme-ci", "europe-west4-b"));
    assert_eq!(&*event.action, "compute.disks.setLabels");
    assert_eq!((&*event.actor.kind, event.actor.principal.as_deref()), ("serviceAccount", Some(SA)));
    assert_eq!(event.actor.account.as_deref(), Some("acme-ci"));
    assert_eq!(
        (event.address.as_deref(), event.user_agent.as_deref()),
        (Some("203.0.113.9"), Some("curl/8"))
    );
    assert_eq!(event.outcome, Outcome::Succeeded);
    assert!(!event.read_only && event.operation.is_none());
    let head = head(&entry()).unwrap();
    assert_eq!((head.kind, head.source), (RecordKind::CloudAudit, "activity"));
    assert_eq!((head.identity, head.at), (event.identity, Some(event.at)));
}

#[test]
fn copies_share_an_identity_however_they_are_spelled() {
    let same = head(&entry()).unwrap().identity;
    let mut lower = entry();
    let map = lower.as_object_mut().unwrap();
    for (from, to) in [
        ("logName", "logname"),
        ("insertId", "insertid"),
        ("receiveTimestamp", "receivetimestamp"),
        ("protoPayload", "protopayload"),
    ] {
        let value = map.remove(from).unwrap();
        map.insert(to.to_owned(), value);
    }
    for (name, at_type) in [("at_sign_type", &lower), ("at_type", &lower)] {
        let kind = at_type["protopayload"]["@type"].clone();
        let entry =
            with(without(at_type.clone(), "/protopayload/@type"), &format!("/protopayload/{name}"), kind);
        assert_eq!(head(&entry).unwrap().identity, same, "{name}");
        assert_eq!(read(&entry).action, read(&self::entry()).action, "{name}");
    }
    for time in [
        "2026-03-14T02:10:01.500Z",
        "2026-03-14T02:10:01.500000Z",
        "2026-03-14 02:10:01.500000000",
        "2026-03-14T03:10:01.500000000+01:00",
        // BigQuery keeps microseconds: a copy from there is the same entry.
        "2026-03-14T02:10:01.500000999Z",
    ] {
        assert_eq!(head(&with(entry(), "/timestamp", json!(time))).unwrap().identity, same, "{time}");
    }
    let pretty = serde_json::to_vec_pretty(&entry()).unwrap();
    assert_eq!(cloudaudit::head(&pretty).unwrap().identity, same);
    for (pointer, value) in [
        ("/insertId", json!("abc124")),
        ("/timestamp", json!("2026-03-14T02:10:01.500001Z")),
        ("/logName", json!("projects/acme-ci/logs/cloudaudit.googleapis.com%2Fdata_access")),
    ] {
        assert_ne!(head(&with(entry(), pointer, value)).unwrap().identity, same, "{pointer}");
    }
}

#[test]
fn trimmed_entries_are_told_apart_by_their_bytes() {
    for pointer in ["/insertId", "/logName", "/timestamp"] {
        let trimmed = without(entry(), pointer);
        let other = with(trimmed.clone(), "/protoPayload/methodName", json!("v1.compute.disks.delete"));
        assert_eq!(head(&trimmed).unwrap().identity, head(&trimmed).unwrap().identity);
        assert_ne!(head(&trimmed).unwrap().identity, head(&other).unwrap().identity, "{pointer}");
    }
    // Without an id of its own it still has a name that a report can print.
    assert_eq!(read(&without(entry(), "/insertId")).id.len(), 32);
}

#[test]
fn a_time_is_taken_where_there_is_one() {
    let received = without(entry(), "/timestamp");
    assert_eq!(read(&received).at.to_string(), "2026-03-14T02:10:02Z");
    let asked = with(
        without(received, "/receiveTimestamp"),
        "/protoPayload/requestMetadata/requestAttributes",
        json!({"time": "2026-03-14T02:10:00Z"}),
    );
    assert_eq!(read(&asked).at.to_string(), "2026-03-14T02:10:00Z");
    let timeless = without(asked, "/protoPayload/requestMetadata/requestAttributes");
    assert_eq!(head(&timeless), Err(Unreadable("an audit log entry without a time".into())));
    assert!(head(&with(timeless, "/timestamp", json!("..."))).is_err());
}

#[test]
fn other_kinds_of_log_are_skipped_and_broken_ones_are_named() {
    for other in [
        json!({"textPayload": "hello", "timestamp": "2026-03-14T02:10:02Z", "logName": "projects/p/logs/x"}),
        json!({"jsonPayload": {"@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry"}}),
        json!({"jsonPayload": "a text"}),
        json!({"protoPayload": {"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", "methodName": "GET", "serviceName": "x"}}),
        json!({"notificationConfigName": "organizations/1/notificationConfigs/n", "finding": {}, "resource": []}),
        json!({}),
        json!({"protoPayload": null}),
        json!({"protoPayload": ["x"], "resource": 7, "timestamp": {}, "logName": 5}),
    ] {
        assert_eq!(head(&other).unwrap().kind, RecordKind::Other, "{other}");
        assert_eq!(
            cloudaudit::read(other.to_string().as_bytes(), Provenance::default()),
            Ok(None),
            "{other}"
        );
    }
    for (raw, why) in [
        ("[]", "a record that is no JSON object"),
        ("\"x\"", "a record that is no JSON object"),
        ("7", "a record that is no JSON object"),
        ("null", "a record that is no JSON object"),
        ("", "a record that breaks off"),
        ("{\"protoPayload\": {\"methodName\": \"x", "a record that breaks off"),
        ("{\"a\": hunter2}", "a record that is no JSON (at byte 7 of its line 1)"),
    ] {
        assert_eq!(refused(raw), why, "{raw}");
    }
    // In an audit log, nothing is skipped silently.
    let empty = without(entry(), "/protoPayload");
    assert_eq!(head(&empty).unwrap().kind, RecordKind::CloudAudit);
    assert_eq!(refused(&empty.to_string()), "an entry of an audit log without an audit payload");
    let deep = format!(
        "{{\"timestamp\":\"2026-03-14T02:10:02Z\",\"protoPayload\":{{\"@type\":\"x/AuditLog\",\"request\":{}{}}}}}",
        "[".repeat(500),
        "]".repeat(500)
    );
    assert_eq!(refused(&deep), "a record that nests too deep");
}

#[test]
fn entries_without_a_method_or_a_service_are_still_events() {
    assert_eq!(&*read(&without(entry(), "/protoPayload/methodName")).action, "compute.(method not logged)");
    let bare = without(entry(), "/protoPayload/serviceName");
    assert_eq!(&*read(&bare).action, "compute.disks.setLabels");
    // A hand-made shape: the service stands outside the payload.
    let outside = with(bare, "/serviceName", json!("storage.googleapis.com"));
    assert_eq!(&*read(&outside).action, "storage.compute.disks.setLabels");
}

#[test]
fn calls_are_named_as_engineers_type_them() {
    for (service, method, action) in [
        ("compute.googleapis.com", "beta.compute.instances.insert", "compute.instances.insert"),
        ("iam.googleapis.com", "google.iam.admin.v1.ListServiceAccounts", "iam.ListServiceAccounts"),
        (
            "container.googleapis.com",
            "google.container.v1beta1.ClusterManager.CreateCluster",
            "container.ClusterManager.CreateCluster",
        ),
        ("cloudresourcemanager.googleapis.com", "GetProject", "cloudresourcemanager.GetProject"),
        ("storage.googleapis.com", "google.storage.objects.get", "storage.objects.get"),
        ("k8s.io", "io.k8s.core.v1.pods.create", "io.k8s.core.v1.pods.create"),
        (
            "us-central1-ssh-serialport.googleapis.com",
            "google.ssh-serialport.v1.connect",
            "ssh-serialport.connect",
        ),
        ("bigquery.googleapis.com", "jobservice.insert", "bigquery.jobservice.insert"),
    ] {
        let entry = with(entry(), "/protoPayload/serviceName", json!(service));
        let entry = with(entry, "/protoPayload/methodName", json!(method));
        assert_eq!(&*read(&entry).action, action);
    }
}

#[test]
fn scope_comes_from_the_log_then_the_label_then_the_name() {
    let log = |name: &str| {
        with(entry(), "/logName", json!(format!("{name}/logs/cloudaudit.googleapis.com%2Factivity")))
    };
    for (name, account) in [
        ("projects/p", "p"),
        ("projects/example.com:p", "example.com:p"),
        ("folders/12", "folders/12"),
        ("organizations/34", "organizations/34"),
        ("billingAccounts/01-AB", "billingAccounts/01-AB"),
    ] {
        assert_eq!(head(&log(name)).unwrap().account, account);
    }
    let trimmed = without(entry(), "/logName");
    assert_eq!(head(&trimmed).unwrap().account, "acme-ci");
    let named = without(trimmed, "/resource/labels/project_id");
    assert_eq!(head(&named).unwrap().account, "acme-ci");
    for name in ["projects/_/buckets/b", "projects/-/serviceAccounts/x", "users/x", ""] {
        assert_eq!(
            head(&with(named.clone(), "/protoPayload/resourceName", json!(name))).unwrap().account,
            "",
            "{name}"
        );
    }
    let zone = without(entry(), "/resource/labels/zone");
    assert_eq!(head(&zone).unwrap().region, "europe-west4-b", "from the resource's name");
    let located =
        with(zone.clone(), "/protoPayload/resourceLocation", json!({"currentLocations": ["us-east1", "us"]}));
    assert_eq!(head(&located).unwrap().region, "us-east1");
    let region = with(located, "/resource/labels/region", json!("us-west1"));
    assert_eq!(head(&region).unwrap().region, "us-west1");
    let global = with(zone, "/protoPayload/resourceName", json!("projects/acme-ci/global/images/i"));
    assert_eq!(head(&global).unwrap().region, "global");
}

#[test]
fn the_log_kind_is_known_in_every_spelling() {
    for (suffix, source) in [
        ("%2Factivity", "activity"),
        ("%0Factivity", "activity"),
        ("%2Fdata_access", "data_access"),
        ("%2Fsystem_event", "system_event"),
        ("%2Fpolicy", "policy"),
        ("/data_access", "data_access"),
    ] {
        let entry =
            with(entry(), "/logName", json!(format!("projects/p/logs/cloudaudit.googleapis.com{suffix}")));
        assert_eq!(head(&entry).unwrap().source, source, "{suffix}");
    }
    let trimmed = without(entry(), "/logName");
    assert_eq!(head(&trimmed).unwrap().source, "activity");
    let looks = with(trimmed, "/protoPayload/methodName", json!("v1.compute.disks.get"));
    assert_eq!(head(&looks).unwrap().source, "data_access");
}

/// (authenticationInfo, kind, principal, key, delegation)
type Who = (Value, &'static str, Option<&'static str>, Option<&'static str>, &'static [&'static str]);

#[test]
fn actors_are_read_in_every_shape() {
    const POOL: &str =
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s";
    let cases: [Who; 12] = [
        (json!({}), "", None, None, &[]),
        (json!(null), "", None, None, &[]),
        (json!("hidden"), "", None, None, &[]),
        (json!({"principalEmail": "a@example.com"}), "user", Some("a@example.com"), None, &[]),
        (json!({"principalSubject": "user:a@example.com"}), "user", Some("a@example.com"), None, &[]),
        (json!({"principalSubject": POOL}), "principal", Some(POOL), None, &[]),
        (
            json!({"principalEmail": SA, "serviceAccountKeyName": "//iam.googleapis.com/projects/acme-ci/serviceAccounts/ci/keys/k1"}),
            "serviceAccount",
            Some(SA),
            Some("k1"),
            &[],
        ),
        (
            json!({"principalEmail": SA, "serviceAccountKeyName": "projects/acme-ci/serviceAccounts/ci/keys/k2"}),
            "serviceAccount",
            Some(SA),
            Some("k2"),
            &[],
        ),
        (
            json!({"principalEmail": SA, "serviceAccountDelegationInfo": [
                {"firstPartyPrincipal": {"principalEmail": "service-1@compute-system.iam.gserviceaccount.com"}},
                {"principalSubject": "serviceAccount:x@y.iam.gserviceaccount.com"},
                {"principalSubject": POOL},
                {},
            ]}),
            "serviceAccount",
            Some(SA),
            None,
            &["service-1@compute-system.iam.gserviceaccount.com", "x@y.iam.gserviceaccount.com", POOL, ""],
        ),
        (
            json!({"principalEmail": "1@cloudservices.gserviceaccount.com"}),
            "service",
            Some("1@cloudservices.gserviceaccount.com"),
            None,
            &[],
        ),
        (json!({"principalEmail": "system:node:n"}), "service", Some("system:node:n"), None, &[]),
        (
            // Delegation that is one object and no list.
            json!({"principalEmail": SA, "serviceAccountDelegationInfo": {"principalSubject": "user:a@example.com"}}),
            "serviceAccount",
            Some(SA),
            None,
            &["a@example.com"],
        ),
    ];
    for (info, kind, principal, key, delegation) in cases {
        let actor = read(&with(entry(), "/protoPayload/authenticationInfo", info.clone())).actor;
        assert_eq!(
            (&*actor.kind, actor.principal.as_deref(), actor.key.as_deref()),
            (kind, principal, key),
            "{info}"
        );
        let hops: Vec<&str> = actor.delegation.iter().map(|hop| &**hop).collect();
        assert_eq!(hops, delegation, "{info}");
    }
}

#[test]
fn a_browser_is_the_console_only_for_a_person() {
    let browser = with(
        entry(),
        "/protoPayload/requestMetadata/callerSuppliedUserAgent",
        json!("Mozilla/5.0 (X11),gzip(gfe),gzip(gfe)"),
    );
    assert!(!read(&browser).actor.from_console);
    let person =
        with(browser, "/protoPayload/authenticationInfo", json!({"principalEmail": "a@example.com"}));
    assert!(read(&person).actor.from_console);
}

#[test]
fn addresses_stay_as_google_writes_them() {
    for ip in ["gce-internal-ip", "private", "2001:db8::1"] {
        let entry = with(entry(), "/protoPayload/requestMetadata", json!({"callerIP": ip}));
        assert_eq!(read(&entry).address.as_deref(), Some(ip));
    }
    assert_eq!(read(&without(entry(), "/protoPayload/requestMetadata")).address, None);
}

#[test]
fn outcomes_are_judged_by_codes() {
    let failed = |code: &str| Outcome::Failed(code.into());
    let payload = |field: &str, value: Value| with(entry(), &format!("/protoPayload/{field}"), value);
    for (entry, expect) in [
        (payload("status", json!({})), Outcome::Succeeded),
        (payload("status", json!({"code": 0})), Outcome::Succeeded),
        (payload("status", json!({"message": "OK"})), Outcome::Succeeded),
        (payload("status", json!({"message": "Connection succeeded."})), Outcome::Succeeded),
        (payload("status", json!({"code": 7, "message": "denied"})), failed("7 PERMISSION_DENIED")),
        (payload("status", json!({"code": "8"})), failed("8 RESOURCE_EXHAUSTED")),
        (payload("status", json!({"code": "NOT_FOUND"})), failed("5 NOT_FOUND")),
        (payload("status", json!({"code": 99})), failed("99")),
        (
            payload("response", json!({"error": {"code": 404, "errors": [{"reason": "notFound"}]}})),
            failed("5 NOT_FOUND"),
        ),
        (
            payload("response", json!({"error": {"errors": [{"code": "QUOTA_EXCEEDED"}]}})),
            failed("QUOTA_EXCEEDED"),
        ),
        (payload("response", json!({"error": {"message": "no"}})), failed("2 UNKNOWN")),
        (payload("response", json!({"error": {}})), Outcome::Succeeded),
        (payload("authorizationInfo", json!([{"granted": false}])), failed("7 PERMISSION_DENIED")),
        (payload("authorizationInfo", json!([{"permission": "x"}])), Outcome::Succeeded),
        (payload("authorizationInfo", json!([{"granted": true}, {"granted": "true"}])), Outcome::Succeeded),
        (with(entry(), "/severity", json!("ERROR")), failed("2 UNKNOWN")),
    ] {
        assert_eq!(read(&entry).outcome, expect, "{entry}");
    }
    let answered = with(
        payload("authorizationInfo", json!([{"granted": false}])),
        "/protoPayload/response",
        json!({"id": 1}),
    );
    assert_eq!(read(&answered).outcome, Outcome::Succeeded, "it was answered");
}

#[test]
fn operations_keep_their_ends_apart() {
    for (operation, first, last) in [
        (json!({"id": "o", "first": true}), true, false),
        (json!({"id": "o", "last": true, "producer": "p"}), false, true),
        (json!({"id": "o", "first": "true", "last": "true"}), true, true),
    ] {
        let found = read(&with(entry(), "/operation", operation)).operation.unwrap();
        assert_eq!((&*found.id, found.first, found.last), ("o", first, last));
    }
    assert_eq!(read(&with(entry(), "/operation", json!({"first": true}))).operation, None);
}

#[test]
fn looking_is_told_from_doing() {
    let call = |log: &str, service: &str, method: &str, info: Value| {
        let entry =
            with(entry(), "/logName", json!(format!("projects/p/logs/cloudaudit.googleapis.com%2F{log}")));
        let entry = with(entry, "/protoPayload/serviceName", json!(service));
        let entry = with(entry, "/protoPayload/methodName", json!(method));
        let entry = with(entry, "/severity", json!(if log == "data_access" { "INFO" } else { "NOTICE" }));
        with(entry, "/protoPayload/authorizationInfo", json!([info]))
    };
    for (log, service, method, kind, read_only) in [
        ("activity", "compute.googleapis.com", "v1.compute.instances.insert", "", false),
        ("data_access", "compute.googleapis.com", "v1.compute.instances.aggregatedList", "", true),
        (
            "data_access",
            "compute.googleapis.com",
            "v1.compute.instances.getSerialPortOutput",
            "ADMIN_READ",
            true,
        ),
        ("data_access", "storage.googleapis.com", "storage.objects.create", "", false),
        ("data_access", "storage.googleapis.com", "storage.objects.compose", "DATA_WRITE", false),
        (
            "data_access",
            "secretmanager.googleapis.com",
            "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "DATA_READ",
            true,
        ),
        (
            "activity",
            "secretmanager.googleapis.com",
            "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
            "DATA_READ",
            true,
        ),
        ("data_access", "iamcredentials.googleapis.com", "GenerateAccessToken", "ADMIN_READ", false),
        ("system_event", "compute.googleapis.com", "compute.instances.preempted", "", false),
        ("activity", "iam.googleapis.com", "google.iam.admin.v1.TestIamPermissions", "", true),
        ("activity", "x.googleapis.com", "Gettysburg", "", false),
    ] {
        let info = if kind.is_empty() { json!({}) } else { json!({"permissionType": kind}) };
        assert_eq!(read(&call(log, service, method, info)).read_only, read_only, "{log} {method}");
    }
}

#[test]
fn a_bigquery_export_is_an_entry_like_any_other() {
    let mut row = entry();
    let mut payload = row.as_object_mut().unwrap().remove("protoPayload").unwrap();
    let fields = payload.as_object_mut().unwrap();
    fields.remove("@type");
    for (name, value) in [
        ("serviceName", json!("iam.googleapis.com")),
        ("methodName", json!("google.iam.admin.v1.CreateServiceAccountKey")),
        ("status", json!(null)),
        ("authorizationInfo", json!([{"granted": "true"}])),
        ("requestJson", json!("{\"name\":\"projects/-/serviceAccounts/1\"}")),
        (
            "responseJson",
            json!(
                "{\"name\":\"projects/acme-ci/serviceAccounts/b@acme-ci.iam.gserviceaccount.com/keys/abc\"}"
            ),
        ),
        ("metadataJson", json!("not json")),
        ("servicedata_v1_iam", json!(null)),
    ] {
        fields.insert(name.into(), value);
    }
    row["protopayload_auditlog"] = payload;
    row["operation"] = json!(null);
    row["timestamp"] = json!("2026-03-14 02:10:01.500000 UTC");
    assert_eq!(head(&row).unwrap().kind, RecordKind::CloudAudit);
    let event = read(&row);
    assert_eq!(event.at.to_string(), "2026-03-14T02:10:01.5Z");
    assert_eq!(&*event.action, "iam.CreateServiceAccountKey");
    assert!(
        event.facts.iter().any(|fact| matches!(fact, Fact::Issued(key) if &*key.id == "abc")),
        "{:?}",
        event.facts
    );
}

#[test]
fn abuse_notices_belong_to_nobody() {
    let notice = json!({
        "logName": "projects/acme-ci/logs/abuseevent.googleapis.com%2Fabuse_events",
        "insertId": "a1",
        "timestamp": "2026-03-14T02:10:01Z",
        "jsonPayload": {
            "@type": "type.googleapis.com/google.cloud.abuseevent.logging.v1.AbuseEvent",
            "detectionType": "INTRUSION_ATTEMPT",
            "intrusionAttemptEvent": {"vmIp": ["192.0.2.7"]},
            "leakedCredentialEvent": {"serviceAccountCredential": {"serviceAccount": format!("projects/-/serviceAccounts/{SA}")}},
        },
    });
    let head_ = head(&notice).unwrap();
    assert_eq!((head_.kind, head_.source, &*head_.account), (RecordKind::Abuse, "abuse", "acme-ci"));
    let event = read(&notice);
    assert_eq!((&*event.actor.kind, event.actor.principal), ("service", None));
    assert_eq!(&*event.action, "abuseevent.INTRUSION_ATTEMPT");
    assert!(event.facts.contains(&Fact::Leak { key: None, principal: Some(SA.into()), found_at: None }));
    let kinds: Vec<FindingKind> = event
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Signal(signal) => Some(signal.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [FindingKind::Leak, FindingKind::ResourceHijacking]);
    let timeless = without(notice, "/timestamp");
    assert_eq!(refused(&timeless.to_string()), "a log entry without a time");
}

#[test]
fn hostile_keys_and_types_change_nothing() {
    // Twice the same key, escaped keys, and wrong types where text is expected.
    let raw = r#"{"logName": {"a": [1]}, "insertId": 5, "insert_id": "x", "tim\u0065stamp": "2026-03-14T02:10:02Z",
        "resource": {"labels": {"project_id": ["p"], "zone": 1e9}}, "severity": [],
        "protoPayload": {"@type": "t/AuditLog", "methodName": {"x": 1}, "serviceName": [[["a"]]], "status": "bad", "authorizationInfo": 3,
          "authenticationInfo": {"principalEmail": ["a@example.com"], "serviceAccountDelegationInfo": "x"}}}"#;
    let event = cloudaudit::read(raw.as_bytes(), Provenance::default()).unwrap().unwrap();
    assert_eq!(event.at.to_string(), "2026-03-14T02:10:02Z");
    assert_eq!(event.outcome, Outcome::Succeeded);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|flag| json!(flag)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(|text| json!(text)),
        Just(json!("2026-03-14T02:10:02Z")),
        Just(json!("projects/p/serviceAccounts/a@p.iam.gserviceaccount.com/keys/k")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-zA-Z_@]{0,8}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: String, out: &mut Vec<String>) {
    out.push(at.clone());
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            places(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out)
        }),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| places(value, format!("{at}/{n}"), out))
        }
        _ => {}
    }
}

/// Every recorded entry in the fixtures, in one order.
fn recorded() -> Vec<Value> {
    let root = crate::support::fixtures().join("events/gcp");
    let inside = |folder: &std::path::Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).expect("fixtures").flatten().map(|file| file.path()).collect()
    };
    let folders = inside(&root).into_iter().filter(|path| path.is_dir());
    let mut files: Vec<_> = folders.flat_map(|folder| inside(&folder)).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
    files.sort();
    files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).expect("JSON")).collect()
}

/// Head and event agree, and nothing panics.
fn consistent(raw: &[u8]) -> Result<(), TestCaseError> {
    let head = cloudaudit::head(raw);
    let event = cloudaudit::read(raw, Provenance::default());
    match (head, event) {
        (Err(_), event) => prop_assert!(event.is_err()),
        (Ok(head), Ok(Some(event))) => {
            prop_assert_eq!(head.identity, event.identity);
            prop_assert_eq!(head.at, Some(event.at));
            prop_assert_eq!(&*head.account, &*event.scope.account);
            prop_assert_ne!(head.kind, RecordKind::Other);
            prop_assert!(event.outcome.is_success() || event.facts.is_empty());
        }
        (Ok(head), Ok(None)) => prop_assert_eq!(head.kind, RecordKind::Other),
        (Ok(_), Err(why)) => prop_assert!(!why.0.is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_entries_never_panic(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), value in any_json()) {
        let recorded = recorded();
        let mut entry = recorded[which.index(recorded.len())].clone();
        let mut all = Vec::new();
        places(&entry, String::new(), &mut all);
        *entry.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        consistent(entry.to_string().as_bytes())?;
    }

    #[test]
    fn broken_bytes_never_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..6)) {
        let recorded = recorded();
        let mut raw = recorded[which.index(recorded.len())].to_string().into_bytes();
        let at = at.index(raw.len());
        let end = (at + bytes.len()).min(raw.len());
        raw.splice(at..end, bytes);
        consistent(&raw)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        consistent(&raw)?;
    }
}

/// Real entries, recorded by others; only where `TRIAGE_SHARED_DATA` says where they lie.
#[test]
fn every_real_entry_is_read_or_named() {
    let Some(root) = shared() else { return };
    let (mut events, mut others, mut timeless, mut files) = (0, 0, 0, 0);
    let mut folders = vec![root.join("gcp")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(&folder).expect("the shared data").flatten().map(|file| file.path()) {
            let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            if !matches!(kind, "json" | "jsonl") {
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&file).expect("text");
            let records: Vec<Value> = serde_json::Deserializer::from_str(&text)
                .into_iter::<Value>()
                .flat_map(|value| match value.expect("JSON") {
                    Value::Array(list) => list,
                    one => vec![one],
                })
                .collect();
            for record in records {
                match cloudaudit::read(record.to_string().as_bytes(), Provenance::default()) {
                    Ok(Some(event)) => {
                        events += 1;
                        assert!(
                            !event.scope.account.is_empty() || record.get("logName").is_none(),
                            "{file:?} {record}"
                        );
                        assert!(!event.action.contains("google."), "{file:?} {}", event.action);
                        let code = record.pointer("/protoPayload/status/code").is_some();
                        assert!(!code || !event.outcome.is_success(), "{file:?} {record}");
                    }
                    Ok(None) => others += 1,
                    Err(why) => {
                        assert_eq!(why.0, "an audit log entry without a time", "{file:?} {record}");
                        timeless += 1;
                    }
                }
            }
        }
    }
    // Without a time: 15 whose times were anonymised to 0000-00-00, 8 excerpts from documentation.
    assert_eq!((files, events, others, timeless), (104, 160, 6, 23));
}
