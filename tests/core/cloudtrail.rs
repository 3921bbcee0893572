//! The CloudTrail reader against every oddity seen in real records.

use crate::aws_edges::event;
use crate::support::fixtures;
use serde_json::{Value, json};
use triage::model::{Event, Fact, Issued, Outcome, Provenance};
use triage::read::cloudtrail::{head, read};
use triage::read::{Head, RecordKind, Unreadable, identity_of};

/// A plain record, changed by `change`.
pub fn record(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json = fixture("sts/AssumeRole");
    change(&mut json);
    json.to_string().into_bytes()
}

pub fn fixture(name: &str) -> Value {
    let path = fixtures().join("events/aws").join(name).with_extension("json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub fn read_raw(raw: &[u8]) -> Result<Event, Unreadable> {
    read(raw, Provenance::default())
}

#[track_caller]
pub fn changed(change: impl FnOnce(&mut Value)) -> Event {
    read_raw(&record(change)).unwrap()
}

#[track_caller]
fn head_of(raw: &[u8]) -> Head {
    head(raw).unwrap().unwrap()
}

#[track_caller]
fn issued(event: &Event) -> &Issued {
    match &event.facts[..] {
        [Fact::Issued(issued)] => issued,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plain_record_is_read_whole() {
    let event = event("sts/AssumeRole");
    assert_eq!(event.action.as_ref(), "sts:AssumeRole");
    assert_eq!(event.at.to_string(), "2026-03-02T03:14:15Z");
    assert_eq!((event.scope.account.as_ref(), event.scope.region.as_ref()), ("111122223333", "us-east-1"));
    assert_eq!(event.actor.kind.as_ref(), "IAMUser");
    assert_eq!(event.actor.principal.as_deref(), Some("arn:aws:iam::111122223333:user/ci/deploy"));
    assert_eq!(event.actor.key.as_deref().map(|key| &key[..4]), Some("AKIA"));
    assert_eq!(event.actor.session, None);
    assert_eq!(event.address.as_deref(), Some("198.51.100.23"));
    assert!(event.user_agent.as_deref().unwrap().starts_with("aws-cli/2"));
    assert_eq!(event.outcome, Outcome::Succeeded);
    assert!(event.read_only);
    let raw = record(|_| ());
    let head = head_of(&raw);
    assert_eq!((head.kind, head.source, head.at), (RecordKind::CloudTrail, "management", Some(event.at)));
    assert_eq!((head.account.as_str(), head.region.as_str()), ("111122223333", "us-east-1"));
    assert_eq!(head.identity, event.identity);
}

#[test]
fn copies_are_the_same_by_id_and_else_by_bytes() {
    let plain = head_of(&record(|_| ())).identity;
    assert_eq!(
        head_of(&record(|json| json["eventTime"] = json!("2026-03-02 03:14:15.000000000"))).identity,
        plain
    );
    assert_eq!(head_of(&record(|json| json["userAgent"] = json!("other bytes"))).identity, plain);
    let upper = |json: &mut Value| json["eventID"] = json!(json["eventID"].as_str().unwrap().to_uppercase());
    assert_eq!(head_of(&record(upper)).identity, plain);
    // Anonymised exports repeat "1111": only the same act is the same record.
    let odd = |time: &str, agent: &str| {
        head_of(&record(|json| {
            json["eventID"] = json!("1111");
            json["eventTime"] = json!(time);
            json["userAgent"] = json!(agent);
        }))
        .identity
    };
    assert_eq!(odd("2026-03-02T03:14:15Z", "a"), odd("2026-03-02T03:14:15.000Z", "b"));
    assert_ne!(odd("2026-03-02T03:14:15Z", "a"), odd("2026-03-02T03:14:16Z", "a"));
    let raw = record(|json| json["eventID"] = Value::Null);
    assert_eq!(head_of(&raw).identity, identity_of(&[&raw]));
    assert_eq!(read_raw(&raw).unwrap().id.as_ref(), format!("{:032x}", identity_of(&[&raw])));
}

#[test]
fn every_spelling_of_time_is_read() {
    let at = |change: fn(&mut Value)| changed(change).at.to_string();
    assert_eq!(at(|json| json["eventTime"] = json!("2026-03-02 03:14:15.000000000")), "2026-03-02T03:14:15Z");
    assert_eq!(at(|json| json["eventTime"] = json!("2026-03-02T03:14:15.000Z")), "2026-03-02T03:14:15Z");
    assert_eq!(at(|json| json["eventTime"] = json!(1772421255)), "2026-03-02T03:14:15Z");
    let renamed =
        |json: &mut Value| json["@timestamp"] = json.as_object_mut().unwrap().remove("eventTime").unwrap();
    assert_eq!(at(renamed), "2026-03-02T03:14:15Z");
    for (change, why) in [
        ((|json| json["eventTime"] = json!("...")) as fn(&mut Value), "its eventTime is no time"),
        (|json| json["eventTime"] = Value::Null, "it has no eventTime"),
    ] {
        let raw = record(change);
        assert_eq!(head(&raw), Err(Unreadable(why.into())));
        assert_eq!(read_raw(&raw), Err(Unreadable(why.into())));
    }
}

#[test]
fn athena_rows_and_lake_maps_read_like_the_original() {
    let original = changed(|_| ());
    // UNLOAD: every key in lower case, nested fields as JSON texts.
    let folded = record(|json| {
        let Value::Object(map) = lowered(json) else { unreachable!() };
        *json = map
            .into_iter()
            .map(|(key, value)| match value {
                Value::Object(_) | Value::Array(_) => (key, json!(value.to_string())),
                Value::Bool(flag) => (key, json!(flag.to_string())),
                plain => (key, plain),
            })
            .collect();
    });
    assert_eq!(read_raw(&folded).unwrap(), original);
    assert_eq!(head_of(&folded), head_of(&record(|_| ())));
    // Without recipientAccountId the account is inside the folded identity.
    let mut orphan: Value = serde_json::from_slice(&folded).unwrap();
    orphan.as_object_mut().unwrap().remove("recipientaccountid");
    assert_eq!(head_of(orphan.to_string().as_bytes()).account, "111122223333");
    // Lake: maps of texts, each a JSON value where it had been one.
    let lake = record(|json| {
        for field in ["requestParameters", "responseElements"] {
            let map = json[field].as_object_mut().unwrap();
            map.values_mut()
                .filter(|value| !value.is_string())
                .for_each(|value| *value = json!(value.to_string()));
        }
    });
    assert_eq!(read_raw(&lake).unwrap(), original);
    // A policy document is text in a canonical record, and stays so.
    let policy = fixture("iam/UpdateAssumeRolePolicy").to_string();
    assert_eq!(read_raw(policy.as_bytes()).unwrap(), event("iam/UpdateAssumeRolePolicy"));
}

fn lowered(json: &Value) -> Value {
    match json {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.to_ascii_lowercase(), lowered(value))).collect()
        }
        Value::Array(list) => list.iter().map(lowered).collect(),
        plain => plain.clone(),
    }
}

