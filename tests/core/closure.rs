//! Every credential edge through the graph: not only does the record tell it, the closure follows it, and what the child
//! does afterwards comes back to the seed.

use crate::support::fixtures;
use serde_json::{Value, json};
use std::path::PathBuf;
use triage::analyze::Investigation;
use triage::model::event::{Fact, Minter};
use triage::model::report::{Report, Window};
use triage::model::{Event, Principal, Provenance};
use triage::read;

const KEY: &str = "AKIARTX3GSDSTEXAMPLE";
const THIEF: &str = "thief@shop-prod-4821.iam.gserviceaccount.com";
const THIEF_KEY: &str = "8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0";
const HERE: &str = "111122223333";

fn event(record: &Value) -> Option<Event> {
    read::read(record.to_string().as_bytes(), Provenance::default()).expect("a fixture is read")
}

/// The report on these records as `triage` reaches it: only what it asks for is given, until it asks for nothing new.
fn report(principal: &str, records: &[Value]) -> Report {
    let mut investigation =
        Investigation::new(Principal::parse(principal).expect("a principal"), Window::default());
    while let Some(query) = investigation.wants() {
        for record in records {
            let text = record.to_string();
            if query.ids.iter().any(|id| text.contains(&**id)) {
                event(record).into_iter().for_each(|event| investigation.absorb(event));
            }
        }
    }
    investigation.report()
}

fn recorded(cloud: &str) -> Vec<(String, Value)> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(fixtures().join("events").join(cloud)).expect("the fixtures") {
        let files = std::fs::read_dir(folder.expect("an entry").path()).expect("a service");
        found.extend(files.map(|file| file.expect("an entry").path()));
    }
    found.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a fixture");
        (path.display().to_string(), serde_json::from_str(&text).expect("JSON"))
    };
    found.into_iter().map(read).collect()
}

fn user(key: &str) -> Value {
    json!({"type": "IAMUser", "principalId": "AIDARTX3GSDSZEXAMPLE", "accountId": HERE, "userName": "ci",
        "arn": format!("arn:aws:iam::{HERE}:user/ci"), "accessKeyId": key})
}

fn call(minute: u32, source: &str, name: &str, with: Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": format!("2026-09-14T02:{minute:02}:00Z"), "awsRegion": "us-east-1",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "sourceIPAddress": "198.51.100.7",
        "eventID": format!("00000000-0000-4000-8000-0000000000{minute:02}"), "readOnly": false,
        "eventType": "AwsApiCall", "recipientAccountId": HERE, "userIdentity": user(KEY),
    });
    for (key, value) in with.as_object().expect("an object") {
        record[key] = value.clone();
    }
    record
}

#[test]
fn every_recorded_minting_on_aws_is_followed() {
    let mut followed = 0;
    for (name, mut record) in recorded("aws") {
        record["userIdentity"] = user(KEY);
        for copy in ["sharedEventID", "sessionCredentialFromConsole"] {
            record.as_object_mut().expect("an object").remove(copy);
        }
        let Some(minting) = event(&record) else { continue };
        let issued = minting.facts.iter().filter_map(|fact| match fact {
            Fact::Issued(issued) if issued.minter == Minter::Actor => Some(issued),
            _ => None,
        });
        for child in issued {
            let mut used = call(0, "ec2", "DescribeInstances", json!({"eventTime": "2027-01-01T00:00:00Z"}));
            used["userIdentity"] = user(&child.id);
            // A password has no id that a record could bear; it is followed through the sign-in, below.
            let has_id = child.kind != "aws.login_profile";
            let report = report(KEY, &[record.clone(), used]);
            let found = report.credentials.iter().find(|credential| credential.id == child.id);
            let found = found.unwrap_or_else(|| panic!("{name}: {} is not followed", child.id));
            assert_eq!((found.depth, found.issued_by.as_deref()), (1, Some(KEY)), "{name}");
            assert_eq!(found.event.as_deref(), Some(&*minting.id), "{name}");
            assert_eq!(found.events, u64::from(has_id), "{name}: what {} did comes back", child.id);
            followed += 1;
        }
    }
    assert!(followed >= 12, "only {followed} minting fixtures");
}

