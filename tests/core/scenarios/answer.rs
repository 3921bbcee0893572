//! A report beside an independently derived answer. Where the two may rightly differ, the reason stands here in words.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use triage::model::{Time, time};

/// Counts where the answer's own "also right" applies.
const ALSO_RIGHT: &[(&str, &str, u64, u64)] = &[
    // One forward-access call has a key of its own but the very arn and session start of hop 3: by the house's rule (exact
    // session) it is a use of that session. The answer leaves such calls out and says that counting them is right too.
    ("aws-role-chain", "events_of_derived", 168, 169),
    ("aws-role-chain", "ASIA3KF6UTOHQHOPTREE", 110, 111),
];

/// The answer's names of kinds → ours, which follow Google's own (LogSink, LogExclusion; CAI's …/Project).
const KINDS: &[(&str, &str)] = &[
    ("gcp.logging.exclusion", "gcp.logging.log_exclusion"),
    ("gcp.logging.sink", "gcp.logging.log_sink"),
    ("gcp.project", "gcp.cloudresourcemanager.project"),
];

/// (cited event, our kind, our technique): findings that say the same under another heading.
const OTHER_HEADING: &[(&str, &str, &str)] = &[
    // An editor role for an account of its own making: T1098.003 is listed under both tactics.
    ("env3av0ac4gh", "persistence", "T1098.003"),
    // ATT&CK 19 names "delete snapshots" under Inhibit System Recovery.
    ("-97twtvxtwl0q", "destruction", "T1490"),
];

/// Findings that the answers do not list and that a reviewer agreed with: (scenario, kind, subject).
const REVIEWED: &[(&str, &str, &str)] = &[
    // The federated session made a key pair; whoever has its private half can go on.
    ("aws-role-chain", "persistence", "key-0a4d74373e47f6f08"),
    ("aws-role-chain", "resource_hijacking", "compute"),
    ("gcp-cryptojacking", "resource_hijacking", "compute"),
    // Google's own notices: the answer has them under `provider_notices`.
    (
        "gcp-cryptojacking",
        "resource_hijacking",
        "projects/shop-data-7302/zones/us-east1-b/instances/etl-shard-use1-0001",
    ),
    (
        "gcp-cryptojacking",
        "resource_hijacking",
        "projects/shop-data-7302/zones/us-east4-b/instances/etl-shard-use4-0002",
    ),
    ("gcp-cryptojacking", "leak", "8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0"),
];

/// Every gap that makes a result incomplete: (scenario, kind, words of its place). Zones that did not answer are `denied` to
/// us, `unread` in the answer's words: both say that nobody could look.
const INCOMPLETE: &[(&str, &str, &str)] = &[
    ("aws-role-chain", "not_followed", "888877776666"),
    ("aws-role-chain", "not_followed", "aws.ec2.instance in ca-central-1 of 777788889999"),
    (
        "aws-role-chain",
        "interrupted",
        "arn:aws:cloudtrail:us-east-1:777788889999:trail/sandbox-trail of 777788889999",
    ),
    ("aws-role-chain", "interrupted", "main-trail of 111122223333"),
    ("gcp-cryptojacking", "denied", "operations in europe-west4-a of shop-edge-1569"),
    ("gcp-cryptojacking", "denied", "operations in europe-west4-b of shop-edge-1569"),
    ("gcp-cryptojacking", "interrupted", "projects/shop-data-7302/exclusions/vm-noise of shop-data-7302"),
    ("gcp-cryptojacking", "interrupted", "projects/shop-prod-4821/sinks/org-audit-copy of shop-prod-4821"),
];

/// Windows without a log: (scenario, account, from, until). The Google ones stand in that scenario's README.
const BLIND: &[(&str, &str, &str, &str)] = &[
    ("aws-role-chain", "111122223333", "2026-07-14T11:20:00Z", ""),
    ("aws-role-chain", "777788889999", "2026-07-14T10:38:00Z", "2026-07-14T11:18:00Z"),
    ("gcp-cryptojacking", "shop-data-7302", "2026-03-14T02:36:00Z", ""),
    ("gcp-cryptojacking", "shop-prod-4821", "2026-03-14T02:31:05Z", "2026-03-14T09:10:00Z"),
];