#[test]
fn identities_of_every_kind_are_read() {
    let actor = |identity: Value| changed(|json| json["userIdentity"] = identity).actor;
    assert_eq!(actor(Value::Null), Default::default());
    let missing = |json: &mut Value| drop(json.as_object_mut().unwrap().remove("userIdentity"));
    assert_eq!(changed(missing).actor, Default::default());
    // A service event has neither type nor ARN.
    let service = actor(json!({"accountId": "111122223333", "invokedBy": "ec2.amazonaws.com"}));
    assert_eq!((service.kind.as_ref(), service.account.as_deref()), ("", Some("111122223333")));
    assert_eq!(service.invoked_by.as_deref(), Some("ec2.amazonaws.com"));
    // `sessionIssuer: {}`, an empty key, an account only in the ARN.
    let user = actor(json!({
        "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dana", "accessKeyId": "",
        "sessionContext": {"sessionIssuer": {}, "attributes": {"creationDate": "2026-03-02T03:00:00Z"}}
    }));
    assert_eq!((user.key.as_deref(), user.account.as_deref()), (None, Some("111122223333")));
    let session = user.session.unwrap();
    assert_eq!(
        (session.issuer, session.started.unwrap().to_string().as_str()),
        (None, "2026-03-02T03:00:00Z")
    );
    // `Unknown` with an ARN and a key is no less of a caller.
    let unknown = actor(
        json!({"type": "Unknown", "arn": "arn:aws:sts::111122223333:assumed-role/x", "accessKeyId": "ASIAX"}),
    );
    assert_eq!((unknown.kind.as_ref(), unknown.key.as_deref()), ("Unknown", Some("ASIAX")));
    let center = event("sso/GetRoleCredentials").actor;
    assert_eq!(center.kind.as_ref(), "IdentityCenterUser");
    assert_eq!(center.on_behalf_of.as_deref(), Some("93670b1cde-11112222-3333-4444-5555-666677778888"));
    assert!(center.bearer.as_deref().unwrap().starts_with("AAAA"));
    let lambda = event("sts/GetCallerIdentity-lambda").actor;
    assert_eq!(
        lambda.issued_to.as_deref(),
        Some("arn:aws:lambda:eu-west-1:111122223333:function:thumbnails")
    );
    assert_eq!(
        lambda.session.unwrap().issuer.as_deref(),
        Some("arn:aws:iam::111122223333:role/service-role/thumbnails-role")
    );
    for (flag, expect) in
        [(json!(true), true), (json!("true"), true), (json!(false), false), (json!(null), false)]
    {
        assert_eq!(changed(|json| json["sessionCredentialFromConsole"] = flag).actor.from_console, expect);
    }
}

