//! Ways in besides keys, who may do what about them, and time: softly, by another account, too late, without permission, never
//! answered, at a terminal.

use crate::rungs::{WORLD, as_set};
use crate::stand::{MEANT, Stand};
use crate::tail::is_same;
use serde_json::{Value, json};
use std::cell::Cell;
use std::fs;
use std::time::{Duration, Instant};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn leaked_key(stand: &Stand, state: &Value) -> Value {
    state["keys"][format!("{}/{}", stand.text("/builder"), stand.text("/key"))].clone()
}

/// Whether the leaked token still reads, and what it is told when it launches a machine.
fn tries(stand: &Stand) -> (u16, u16) {
    let (shop, zone, token) =
        (stand.text("/projects/shop"), stand.text("/zone"), stand.text("/tokens/leaked"));
    let (reads, _) = stand.call(token, "GET", "/cloudresourcemanager/v3/projects:search", "");
    let machine = json!({"name": "more", "machineType": format!("zones/{zone}/machineTypes/e2-small"), "disks": [{"boot": true, "initializeParams": {}}],
                         "networkInterfaces": [{"network": "global/networks/default"}]});
    let at = format!("/compute/compute/v1/projects/{shop}/zones/{zone}/instances");
    let (launches, _) = stand.call(token, "POST", &at, &machine.to_string());
    (reads, launches)
}

