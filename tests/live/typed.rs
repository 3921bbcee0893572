//! What the README's `live` blocks and the examples of `--help` say about AWS is typed as it stands there, on a terminal, at an
//! attacked organization: nothing is misunderstood, and each line ends as the exit codes say.
#![cfg(unix)]

use crate::stand::Stand;
use crate::typed_shared::{CASES, Needs, Typed, Typist, help, marked, readme};
use serde_json::{Value, json};
use std::fs;

/// The responder at a terminal. What is in the documentation stands for what is in the world.
fn typist(stand: &Stand, files: &tempfile::TempDir) -> Typist {
    let (config, keys) = (files.path().join("config"), files.path().join("credentials"));
    let text = |name: &str| stand.text(&format!("/keys/responder/{name}"));
    fs::write(&config, "[profile responder]\nregion = us-east-1\n").expect("a file");
    let lines = format!(
        "[responder]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        text("AccessKeyId"),
        text("SecretAccessKey")
    );
    fs::write(&keys, lines).expect("a file");
    // No account has other regions than something happened in: 17 of them for each of three accounts take long.
    let region = |name: String| json!({"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"});
    let regions: Vec<Value> = stand.list("regions").into_iter().map(region).collect();
    stand.faults(json!([{"kind": "answer", "service": "account", "action": "ListRegions", "answer": {"Regions": regions}}]));
    let mut command = stand.command(&[]);
    command.env("AWS_CONFIG_FILE", config).env("AWS_SHARED_CREDENTIALS_FILE", keys);
    Typist::new(command, vec![("AKIAIOSFODNN7EXAMPLE", stand.leaked().to_owned())])
}

fn types_all(stand: &Stand, typist: &mut Typist, lines: Vec<Typed>) {
    for typed in lines {
        let ran = typist.types(&typed.line);
        typed.ends_well(&ran);
        stand.holds_no_secret(&ran.text);
        typist.takes_up(&CASES);
    }
}

#[test]
fn the_readme_does_what_it_says() {
    let Some(stand) = Stand::attacked() else { return };
    let files = tempfile::tempdir().expect("a temporary folder");
    let mut typist = typist(&stand, &files);
    let mark = stand.mark();
    for block in marked("script").into_iter().filter(|block| block.text.contains("triage revoke")) {
        let ran = typist.types(&block.text);
        assert_eq!(ran.code, 0, "README.md:{}: {}", block.line, ran.text);
        assert!(ran.text.contains("shut, and seen to be shut"), "README.md:{}: {}", block.line, ran.text);
    }
    assert!(!stand.changes(mark).is_empty(), "the first minute shuts something");
    types_all(&stand, &mut typist, readme(Needs::Aws));
}

#[test]
fn the_examples_of_every_help_do_what_they_say() {
    let Some(stand) = Stand::attacked() else { return };
    let files = tempfile::tempdir().expect("a temporary folder");
    let mut typist = typist(&stand, &files);
    types_all(&stand, &mut typist, help(Needs::Aws));
}
