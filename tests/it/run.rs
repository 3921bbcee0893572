//! Runs the program in a folder of its own.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub struct Place(pub tempfile::TempDir);

/// The folder of one recorded scenario.
pub fn scenario(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios").join(name);
    path.to_string_lossy().into_owned()
}

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
        command.args(args).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("the program starts")
    }

    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Output {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(stdin).expect("it reads its input");
        child.wait_with_output().expect("it ends")
    }
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}\n{}\n{}", text(&output.stdout), text(&output.stderr)))
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every file under a folder.
pub fn files(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// One CloudTrail record by this identity.
pub fn record(id: u32, identity: Value, event: &str, more: Value) -> String {
    let mut record = serde_json::json!({
        "eventVersion": "1.09", "eventTime": format!("2026-05-04T10:{:02}:{:02}Z", id / 60, id % 60),
        "eventSource": "ec2.amazonaws.com", "eventName": event, "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2.15.0", "readOnly": true,
        "requestParameters": null, "responseElements": null, "eventType": "AwsApiCall", "managementEvent": true,
        "eventID": format!("00000000-0000-4000-8000-{id:012}"), "recipientAccountId": "111122223333",
        "eventCategory": "Management", "userIdentity": identity,
    });
    for (key, value) in more.as_object().expect("an object") {
        record[key] = value.clone();
    }
    record.to_string()
}

pub fn user_key(key: &str) -> Value {
    serde_json::json!({
        "type": "IAMUser", "principalId": "AIDARTX3GSDSZEXAMPLE", "arn": "arn:aws:iam::111122223333:user/ci",
        "accountId": "111122223333", "accessKeyId": key, "userName": "ci",
    })
}
