//! Whether what a run left is what `triage schema` promises: for `tests/it`, `tests/live` and `tests/live_gcp`, which include this
//! file by its path. Asks the binary for the schemas and judges every document of a folder by them.

use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

const REPORT: usize = 0;
const PLAN: usize = 1;
const JOURNAL: usize = 2;

static SCHEMAS: LazyLock<[Validator; 3]> = LazyLock::new(|| {
    ["report", "plan", "journal"].map(|document| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
        let printed = command.args(["schema", document]).env_clear().stdin(Stdio::null()).output();
        let schema: Value =
            serde_json::from_slice(&printed.expect("the binary runs").stdout).expect("a schema is JSON");
        assert_eq!(schema["$id"], format!("urn:triage:{document}:1"));
        jsonschema::validator_for(&schema).expect("a schema")
    })
});

/// How many documents were looked at, by kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub reports: usize,
    pub plans: usize,
    /// Lines.
    pub journal: usize,
}

/// Fails where a report, a plan or a line of a journal anywhere below is not as its schema says.
#[track_caller]
pub fn hold(folder: &Path) -> Looked {
    let (mut left, mut looked) = (vec![folder.to_owned()], Looked::default());
    while let Some(path) = left.pop() {
        if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
            left.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        // A case's own documents lie beside its `case.json`, and nowhere else.
        let is_ours = path.parent().is_some_and(|case| case.join("case.json").is_file());
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !is_ours {
            continue;
        }
        let text = || fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let json = |text: &str| serde_json::from_str::<Value>(text);
        if name.starts_with("report") && name.ends_with(".json") {
            judge(REPORT, &path, &json(&text()).expect("a report is JSON"));
            looked.reports += 1;
        } else if name.starts_with("plan-") && name.ends_with(".json") {
            judge(PLAN, &path, &json(&text()).expect("a plan is JSON"));
            looked.plans += 1;
        } else if name == "journal.ndjson" {
            // A line that a kill cut off is no JSON, and `triage verify` judges it.
            for line in text().lines().filter_map(|line| json(line).ok()) {
                judge(JOURNAL, &path, &line);
                looked.journal += 1;
            }
        }
    }
    looked
}

#[track_caller]
fn judge(schema: usize, path: &Path, document: &Value) {
    let wrong: Vec<String> = SCHEMAS[schema]
        .iter_errors(document)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(wrong, Vec::<String>::new(), "{}", path.display());
}
