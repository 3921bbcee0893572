//! No secret leaks: not the one in a key file, not what providers log beside ids.

use crate::run::{Place, code, files, json, record, text, user_key};
use serde_json::json;

#[test]
fn a_leaked_key_file_is_read_for_its_ids_alone() {
    let place = Place::new();
    let secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    let key = json!({
        "type": "service_account", "project_id": "shop-prod-4821", "private_key_id": "8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"),
        "client_email": "builder@shop-prod-4821.iam.gserviceaccount.com", "client_id": "114938201928374650192",
    });
    let aws = "[default]\naws_access_key_id = AKIARTX3GSDSTEXAMPLE\naws_secret_access_key = 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\n";
    place.write("logs/a.json", r#"{"Records":[]}"#);
    for (input, secret, id) in [
        (key.to_string(), secret, "builder@shop-prod-4821.iam.gserviceaccount.com"),
        (aws.to_owned(), "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzzzzz", "AKIARTX3GSDSTEXAMPLE"),
    ] {
        let output = place
            .run_with(&["--key-file", "-", "--logs", "logs", "-o", "json", "--allow-gaps"], input.as_bytes());
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        assert_eq!(json(&output)["principal"]["id"], id);
        assert!(!text(&output.stdout).contains(secret) && !text(&output.stderr).contains(secret));
        let broken = place.run_with(
            &["--key-file", "-", "--logs", "logs"],
            input.replace("client_email", "x").replace("AKIA", "XXXX").as_bytes(),
        );
        assert!(!text(&broken.stderr).contains(secret), "also not in an error");
    }
    for file in files(place.0.path()) {
        let bytes = std::fs::read(&file).expect("a file");
        for secret in [secret, "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzzzzzzzzz"] {
            assert!(!text(&bytes).contains(secret), "{}", file.display());
        }
    }
}

#[test]
fn what_is_made_from_evidence_holds_no_key_material() {
    let place = Place::new();
    let (token, secret) =
        ("FwoGZXIvYXdzEXAMPLETOKENnotforreports", "EXAMPLEsecretEXAMPLEsecretEXAMPLEsecret1");
    let key = "AKIARTX3GSDSTEXAMPLE";
    let line = record(
        1,
        user_key(key),
        "AssumeRole",
        json!({
            "eventSource": "sts.amazonaws.com",
            "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/Ops", "roleSessionName": "s"},
            "responseElements": {
                "credentials": {"accessKeyId": "ASIARTX3GSDSREXAMPLE", "secretAccessKey": secret, "sessionToken": token, "expiration": "May 4, 2026, 11:00:00 AM"},
                "assumedRoleUser": {"assumedRoleId": "AROARTX3GSDSQEXAMPLE:s", "arn": "arn:aws:sts::111122223333:assumed-role/Ops/s"}}
        }),
    );
    place.write("logs/a.jsonl", line);
    for format in ["table", "json", "jsonl"] {
        let output =
            place.run(&["-v", "--principal", key, "--logs", "logs", "-o", format, "--case-dir", format]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains("ASIARTX3GSDSREXAMPLE"));
        assert!(!said.contains(token) && !said.contains(secret), "{format}");
        for file in files(&place.path(format))
            .iter()
            .filter(|file| !file.starts_with(place.path(format).join("evidence")))
        {
            let bytes = text(&std::fs::read(file).expect("a file"));
            assert!(!bytes.contains(token) && !bytes.contains(secret), "{}", file.display());
        }
    }
}