/// Gaps that no log could have filled, which the answers name.
const BLIND_GAPS: &[(&str, &str)] = &[
    ("gcp-cryptojacking", "gcp.api_key f7f9f54a-3799-44c4-ae46-54d8c7f669d5"),
    ("gcp-cryptojacking", "gcp.hmac_key GOOG1EN5QPNFVFZZF9KJUXIZ48AIM6IYDJVKIM9LYGQJV0D4VKK6DSKO42KP0"),
    // Why edge-deployer@'s token was never seen to be minted.
    ("gcp-cryptojacking", "shop-edge-1569"),
];

/// Compares everything that an answer says; returns the differences.
pub fn compare(name: &str, answer: &Value, report: &Value) -> Vec<String> {
    let mut check = Check { name, answer, report, wrong: Vec::new() };
    check.counts();
    check.credentials();
    check.resources();
    check.touched();
    check.attempts();
    check.findings();
    check.uses();
    check.near_and_root();
    check.coverage();
    check.gaps();
    check.innocent();
    check.wrong
}

struct Check<'a> {
    name: &'a str,
    answer: &'a Value,
    report: &'a Value,
    wrong: Vec<String>,
}

fn rows<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn texts<'a>(value: &'a Value, key: &str) -> BTreeSet<&'a str> {
    rows(value, key).iter().filter_map(Value::as_str).collect()
}

/// Times are compared as instants: `…0430Z` and `…043Z` are one.
fn instant(value: &Value) -> Option<Time> {
    value.as_str().and_then(time::parse)
}

fn kind(row: &Value) -> &str {
    let kind = text(row, "kind");
    KINDS.iter().find(|(theirs, _)| *theirs == kind).map_or(kind, |(_, ours)| ours)
}

fn ids(row: &Value) -> BTreeSet<&str> {
    texts(row, "also_id").into_iter().chain([text(row, "id")]).collect()
}

