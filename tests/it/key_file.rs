//! A leaked key file finds its principal, and its secret goes nowhere.

use crate::support::{Bench, Done, evidence};

/// Key material that no one was ever given.
const SECRET: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCnotarealkeynotarealkey";

fn service_account_key() -> String {
    serde_json::json!({
        "type": "service_account", "project_id": "shop-prod-4821",
        "private_key_id": "8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"),
        "client_email": "builder@shop-prod-4821.iam.gserviceaccount.com", "client_id": "151678994748802172156",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    })
    .to_string()
}

/// In no output and in no file, plain or packed.
fn is_nowhere(bench: &Bench, secret: &str, done: &Done) {
    assert!(!done.text().contains(secret) && !done.err.contains(secret));
    for (name, bytes) in bench.files("case") {
        let bytes = if name.ends_with(".gz") {
            let mut plain = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut plain)
                .expect("gzip");
            plain
        } else {
            bytes
        };
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "it is in {name}");
    }
}

#[test]
fn a_key_on_stdin_finds_its_account_and_its_secret_goes_nowhere() {
    let bench = Bench::new();
    let logs = evidence("gcp-cryptojacking");
    let args = [
        "--key-file",
        "-",
        "--logs",
        &logs,
        "--leaked-at",
        "2026-03-14T02:00Z",
        "-o",
        "json",
        "--case-dir",
        "case",
    ];
    let done = bench.run_with_stdin(&args, &service_account_key()).exits(3);
    let report = done.json();
    assert_eq!(report["principal"]["id"], "builder@shop-prod-4821.iam.gserviceaccount.com");
    assert_eq!(report["principal"]["account"], "shop-prod-4821");
    assert_eq!(report["counts"]["events_of_principal"], 155);
    assert_eq!(report["counts"]["events_of_derived"], 73);
    assert_eq!(report["leaked_keys"], serde_json::json!(["8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0"]));
    is_nowhere(&bench, SECRET, &done);
    is_nowhere(&bench, "BEGIN PRIVATE KEY", &done);
    // The case knows the key's id without the file.
    let again = bench.run(&["audit", "--case", "case", "-o", "json"]).exits(3);
    assert!(again.out == done.out);
}

#[test]
fn a_key_file_on_disk_and_a_pasted_aws_key_do_too() {
    let bench = Bench::new();
    bench.write("leaked key.json", service_account_key());
    let logs = evidence("gcp-busy-pipeline");
    let done = bench.run(&[
        "audit",
        "--key-file",
        "leaked key.json",
        "--logs",
        &logs,
        "--case-dir",
        "case",
        "-o",
        "json",
    ]);
    // No record of its project was given: that is told, and is not "did nothing".
    let done = done.exits(3);
    assert_eq!(done.json()["counts"]["events_of_principal"], 0);
    assert_eq!(done.json()["gaps"][0]["where"], "shop-prod-4821");
    is_nowhere(&bench, SECRET, &done);

    let bench = Bench::new();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let paste =
        format!("[default]\naws_access_key_id = AKIARTX3GSDSREXAMPLE\naws_secret_access_key = {secret}\n");
    let logs = evidence("aws-busy-deployer");
    let args = ["audit", "--key-file", "-", "--logs", &logs, "--case-dir", "case", "-o", "json"];
    let done = bench.run_with_stdin(&args, &paste).exits(0);
    assert_eq!(done.json()["principal"]["id"], "AKIARTX3GSDSREXAMPLE");
    assert_eq!(done.json()["counts"]["events_of_principal"], 31);
    is_nowhere(&bench, secret, &done);
}

#[test]
fn what_holds_no_one_key_is_refused_without_repeating_it() {
    let bench = Bench::new();
    let logs = evidence("aws-busy-deployer");
    for text in [
        "",
        "nothing here",
        "{\"private_key\": \"MIIEvQsecretsecretsecret\"}",
        "AKIARTX3GSDSREXAMPLE AKIARTX3GSDSTEXAMPLE",
    ] {
        let done = bench.run_with_stdin(&["audit", "--key-file", "-", "--logs", &logs], text).exits(2);
        assert!(done.out.is_empty() && !done.err.contains("secretsecret"), "{}", done.err);
    }
    bench.run(&["audit", "--key-file", "absent.json", "--logs", &logs]).exits(1);
    assert_eq!(bench.files("").len(), 0);
}