#[test]
fn every_recorded_minting_on_google_is_followed() {
    let mut followed = 0;
    for (name, mut entry) in recorded("gcp") {
        entry["protoPayload"]["authenticationInfo"] = json!({"principalEmail": THIEF, "serviceAccountKeyName":
            format!("//iam.googleapis.com/projects/shop-prod-4821/serviceAccounts/{THIEF}/keys/{THIEF_KEY}")});
        let Some(minting) = event(&entry) else { continue };
        for fact in &minting.facts {
            let Fact::Issued(child) = fact else { continue };
            if child.minter != Minter::Actor || *child.id == *THIEF {
                continue;
            }
            let report = report(THIEF, &[entry.clone()]);
            let found = report.credentials.iter().find(|credential| credential.id == child.id);
            let found = found.unwrap_or_else(|| panic!("{name}: {} is not followed", child.id));
            assert_eq!((found.depth, found.issued_by.as_deref()), (1, Some(THIEF)), "{name}");
            followed += 1;
        }
    }
    assert!(followed >= 8, "only {followed} minting fixtures");
}

/// Who comes in from outside through something that the thief made.
fn entered(made: Value, entry: Value) -> Vec<String> {
    let credentials = report(KEY, &[made, entry]).credentials;
    credentials.iter().skip(1).map(|credential| credential.id.to_string()).collect()
}

#[test]
fn who_enters_through_a_provider_that_the_thief_made_is_followed() {
    let answer = json!({"credentials": {"accessKeyId": "ASIARTX3GSDSREXAMPLE"}, "assumedRoleUser":
        {"arn": format!("arn:aws:sts::{HERE}:assumed-role/Ops/x"), "assumedRoleId": "AROARTX3GSDSQEXAMPLE:x"}});
    let role = format!("arn:aws:iam::{HERE}:role/Ops");
    let saml = format!("arn:aws:iam::{HERE}:saml-provider/Okta");
    let mut saml_answer = answer.clone();
    saml_answer["issuer"] = json!("https://idp.example.com/saml");
    let oidc = format!("arn:aws:iam::{HERE}:oidc-provider/token.example.com");
    let mut oidc_answer = answer.clone();
    oidc_answer["provider"] = json!(oidc);
    let anchor =
        format!("arn:aws:rolesanywhere:us-east-1:{HERE}:trust-anchor/1f2e3d4c-5b6a-7988-97a6-b5c4d3e2f1a0");
    let ours = ["ASIARTX3GSDSREXAMPLE"];
    assert_eq!(
        entered(
            call(
                1,
                "iam",
                "CreateSAMLProvider",
                json!({"requestParameters": {"name": "Okta"}, "responseElements": {"sAMLProviderArn": saml}})
            ),
            call(
                2,
                "sts",
                "AssumeRoleWithSAML",
                json!({"userIdentity": {"type": "SAMLUser", "userName": "x", "identityProvider": "abc="},
            "requestParameters": {"roleArn": role, "principalArn": saml, "roleSessionName": "x"}, "responseElements": saml_answer})
            ),
        ),
        ours
    );
    assert_eq!(
        entered(
            call(
                1,
                "iam",
                "CreateOpenIDConnectProvider",
                json!({"requestParameters": {"url": "https://token.example.com"}, "responseElements": {"openIDConnectProviderArn": oidc}})
            ),
            call(
                2,
                "sts",
                "AssumeRoleWithWebIdentity",
                json!({"userIdentity": {"type": "WebIdentityUser", "userName": "x", "identityProvider": oidc},
            "requestParameters": {"roleArn": role, "roleSessionName": "x"}, "responseElements": oidc_answer})
            ),
        ),
        ours
    );
    assert_eq!(
        entered(
            call(
                1,
                "rolesanywhere",
                "CreateTrustAnchor",
                json!({"requestParameters": {"name": "a"}, "responseElements": {"trustAnchor": {"trustAnchorArn": anchor, "name": "a"}}})
            ),
            call(
                2,
                "rolesanywhere",
                "CreateSession",
                json!({"userIdentity": {"type": "Unknown", "accountId": HERE},
            "requestParameters": {"trustAnchorArn": anchor, "roleArn": role}, "responseElements": {"credentialSet": [answer]}})
            ),
        ),
        ours
    );
}

