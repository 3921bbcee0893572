//! Rows of BigQuery, and log entries again, as `entries.list` gives them. Pure.
//!
//! Log analytics' view has the names of the protos (`proto_payload.audit_log.method_name`), a sink's tables have the API's with
//! payloads by type (`protopayload_auditlog`, what is free in them as JSON text). Both have a value for every column; what an
//! entry did not have is null, and left out.

use serde_json::{Map, Value};

const AUDIT: &str = "type.googleapis.com/google.cloud.audit.AuditLog";
/// What is free: JSON as the service wrote it, whose names are nobody's to spell.
const FREE: &[&str] = &[
    "annotations",
    "claims",
    "details",
    "headers",
    "labels",
    "metadata",
    "request",
    "resource_original_state",
    "response",
    "service_data",
    "service_metadata",
    "third_party_claims",
    "third_party_principal",
];
/// What proto3's JSON leaves out where it is false or nothing.
const UNSAID: &[&str] = &["first", "last", "index", "traceSampled"];
/// What proto3's JSON writes as text.
const LONG: &[&str] = &["numResponseItems", "line"];
/// Labels whose names a sink had to respell, and theirs.
const LABELS: &[(&str, &str)] = &[
    ("compute_googleapis_com_root_trigger_id", "compute.googleapis.com/root_trigger_id"),
    ("compute_googleapis_com_resource_name", "compute.googleapis.com/resource_name"),
];

/// Puts an entry together again from a row's text; `None` for what is no audit entry.
pub fn entry(row: &str) -> Option<Vec<u8>> {
    let Value::Object(row) = serde_json::from_str(row).ok()? else { return None };
    let entry = match row.contains_key("proto_payload") {
        true => analytics(row)?,
        false => exported(row)?,
    };
    ["logName", "timestamp", "protoPayload"].iter().all(|needed| entry.contains_key(*needed)).then_some(())?;
    serde_json::to_vec(&Value::Object(entry)).ok()
}

fn analytics(row: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut entry = Map::new();
    for (name, value) in row {
        if name != "proto_payload" {
            put(&mut entry, &camel(&name), named("", &name, value));
            continue;
        }
        let Value::Object(mut payload) = value else { return None };
        let Some(Value::Object(audit)) = payload.remove("audit_log") else { return None };
        let Value::Object(mut audit) = named("", "audit_log", Value::Object(audit))? else { return None };
        let kind = payload.remove("type").filter(Value::is_string).unwrap_or_else(|| AUDIT.into());
        audit.insert("@type".into(), kind);
        entry.insert("protoPayload".into(), Value::Object(audit));
    }
    Some(entry)
}

/// A value with the API's names, without what the entry did not have; `of` is what it is a field of.
fn named(of: &str, name: &str, value: Value) -> Option<Value> {
    // One name, two meanings: of a hop it is a message, of the caller it is free.
    let is_free =
        FREE.contains(&name) && (of, name) != ("service_account_delegation_info", "third_party_principal");
    match value {
        Value::Null => None,
        free if is_free => Some(free),
        Value::Object(fields) => {
            let mut all = Map::new();
            for (field, value) in fields {
                put(&mut all, &camel(&field), named(name, &field, value));
            }
            Some(Value::Object(all))
        }
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => {
            Some(Value::Array(items.into_iter().filter_map(|item| named(of, name, item)).collect()))
        }
        plain @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => Some(plain),
    }
}

fn exported(row: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut entry = Map::new();
    for (name, value) in row {
        match (name.as_str(), value) {
            ("protopayload_auditlog", Value::Object(audit)) => {
                entry.insert("protoPayload".into(), Value::Object(payload(audit)?));
            }
            // What another table of the dataset held in its place.
            ("protopayload_auditlog", _) => return None,
            ("labels", Value::Object(labels)) => {
                let known =
                    |name: &str| LABELS.iter().find(|(respelled, _)| *respelled == name).map(|(_, its)| *its);
                let labels = labels.into_iter().filter(|(_, value)| !value.is_null());
                let labels: Map<_, _> =
                    labels.map(|(name, value)| (known(&name).map_or(name, str::to_owned), value)).collect();
                if !labels.is_empty() {
                    entry.insert("labels".into(), Value::Object(labels));
                }
            }
            (_, value) => put(&mut entry, &name, there(value)),
        }
    }
    Some(entry)
}

/// A sink's payload: what is free is JSON text, and what a service adds is by its type.
fn payload(audit: Map<String, Value>) -> Option<Map<String, Value>> {
    let mut payload = Map::new();
    payload.insert("@type".into(), AUDIT.into());
    for (name, value) in audit {
        if value.is_null() {
            continue;
        }
        if let Some(free) = name.strip_suffix("Json") {
            let text = value.as_str()?;
            payload.insert(free.to_owned(), serde_json::from_str(text).ok()?);
        } else if name.starts_with("servicedata_") {
            let Some(Value::Object(mut data)) = there(value) else { continue };
            if name == "servicedata_v1_iam" {
                data.insert("@type".into(), "type.googleapis.com/google.iam.v1.logging.AuditData".into());
            }
            payload.insert("serviceData".into(), Value::Object(data));
        } else {
            put(&mut payload, &name, there(value));
        }
    }
    Some(payload)
}

/// A value without what the entry did not have.
fn there(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(fields) => {
            let mut all = Map::new();
            for (name, value) in fields {
                put(&mut all, &name, there(value));
            }
            Some(Value::Object(all))
        }
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(there).collect())),
        plain @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => Some(plain),
    }
}

