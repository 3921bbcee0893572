//! A bench to run the binary on: an empty home that is also the working folder.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const SCENARIOS: [&str; 4] =
    ["aws-role-chain", "aws-busy-deployer", "gcp-cryptojacking", "gcp-busy-pipeline"];

pub struct Bench(tempfile::TempDir);

/// What a run left.
pub struct Done {
    pub code: Option<i32>,
    pub out: Vec<u8>,
    pub err: String,
}

impl Bench {
    pub fn new() -> Bench {
        Bench(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
        fs::write(&path, bytes).expect("a file can be written");
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
        command.args(args).env_clear().env("HOME", self.0.path()).current_dir(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Done {
        Done::of(self.command(args).output().expect("the binary runs"))
    }

    pub fn run_with_stdin(&self, args: &[&str], input: &str) -> Done {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        stdin.write_all(input.as_bytes()).expect("the binary reads its stdin");
        drop(stdin);
        Done::of(child.wait_with_output().expect("the binary ends"))
    }

    /// Every file below, by its path inside.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let top = self.path(folder);
        walk(&top)
            .into_iter()
            .filter(|path| path.is_file())
            .map(|path| {
                let name = path.strip_prefix(&top).expect("it lies below").to_string_lossy().into_owned();
                (name, fs::read(&path).expect("a file can be read"))
            })
            .collect()
    }
}

/// The folder and everything below it.
pub fn walk(top: &Path) -> Vec<PathBuf> {
    let mut found = vec![top.to_owned()];
    let mut at = 0;
    while at < found.len() {
        if found[at].is_dir() {
            let entries = fs::read_dir(&found[at]).expect("a folder can be listed");
            found.extend(entries.map(|entry| entry.expect("an entry").path()));
        }
        at += 1;
    }
    found.sort();
    found
}

impl Done {
    pub fn of(output: std::process::Output) -> Done {
        let err = String::from_utf8(output.stderr).expect("the conversation is UTF-8");
        Done { code: output.status.code(), out: output.stdout, err }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "stderr: {}", self.err);
        self
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("the result is UTF-8")
    }

    /// The one document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.out)
            .unwrap_or_else(|e| panic!("stdout is no document: {e}\n{}", self.text()))
    }
}

/// A recorded scenario of the checkout.
pub fn scenario(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios").join(name);
    path.to_str().expect("the checkout's path is UTF-8").to_owned()
}

/// Its evidence, as logs.
pub fn evidence(name: &str) -> String {
    format!("{}/evidence", scenario(name))
}

/// A line of CloudTrail: `at` in UTC, a call that tells nothing but that it was made.
pub fn aws_record(identity: Value, at: &str, id: u32) -> String {
    serde_json::json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": at, "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeInstances", "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.23",
        "userAgent": "aws-cli/2.31.4", "requestParameters": null, "responseElements": null,
        "requestID": "3d2d1b34-91b8-589e-9a25-52feb51416e6", "eventID": format!("00000000-0000-4000-8000-{id:012}"),
        "readOnly": true, "eventType": "AwsApiCall", "managementEvent": true,
        "recipientAccountId": "111122223333", "eventCategory": "Management",
    })
    .to_string()
}

/// A line of Cloud Audit Logs: a bucket was listed.
pub fn gcp_record(authentication: Value, at: &str, id: &str) -> String {
    serde_json::json!({
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "status": {},
            "authenticationInfo": authentication,
            "requestMetadata": {"callerIp": "198.51.100.23", "callerSuppliedUserAgent": "gcloud/512.0.0"},
            "serviceName": "storage.googleapis.com", "methodName": "storage.objects.list",
            "resourceName": "projects/_/buckets/shop-exports",
        },
        "insertId": id, "timestamp": at, "severity": "INFO",
        "resource": {"type": "gcs_bucket",
            "labels": {"project_id": "shop-prod-4821", "bucket_name": "shop-exports", "location": "eu"}},
        "logName": "projects/shop-prod-4821/logs/cloudaudit.googleapis.com%2Fdata_access",
        "receiveTimestamp": at,
    })
    .to_string()
}