#[test]
fn sign_ins_are_followed_by_arn_and_start() {
    let arn = format!("arn:aws:iam::{HERE}:user/backdoor");
    let console = |key: &str| {
        json!({"type": "IAMUser", "principalId": "AIDARTX3GSDSYEXAMPLE", "arn": arn, "accountId": HERE,
        "userName": "backdoor", "accessKeyId": key, "sessionContext": {"attributes": {"creationDate": "2026-09-14T02:02:00Z"}}})
    };
    let records = [
        call(
            1,
            "iam",
            "CreateLoginProfile",
            json!({"requestParameters": {"userName": "backdoor"}, "responseElements": {"loginProfile": {"userName": "backdoor"}}}),
        ),
        call(
            2,
            "signin",
            "ConsoleLogin",
            json!({"eventType": "AwsConsoleSignIn", "responseElements": {"ConsoleLogin": "Success"},
            "userIdentity": {"type": "IAMUser", "principalId": "AIDARTX3GSDSYEXAMPLE", "arn": arn, "accountId": HERE, "userName": "backdoor"}}),
        ),
        call(3, "ec2", "DescribeInstances", json!({"userIdentity": console("ASIARTX3GSDSAEXAMPLE")})),
        call(
            4,
            "s3",
            "CreateBucket",
            json!({"requestParameters": {"bucketName": "drop"}, "userIdentity": console("ASIARTX3GSDSBEXAMPLE")}),
        ),
        // The user's own access key is not the password's doing.
        call(
            5,
            "s3",
            "CreateBucket",
            json!({"requestParameters": {"bucketName": "own"}, "userIdentity": {"type": "IAMUser", "arn": arn, "accountId": HERE, "accessKeyId": "AKIARTX3GSDSBEXAMPLE"}}),
        ),
    ];
    let report = report(KEY, &records);
    let profile = &report.credentials[1];
    assert_eq!((&*profile.id, profile.kind, profile.events), ("backdoor", "aws.login_profile", 3));
    let made: Vec<&str> = report.resources.iter().map(|resource| &*resource.id).collect();
    assert_eq!(made, ["drop"]);
}

#[test]
fn outside_identities_of_a_pool_that_the_thief_made_are_followed() {
    let entry = |minute: u32, who: Value, service: &str, method: &str, with: Value| {
        let mut payload = json!({"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": format!("{service}.googleapis.com"),
            "methodName": method, "authenticationInfo": who, "requestMetadata": {"callerIp": "203.0.113.9"}});
        for (key, value) in with.as_object().expect("an object") {
            payload[key] = value.clone();
        }
        json!({"logName": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity", "insertId": format!("e{minute}"),
            "timestamp": format!("2026-09-14T02:{minute:02}:00Z"), "severity": "NOTICE", "protoPayload": payload,
            "resource": {"type": "audited_resource", "labels": {"project_id": "shop-prod-4821"}}})
    };
    let thief = json!({"principalEmail": THIEF, "serviceAccountKeyName": format!("//iam.googleapis.com/projects/p/serviceAccounts/{THIEF}/keys/{THIEF_KEY}")});
    let pool = "projects/shop-prod-4821/locations/global/workloadIdentityPools/door";
    let subject = "principal://iam.googleapis.com/projects/482104821048/locations/global/workloadIdentityPools/door/subject/x";
    let other = subject.replace("/door/", "/house/");
    let made = json!({"resourceName": pool, "request": {"parent": "projects/shop-prod-4821/locations/global", "workloadIdentityPoolId": "door"}, "response": {"name": pool}});
    let bucket = |name: &str| json!({"resourceName": format!("projects/_/buckets/{name}")});
    let records = [
        entry(1, thief, "iam", "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPool", made),
        entry(2, json!({"principalSubject": subject}), "storage", "storage.buckets.create", bucket("drop")),
        entry(3, json!({"principalSubject": other}), "storage", "storage.buckets.create", bucket("own")),
    ];
    let report = report(THIEF, &records);
    let ids: Vec<&str> = report.credentials.iter().map(|credential| &*credential.id).collect();
    assert_eq!(ids, [THIEF, subject]);
    let buckets: Vec<&str> = report
        .resources
        .iter()
        .filter(|made| made.kind == "gcp.storage.bucket")
        .map(|made| &*made.id)
        .collect();
    assert!(buckets.len() == 1 && buckets[0].ends_with("drop"), "{buckets:?}");
}