#[test]
fn outcomes_are_told_from_each_other() {
    let failed = |code: &str| Outcome::Failed(code.into());
    let with = |name: &str, fields: Value| {
        let event = changed(|json| {
            json["eventName"] = json!(name);
            fields.as_object().unwrap().iter().for_each(|(key, value)| json[key] = value.clone());
        });
        assert!(event.outcome.is_success() || event.facts.is_empty(), "{name}");
        event.outcome
    };
    assert_eq!(with("AssumeRole", json!({"errorCode": null, "errorMessage": null})), Outcome::Succeeded);
    assert_eq!(with("AssumeRole", json!({"errorCode": ""})), Outcome::Succeeded);
    assert_eq!(with("AssumeRole", json!({"errorCode": "AccessDenied"})), failed("AccessDenied"));
    for code in ["Client.DryRunOperation", "DryRunOperation"] {
        assert_eq!(with("RunInstances", json!({"errorCode": code})), Outcome::DryRun);
    }
    let signin = |name: &str, verdict: &str| {
        with(name, json!({"eventSource": "signin.amazonaws.com", "responseElements": {name: verdict}}))
    };
    assert_eq!(signin("ConsoleLogin", "Failure"), failed("Failure"));
    assert_eq!(signin("SwitchRole", "Failure"), failed("Failure"));
    assert_eq!(signin("ExitRole", "Success"), Outcome::Succeeded);
    assert_eq!(event("signin/ConsoleLogin-failed").outcome, failed("Failure"));
    assert_eq!(event("sts/AssumeRole-denied").facts, []);
    // EKS: the error is the response. With anything made beside it, it is no error.
    let eks = |response: Value| {
        with("CreateCluster", json!({"eventSource": "eks.amazonaws.com", "responseElements": response}))
    };
    assert_eq!(eks(json!({"message": "no"})), failed("Error"));
    assert_eq!(eks(json!({"__type": "ResourceInUse", "message": "no"})), failed("ResourceInUse"));
    assert_eq!(eks(json!({"message": "done", "cluster": {"name": "x"}})), Outcome::Succeeded);
    assert_eq!(eks(json!("")), Outcome::Succeeded);
}

