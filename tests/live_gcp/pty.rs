//! On a terminal: whoever waits sees how far it is.
#![cfg(unix)]

use crate::stand::Stand;
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;
use serde_json::json;

/// No run here takes longer, milliseconds.
const LONGEST: u64 = 300_000;

#[test]
fn projects_that_have_not_answered_are_told_while_they_are_waited_for() {
    let Some(stand) = Stand::attacked() else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    // Nobody gets an entry until the fault is taken away.
    stand.faults(json!([{"kind": "log_throttle"}]));
    let mut command = stand.whole("audit", &["--case-dir", "case"]);
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(LONGEST)).expect("a terminal can be made");
    session.exp_regex(r"reading logs: 0 of \d+ questions, 0 records").expect("the phase");
    session.exp_regex(r"0 of \d+ groups of projects have answered").expect("the groups");
    session.exp_regex(r"still out: \S+ and \d+ more").expect("who they are");
    stand.faults(json!([]));
    let text = session.exp_eof().expect("it ends");
    let ended = session.process_mut().wait().expect("it is ours");
    assert!(matches!(ended, WaitStatus::Exited(_, 0 | 3)), "{ended:?}: {text}");
    assert!(text.contains("WHO  builder@shop-prod-4821"), "{text}");
}
