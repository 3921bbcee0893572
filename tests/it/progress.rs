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
use std::time::Duration;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 3] = ["eu-west-3", "sa-east-1", "us-east-1"];
/// The region that does not answer until it is let go.
const SLOW: &str = "sa-east-1";
/// No run here takes longer, milliseconds.
const LONGEST: u64 = 240_000;
/// How a plain line begins.
const PLAIN: &str = "… ";

/// What is let go: until then nobody hears of it.
#[derive(Clone, Default)]
struct Gates {
    /// Which regions there are.
    regions: Arc<AtomicBool>,
    /// The events of the slow one.
    events: Arc<AtomicBool>,
    /// What IAM says.
    iam: Arc<AtomicBool>,
}

fn open(gate: &AtomicBool) {
    gate.store(true, Ordering::SeqCst);
}

/// Nobody else is answered meanwhile.
fn wait_for(gate: &AtomicBool) {
    while !gate.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A cloud that lets us in and has three regions.
fn cloud(gates: &Gates) -> Standin {
    let (go, gates) = (gates.events.clone(), gates.clone());
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
        others: Box::new(move |head, body| {
            if body.contains("Action=GetCallerIdentity") {
                return Some(format!(
                    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/responder</Arn>\
                     <UserId>AIDAI44QH8DHBEXAMPLE</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
                ));
            }
            if head.starts_with("POST /listRegions") {
                wait_for(&gates.regions);
                let region =
                    |name: &str| json!({"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"});
                return Some(json!({"Regions": REGIONS.map(region)}).to_string());
            }
            if body.contains("Action=Get") || body.contains("Action=List") && !body.contains("Aliases") {
                wait_for(&gates.iam);
            }
            None
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
    assert!(out.contains("WHO  ") && out.contains(KEY), "{out}");
    for word in ["reading logs", "signing in", "have answered", "still out", "\x1b"] {
        assert!(!out.contains(word), "{word:?}: {out}");
    }
}

#[test]
fn a_terminal_shows_the_phase_and_the_regions_that_are_still_out() {
    let gates = Gates::default();
    let (bench, cloud) = (Bench::new(), cloud(&gates));
    let mut command = Command::new("sh");
    // The result goes to a file, as it does where somebody hands it on.
    command.args(["-c", "exec \"$0\" \"$@\" >result", env!("CARGO_BIN_EXE_triage")]).args(audit("case"));
    signed_in(&mut command, &bench, &cloud).env("TERM", "xterm-256color").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(LONGEST)).expect("a terminal can be made");
    let mut shows = |text: &str| drop(session.exp_string(text).unwrap_or_else(|e| panic!("{text}: {e}")));
    shows("signing in");
    shows("finding out where to look");
    open(&gates.regions);
    shows("reading logs: ");
    shows("2 of 3 regions have answered");
    shows(&format!("still out: {SLOW} of {ACCOUNT}"));
    open(&gates.events);
    shows("looking at what lives");
    open(&gates.iam);
    let text = session.exp_eof().expect("it ends");
    let ended = session.process_mut().wait().expect("it is ours");
    // The little cloud knows no IAM: that is a gap.
    assert!(matches!(ended, WaitStatus::Exited(_, 3)), "{ended:?}: {text}");
    is_result_alone(&fs::read_to_string(bench.path("result")).expect("a result"));
}

#[test]
fn a_log_hears_the_same_after_thirty_seconds_and_a_quiet_run_says_nothing() {
    let gates = Gates::default();
    open(&gates.regions);
    open(&gates.iam);
    let (bench, cloud) = (Bench::new(), cloud(&gates));
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
    open(&gates.events);
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
