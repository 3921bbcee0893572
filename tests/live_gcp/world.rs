//! The stand-in itself: Google's own clients use it as they use Google, and what they do not know is refused.

use crate::stand::{Stand, script};
use std::process::Command;

#[test]
fn googles_own_python_client_works_and_a_misspelt_field_is_refused() {
    let Some(stand) = Stand::empty() else { return };
    let told = script(stand.python, &["test_stand.py", &stand.url]);
    assert_eq!(told.lines().filter(|line| line.starts_with("ok ")).count(), 8, "{told}");
}

/// gcloud is no part of the packages that can be pinned: where it is, it must work, and where it isn't, that is said.
#[test]
fn gcloud_works_where_it_is_installed() {
    let Some(stand) = Stand::empty() else { return };
    let found = Command::new("sh").args(["-c", "command -v gcloud"]).output().expect("sh runs");
    let path = String::from_utf8(found.stdout).expect("UTF-8");
    if path.trim().is_empty() {
        eprintln!("SKIPPED: gcloud is not installed; Google's Python client stands for both");
        return;
    }
    assert_eq!(script(stand.python, &["test_gcloud.py", &stand.url, path.trim()]).trim(), "ok gcloud");
}
