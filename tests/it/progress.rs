//! Whoever waits sees which phase runs, how many regions have answered and which are still out: on a terminal as it goes, in a
//! log every thirty seconds, with `-q` never. Of it nothing is in the result.
#![cfg(all(unix, feature = "aws"))]

use crate::lookup::{Logged, Standin, World, written};
use crate::support::{Bench, Done};
use rexpect::process::WaitStatus;
use rexpect::session::spawn_command;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 3] = ["eu-west-3", "sa-east-1", "us-east-1"];
/// The region that does not answer until it is let go.
const SLOW: &str = "sa-east-1";
/// No run here takes longer, milliseconds.
const LONGEST: u64 = 240_000;
/// How a plain line begins.
const PLAIN: &str = "… ";

/// A cloud that lets us in and has three regions, of which one answers when `go` says so.
fn cloud(go: &Arc<AtomicBool>) -> Standin {
    let go = go.clone();
    Standin::start(World {
        rate: 0.0,
        finds: Box::new(|call| match &*call.by {
            "AccessKeyId" => (0..3)
                .map(|n| Logged {
                    at: triage::model::Time::now().as_second() / 3600 * 3600 - n * 60,
                    record: format!("{}-{n}", call.region),
                })
                .collect(),
            _ => Vec::new(),
        }),
        written: Box::new(written),
        holds: Box::new(move |call| call.region == SLOW && !go.load(Ordering::SeqCst)),
        others: Box::new(|head, body| {
            if body.contains("Action=GetCallerIdentity") {
                return Some(format!(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/responder</Arn>\
                     <UserId>AIDAI44QH8DHBEXAMPLE</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                ));
            }
            let region = |name: &&str| json!({"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"});
            head.starts_with("POST /listRegions")
                .then(|| json!({"Regions": REGIONS.iter().map(region).collect::<Vec<_>>()}).to_string())
        }),
        ..World::default()
    })
}

/// What signs in there.
fn signed_in<'a>(command: &'a mut Command, bench: &Bench, cloud: &Standin) -> &'a mut Command {
    command.env_clear().env("HOME", bench.path("")).current_dir(bench.path(""));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("AWS_ENDPOINT_URL", &cloud.url).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", format!("AKIA{ACCOUNT}")).env("AWS_SECRET_ACCESS_KEY", "not a secret")
}

fn audit(case: &str) -> [&str; 5] {
    ["audit", "--principal", KEY, "--case-dir", case]
}

/// A report, and nothing of the way to it.
#[track_caller]
fn is_result_alone(out: &str) {
    assert!(out.contains("LEAKED KEY") && out.contains(KEY), "{out}");
    for word in ["reading logs", "signing in", "have answered", "still out", "\x1b"] {
        assert!(!out.contains(word), "{word:?}: {out}");
    }
}

#[test]
fn a_terminal_shows_the_phase_and_the_regions_that_are_still_out() {
    let go = Arc::new(AtomicBool::new(false));
    let (bench, cloud) = (Bench::new(), cloud(&go));
    let mut command = Command::new("sh");
    // The result goes to a file, as it does where somebody hands it on.
    command.args(["-c", "exec \"$0\" \"$@\" >result", env!("CARGO_BIN_EXE_triage")]).args(audit("case"));
    signed_in(&mut command, &bench, &cloud).env("TERM", "xterm-256color").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(LONGEST)).expect("a terminal can be made");
    for phase in ["signing in", "finding out where to look", "reading logs: "] {
        session.exp_string(phase).unwrap_or_else(|e| panic!("{phase}: {e}"));
    }
    session
        .exp_string(&format!("2 of 3 regions have answered; still out: {SLOW} of {ACCOUNT}"))
        .expect("who is still out");
    go.store(true, Ordering::SeqCst);
    session.exp_string("3 of 3 regions have answered").expect("all of them");
    session.exp_string("looking at what lives").expect("the next phase");
    let text = session.exp_eof().expect("it ends");
    let ended = session.process_mut().wait().expect("it is ours");
    // The little cloud knows no IAM: that is a gap.
    assert!(matches!(ended, WaitStatus::Exited(_, 3)), "{ended:?}: {text}");
    is_result_alone(&fs::read_to_string(bench.path("result")).expect("a result"));
}

#[test]
fn a_log_hears_the_same_after_thirty_seconds_and_a_quiet_run_says_nothing() {
    let go = Arc::new(AtomicBool::new(false));
    let (bench, cloud) = (Bench::new(), cloud(&go));
    let spawn = |args: &[&str]| {
        let mut command = bench.command(args);
        signed_in(&mut command, &bench, &cloud).spawn().expect("the binary runs")
    };
    // The quiet one is older: what the other says it would have said by then.
    let quiet = spawn(&[&audit("quiet")[..], &["-q"]].concat());
    let mut loud = spawn(&audit("loud"));
    let mut lines = BufReader::new(loud.stderr.take().expect("stderr is piped")).lines();
    let mut lines = lines.by_ref().map(|line| line.expect("the conversation is UTF-8"));
    let line = lines.find(|line| line.starts_with(PLAIN)).expect("it says that it is alive");
    go.store(true, Ordering::SeqCst);
    // A region at a time may be out in each pass, and which pass it is depends on how quick the others were.
    assert!(line.starts_with("… reading logs") && line.contains(" questions, 6 records; "), "{line}");
    assert!(
        line.ends_with(&format!("2 of 3 regions have answered; still out: {SLOW} of {ACCOUNT}")),
        "{line}"
    );
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().all(|line| !line.contains('\x1b')), "{rest:#?}");
    let mut out = String::new();
    loud.stdout.take().expect("stdout is piped").read_to_string(&mut out).expect("UTF-8");
    assert_eq!(loud.wait().expect("it is ours").code(), Some(3), "{rest:#?}");
    is_result_alone(&out);
    let quiet = Done::of(quiet.wait_with_output().expect("it ends")).exits(3);
    is_result_alone(quiet.text());
    for word in [PLAIN, "reading logs", "have answered"] {
        assert!(!quiet.err.contains(word), "{}", quiet.err);
    }
}
