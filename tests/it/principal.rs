//! Every form of principal that is accepted finds its own records, end to end.

use crate::support::{Bench, aws_record, gcp_record};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/Ops";

fn logs() -> String {
    let user = |key: &str| {
        json!({"type": "IAMUser", "principalId": "AIDAQPWZDCTLBFBWGMFBE", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/ci/deploy", "accessKeyId": key, "userName": "deploy"})
    };
    let session = |name: &str, key: &str| {
        json!({"type": "AssumedRole", "principalId": format!("AROAQPWZDCTLHW4NRV6KE:{name}"), "accountId": "111122223333",
            "arn": format!("arn:aws:sts::111122223333:assumed-role/Ops/{name}"), "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "principalId": "AROAQPWZDCTLHW4NRV6KE", "arn": ROLE,
                    "accountId": "111122223333", "userName": "Ops"},
                "attributes": {"creationDate": "2026-03-02T03:00:00Z", "mfaAuthenticated": "false"}}})
    };
    let federated = json!({"type": "FederatedUser", "principalId": "111122223333:audit", "accountId": "111122223333",
        "arn": "arn:aws:sts::111122223333:federated-user/audit", "accessKeyId": "ASIARTX3GSDSQFEDERAT"});
    let root = json!({"type": "Root", "principalId": "111122223333", "accountId": "111122223333",
        "arn": "arn:aws:iam::111122223333:root", "accessKeyId": "AKIARTX3GSDSROOTKEYA"});
    let account = "builder@shop-prod-4821.iam.gserviceaccount.com";
    let key = format!(
        "//iam.googleapis.com/projects/shop-prod-4821/serviceAccounts/{account}/keys/8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0"
    );
    let pool = "principal://iam.googleapis.com/projects/482104821048/locations/global/workloadIdentityPools/ci/subject/repo:shop/web";
    let mut listed: Value = serde_json::from_str(&gcp_record(
        json!({"principalEmail": "carol@shop.example"}),
        "2026-03-02T03:14:20Z",
        "g5",
    ))
    .expect("JSON");
    // The one record that tells whose unique id it is.
    listed["protoPayload"]["serviceName"] = "iam.googleapis.com".into();
    listed["protoPayload"]["methodName"] = "google.iam.admin.v1.CreateServiceAccountKey".into();
    listed["protoPayload"]["resourceName"] = "projects/-/serviceAccounts/151678994748802172156".into();
    listed["protoPayload"]["response"] = json!({
        "@type": "type.googleapis.com/google.iam.admin.v1.ServiceAccountKey",
        "name": format!("projects/shop-prod-4821/serviceAccounts/{account}/keys/8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0")});
    listed["resource"] = json!({"type": "service_account", "labels": {"project_id": "shop-prod-4821",
        "email_id": account, "unique_id": "151678994748802172156"}});
    listed["logName"] = "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Factivity".into();
    [
        aws_record(user("AKIARTX3GSDS6ZRUUHGT"), "2026-03-02T03:14:15Z", 1),
        aws_record(user("AKIARTX3GSDS2WXWWSOM"), "2026-03-02T03:14:16Z", 2),
        aws_record(session("anna", "ASIARTX3GSDSQSESSION"), "2026-03-02T03:14:17Z", 3),
        aws_record(session("bob", "ASIARTX3GSDSQANOTHER"), "2026-03-02T03:14:18Z", 4),
        aws_record(federated, "2026-03-02T03:14:19Z", 5),
        aws_record(root, "2026-03-02T03:14:20Z", 6),
        gcp_record(
            json!({"principalEmail": account, "serviceAccountKeyName": key}),
            "2026-03-02T03:14:15Z",
            "g1",
        ),
        gcp_record(json!({"principalEmail": account}), "2026-03-02T03:14:16Z", "g2"),
        gcp_record(json!({"principalEmail": "mallory@shop.example"}), "2026-03-02T03:14:17Z", "g3"),
        gcp_record(json!({"principalSubject": pool}), "2026-03-02T03:14:18Z", "g4"),
        listed.to_string(),
    ]
    .join("\n")
}

#[test]
fn every_accepted_form_finds_its_own() {
    let bench = Bench::new();
    bench.write("logs/all.jsonl", logs());
    for (form, kind, events) in [
        ("AKIARTX3GSDS6ZRUUHGT", "access_key", 1),
        ("ASIARTX3GSDSQSESSION", "access_key", 1),
        ("AIDAQPWZDCTLBFBWGMFBE", "user", 2),
        ("arn:aws:iam::111122223333:user/ci/deploy", "user", 2),
        ("AROAQPWZDCTLHW4NRV6KE", "role", 2),
        ("AROAQPWZDCTLHW4NRV6KE:anna", "session", 1),
        (ROLE, "role", 2),
        ("arn:aws:sts::111122223333:assumed-role/Ops/bob", "session", 1),
        ("arn:aws:sts::111122223333:federated-user/audit", "federated_user", 1),
        ("arn:aws:iam::111122223333:root", "root", 1),
        ("builder@shop-prod-4821", "service_account", 2),
        ("builder@shop-prod-4821.iam.gserviceaccount.com", "service_account", 2),
        ("serviceAccount:builder@shop-prod-4821.iam.gserviceaccount.com", "service_account", 2),
        ("151678994748802172156", "service_account", 2),
        ("mallory@shop.example", "google_user", 1),
        ("user:mallory@shop.example", "google_user", 1),
        (
            "principal://iam.googleapis.com/projects/482104821048/locations/global/workloadIdentityPools/ci/subject/repo:shop/web",
            "workload_identity",
            1,
        ),
        // As it is pasted.
        (" `AKIARTX3GSDS6ZRUUHGT` ", "access_key", 1),
    ] {
        let report =
            bench.run(&["audit", "--principal", form, "--logs", "logs", "-o", "json"]).exits(0).json();
        assert_eq!(report["principal"]["kind"], kind, "{form}");
        // The made-up ids tell other accounts than the records do: the records are right.
        if report["principal"]["provider"] == "aws" {
            assert_eq!(report["principal"]["account"], "111122223333", "{form}");
        }
        assert_eq!(report["counts"]["events_of_principal"], events, "{form}");
        assert_eq!(report["counts"]["records_read"], 11);
        assert_eq!(report["credentials"][0]["events"], events, "{form}");
    }
    // Nobody's records tell the e-mail of this one: that is a gap, not "nothing found".
    let report =
        bench.run(&["audit", "--principal", "151678994748802172157", "--logs", "logs", "-o", "json"]);
    assert_eq!(report.exits(3).json()["gaps"][0]["where"], "151678994748802172157");
}