impl Check<'_> {
    fn say(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    fn same(&mut self, what: &str, want: &Value, got: &Value) {
        let also = ALSO_RIGHT.iter().any(|(name, of, theirs, ours)| {
            *name == self.name && what.contains(of) && want == theirs && got == ours
        });
        let is_same = match (instant(want), instant(got)) {
            (Some(want), Some(got)) => want == got,
            _ => want == got,
        };
        if !is_same && !also {
            self.say(format!("{what}: want {want}, got {got}"));
        }
    }

    fn counts(&mut self) {
        let (want, got) = (&self.answer["counts"], &self.report["counts"]);
        for key in ["records_read", "duplicates", "events_of_principal", "events_of_derived", "failed"] {
            self.same(&format!("counts.{key}"), &want[key], &got[key]);
        }
        for (class, count) in want["taint"].as_object().into_iter().flatten() {
            let seed = rows(self.report, "credentials")[0]["id"].clone();
            let uses = rows(self.report, "uses").iter();
            let seen: u64 = uses
                .filter(|row| row["credential"] == seed && row["confidence"] == **class)
                .filter_map(|row| row["events"].as_u64())
                .sum();
            self.same(&format!("seed's events that are {class}"), count, &seen.into());
        }
    }

    fn credentials(&mut self) {
        let got: BTreeMap<&str, &Value> =
            rows(self.report, "credentials").iter().map(|row| (text(row, "id"), row)).collect();
        let want: BTreeMap<&str, &Value> =
            rows(self.answer, "credentials").iter().map(|row| (text(row, "id"), row)).collect();
        for id in got.keys().filter(|id| !want.contains_key(*id)) {
            self.say(format!("credential {id} is not in the answer"));
        }
        for (id, want) in want {
            let Some(got) = got.get(id) else {
                self.say(format!("credential {id} is missing"));
                continue;
            };
            for key in [
                "kind",
                "principal",
                "account",
                "depth",
                "via",
                "issued_by",
                "issued_at",
                "event",
                "strength",
                "used",
                "events",
                "first_use",
                "last_use",
                "valid_until",
                "state",
                "deleted_by",
            ] {
                if !want[key].is_null() {
                    self.same(&format!("credential {id}, {key}"), &want[key], &got[key]);
                }
            }
        }
    }

    fn resources(&mut self) {
        let (answer, report) = (self.answer, self.report);
        let legitimate = rows(answer, "likely_legitimate");
        let mut known = BTreeSet::new();
        for want in
            rows(answer, "resources").iter().chain(legitimate.iter().filter(|row| row["event"].is_string()))
        {
            let mut found = rows(report, "resources")
                .iter()
                .filter(|got| got["kind"] == kind(want) && ids(want).contains(text(got, "id")));
            let label = format!("{} {}", text(want, "kind"), text(want, "id"));
            let (Some(got), None) = (found.next(), found.next()) else {
                self.say(format!("{label}: not there exactly once"));
                continue;
            };
            known.insert(text(got, "id"));
            for key in [
                "account",
                "region",
                "zone",
                "created_by",
                "event",
                "created_at",
                "attribution",
                "launched_by",
                "deleted_by",
                "confidence",
            ] {
                if !want[key].is_null() {
                    self.same(&format!("{label}, {key}"), &want[key], &got[key]);
                }
            }
            // A Name tag on AWS is a word of whoever made the thing, not its name: the report does not repeat it.
            if label.starts_with("gcp.") && !got["name"].is_null() {
                self.same(&format!("{label}, name"), &want["name"], &got["name"]);
            }
            self.state(&label, want, got);
        }
        for got in rows(report, "resources").iter().filter(|got| !known.contains(text(got, "id"))) {
            // Fargate tasks of the attacker's own service: optional in the answer, known from the inventory alone.
            let is_task = self.name == "aws-role-chain"
                && got["kind"] == "aws.ecs.task"
                && got["launched_by"] == "arn:aws:ecs:eu-central-1:777788889999:service/render/render";
            if !is_task {
                self.say(format!("resource {} {} is not in the answer", got["kind"], got["id"]));
            }
        }
    }

    /// What logs say was deleted is `deleted`, also where the inventory finds it gone; what they leave is as the inventory saw
    /// it, `unknown` where the inventory could not look.
    fn state(&mut self, label: &str, want: &Value, got: &Value) {
        let accepted: &[&str] = match (text(want, "state"), text(want, "state_observed")) {
            ("deleted", _) => &["deleted"],
            (_, "running") => &["running"],
            (_, "stopped") => &["stopped"],
            (_, "gone") => &["gone"],
            // The answers say nothing of what inventories told of groups, services and functions.
            _ => &["left", "running", "unknown"],
        };
        if !accepted.contains(&text(got, "state")) {
            self.say(format!("{label}, state: want one of {accepted:?}, got {}", got["state"]));
        }
        let could_not_look = label.ends_with("i-06bad40154c431c42");
        if (got["state"] == "unknown") != could_not_look {
            self.say(format!("{label}, state: {} where the inventory looked otherwise", got["state"]));
        }
    }

    fn touched(&mut self) {
        let (answer, report) = (self.answer, self.report);
        let legitimate = rows(answer, "likely_legitimate").iter().filter(|row| row["how"].is_string());
        for want in rows(answer, "touched").iter().chain(legitimate) {
            let rows = rows(report, "touched")
                .iter()
                .filter(|got| got["kind"] == kind(want) && ids(want).contains(text(got, "id")));
            let got: BTreeSet<&str> = rows.flat_map(|row| texts(row, "events")).collect();
            let missing: Vec<_> =
                texts(want, "events").into_iter().filter(|event| !got.contains(event)).collect();
            if !missing.is_empty() {
                self.say(format!("touched {} {}: events {missing:?} are missing", want["kind"], want["id"]));
            }
        }
        let classes = rows(report, "touched").iter().filter(|row| row["confidence"] == "likely_legitimate");
        if self.name == "gcp-busy-pipeline" && classes.count() != rows(report, "touched").len() {
            self.say("something that the busy pipeline touched is not taken for legitimate");
        }
    }

    /// Actions are written `service.call` and errors with their code: `v1.compute.instances.insert` is
    /// `compute.instances.insert`, `RESOURCE_EXHAUSTED` is `8 RESOURCE_EXHAUSTED`.
    fn attempts(&mut self) {
        let (answer, report) = (self.answer, self.report);
        let got: BTreeSet<&str> =
            rows(report, "attempts").iter().flat_map(|row| texts(row, "events")).collect();
        let want: BTreeSet<&str> =
            rows(answer, "attempts").iter().flat_map(|row| texts(row, "events")).collect();
        if got != want {
            self.say(format!("attempts: want {want:?}, got {got:?}"));
        }
        for row in rows(report, "attempts") {
            self.same(
                &format!("attempt {}, count", row["action"]),
                &texts(row, "events").len().into(),
                &row["count"],
            );
        }
        for want in rows(answer, "attempts") {
            let of = |row: &&Value| texts(want, "events").is_subset(&texts(row, "events"));
            let Some(got) = rows(report, "attempts").iter().find(of) else {
                self.say(format!("attempt {} {} is not one row", want["action"], want["error"]));
                continue;
            };
            let last = |action: &str| action.rsplit(['.', ':']).next().unwrap_or_default().to_owned();
            if last(text(want, "action")) != last(text(got, "action"))
                || !text(got, "error").ends_with(text(want, "error"))
            {
                self.say(format!(
                    "attempt {} {}: got {} {}",
                    want["action"], want["error"], got["action"], got["error"]
                ));
            }
        }
    }

    fn findings(&mut self) {
        let (answer, report) = (self.answer, self.report);
        let optional = rows(&answer["optional"], "findings");
        for want in rows(answer, "findings") {
            let fits: Vec<&Value> =
                rows(report, "findings").iter().filter(|got| is_finding(want, got)).collect();
            let label = format!("finding {} about {}", want["kind"], want["subject"]);
            if fits.is_empty() {
                if want["optional"] != true {
                    self.say(format!("{label} is missing"));
                }
                continue;
            }
            match want["subject"].as_array() {
                // One per subject, or one for all: whoever stands must be said to stand, and every act be cited.
                Some(subjects) => {
                    let standing: BTreeSet<&str> = fits
                        .iter()
                        .filter(|got| got["standing"] == true)
                        .map(|got| text(got, "subject"))
                        .collect();
                    let cited: BTreeSet<&str> = fits.iter().flat_map(|got| texts(got, "events")).collect();
                    if standing != subjects.iter().filter_map(Value::as_str).collect()
                        || cited != texts(want, "events")
                    {
                        self.say(format!("{label}: standing {standing:?}, cited {cited:?}"));
                    }
                }
                None if fits.iter().all(|got| got["standing"] != want["standing"]) => {
                    self.say(format!("{label}: standing should be {}", want["standing"]));
                }
                None => {}
            }
            if !want["closed_by"].is_null() && fits.iter().all(|got| got["until"].is_null()) {
                self.say(format!("{label} does not say until when"));
            }
        }
        for got in rows(report, "findings") {
            let events = texts(got, "events");
            let is_known = rows(answer, "findings").iter().any(|want| is_finding(want, got))
                || optional.iter().any(|want| !texts(want, "events").is_disjoint(&events))
                || REVIEWED.iter().any(|(name, kind, subject)| {
                    *name == self.name && got["kind"] == *kind && got["subject"] == *subject
                });
            if !is_known {
                self.say(format!(
                    "unexpected finding {} about {}: {}",
                    got["kind"], got["subject"], got["note"]
                ));
            }
        }
        let cited: BTreeSet<&str> =
            rows(report, "findings").iter().flat_map(|row| texts(row, "events")).collect();
        for notice in rows(answer, "provider_notices") {
            if !cited.contains(text(notice, "event")) {
                self.say(format!("the provider's notice {} is not heard", notice["type"]));
            }
        }
    }

    fn uses(&mut self) {
        let seed = text(&rows(self.report, "credentials")[0], "id");
        let wants = rows(self.answer, "uses").iter().chain(rows(self.answer, "uses_by_address"));
        let mut known = BTreeSet::new();
        for want in wants {
            let credential = Some(text(want, "credential")).filter(|id| *id != "seed").unwrap_or(seed);
            let address = text(want, "address");
            known.insert((credential, address));
            let got: Vec<&Value> = rows(self.report, "uses")
                .iter()
                .filter(|row| row["credential"] == credential && row["address"] == address)
                .collect();
            let label = format!("use of {credential} from {address}");
            let events: u64 = got.iter().filter_map(|row| row["events"].as_u64()).sum();
            self.same(&format!("{label}, events"), &want["events"], &events.into());
            let first = got.iter().filter_map(|row| instant(&row["first"])).min();
            let last = got.iter().filter_map(|row| instant(&row["last"])).max();
            if first != instant(&want["first"]) || last != instant(&want["last"]) {
                self.say(format!(
                    "{label}: got {first:?} to {last:?}, want {} to {}",
                    want["first"], want["last"]
                ));
            }
            // Where nobody said when it leaked, and all is of one day, no address is news.
            let is_new = want["new"].as_bool().unwrap_or(false);
            if got.iter().any(|row| row["new"] != is_new) {
                self.say(format!("{label}: new should be {is_new}"));
            }
        }
        let seed_only = rows(self.answer, "uses").is_empty();
        for row in rows(self.report, "uses") {
            let key = (text(row, "credential"), text(row, "address"));
            let forwarded = row["how"] == "service" && key == ("ASIA3KF6UTOHQHOPTREE", "ec2.amazonaws.com");
            let is_anothers = seed_only && key.0 != seed;
            if !(known.contains(&key) || forwarded || is_anothers) {
                self.say(format!("use {key:?} is not in the answer"));
            }
        }
    }

    fn near_and_root(&mut self) {
        let near: BTreeSet<&str> = rows(self.report, "unlinked").iter().map(|row| text(row, "id")).collect();
        for want in rows(self.answer, "unlinked").iter().filter(|want| want["optional"] != true) {
            if !near.contains(text(want, "id")) {
                self.say(format!("{} should be shown as not linked", want["id"]));
            }
        }
        let (want, got) = (&self.answer["root"], &self.report["root"]);
        self.same("root.chain", &want["chain"], &got["chain"]);
        self.same("root.event", &want["event"], &got["event"]);
        if let (Some(address), Some(hop)) = (want["address"].as_str(), rows(got, "hops").first()) {
            self.same("root.address", &address.into(), &hop["address"]);
            self.same("root.at", &want["at"], &hop["at"]);
            self.same("root.account", &want["account"], &hop["account"]);
        }
        let credential: BTreeMap<&str, &Value> =
            rows(self.report, "credentials").iter().map(|row| (text(row, "id"), row)).collect();
        for walk in rows(self.answer, "walks") {
            let (mut chain, mut events, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
            let mut here = Some(text(walk, "id"));
            while let Some(row) = here.and_then(|id| credential.get(id)) {
                chain.insert(0, row["id"].clone());
                accounts.insert(0, row["account"].clone());
                row["event"].as_str().into_iter().for_each(|event| events.insert(0, Value::from(event)));
                here = row["issued_by"].as_str();
            }
            self.same("walk, chain", &walk["chain"], &chain.into());
            self.same("walk, accounts", &walk["accounts"], &accounts.into());
            self.same("walk, events", &walk["events"], &events.into());
        }
    }

    fn coverage(&mut self) {
        let scopes = rows(&self.report["coverage"], "scopes");
        // The answers know one log of AWS, and no regions of Google's.
        let is_of = |want: &Value, got: &Value| {
            got["account"] == want["account"]
                && (want["region"].is_null() || got["region"] == want["region"])
                && (got["source"] == want["source"]
                    || (want["source"] == "cloudtrail"
                        && ["management", "data", "insight", "network"].contains(&text(got, "source"))))
        };
        for want in rows(&self.answer["coverage"], "scopes") {
            let got: Vec<&Value> =
                scopes.iter().filter(|got| got["seen"] == true && is_of(want, got)).collect();
            let from = got.iter().filter_map(|row| instant(&row["from"])).min();
            let to = got.iter().filter_map(|row| instant(&row["to"])).max();
            if from != instant(&want["from"]) || to != instant(&want["to"]) || from.is_none() {
                self.say(format!("coverage: want {want}, got {from:?} to {to:?}"));
            }
        }
        for got in scopes.iter().filter(|got| got["seen"] == true && got["source"] != "abuse") {
            if !rows(&self.answer["coverage"], "scopes").iter().any(|want| is_of(want, got)) {
                self.say(format!("coverage: {got} was seen, by no answer"));
            }
        }
        // "No entry in the window" of a log that nobody could expect one in needs no row; "never enabled" does.
        for want in
            rows(&self.answer["coverage"], "not_seen").iter().filter(|row| row["why"] == "never enabled")
        {
            if !scopes.iter().any(|got| got["seen"] == false && is_of(want, got)) {
                self.say(format!("coverage: {want} should be a row that was not seen"));
            }
        }
        let seen = scopes.iter().filter(|row| row["seen"] == true).count();
        self.same("coverage.seen", &seen.into(), &self.report["coverage"]["seen"]);
        self.same("coverage.of", &scopes.len().into(), &self.report["coverage"]["of"]);
    }

    fn gaps(&mut self) {
        let gaps = rows(self.report, "gaps");
        let got: BTreeSet<(&str, &str)> = gaps
            .iter()
            .map(|gap| (text(gap, "kind"), text(gap, "where")))
            .filter(|(kind, _)| *kind != "blind")
            .collect();
        let here = self.name;
        let want: BTreeSet<(&str, &str)> = INCOMPLETE
            .iter()
            .filter(|(name, _, _)| *name == here)
            .map(|(_, kind, place)| (*kind, *place))
            .collect();
        if got != want {
            self.say(format!("gaps: want {want:?}, got {got:?}"));
        }
        for (_, place) in BLIND_GAPS.iter().filter(|(name, _)| *name == here) {
            if !gaps.iter().any(|gap| gap["kind"] == "blind" && gap["where"] == *place) {
                self.say(format!("gap about {place} is missing"));
            }
        }
        let windows: BTreeSet<(&str, String)> = gaps
            .iter()
            .filter(|gap| gap["kind"] == "interrupted")
            .map(|gap| {
                (text(gap, "where").rsplit(' ').next().unwrap_or_default(), text(gap, "why").to_owned())
            })
            .collect();
        let want: BTreeSet<(&str, String)> = BLIND
            .iter()
            .filter(|(name, ..)| *name == here)
            .map(|(_, account, from, until)| {
                let end = match *until {
                    "" => "and not seen to be switched on again".to_owned(),
                    until => format!("until {until}"),
                };
                (*account, format!("logging was cut at {from} {end}"))
            })
            .collect();
        if windows != want {
            self.say(format!("blind windows: want {want:?}, got {windows:?}"));
        }
        for row in rows(&self.answer["coverage"], "blind") {
            let is_told = BLIND.iter().any(|(name, account, from, until)| {
                *name == here
                    && row["account"] == *account
                    && row["from"] == *from
                    && text(row, "to") == *until
            });
            if !is_told {
                self.say(format!("the answer's blind window {row} is not compared"));
            }
        }
    }

    /// Others may be named for what they ended or as not linked, never for what was done.
    fn innocent(&mut self) {
        let mut innocent: BTreeSet<&str> = BTreeSet::new();
        match &self.answer["innocent"] {
            Value::Array(list) => innocent.extend(list.iter().map(|row| text(row, "id"))),
            Value::Object(groups) => innocent.extend(
                groups
                    .values()
                    .flat_map(|group| group.as_array().into_iter().flatten())
                    .filter_map(Value::as_str),
            ),
            other => self.say(format!("the answer's innocent are {other}")),
        }
        for section in ["credentials", "resources", "touched", "findings", "attempts", "uses", "grants"] {
            for row in rows(self.report, section) {
                for (key, value) in row.as_object().into_iter().flatten() {
                    if ["deleted_by", "deactivated_by", "deleted_event"].contains(&key.as_str()) {
                        continue;
                    }
                    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    for id in values.iter().filter_map(Value::as_str).filter(|id| innocent.contains(id)) {
                        self.say(format!("{id} is innocent and stands as {key} in {section}: {row}"));
                    }
                }
            }
        }
        let whole = self.report.to_string();
        for secret in rows(self.answer, "never_printed").iter().filter_map(Value::as_str) {
            if whole.contains(secret) {
                self.say(format!("{secret} is printed"));
            }
        }
    }
}

/// Whether a finding of the report is the one that the answer means: same acts, same heading.
fn is_finding(want: &Value, got: &Value) -> bool {
    let shared: Vec<&str> = texts(want, "events").intersection(&texts(got, "events")).copied().collect();
    let technique = text(&got["technique"], "id");
    let accepted = texts(&want["technique"], "any_of");
    let as_said =
        got["kind"] == want["kind"] && (want["technique"]["id"] == technique || accepted.contains(technique));
    let otherwise = OTHER_HEADING
        .iter()
        .any(|(event, kind, id)| shared.contains(event) && got["kind"] == *kind && technique == *id);
    !shared.is_empty() && (as_said || otherwise)
}