/// Members of a policy as `role member`, with what each condition says.
fn granted(state: &Value, on: &str) -> Vec<String> {
    let bindings = state["policies"][on]["bindings"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<String> = Vec::new();
    for binding in &bindings {
        for member in binding["members"].as_array().into_iter().flatten() {
            let when = binding["condition"]["expression"].as_str().unwrap_or_default();
            all.push(format!("{} {} {when}", text(binding, "role"), member.as_str().expect("text")));
        }
    }
    all.sort();
    all
}

/// What a provider's word is worth: how a token exchange through it is answered.
fn federated(stand: &Stand, project: &str) -> u16 {
    let audience = format!(
        "//iam.googleapis.com/projects/{project}/locations/global/workloadIdentityPools/ci/providers/dig"
    );
    let form = json!({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": audience, "subject_token": "mallory"});
    stand.call("", "POST", "/sts/v1/token", &form.to_string()).0
}

#[test]
fn softly_the_account_works_on_and_may_not_do_what_a_thief_wants() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let builder = stand.text("/builder");
    let before = stand.state();
    let done = stand.triage("revoke", &["--soft", "--yes", MEANT, "--case-dir", "case"]).goes_through();
    let told = format!("{}{}", done.out, done.err);
    assert!(told.contains("The account stays enabled (--soft)"), "{told}");
    assert!(
        told.contains("STOPS WHAT RUNS AS IT: 1 service or function (checkout in europe-west1)"),
        "{told}"
    );
    assert!(told.contains("A token that was minted just now lives for up to 1 h, until 20"), "{told}");
    let after = stand.state();
    assert_eq!(after["accounts"][builder], before["accounts"][builder], "it works on for its owners");
    assert_eq!(leaked_key(&stand, &after)["disabled"], true);
    let denies = after["deny"][stand.text("/organization")].as_object().expect("a deny policy");
    assert_eq!(denies.len(), 1, "{denies:#?}");
    let rule = &denies.values().next().expect("one")["rules"][0]["denyRule"];
    let subject = format!("principal://iam.googleapis.com/projects/-/serviceAccounts/{builder}");
    assert_eq!(rule["deniedPrincipals"], json!([subject]));
    assert_eq!(tries(&stand), (200, 403), "it reads and launches nothing");

    let mark = stand.mark();
    stand.triage("revoke", &["--soft", "--yes", MEANT, "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    // Tokens that are out could do all that is denied: it stays denied until they are over, and the rest comes back.
    let undone = stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(5);
    assert!(undone.err.contains("It is safe from "), "{}", undone.err);
    let back = stand.state();
    assert_eq!(back["deny"], after["deny"], "{}", undone.err);
    assert_eq!(leaked_key(&stand, &back)["disabled"], true);
    assert_eq!(back["policies"], before["policies"], "{}", undone.err);
    assert_eq!(tries(&stand), (200, 403));
}

#[test]
fn every_other_way_in_is_shut_by_the_account_that_is_impersonated() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let (shop, ops, robot) = (stand.text("/number"), stand.text("/projects/ops"), stand.text("/robot"));
    let before = stand.state();
    assert_eq!((federated(&stand, shop), federated(&stand, ops)), (200, 200));
    let as_robot = ["--impersonate-service-account", robot, "--quota-project", ops];
    let args = [&as_robot[..], &["--yes", MEANT]].concat();
    let mark = stand.mark();
    let done = stand.triage("revoke", &[&args[..], &["--case-dir", "case"]].concat()).goes_through();
    assert!(done.err.contains(robot), "who we are is told: {}", done.err);
    let calls = stand.calls(mark);
    let changed: Vec<&Value> = calls.iter().filter(|call| call["mutating"] == true).collect();
    assert!(changed.len() > 5, "{changed:#?}");
    // That one token is minted by who we are; all else is done by whom we act as.
    let (minted, done_by): (Vec<&Value>, Vec<&Value>) =
        changed.into_iter().partition(|call| text(call, "method").ends_with("generateAccessToken"));
    assert!(minted.iter().all(|call| call["who"] == "responder@example.com"), "{minted:#?}");
    assert!(!done_by.is_empty() && done_by.iter().all(|call| call["who"] == robot), "{done_by:#?}");

    let after = stand.state();
    let provider = stand.text("/made/provider");
    assert_eq!(after["resources"]["iam"][provider]["disabled"], true);
    assert_eq!(
        (federated(&stand, shop), federated(&stand, ops)),
        (400, 200),
        "the owners' own of the same name works"
    );
    let key = stand.text("/made/api_key");
    assert!(after["resources"]["apikeys"][key]["deleteTime"].is_string(), "an API key has no switch");
    let mallory = stand.text("/mallory");
    for on in [stand.text("/organization"), stand.text("/sandbox")] {
        let mut expect = granted(&before, on);
        let had = expect.len();
        expect.retain(|row| !row.contains(mallory));
        assert_eq!(expect.len() + 1, had, "{on}: it was let in once");
        assert_eq!(granted(&after, on), expect, "{on}: exactly that is gone, conditions are kept");
    }
    assert!(granted(&after, stand.text("/sandbox")).iter().any(|row| row.contains("request.time")));

    let mark = stand.mark();
    stand.triage("revoke", &[&args[..], &["--case-dir", "again"]].concat()).goes_through();
    let again: Vec<String> =
        stand.changes(mark).into_iter().filter(|one| !one.ends_with("generateAccessToken")).collect();
    assert_eq!(again, Vec::<String>::new(), "a second run has nothing to do");

    let undo = [&["undo", "case"][..], &args].concat();
    let undone = stand.run(&mut stand.command(&undo)).exits(5);
    assert!(undone.err.contains("It is safe from "), "{}", undone.err);
    let back = stand.state();
    assert_eq!(back["policies"], before["policies"], "{}", undone.err);
    assert_eq!(back["accounts"][stand.text("/builder")]["disabled"], true, "its tokens could live yet");
    assert_eq!(back["resources"], after["resources"], "what lets in for ever stays shut: {}", undone.err);
    // But for the operator's own word.
    let undone = stand.run(stand.command(&undo).arg("--rearm-leaked-key")).exits(5);
    let back = stand.state();
    assert_ne!(back["resources"]["iam"][provider]["disabled"], true, "{}", undone.err);
    assert!(back["resources"]["apikeys"][key]["deleteTime"].is_null(), "{}", undone.err);
    assert_eq!(back["accounts"][stand.text("/builder")]["disabled"], true, "{}", undone.err);
}

/// An entry of the log: the leaked key at work, so long from now.
fn used_in(stand: &Stand, long: jiff::SignedDuration) -> Value {
    let (shop, builder) = (stand.text("/projects/shop"), stand.text("/builder"));
    let at = jiff::Timestamp::now().checked_add(long).expect("a time").to_string();
    let key =
        format!("//iam.googleapis.com/projects/{shop}/serviceAccounts/{builder}/keys/{}", stand.text("/key"));
    let machine = format!("projects/{shop}/zones/{}/instances/dig-1", stand.text("/zone"));
    json!({"container": format!("projects/{shop}"), "entries": [{
        "logName": format!("projects/{shop}/logs/cloudaudit.googleapis.com%2Factivity"), "insertId": "-still-in", "timestamp": at, "receiveTimestamp": at,
        "severity": "NOTICE", "resource": {"type": "gce_instance", "labels": {"project_id": shop, "zone": stand.text("/zone"), "instance_id": stand.text("/made/protected")}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "compute.googleapis.com",
            "methodName": "v1.compute.instances.setLabels", "resourceName": machine, "status": {},
            "authenticationInfo": {"principalEmail": builder, "principalSubject": format!("serviceAccount:{builder}"), "serviceAccountKeyName": key},
            "requestMetadata": {"callerIp": stand.text("/addresses/thief"), "callerSuppliedUserAgent": "python-requests/2.31"}},
    }]})
}

/// `look_again_after` and `ask_again_after`, in seconds.
fn times(stand: &Stand, looks: &str, asks: &str) {
    let folder = stand.path(".config/triage");
    fs::create_dir_all(&folder).expect("a folder");
    let text = format!("look_again_after = [{looks}]\nask_again_after = [{asks}]\n");
    fs::write(folder.join("config.toml"), text).expect("a file");
}

#[test]
fn what_comes_late_is_dealt_with_and_what_is_taken_away_is_put_back() {
    let Some(stand) = Stand::once(WORLD) else { return };
    times(&stand, "2, 4, 6", "3, 6, 9, 12, 15, 18");
    let (builder, key) = (stand.text("/builder"), stand.text("/made/api_key"));
    let held = stand.door("hold", json!({"contains": key, "seconds": 3600}));
    assert!(held.as_u64() > Some(0), "the log tells of the key: {held}");
    let is_again = Cell::new(false);
    let (asked, released) = (Cell::new((0, Instant::now())), Cell::new(false));
    let mut glance = Instant::now();
    let meanwhile = || {
        if glance.elapsed() < Duration::from_millis(250) {
            return;
        }
        glance = Instant::now();
        // As soon as the account is shut somebody opens it again, once.
        if !is_again.get() && stand.state()["accounts"][builder]["disabled"] == true {
            let path = format!("/iam/v1/projects/-/serviceAccounts/{builder}:enable");
            let (code, told) = stand.call(stand.text("/tokens/alice"), "POST", &path, "{}");
            assert_eq!(code, 200, "{told}");
            // And the log will tell of a use that nobody can have had any more.
            stand.door("keep", used_in(&stand, jiff::SignedDuration::from_secs(400)));
            is_again.set(true);
        }
        // When the log has been asked and is not asked any more for a while, it tells the rest.
        let calls = stand.door("counts", json!({}));
        let reads = calls
            .as_object()
            .expect("a map")
            .iter()
            .filter(|(name, _)| name.starts_with("logging.entries.list"));
        let reads: u64 = reads.filter_map(|(_, count)| count.as_u64()).sum();
        if reads > asked.get().0 {
            asked.set((reads, Instant::now()));
        } else if reads > 0 && !released.get() && asked.get().1.elapsed() > Duration::from_millis(1200) {
            stand.door("hold", json!({"contains": key, "seconds": 0}));
            released.set(true);
        }
    };
    let mut command = stand.whole("revoke", &["--watch", "--yes", MEANT, "--case-dir", "case"]);
    let done = stand.during(&mut command, meanwhile);
    assert!(is_again.get() && released.get(), "it was met");
    assert!(done.err.contains(&format!("STILL IN: {builder} was used with success")), "{}", done.err);
    assert_eq!(done.code, Some(5), "{}", done.err);
    let after = stand.state();
    assert_eq!(after["accounts"][builder]["disabled"], true, "{}", done.err);
    assert!(done.err.contains("TAKEN AWAY AGAIN"), "{}", done.err);
    assert!(done.err.contains("is in force again: somebody still has power there."), "{}", done.err);
    assert!(
        after["resources"]["apikeys"][key]["deleteTime"].is_string(),
        "what came late is shut too: {}",
        done.err
    );
}

#[test]
fn what_the_operator_may_not_do_is_said_before_anything_starts() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let shop = stand.text("/projects/shop");
    let before = stand.state();
    let mut command = stand.whole("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]);
    let done = stand.run(command.env("GOOGLE_APPLICATION_CREDENTIALS", stand.path("blind.json"))).exits(1);
    let line = done
        .err
        .lines()
        .find(|line| line.contains(&format!("In {shop} you lack ")))
        .unwrap_or_else(|| panic!("{}", done.err));
    for permission in
        ["compute.instances.stop", "compute.autoscalers.update", "compute.instanceGroupManagers.update"]
    {
        assert!(line.contains(permission), "{permission}: {line}");
    }
    assert!(!line.contains("compute.instances.get"), "what they may is not told: {line}");
    assert!(done.err.contains("Nothing was done"), "{}", done.err);
    is_same(&as_set(stand.state()), &as_set(before), "nothing");
}

#[test]
fn tokens_that_end_on_the_way_are_fetched_again_and_the_run_goes_on() {
    let Some(stand) = Stand::once(WORLD) else { return };
    // None lives as long as the run, and each as long as Google's library takes to fetch the next.
    stand.door("knobs", json!({"life": 15}));
    stand.faults(json!([{"kind": "token", "method": "instances.stop", "times": 1}]));
    let mark = stand.mark();
    stand.triage("contain", &["--yes", MEANT, "--pause", "9", "--case-dir", "case"]).goes_through();
    assert_eq!(stand.faults(json!([]))[0]["hit"], 1, "it was met");
    let fetched = stand.calls(mark).iter().filter(|call| call["service"] == "token").count();
    assert!(fetched > 2, "{fetched} tokens");
    let state = stand.state();
    let (shop, at) = (stand.text("/projects/shop"), format!("zones/{}", stand.text("/zone")));
    let machines = state["compute"][shop][at]["instances"].as_object().expect("machines");
    assert!(machines.values().all(|one| one["status"] == "TERMINATED"), "{machines:#?}");
}

#[test]
fn who_never_answers_is_a_gap_and_costs_nothing_else() {
    let Some(stand) = Stand::once(WORLD) else { return };
    stand.door("knobs", json!({"quota": 100_000}));
    let stage = stand.text("/projects/stage");
    stand.faults(json!([{"kind": "hang", "method": "globalOperations.aggregatedList", "project": stage, "seconds": 300}]));
    let began = Instant::now();
    let done = stand.triage("audit", &["-o", "json", "--case-dir", "case"]).exits(3);
    let hit = stand.faults(json!([]));
    assert!(hit[0]["hit"].as_u64() > Some(1), "it was tried again: {hit}");
    assert!(began.elapsed() < Duration::from_secs(240), "and not for ever: {:?}", began.elapsed());
    let report = done.json();
    let gaps = crate::audit::gaps(&report);
    let told: Vec<String> = gaps.iter().map(|gap| gap.to_string()).collect();
    assert!(told.iter().any(|gap| gap.contains(stage) && gap.contains("globalOperations")), "{told:#?}");
    assert!(
        crate::audit::ids(&report, "resources").contains(stand.text("/made/protected")),
        "the rest is told"
    );
}

/// On a terminal the operator types what the question names, and nothing shorter.
#[cfg(unix)]
#[test]
fn a_bare_yes_is_no_consent() {
    let Some(stand) = Stand::once(WORLD) else { return };
    let (before, mark) = (stand.state(), stand.mark());
    let (shop, organization) = (stand.text("/projects/shop").to_owned(), stand.organization().to_owned());
    let typed = |scope: &[&str], word: &str, answer: &str, case: &str| {
        let key = stand.path("leaked.json");
        let args =
            ["revoke", "--own-only", "--key-file", key.to_str().expect("UTF-8"), MEANT, "--case-dir", case];
        let mut command = stand.command(&[&args[..], scope].concat());
        command.env("TERM", "xterm-256color").env("NO_COLOR", "1");
        let mut session =
            rexpect::session::spawn_command(command, Some(120_000)).expect("a terminal can be made");
        session
            .exp_string(&format!("Type {word} to go on"))
            .unwrap_or_else(|error| panic!("{word} is asked for: {error}"));
        session.send_line(answer).expect("it reads");
        let rest = session.exp_eof().expect("it ends");
        match session.process_mut().wait().expect("it is ours") {
            rexpect::process::WaitStatus::Exited(_, code) => (code, rest),
            other => panic!("it ended by {other:?}"),
        }
    };
    let project: &[&str] = &["--project", &shop];
    let whole: &[&str] = &["--organization", &organization];
    for (no, (scope, word, answer)) in (1..).zip([
        (project, &*shop, "yes"),
        (project, &*shop, "y"),
        (project, &*shop, ""),
        (project, &*shop, "shop-prod"),
        (whole, &*organization, "yes"),
        // Who names no place types the project whose quota is used.
        (&[], stand.text("/projects/ops"), "yes"),
    ]) {
        let (code, rest) = typed(scope, word, answer, &format!("no-{no}"));
        assert_eq!(code, 4, "{answer:?} for {word}: {rest}");
        assert!(rest.contains("declined"), "{rest}");
    }
    assert_eq!(stand.changes(mark), Vec::<String>::new());
    assert_eq!(stand.state(), before);
    let (code, rest) = typed(project, &shop, &shop, "yes");
    assert_eq!(code, 0, "{rest}");
    assert_eq!(stand.state()["accounts"][stand.text("/builder")]["disabled"], true);
}
