//! Rows of AWS's own table for trails, and records again. Pure.

use serde_json::{Map, Value};

/// Puts a record together again from a row of AWS's own table: structs come back with lower-case names, and objects as text.
pub fn record(names: &[String], cells: &[Option<&str>]) -> Option<Vec<u8>> {
    let mut record = Map::new();
    for (name, cell) in names.iter().zip(cells) {
        let Some(text) = cell.filter(|text| !text.is_empty()) else { continue };
        let is_struct = matches!(
            name.as_str(),
            "useridentity"
                | "resources"
                | "requestparameters"
                | "responseelements"
                | "additionaleventdata"
                | "serviceeventdetails"
        );
        let value = match (name.as_str(), text) {
            (_, "null") if is_struct => Value::Null,
            ("readonly", _) => Value::Bool(text == "true"),
            (_, _) if is_struct => spelled(
                serde_json::from_str(text).ok()?,
                matches!(name.as_str(), "useridentity" | "resources"),
            ),
            (_, _) => Value::String(text.to_owned()),
        };
        record.insert(spelling(name).to_owned(), value);
    }
    ["eventID", "eventTime", "eventName", "eventSource"]
        .iter()
        .all(|needed| record.contains_key(*needed))
        .then_some(())?;
    serde_json::to_vec(&Value::Object(record)).ok()
}

/// Gives members of a struct their own spelling again.
fn spelled(value: Value, is_struct: bool) -> Value {
    match value {
        Value::Object(members) if is_struct => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (spelling(&name).to_owned(), spelled(value, true)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| spelled(item, is_struct)).collect()),
        other => other,
    }
}

/// Names as records spell them; what is not in the list is spelled as it came.
fn spelling(name: &str) -> &str {
    const NAMES: &[&str] = &[
        "eventVersion",
        "eventTime",
        "eventSource",
        "eventName",
        "awsRegion",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "eventID",
        "readOnly",
        "eventType",
        "recipientAccountId",
        "serviceEventDetails",
        "sharedEventID",
        "userIdentity",
        "resources",
        "type",
        "principalId",
        "arn",
        "accountId",
        "invokedBy",
        "accessKeyId",
        "userName",
        "sessionContext",
        "attributes",
        "creationDate",
        "mfaAuthenticated",
        "sessionIssuer",
        "webIdFederationData",
        "federatedProvider",
        "sourceIdentity",
        "ec2RoleDelivery",
        "ec2IssuedInVpc",
        "onBehalfOf",
        "userId",
        "identityStoreArn",
        "inScopeOf",
        "sourceArn",
        "sourceAccount",
        "issuerType",
        "credentialsIssuedTo",
        "identityProvider",
        "credentialId",
    ];
    NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::sql::COLUMNS;

    #[test]
    fn a_row_becomes_the_record_that_it_was() {
        let names: Vec<String> =
            COLUMNS.iter().chain(&["useridentity", "resources"]).map(|name| name.to_string()).collect();
        let cell = |name: &str| match name {
            "eventid" => Some("e-1"),
            "eventtime" => Some("2026-03-04T05:06:07Z"),
            "eventsource" => Some("sts.amazonaws.com"),
            "eventname" => Some("AssumeRole"),
            "awsregion" => Some("eu-west-3"),
            "readonly" => Some("true"),
            "recipientaccountid" => Some("111122223333"),
            "responseelements" => Some(r#"{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE"}}"#),
            "requestparameters" => Some("null"),
            "useridentity" => Some(
                r#"{"type":"IAMUser","principalid":"AIDAEXAMPLE","accesskeyid":"AKIAIOSFODNN7EXAMPLE","sessioncontext":{"attributes":{"creationdate":"2026-03-04T05:00:00Z"}},"username":null}"#,
            ),
            "resources" => Some(
                r#"[{"arn":"arn:aws:iam::111122223333:role/Ops","accountid":"111122223333","type":"AWS::IAM::Role"}]"#,
            ),
            _ => None,
        };
        let cells: Vec<Option<&str>> = names.iter().map(|name| cell(name)).collect();
        let raw = record(&names, &cells).unwrap();
        let event = crate::read::read(&raw, crate::model::Provenance::default()).unwrap().unwrap();
        assert_eq!(event.actor.key.as_deref(), Some("AKIAIOSFODNN7EXAMPLE"));
        assert!(event.facts.iter().any(
            |fact| matches!(fact, crate::model::Fact::Issued(one) if &*one.id == "ASIAIOSFODNN7EXAMPLE")
        ));
        let without: Vec<Option<&str>> =
            cells.iter().map(|cell| cell.filter(|text| *text != "e-1")).collect();
        assert_eq!(record(&names, &without), None);
        let broken: Vec<Option<&str>> =
            cells.iter().map(|cell| if *cell == Some("null") { Some("{") } else { *cell }).collect();
        assert_eq!(record(&names, &broken), None);
    }
}
