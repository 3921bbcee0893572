//! Every way in which a responder may be signed in, and who they are told to be.

use crate::stand::{Done, Stand};
use serde_json::{Value, json};
use std::fs;

#[track_caller]
fn audit(stand: &Stand, file: &str, content: Option<Value>, more: &[&str]) -> Done {
    let path = stand.path(file);
    if let Some(content) = content {
        fs::write(&path, content.to_string()).expect("a file");
    }
    let (key, case) = (stand.path("leaked.json"), format!("case-{file}"));
    let project = stand.text("/projects/shop");
    let args = [
        "audit",
        "--key-file",
        key.to_str().expect("UTF-8"),
        "--project",
        project,
        "--case-dir",
        &case,
        "-o",
        "json",
    ];
    stand.run(stand.command(&args).args(more).env("GOOGLE_APPLICATION_CREDENTIALS", path))
}

#[test]
fn every_form_of_credentials_signs_in_and_is_told() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let (robot, url) = (stand.text("/robot"), &stand.url);
    let become_robot =
        format!("{url}/iamcredentials/v1/projects/-/serviceAccounts/{robot}:generateAccessToken");
    let quota = stand.text("/projects/ops");
    fs::write(stand.path("subject"), "on-call").expect("a file");
    let impersonated = json!({"type": "impersonated_service_account", "service_account_impersonation_url": become_robot, "delegates": [],
                              "source_credentials": stand.world["files"]["responder"], "quota_project_id": quota});
    let external = json!({"type": "external_account", "audience": format!("//iam.googleapis.com/{}/providers/git", stand.text("/pool")),
                          "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{url}/sts/v1/token"),
                          "service_account_impersonation_url": become_robot, "credential_source": {"file": stand.path("subject")},
                          "quota_project_id": quota});
    for (file, content, more, who) in [
        ("responder.json", None, vec![], "responder@example.com"),
        ("robot.json", None, vec![], robot),
        ("responder.json", None, vec!["--impersonate-service-account", robot], robot),
        ("impersonated.json", Some(impersonated), vec![], robot),
        ("external.json", Some(external), vec![], robot),
    ] {
        let case = format!("case-{file}");
        let _ = fs::remove_dir_all(stand.path(&case));
        let mark = stand.mark();
        let done = audit(&stand, file, content, &more).goes_through();
        assert!(done.err.contains(who), "{file} {more:?}: {who} is told: {}", done.err);
        assert!(done.err.contains(url.as_str()), "{file}: the endpoint override is told: {}", done.err);
        assert!(
            stand
                .calls(mark)
                .iter()
                .any(|call| call["method"] == "logging.entries.list" && call["who"] == who),
            "{file}: it asked as {who}"
        );
    }
}