#[test]
fn sources_of_records_are_told_apart() {
    let source = |fields: Value| {
        head_of(&record(|json| {
            fields.as_object().unwrap().iter().for_each(|(key, value)| json[key] = value.clone())
        }))
        .source
    };
    assert_eq!(source(json!({})), "management");
    assert_eq!(source(json!({"eventCategory": "Data"})), "data");
    assert_eq!(source(json!({"eventCategory": null, "managementEvent": false})), "data");
    assert_eq!(source(json!({"eventCategory": null, "managementEvent": "false"})), "data");
    assert_eq!(source(json!({"eventCategory": "NetworkActivity"})), "network");
    assert_eq!(source(json!({"eventCategory": null, "eventType": "AwsVpceEvent"})), "network");

    let other = |json: Value| {
        let head = head_of(json.to_string().as_bytes());
        (head.kind, head.source)
    };
    let insight = json!({"eventVersion": "1.07", "eventTime": "2026-03-02T03:14:15Z", "awsRegion": "us-east-1",
        "eventID": "4ad42b1e-b4e0-41f2-b461-6c46021d5120", "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "111122223333", "insightDetails": {"state": "Start", "eventName": "RunInstances"},
        "eventCategory": "Insight"});
    assert_eq!(other(insight), (RecordKind::Other, "insight"));
    let digest = json!({"awsAccountId": "111122223333", "digestStartTime": "2026-03-02T02:14:15Z",
        "digestEndTime": "2026-03-02T03:14:15Z", "digestS3Bucket": "trail", "digestS3Object": "AWSLogs/x",
        "logFiles": []});
    assert_eq!(other(digest), (RecordKind::Other, "digest"));
    for foreign in [
        json!({"logName": "projects/p/logs/x", "protoPayload": {"methodName": "m"}, "insertId": "1"}),
        json!({"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "us-east-1", "eventTime": "2026-03-02T03:14:15Z"}),
        json!({"eventName": "CreateInstance", "eventSource": "ecs.aliyuncs.com", "acsRegion": "cn-hangzhou",
            "userIdentity": {"type": "ram-user"}, "eventTime": "2026-03-02T03:14:15Z"}),
        json!({"version": "0", "detail-type": "EC2 Instance State-change Notification", "detail": {"state": "running"}}),
        json!({"Version": "2012-10-17", "Statement": []}),
        json!({"eventName": "page_view"}),
        json!({}),
    ] {
        assert_eq!(head(foreign.to_string().as_bytes()), Ok(None), "{foreign}");
        assert!(read_raw(foreign.to_string().as_bytes()).is_err(), "{foreign}");
    }
    let wrapped = json!({"EventName": "AssumeRole", "EventTime": 1772421255, "EventSource": "sts.amazonaws.com", "CloudTrailEvent": "{"});
    assert_eq!(
        head(wrapped.to_string().as_bytes()),
        Err(Unreadable("its CloudTrailEvent is still wrapped".into()))
    );
}

#[test]
fn what_is_no_json_object_is_named_without_its_text() {
    for (raw, why) in [
        (&b""[..], "it is cut off"),
        (b"{\"eventName\": \"secr", "it is cut off"),
        (b"[1]", "it is no JSON object"),
        (b"\"secret\"", "it is no JSON object"),
        (b"secret", "it is no JSON (column 1)"),
        (b"{\"a\": 1} secret", "it is no JSON (column 10)"),
        (b"{\"eventName\": \"\xff\"}", "it is no JSON (column 16)"),
    ] {
        assert_eq!(head(raw), Err(Unreadable(why.into())), "{}", String::from_utf8_lossy(raw));
    }
}

#[test]
fn small_oddities_are_taken() {
    assert_eq!(changed(|json| json["userAgent"] = json!(["a", "b"])).user_agent.as_deref(), Some("a"));
    assert_eq!(changed(|json| json["resources"] = json!("")).outcome, Outcome::Succeeded);
    let named = |name: &str, source: &str| {
        let event = changed(|json| {
            json["eventName"] = json!(name);
            json["eventSource"] = json!(source);
            json["readOnly"] = Value::Null;
        });
        (event.action.to_string(), event.read_only)
    };
    let lambda = named("CreateFunction20150331", "lambda.amazonaws.com");
    assert_eq!(lambda, ("lambda:CreateFunction20150331".to_owned(), false));
    assert!(named("ListFunctions20150331", "lambda.amazonaws.com").1);
    assert_eq!(named("GetItem", "dynamodb.example"), ("dynamodb.example:GetItem".to_owned(), true));
    let corrected = changed(|json| {
        json["addendum"] =
            json!({"reason": "UPDATED_DATA", "originalEventID": "4ad42b1e-b4e0-41f2-b461-6c46021d5120"});
        json["sharedEventID"] = json!("5ad42b1e-b4e0-41f2-b461-6c46021d5120");
    });
    let original = changed(|json| json["eventID"] = json!("4ad42b1e-b4e0-41f2-b461-6c46021d5120"));
    assert_eq!(corrected.replaces, Some(original.identity));
    assert_eq!(corrected.shared.as_deref(), Some("5ad42b1e-b4e0-41f2-b461-6c46021d5120"));
    let sourceless = changed(|json| drop(json.as_object_mut().unwrap().remove("eventSource")));
    assert_eq!((sourceless.action.as_ref(), sourceless.facts.len()), ("AssumeRole", 0));
}

/// A masked or omitted key leaves the session known by its ARN, never unknown.
#[test]
fn a_masked_key_is_never_taken_for_a_key() {
    for key in [json!("***"), json!("HIDDEN_DUE_TO_SECURITY_REASONS"), json!(null)] {
        let event = changed(|json| json["responseElements"]["credentials"]["accessKeyId"] = key);
        let issued = issued(&event);
        assert_eq!(issued.id.as_ref(), "arn:aws:sts::111122223333:assumed-role/backup/nightly");
        assert_eq!(issued.strength, triage::model::report::Strength::ExactSession);
    }
    let omitted = changed(|json| json["responseElements"] = Value::Null);
    assert_eq!(issued(&omitted).id.as_ref(), "arn:aws:sts::111122223333:assumed-role/backup/nightly");
}

#[test]
fn forwarding_is_a_services_use_of_somebody_elses_identity() {
    let forwarded = |change: &dyn Fn(&mut Value)| {
        let mut json = fixture("kms/Decrypt-forwarded");
        change(&mut json);
        read_raw(json.to_string().as_bytes()).unwrap().facts
    };
    let by = |service: &str| vec![Fact::Forwarded { service: service.into() }];
    assert_eq!(forwarded(&|_| ()), by("secretsmanager.amazonaws.com"));
    assert_eq!(
        forwarded(&|json| json["userIdentity"]["invokedBy"] = json!("AWS Internal")),
        by("AWS Internal")
    );
    assert_eq!(
        forwarded(&|json| json["userIdentity"]["invokedBy"] = Value::Null),
        by("secretsmanager.amazonaws.com")
    );
    // A person in an older console session.
    assert_eq!(
        forwarded(&|json| {
            json["userIdentity"]["invokedBy"] = json!("signin.amazonaws.com");
            json["sourceIPAddress"] = json!("192.0.2.7");
        }),
        []
    );
    let role = |path: &'static str| {
        move |json: &mut Value| {
            json["userIdentity"]["type"] = json!("AssumedRole");
            json["userIdentity"]["arn"] =
                json!("arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s");
            json["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] =
                json!(format!("arn:aws:iam::111122223333:role/{path}AWSServiceRoleForX"));
        }
    };
    assert_eq!(forwarded(&role("aws-service-role/x.amazonaws.com/")), []);
    // The path tells, not the name that anyone can give a role.
    assert_eq!(forwarded(&role("")), by("secretsmanager.amazonaws.com"));
    assert_eq!(forwarded(&|json| json["errorCode"] = json!("AccessDenied")), []);
}