/// Adds a field as proto3's JSON has it.
fn put(fields: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    let is_nothing = matches!(&value, Value::Bool(false)) || value.as_u64() == Some(0);
    if is_nothing && UNSAID.contains(&name) {
        return;
    }
    let value = match value {
        Value::Number(number) if LONG.contains(&name) => Value::String(number.to_string()),
        other => other,
    };
    fields.insert(name.to_owned(), value);
}

/// `method_name` is `methodName`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(row: Value) -> Option<Value> {
        entry(&row.to_string()).map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
    }

    /// As `entries.list` gives it.
    fn whole() -> Value {
        json!({
            "logName": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity",
            "insertId": "-abc", "timestamp": "2026-03-14T02:00:00.123456Z", "severity": "NOTICE",
            "resource": {"type": "gce_instance", "labels": {"project_id": "shop-prod-4821", "zone": "us-east1-b"}},
            "labels": {"compute.googleapis.com/root_trigger_id": "t"},
            "operation": {"id": "o", "producer": "compute.googleapis.com", "first": true},
            "protoPayload": {
                "@type": AUDIT, "serviceName": "iam.googleapis.com", "methodName": "SetIamPolicy", "numResponseItems": "5",
                "status": {}, "authorizationInfo": [{"permission": "p.q.r", "granted": false}],
                "authenticationInfo": {"principalEmail": "a@p.iam.gserviceaccount.com",
                    "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": "b@p.iam.gserviceaccount.com"}}, {}]},
                "request": {"@type": "x", "unique_id": "7", "nothing": null, "list": []},
                "serviceData": {"@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
                    "policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "roles/owner", "member": "user:d@example.com"}]}},
            },
        })
    }

    #[test]
    fn a_row_of_log_analytics_is_the_entry_that_it_was() {
        let row = json!({
            "log_name": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity",
            "insert_id": "-abc", "timestamp": "2026-03-14T02:00:00.123456Z", "receive_timestamp": null, "severity": "NOTICE",
            "resource": {"type": "gce_instance", "labels": {"project_id": "shop-prod-4821", "zone": "us-east1-b"}},
            "labels": {"compute.googleapis.com/root_trigger_id": "t"}, "split": null, "trace_sampled": false,
            "operation": {"id": "o", "producer": "compute.googleapis.com", "first": true, "last": false},
            "proto_payload": {"type": AUDIT, "request_log": null, "audit_log": {
                "service_name": "iam.googleapis.com", "method_name": "SetIamPolicy", "num_response_items": 5,
                "status": {"code": null, "message": null}, "response": null,
                "authorization_info": [{"permission": "p.q.r", "granted": false, "resource": null}],
                "authentication_info": {"principal_email": "a@p.iam.gserviceaccount.com", "principal_subject": null,
                    "service_account_delegation_info": [
                        {"first_party_principal": {"principal_email": "b@p.iam.gserviceaccount.com"}, "principal_subject": null},
                        {"first_party_principal": null, "principal_subject": null}]},
                "request": {"@type": "x", "unique_id": "7", "nothing": null, "list": []},
                "service_data": {"@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
                    "policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "roles/owner", "member": "user:d@example.com"}]}},
            }},
        });
        assert_eq!(read(row), Some(whole()));
    }

    #[test]
    fn a_row_of_a_sink_s_table_is_the_entry_that_it_was() {
        let row = json!({
            "logName": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity",
            "insertId": "-abc", "timestamp": "2026-03-14T02:00:00.123456Z", "severity": "NOTICE", "httpRequest": null,
            "resource": {"type": "gce_instance", "labels": {"project_id": "shop-prod-4821", "zone": "us-east1-b", "email_id": null}},
            "labels": {"compute_googleapis_com_root_trigger_id": "t", "other": null},
            "operation": {"id": "o", "producer": "compute.googleapis.com", "first": true, "last": null},
            "protopayload_auditlog": {
                "serviceName": "iam.googleapis.com", "methodName": "SetIamPolicy", "numResponseItems": 5,
                "status": {"code": null}, "authorizationInfo": [{"permission": "p.q.r", "granted": false, "resource": null}],
                "authenticationInfo": {"principalEmail": "a@p.iam.gserviceaccount.com", "authoritySelector": null,
                    "serviceAccountDelegationInfo": [{"firstPartyPrincipal": {"principalEmail": "b@p.iam.gserviceaccount.com"}},
                        {"firstPartyPrincipal": null}]},
                "requestJson": r#"{"@type":"x","unique_id":"7","nothing":null,"list":[]}"#, "responseJson": null,
                "servicedata_v1_bigquery": null, "servicedata_v1_iam": {
                    "policyDelta": {"bindingDeltas": [{"action": "ADD", "role": "roles/owner", "member": "user:d@example.com"}]}},
            },
        });
        assert_eq!(read(row), Some(whole()));
    }

    #[test]
    fn what_is_no_audit_entry_is_none() {
        for row in [
            json!([]),
            json!({"log_name": "l", "insert_id": "i", "timestamp": "t", "proto_payload": null}),
            json!({"log_name": "l", "insert_id": "i", "timestamp": "t", "proto_payload": {"audit_log": null, "request_log": {}}}),
            json!({"log_name": "l", "insert_id": "i", "proto_payload": {"audit_log": {}}}),
            json!({"logName": "l", "insertId": "i", "timestamp": "t", "textPayload": "x"}),
            json!({"logName": "l", "insertId": "i", "timestamp": "t", "protopayload_auditlog": null}),
            json!({"logName": "l", "insertId": "i", "timestamp": "t", "protopayload_auditlog": {"requestJson": "{"}}),
        ] {
            assert_eq!(read(row.clone()), None, "{row}");
        }
        assert_eq!(entry("{"), None);
    }
}
