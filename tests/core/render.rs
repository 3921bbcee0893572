//! What the operator sees: goldens that a reviewer can read, and hostile text that must stay text.
//!
//! Goldens are `fixtures/render/*.txt`; `TRIAGE_BLESS=1` writes them anew.

use crate::support::{fixtures, scenario};
use proptest::prelude::*;
use std::sync::Arc;
use triage::model::change::{AutoScalingChange, Change, Ec2Change};
use triage::model::dossier::{About, After, Became, Done, Moment, UndoState};
use triage::model::gap::{Gap, GapKind};
use triage::model::plan::{Plan, PlanKind, Step, Target, Withheld};
use triage::model::report::*;
use triage::model::{Dossier, Outcome, Place, Provider, Report, Time};
use triage::render::{Untrusted, View, json, jsonl, plan, table};

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn arc(text: impl AsRef<str>) -> Arc<str> {
    Arc::from(text.as_ref())
}

pub fn golden(name: &str, text: &str) {
    let path = fixtures().join("render").join(name);
    if std::env::var_os("TRIAGE_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expect = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expect, "{name} differs; now it is:\n{text}");
}

fn view(width: Option<u16>) -> View {
    View { width, color: false, now: Some(at("2026-11-22T06:30:00Z")), detail: false, ascii: false }
}

fn subject(kind: &'static str, provider: Provider, id: &str, account: &str) -> Subject {
    Subject { given: id.into(), provider, kind, id: id.into(), account: Some(arc(account)), arn: None }
}

fn empty(principal: Subject) -> Report {
    Report {
        schema: SCHEMA,
        principal,
        window: Window::default(),
        partial: false,
        counts: Counts::default(),
        credentials: vec![],
        resources: vec![],
        touched: vec![],
        findings: vec![],
        attempts: vec![],
        uses: vec![],
        unlinked: vec![],
        root: None,
        unclassified: vec![],
        coverage: Coverage::default(),
        gaps: vec![],
        grants: vec![],
        similar: vec![],
        leaked_keys: vec![],
        seed_user: None,
        cost: None,
        activity: vec![],
        used: vec![],
    }
}

fn scope(account: &str, region: &str, source: &str, seen: bool) -> CoveredScope {
    CoveredScope {
        account: account.into(),
        region: region.into(),
        source: source.into(),
        seen,
        from: seen.then(|| at("2026-11-20T00:00:10Z")),
        to: seen.then(|| at("2026-11-22T05:58:00Z")),
        records: if seen { 400 } else { 0 },
    }
}

fn seed(id: &str, kind: &'static str, account: &str) -> Credential {
    Credential {
        id: arc(id),
        kind,
        principal: None,
        account: Some(arc(account)),
        depth: 0,
        via: None,
        issued_by: None,
        issued_at: None,
        event: None,
        strength: Strength::Exact,
        confidence: Confidence::Confirmed,
        state: "left",
        deactivated_at: None,
        deactivated_by: None,
        deleted_by: None,
        deleted_at: None,
        used: true,
        events: 1804,
        first_use: Some(at("2026-11-20T08:00:00Z")),
        last_use: Some(at("2026-11-22T05:59:01Z")),
        valid_until: None,
        active: None,
        observed_at: None,
    }
}

fn minted(id: &str, kind: &'static str, from: &str, depth: u32, via: &'static str, time: &str) -> Credential {
    Credential {
        depth,
        via: Some(via),
        issued_by: Some(arc(from)),
        issued_at: Some(at(time)),
        event: Some(arc(format!("event-{id}"))),
        used: false,
        events: 0,
        first_use: None,
        last_use: None,
        ..seed(id, kind, "acme-build")
    }
}

fn used(one: Credential, events: u64, first: &str, last: &str) -> Credential {
    Credential { used: true, events, first_use: Some(at(first)), last_use: Some(at(last)), ..one }
}

fn use_of(address: &str, agent: &str, credential: &str, new: bool, events: u64) -> Use {
    Use {
        address: Some(arc(address)),
        user_agent: Some(arc(agent)),
        credential: arc(credential),
        how: "key",
        first: at(if new { "2026-11-22T03:14:07Z" } else { "2026-11-20T08:00:00Z" }),
        last: at("2026-11-22T05:59:01Z"),
        events,
        failed: events / 60,
        regions: vec![arc("us-central1"), arc("europe-west1")],
        launched: vec![],
        new,
        confidence: if new { Confidence::Confirmed } else { Confidence::LikelyLegitimate },
    }
}

static KEYS: Technique = Technique {
    id: "T1098.001",
    version: "19",
    name: "Account Manipulation: Additional Cloud Credentials",
    former: None,
};
static LOGS: Technique = Technique {
    id: "T1685.002",
    version: "19",
    name: "Disable or Modify Cloud Logs",
    former: Some("T1562.008"),
};
static HIJACK: Technique =
    Technique { id: "T1496.001", version: "19", name: "Compute Hijacking", former: None };

fn finding(
    kind: FindingKind,
    technique: &'static Technique,
    note: &str,
    standing: bool,
    time: &str,
) -> Finding {
    Finding {
        kind,
        technique: Some(technique),
        note: note.into(),
        events: vec![arc("1k3xyz9a1")],
        subject: arc("ci-deploy"),
        account: Some(arc("acme-build")),
        region: Some(arc("global")),
        at: at(time),
        until: None,
        standing,
        confidence: Confidence::Confirmed,
        credential: Some(arc("0123456789abcdef0123456789abcdef01234567")),
    }
}

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const PROD: &str = "deploy@acme-prod.iam.gserviceaccount.com";

/// The founding story: a service-account key in a public repository, 300 resources in every region.
fn founding() -> Report {
    let id = "ci-deploy@acme-build.iam.gserviceaccount.com";
    let mut report = empty(subject("service_account", Provider::Gcp, id, "acme-build"));
    report.principal.given = "ci-deploy@acme-build".into();
    report.window.leaked_at = Some(at("2026-11-22T02:50:00Z"));
    report.leaked_keys = vec![arc(KEY)];
    report.counts = Counts {
        records_read: 2900,
        duplicates: 12,
        other_records: 40,
        events_of_principal: 2104,
        events_of_derived: 71,
        failed: 224,
        own_calls: 0,
    };
    let hop = minted(PROD, "gcp.impersonation", KEY, 1, "GenerateAccessToken", "2026-11-22T03:20:01Z");
    let hop =
        Credential { account: Some(arc("acme-prod")), valid_until: Some(at("2026-11-22T04:20:01Z")), ..hop };
    report.credentials = vec![seed(KEY, "gcp.service_account_key", "acme-build")];
    report.credentials.push(used(hop, 40, "2026-11-22T03:20:09Z", "2026-11-22T04:10:12Z"));
    report.credentials.push(used(
        minted(
            "89abcdef0123456789abcdef0123456789abcdef",
            "gcp.service_account_key",
            KEY,
            1,
            "CreateServiceAccountKey",
            "2026-11-22T03:25:00Z",
        ),
        31,
        "2026-11-22T03:30:00Z",
        "2026-11-22T05:40:00Z",
    ));
    report.credentials.push(minted(
        "GOOG1EXAMPLEEXAMPLE",
        "gcp.hmac_key",
        PROD,
        2,
        "storage.hmacKeys.create",
        "2026-11-22T03:31:00Z",
    ));
    report.credentials.push(Credential {
        confidence: Confidence::Suspect,
        strength: Strength::Heuristic,
        state: "deleted",
        deleted_at: Some(at("2026-11-22T05:00:00Z")),
        deleted_by: Some(arc(KEY)),
        ..minted(
            "fedcba9876543210fedcba9876543210fedcba98",
            "gcp.service_account_key",
            KEY,
            1,
            "CreateServiceAccountKey",
            "2026-11-22T03:26:00Z",
        )
    });
    for n in 0..300_u64 {
        let zone = ["us-central1-a", "europe-west1-b", "asia-east1-c", "us-east4-a", "southamerica-east1-b"];
        let (kind, account) = match n % 30 {
            0 => ("gcp.compute.instance_group_manager", "acme-prod"),
            1 => ("gcp.compute.firewall", "acme-data"),
            k if k % 3 == 0 => ("gcp.compute.instance", "acme-data"),
            k if k % 3 == 1 => ("gcp.compute.instance", "acme-build"),
            _ => ("gcp.compute.instance", "acme-prod"),
        };
        let gone = n % 7 == 0;
        report.resources.push(Resource {
            kind,
            id: arc(format!("{}", 8_123_456_789_012_345_000 + n)),
            name: Some(arc(format!("worker-{n}"))),
            account: arc(account),
            region: arc(zone[n as usize % 5]),
            zone: None,
            created_by: arc(KEY),
            event: arc(format!("ins{n}")),
            created_at: at("2026-11-22T03:40:00Z"),
            state: if gone { "deleted" } else { "left" },
            observed_at: None,
            deleted_at: gone.then(|| at("2026-11-22T05:00:00Z")),
            deleted_by: gone.then(|| arc(KEY)),
            deleted_event: gone.then(|| arc(format!("del{n}"))),
            attribution: if n % 30 == 2 { Attribution::Indirect } else { Attribution::Direct },
            launched_by: (n % 30 == 2).then(|| arc("worker-mig")),
            confidence: Confidence::Confirmed,
            protections: Default::default(),
            details: Default::default(),
            cost: None,
            turns: vec![],
        });
    }
    report.touched = vec![
        Touched {
            kind: "gcp.logging.log_sink",
            id: arc("projects/acme-prod/sinks/security"),
            account: arc("acme-prod"),
            region: arc("global"),
            how: "deleted".into(),
            events: vec![arc("sink1")],
            confidence: Confidence::Confirmed,
            own: false,
        },
        Touched {
            kind: "gcp.compute.image",
            id: arc("projects/acme-prod/global/images/base"),
            account: arc("acme-prod"),
            region: arc("global"),
            how: "shared with allAuthenticatedUsers".into(),
            events: vec![arc("img1")],
            confidence: Confidence::Confirmed,
            own: false,
        },
    ];
    use FindingKind::*;
    report.findings = (0..12)
        .map(|n| {
            finding(
                ResourceHijacking,
                &HIJACK,
                &format!("It launched machines with GPUs in zone {n}."),
                false,
                "2026-11-22T03:40:00Z",
            )
        })
        .collect();
    report.findings.push(finding(
        Persistence,
        &KEYS,
        "It made a key of ci-deploy that still works.",
        true,
        "2026-11-22T03:25:00Z",
    ));
    report.findings.push(finding(
        Persistence,
        &KEYS,
        "It made an HMAC key of deploy@acme-prod that still works.",
        true,
        "2026-11-22T03:31:00Z",
    ));
    report.findings.push(Finding {
        until: Some(at("2026-11-22T05:10:00Z")),
        ..finding(
            DefenseEvasion,
            &LOGS,
            "It deleted the sink security, so nothing reached the archive.",
            false,
            "2026-11-22T03:33:00Z",
        )
    });
    report.findings.push(finding(
        DefenseEvasion,
        &LOGS,
        "It excluded compute logs from _Default.",
        true,
        "2026-11-22T03:35:00Z",
    ));
    let attempt = |action: &str, error: &str, count| Attempt {
        action: arc(action),
        error: arc(error),
        count,
        events: vec![arc("att1")],
    };
    report.attempts = vec![
        attempt("compute.instances.bulkInsert", "8 RESOURCE_EXHAUSTED", 180),
        attempt("compute.instances.insert", "8 RESOURCE_EXHAUSTED", 20),
        attempt("SetIamPolicy", "7 PERMISSION_DENIED", 24),
    ];
    report.uses = vec![
        Use {
            launched: vec![arc("a"), arc("b")],
            ..use_of("203.0.113.7", "python-requests/2.31.0", KEY, true, 1804)
        },
        use_of(
            "203.0.113.7",
            "google-cloud-sdk gcloud/482.0.0 command/gcloud.compute.instances.bulk.create",
            PROD,
            true,
            180,
        ),
        use_of("2001:db8::7", "Terraform/1.9.2 (+https://www.terraform.io)", KEY, true, 31),
        use_of("198.51.100.20", "google-api-go-client/0.5 gitlab-runner", KEY, false, 90),
    ];
    report.unlinked = vec![Unlinked {
        id: arc("deploy@acme-prod.iam.gserviceaccount.com"),
        why: "same service account, not linked".into(),
        principal: None,
        events: vec![arc("o1")],
    }];
    report.root = Some(Root {
        chain: vec![arc("alice@example.com"), arc(KEY)],
        event: Some(arc("key0")),
        hops: vec![Hop {
            from: arc("alice@example.com"),
            to: arc(KEY),
            via: arc("CreateServiceAccountKey"),
            event: arc("key0"),
            at: at("2026-11-20T07:55:00Z"),
            address: Some(arc("198.51.100.4")),
            account: Some(arc("acme-build")),
        }],
        ends: "a person signed in, no earlier record".into(),
    });
    report.unclassified =
        vec![Unclassified { action: arc("example.widgets.create"), count: 2, events: vec![arc("w1")] }];
    for account in ["acme-build", "acme-data", "acme-prod"] {
        for source in ["activity", "system_event"] {
            report.coverage.scopes.push(scope(account, "global", source, true));
        }
        report.coverage.scopes.push(scope(account, "global", "data_access", false));
    }
    (report.coverage.seen, report.coverage.of) = (6, 9);
    report.gaps = vec![
        Gap::new(GapKind::Blind, "acme-build", "data-access logs were never enabled"),
        Gap::unread("logs/2026-11-22.jsonl:812", "not JSON: the line ends inside a string"),
    ];
    report
}

/// A leaked AWS key of modest harm, everything shown in one screen without shortening.
fn small() -> Report {
    let key = "AKIAIOSFODNN7EXAMPLE";
    let mut report = empty(subject("access_key", Provider::Aws, key, "111122223333"));
    report.counts = Counts {
        records_read: 120,
        events_of_principal: 40,
        events_of_derived: 9,
        failed: 2,
        ..Counts::default()
    };
    let session = minted("ASIAIOSFODNN7EXAMPLE", "aws.session", key, 1, "AssumeRole", "2026-11-22T03:20:01Z");
    let session = Credential {
        principal: Some(arc("arn:aws:sts::444455556666:assumed-role/deploy/x")),
        account: Some(arc("444455556666")),
        valid_until: Some(at("2026-11-22T07:20:01Z")),
        ..used(session, 9, "2026-11-22T03:21:00Z", "2026-11-22T03:25:00Z")
    };
    report.credentials = vec![seed(key, "aws.access_key", "111122223333"), session];
    report.resources = vec![Resource {
        kind: "aws.ec2.instance",
        id: arc("i-0abcdef1234567890"),
        name: None,
        account: arc("444455556666"),
        region: arc("eu-west-3"),
        zone: None,
        created_by: arc("ASIAIOSFODNN7EXAMPLE"),
        event: arc("11111111-2222-3333-4444-555555555555"),
        created_at: at("2026-11-22T03:22:00Z"),
        state: "running",
        observed_at: Some(at("2026-11-22T06:20:00Z")),
        deleted_at: None,
        deleted_by: None,
        deleted_event: None,
        attribution: Attribution::Direct,
        launched_by: None,
        confidence: Confidence::Confirmed,
        protections: Default::default(),
        details: Default::default(),
        cost: None,
        turns: vec![],
    }];
    report.findings = vec![finding(
        FindingKind::ResourceHijacking,
        &HIJACK,
        "It launched a p4d.24xlarge.",
        true,
        "2026-11-22T03:22:00Z",
    )];
    report.uses = vec![Use {
        regions: vec![arc("eu-west-3")],
        ..use_of("203.0.113.7", "aws-cli/2.13.5", key, true, 49)
    }];
    report.coverage =
        Coverage { scopes: vec![scope("111122223333", "eu-west-3", "management", true)], seen: 1, of: 1 };
    report
}

/// A busy principal that did nothing wrong.
fn busy() -> Report {
    let id = "backup@acme-prod.iam.gserviceaccount.com";
    let mut report = empty(subject("service_account", Provider::Gcp, id, "acme-prod"));
    report.counts = Counts { records_read: 5000, events_of_principal: 4200, ..Counts::default() };
    report.credentials =
        vec![seed("abcdefabcdefabcdefabcdefabcdefabcdefabcd", "gcp.service_account_key", "acme-prod")];
    report.uses =
        vec![use_of("198.51.100.20", "gsutil/5.27", "abcdefabcdefabcdefabcdefabcdefabcdefabcd", false, 4200)];
    report.coverage =
        Coverage { scopes: vec![scope("acme-prod", "global", "activity", true)], seen: 1, of: 1 };
    report
}

/// The bar of the screen: lines at 120 columns of the report, and of each plan.
#[test]
fn recorded_scenarios_fit_one_screen() {
    for (name, most) in [
        ("gcp-cryptojacking", 50),
        ("aws-role-chain", 50),
        ("gcp-busy-pipeline", 25),
        ("aws-busy-deployer", 25),
    ] {
        let (report, plans) = scenario(name);
        let view = View { now: None, ..view(Some(120)) };
        let screen = table::report(&report, &view);
        let shown: Vec<String> = plans.iter().map(|one| plan::plan(one, &view)).collect();
        golden(&format!("scenario-{name}.txt"), &format!("{screen}\n{}", shown.join("\n")));
        for (text, most) in [(&screen, most), (&shown[0], 14), (&shown[1], 14)] {
            assert!(text.lines().count() <= most, "{name}: {} lines\n{text}", text.lines().count());
            assert!(!text.contains("0 events."), "{name}\n{text}");
        }
        for word in ["Because of 0", "× 8 ", "1 accounts", "1 regions"] {
            assert!(!screen.contains(word), "{name} has {word:?}\n{screen}");
        }
        assert_eq!(screen.starts_with("Nothing suspicious found in what was looked at: "), most == 25);
        // A pipe has no width: nothing is wrapped or cut short, and there are no more lines.
        let piped = table::report(&report, &View { width: None, ..view });
        assert!(piped.lines().count() <= most, "{name}: {} lines\n{piped}", piped.lines().count());
        check_ids_are_whole(&report, &screen);
    }
}

/// Every word of the screen that begins like an id or an address that the report has, is it to its end.
fn check_ids_are_whole(report: &Report, screen: &str) {
    let credentials = report.credentials.iter().flat_map(|one| [Some(&one.id), one.principal.as_ref()]);
    let resources = report.resources.iter().flat_map(|one| [Some(&one.id), one.name.as_ref()]);
    let addresses = report.uses.iter().map(|one| one.address.as_ref());
    let ids: std::collections::BTreeSet<&str> =
        credentials.chain(resources).chain(addresses).flatten().map(|id| &**id).collect();
    let ends = |c: char| c.is_whitespace() || ",;:()…×".contains(c);
    for (at, _) in screen.match_indices('…') {
        // What stands right before the sign is a user agent or a blank, never the beginning of an id.
        let before = screen[..at].rsplit(ends).next().unwrap_or_default();
        let cut = ids.iter().find(|id| before.len() > 3 && id.starts_with(before) && **id != before);
        assert_eq!(cut, None, "{screen}");
    }
}

#[test]
fn a_line_is_shortened_between_words_and_never_inside_an_id() {
    let mut report = small();
    let id = "arn:aws:iam::111122223333:user/a user with blanks in a very long name";
    report.grants = vec![Grant {
        member: arc("arn:aws:iam::210987654321:root"),
        role: arc(id),
        on: arc("111122223333"),
        event: arc("e1"),
    }];
    let id_of_k = "k".repeat(40);
    report.findings[0].note = format!("Key {id_of_k} was made; {}", "it goes on and on ".repeat(20));
    for width in 60..200 {
        let text = table::report(&report, &view(Some(width)));
        let (_, grant) = text.split_once("LET IN  ").unwrap();
        let (grant, _) = grant.split_once("\nFINDINGS").unwrap();
        assert!(grant.replace("\n    ", " ").contains(id) || grant.ends_with(" got …"), "{width}\n{text}");
        let (_, note) = text.split_once("resource hijacking  ").unwrap();
        let note: Vec<&str> = note.lines().take_while(|line| !line.starts_with("BEGAN")).collect();
        assert!(note.len() == 1 || (note.len() == 2 && width < 70), "{width}\n{text}");
        assert!(note.last().unwrap().ends_with(" …") && note.concat().contains(&id_of_k), "{width}\n{text}");
        let wide = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
        assert!(wide <= Some(usize::from(width)) || width < 100, "{width}\n{text}");
    }
}

#[test]
fn what_expired_before_the_last_record_may_not_work() {
    let mut report = small();
    // The scope was seen until 05:58; the session is valid until 07:20.
    let without_clock = View { now: None, ..view(None) };
    assert!(table::report(&report, &without_clock).contains("; 2 credentials may still work; "));
    report.credentials[1].valid_until = Some(at("2026-11-22T05:57:00Z"));
    let text = table::report(&report, &without_clock);
    assert!(
        text.contains("; 1 credential may still work; ") && text.contains("expired 2026-11-22 05:57Z"),
        "{text}"
    );
    // A record stamped after the window says nothing of the time within it.
    report.window.until = Some(at("2026-11-22T05:00:00Z"));
    assert!(table::report(&report, &without_clock).contains("; 2 credentials may still work; "));
}

#[test]
fn a_new_address_alone_is_a_question_and_after_a_leak_an_answer() {
    let mut report = busy();
    report.uses.push(use_of("203.0.113.7", "curl/8", "abcdefabcdefabcdefabcdefabcdefabcdefabcd", true, 2));
    let text = table::report(&report, &view(None));
    assert!(text.starts_with("Nothing suspicious found"), "{text}");
    assert!(
        text.contains("Only you know whether this is yours, first seen later than the rest: 203.0.113.7\n")
    );
    report.uses[1].how = "service";
    assert!(!table::report(&report, &view(None)).contains("Only you know"));
    report.uses[1].how = "key";
    report.window.leaked_at = Some(at("2026-11-22T02:50:00Z"));
    let text = table::report(&report, &view(None));
    assert!(text.starts_with("LEAKED SERVICE ACCOUNT USED BY 1 NEW ADDRESS; "), "{text}");
}

#[test]
fn the_founding_story_fits_one_screen() {
    let text = table::report(&founding(), &view(Some(100)));
    golden("founding.txt", &text);
    assert!(text.lines().count() <= 50, "{} lines", text.lines().count());
    let wide = text.lines().filter(|line| unicode_width::UnicodeWidthStr::width(*line) > 100);
    assert_eq!(wide.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(text.starts_with("INCOMPLETE (1 gap): LEAKED SERVICE ACCOUNT USED BY 2 NEW ADDRESSES; "));
}

#[test]
fn a_long_role_chain_fits_one_screen() {
    let mut report = founding();
    let key = "AKIAIOSFODNN7EXAMPLE";
    report.principal = subject("access_key", Provider::Aws, key, "111122223333");
    report.leaked_keys.clear();
    report.credentials = vec![seed(key, "aws.access_key", "111122223333")];
    for (hop, account) in ["111122223333", "444455556666", "777788889999"].into_iter().enumerate() {
        for n in 0..14 {
            let from = if hop == 0 { key.into() } else { format!("ASIAEXAMPLEHOP{hop}SES00") };
            let id = format!("ASIAEXAMPLEHOP{}SES{n:02}", hop + 1);
            let one = minted(&id, "aws.session", &from, hop as u32 + 1, "AssumeRole", "2026-11-22T05:40:00Z");
            let one = Credential {
                principal: Some(arc(format!("arn:aws:sts::{account}:assumed-role/deploy-{hop}/s{n}"))),
                account: Some(arc(account)),
                valid_until: Some(at(if n < 5 { "2026-11-22T07:40:00Z" } else { "2026-11-22T06:00:00Z" })),
                ..one
            };
            let is_used = n < 3;
            report.credentials.push(if is_used {
                used(one, 9, "2026-11-22T05:41:00Z", "2026-11-22T05:45:00Z")
            } else {
                one
            });
        }
    }
    let text = table::report(&report, &view(Some(100)));
    golden("chain.txt", &text);
    assert!(text.lines().count() <= 52, "{} lines", text.lines().count());
}

#[test]
fn detail_leaves_nothing_out() {
    let report = founding();
    let text = table::report(&report, &View { detail: true, ..view(None) });
    let ids = report.resources.iter().map(|one| &one.id);
    let ids = ids.chain(report.credentials.iter().map(|one| &one.id));
    let ids = ids.chain(report.resources.iter().filter_map(|one| one.deleted_event.as_ref()));
    for id in ids {
        assert!(text.split(|c: char| c.is_whitespace() || c == ';').any(|word| word == &**id), "{id}");
    }
    for note in report.findings.iter().map(|one| &one.note) {
        assert!(text.contains(note), "{note}");
    }
    assert!(!text.contains("Shortened"));
}

#[test]
fn a_small_case_is_shown_whole() {
    golden("small.txt", &table::report(&small(), &view(Some(100))));
    golden("small.detail.txt", &table::report(&small(), &View { detail: true, ..view(None) }));
    golden("small.json", &String::from_utf8(json::report(&small())).unwrap());
    golden("small.jsonl", &String::from_utf8(jsonl::report(&small())).unwrap());
}

#[test]
fn an_innocent_is_not_blamed_and_no_more_is_claimed_than_was_seen() {
    golden("busy.txt", &table::report(&busy(), &view(None)));
}

#[test]
fn nothing_seen_is_not_nothing_there() {
    let report = empty(subject("access_key", Provider::Aws, "AKIAIOSFODNN7EXAMPLE", "111122223333"));
    let text = table::report(&report, &View { now: None, ..view(None) });
    golden("empty.txt", &text);
    assert!(text.starts_with("No event of this principal in what was looked at"));
}

#[test]
fn what_could_not_be_read_is_said_first() {
    let mut report = busy();
    report.partial = true;
    (report.coverage.seen, report.coverage.of) = (1, 2);
    report.coverage.scopes.push(scope("acme-data", "global", "activity", false));
    report.gaps = vec![
        Gap::new(GapKind::Denied, "acme-data", "could not list entries: permission denied"),
        Gap::unread("logs/a.json.gz", "the file ends inside a gzip member"),
        Gap::new(GapKind::Blind, "acme-prod", "data-access logs were never enabled"),
    ];
    let text = table::report(&report, &view(Some(80)));
    golden("incomplete.txt", &text);
    assert!(text.contains("; last used 2026-11-22"), "{text}");
    assert!(text.starts_with("INTERRUPTED: INCOMPLETE (2 gaps): Nothing suspicious found in what was"));
}

#[test]
fn an_id_is_never_cut_however_narrow_the_terminal() {
    for width in [1, 20, 40] {
        let text = table::report(&small(), &view(Some(width)));
        for id in ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "i-0abcdef1234567890"] {
            assert!(text.contains(id), "{id} at {width}:\n{text}");
        }
    }
}

/// The strings of which each peer tool lets at least one pass, and more of their kind.
pub fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "\x1b[2J\x1b[31mred",
        "\x1b]8;;https://example.com\x07link\x1b]8;;\x07",
        "\x1b]52;c;cm0gLXJm\x07",
        "real\rforged",
        "real\x08\x08\x08\x08forged",
        "\u{9b}31mred",
        "\u{9d}52;c;x\u{9c}",
        "del\x7f",
        "row\nMADE  0 resources",
        "row\r\nMADE",
        "\u{202e}gnp.exe",
        "zero\u{200b}width\u{feff}",
        "tag\u{e0041}\u{e007f}",
        "private\u{e000}\u{f0000}",
        "line\u{2028}para\u{2029}",
        "\u{2066}isolate\u{2069}\u{61c}",
        "nul\0bel\x07",
        "vs\u{fe0f}\u{e0100}",
        "\u{301}\u{301}on ours",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}zalgo",
        "blank\u{3164}\u{2800}\u{a0}",
        "literal \\u{1b}[2J",
        "wide    gap     NEW",
        "  leading",
        "日本 👍🏽 é \"quoted\" 'it' a\\b | ` < *",
        "",
    ]
    .map(String::from)
    .to_vec();
    all.push("x".repeat(100_000));
    all.push("\x1b".repeat(3_000));
    all
}

pub fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{61c}' | '\u{ad}' | '\u{180e}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{3164}' | '\u{2800}' | '\u{a0}')
}

/// Reads an escaped text back.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u{") {
        let (hex, tail) = after.split_once('}').unwrap();
        out.push_str(before);
        out.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
        rest = tail;
    }
    out + rest
}

fn check_untrusted(text: &str) {
    let shown = Untrusted(text).to_string();
    assert!(!shown.chars().any(is_dangerous), "{shown}");
    assert!(!shown.contains("  ") && !shown.starts_with(' ') && !shown.ends_with(' '), "{shown:?}");
    assert_eq!(unescape(&shown), text);
    let short = Untrusted(text).short(30).to_string();
    assert!(!short.chars().any(is_dangerous));
    assert!(
        short == shown
            || unicode_width::UnicodeWidthStr::width(&*short) <= 30 + "… (+1000000 characters)".len()
    );
}

#[test]
fn hostile_text_is_shown_and_can_be_read_back() {
    hostile().iter().for_each(|text| check_untrusted(text));
    for plain in
        ["日本 👍🏽 é e\u{301}", "\"quoted\" 'it' a\\b", "arn:aws:iam::111122223333:user/x", "Ω≈ç√ — …"]
    {
        assert_eq!(Untrusted(plain).to_string(), plain);
    }
    assert_eq!(Untrusted("a\x1b[2J\nb").to_string(), "a\\u{1b}[2J\\u{a}b");
    assert_eq!(Untrusted("0123456789").short(10).to_string(), "0123456789");
    assert_eq!(Untrusted("0123456789").clip(10).to_string(), "0123456789");
    assert_eq!(Untrusted("012345678\x1b").clip(10).to_string(), "012345678…");
    assert_eq!(Untrusted(&"0123456789".repeat(3)).short(24).to_string(), "0123… (+26 characters)");
}

proptest! {
    #[test]
    fn any_text_is_shown_and_can_be_read_back(
        text in any::<String>(),
        mixed in "[ -~\\x00-\\x1f\\x7f-\\xa0\u{300}-\u{310}\u{200b}-\u{2030}\u{e0000}-\u{e007f}\\\\u{}]{0,60}",
    ) {
        check_untrusted(&text);
        check_untrusted(&mixed);
    }
}

/// A report whose every text is this one. The literals are exhaustive: a new field does not compile until it is here.
pub fn filled(text: &str) -> Report {
    let fixed: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let technique: &'static Technique =
        Box::leak(Box::new(Technique { id: fixed, version: fixed, name: fixed, former: Some(fixed) }));
    let some = || Some(arc(text));
    let time = Some(at("2026-11-22T03:14:07Z"));
    let when = at("2026-11-22T03:14:07Z");
    let ids = || vec![arc(text), arc(text)];
    Report {
        schema: fixed,
        principal: Subject {
            given: text.into(),
            provider: Provider::Aws,
            kind: fixed,
            id: format!("{text}{text}"),
            account: some(),
            arn: some(),
        },
        window: Window { since: time, until: time, leaked_at: time },
        partial: true,
        counts: Counts::default(),
        credentials: (0..3)
            .map(|depth| Credential {
                id: arc(text.repeat(1 + depth as usize)),
                kind: fixed,
                principal: some(),
                account: some(),
                depth,
                via: Some(fixed),
                issued_by: some(),
                issued_at: time,
                event: some(),
                strength: Strength::Heuristic,
                confidence: Confidence::Suspect,
                state: if depth == 2 { "left" } else { fixed },
                deactivated_at: time,
                deactivated_by: some(),
                deleted_by: some(),
                deleted_at: time,
                used: true,
                events: 1,
                first_use: time,
                last_use: time,
                valid_until: time,
                active: Some(true),
                observed_at: time,
            })
            .collect(),
        resources: ["left", fixed]
            .map(|state| Resource {
                kind: fixed,
                id: arc(text),
                name: Some(arc(format!("{text}{text}"))),
                account: arc(text),
                region: arc(text),
                zone: some(),
                created_by: arc(text),
                event: arc(text),
                created_at: when,
                state,
                observed_at: time,
                deleted_at: time,
                deleted_by: some(),
                deleted_event: some(),
                attribution: Attribution::Indirect,
                launched_by: some(),
                confidence: Confidence::Suspect,
                protections: Default::default(),
                details: Default::default(),
                cost: None,
                turns: vec![],
            })
            .to_vec(),
        touched: vec![Touched {
            kind: fixed,
            id: arc(text),
            account: arc(text),
            region: arc(text),
            how: text.into(),
            events: ids(),
            confidence: Confidence::Suspect,
            own: false,
        }],
        findings: vec![Finding {
            kind: FindingKind::DefenseEvasion,
            technique: Some(technique),
            note: text.into(),
            events: ids(),
            subject: arc(text),
            account: some(),
            region: some(),
            at: when,
            until: time,
            standing: true,
            confidence: Confidence::Suspect,
            credential: some(),
        }],
        attempts: vec![Attempt { action: arc(text), error: arc(text), count: 1, events: ids() }],
        uses: vec![Use {
            address: some(),
            user_agent: some(),
            credential: arc(text),
            how: fixed,
            first: when,
            last: when,
            events: 1,
            failed: 1,
            regions: ids(),
            launched: ids(),
            new: true,
            confidence: Confidence::Suspect,
        }],
        unlinked: vec![Unlinked { id: arc(text), why: text.into(), principal: some(), events: ids() }],
        root: Some(Root {
            chain: ids(),
            event: some(),
            hops: vec![Hop {
                from: arc(text),
                to: arc(text),
                via: arc(text),
                event: arc(text),
                at: when,
                address: some(),
                account: some(),
            }],
            ends: text.into(),
        }),
        unclassified: vec![Unclassified { action: arc(text), count: 1, events: ids() }],
        coverage: Coverage {
            scopes: [true, false]
                .map(|seen| CoveredScope {
                    account: text.into(),
                    region: text.into(),
                    source: text.into(),
                    seen,
                    from: time,
                    to: time,
                    records: 1,
                })
                .to_vec(),
            seen: 1,
            of: 2,
        },
        gaps: vec![Gap::new(GapKind::Denied, text, text), Gap::new(GapKind::Blind, text, text)],
        grants: vec![Grant { member: arc(text), role: arc(text), on: arc(text), event: arc(text) }],
        similar: vec![],
        leaked_keys: ids(),
        seed_user: some(),
        cost: None,
        activity: vec![],
        used: vec![],
    }
}

/// The same with everything else that a dossier holds.
pub fn filled_dossier(text: &str) -> Dossier {
    let fixed: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let report = filled(text);
    let when = at("2026-11-22T03:14:07Z");
    let some = || Some(arc(text));
    let moment = |outcome| Moment {
        at: when,
        event: arc(text),
        provider: Provider::Aws,
        action: arc(text),
        outcome,
        read_only: false,
        credential: arc(text),
        depth: 1,
        principal: some(),
        principal_id: some(),
        address: some(),
        user_agent: some(),
        account: arc(text),
        region: arc(text),
        confidence: Confidence::Confirmed,
    };
    let target = Target {
        kind: fixed,
        id: arc(text),
        name: some(),
        account: arc(text),
        region: arc(text),
        zone: some(),
    };
    let change = Change::from(Ec2Change::StopInstance { id: arc("i-0abcdef1234567890") });
    let undos = [
        UndoState::Undone,
        UndoState::Partly { parts: 1, of: 2 },
        UndoState::None(text.into()),
        UndoState::Needless,
        UndoState::Possible { calls: vec![change.spec().api], safe_from: Some(when), rearms_secret: true },
        UndoState::Possible { calls: vec![], safe_from: None, rearms_secret: false },
    ];
    let ends =
        [Became::Verified, Became::Taken, Became::Refused, Became::NotDone, Became::Gone, Became::Unknown];
    let deeds = undos.into_iter().zip(ends).enumerate().map(|(n, (undo, became))| Done {
        no: n as u64,
        at: when,
        kind: [PlanKind::Revoke, PlanKind::Contain, PlanKind::Undo][n % 3],
        operator: Some(text.into()),
        target: target.clone(),
        place: Place::new(text, text),
        change: serde_json::to_value(&change).unwrap(),
        api: change.spec().api,
        does: change.spec().does,
        before: serde_json::json!({ text: text }),
        after: [None, Some(After::Gone), Some(After::There(serde_json::json!([text])))][n % 3].clone(),
        became,
        why: Some(text.into()),
        undo,
    });
    let step = Step {
        why: text.into(),
        target: target.clone(),
        before: fixed,
        ..step(1, change.clone(), fixed, text, vec![])
    };
    let withheld = Withheld { target: target.clone(), why: text.into(), by_hand: text.into() };
    let plans = [PlanKind::Revoke, PlanKind::Contain].map(|kind| Plan {
        schema: triage::model::plan::SCHEMA,
        kind,
        principal: report.principal.clone(),
        window: report.window.clone(),
        steps: vec![step.clone()],
        withheld: vec![withheld.clone()],
    });
    Dossier {
        about: About {
            id: Some(text.into()),
            title: Some(text.into()),
            operator: Some(text.into()),
            started_at: Some(when),
            version: Some(text.into()),
        },
        plans: plans.to_vec(),
        deeds: deeds.collect(),
        timeline: vec![
            moment(Outcome::Succeeded),
            moment(Outcome::DryRun),
            moment(Outcome::Failed(arc(text))),
        ],
        report,
    }
}

/// Takes our own colours out, so that any other escape stays visible.
fn without_color(text: &str) -> String {
    ["\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[33m", "\x1b[32m", "\x1b[2m"]
        .iter()
        .fold(text.into(), |t: String, s| t.replace(s, ""))
}

#[test]
fn hostile_text_forges_no_line_no_colour_and_no_json() {
    for detail in [false, true] {
        let view = View { detail, ..view(None) };
        let benign = table::report(&filled("benign"), &view);
        for text in hostile() {
            let report = filled(&text);
            let shown = table::report(&report, &view);
            assert!(!shown.chars().any(|c| c != '\n' && is_dangerous(c)), "{text:?}\n{shown}");
            if !text.is_empty() {
                assert_eq!(shown.lines().count(), benign.lines().count(), "{text:?}\n{shown}");
            }
            for width in [None, Some(100)] {
                let plain = table::report(&report, &View { width, ..view });
                let colored = table::report(&report, &View { width, color: true, ..view });
                assert!(colored.contains("\x1b[1m"));
                assert_eq!(without_color(&colored), plain, "{text:?}");
            }
        }
    }
    for text in hostile() {
        let report = filled(&text);
        let value = serde_json::to_value(&report).unwrap();
        let document = String::from_utf8(json::report(&report)).unwrap();
        assert!(!document.chars().any(|c| c != '\n' && is_dangerous(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&document).unwrap(), value);
        let lines = String::from_utf8(jsonl::report(&report)).unwrap();
        assert!(!lines.chars().any(|c| c != '\n' && is_dangerous(c)), "{text:?}");
        check_lines(&lines, &value);
    }
}

/// Every item of the report is a line, in order, and its value is exact.
fn check_lines(lines: &str, report: &serde_json::Value) {
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "report");
    for (kind, items) in [
        ("credential", &report["credentials"]),
        ("resource", &report["resources"]),
        ("touched", &report["touched"]),
        ("finding", &report["findings"]),
        ("attempt", &report["attempts"]),
        ("use", &report["uses"]),
        ("unlinked", &report["unlinked"]),
        ("root", &serde_json::json!([report["root"]])),
        ("unclassified", &report["unclassified"]),
        ("scope", &report["coverage"]["scopes"]),
        ("gap", &report["gaps"]),
        ("grant", &report["grants"]),
    ] {
        let mut of_kind: Vec<serde_json::Value> =
            lines.iter().filter(|line| line["type"] == kind).cloned().collect();
        of_kind.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("type")));
        assert_eq!(&serde_json::Value::Array(of_kind), items, "{kind}");
    }
}

#[test]
fn a_deactivated_key_is_neither_usable_nor_gone() {
    let mut report = small();
    report.credentials[0].deactivated_at = Some(at("2026-11-22T06:00:00Z"));
    report.credentials[0].deactivated_by = Some(arc("arn:aws:iam::111122223333:user/oncall"));
    let text = table::report(&report, &view(None));
    assert!(text.starts_with("KEY USED BY 1 NEW ADDRESS; 1 credential may still work; "), "{text}");
    let by = " by arn:aws:iam::111122223333:user/oncall";
    assert!(text.contains(&format!("; deactivated 2026-11-22 06:00:00Z (30 min ago){by}, not deleted")));
    assert!(!text.contains("no end seen"), "{text}");
    let text = table::report(&report, &View { detail: true, ..view(None) });
    assert!(
        text.contains(&format!("deactivated, can be activated again 2026-11-22 06:00:00Z{by}")),
        "{text}"
    );
}

#[test]
fn links_in_a_circle_lose_no_credential() {
    let mut report = small();
    report.credentials[0].depth = 1;
    report.credentials[0].issued_by = Some(arc("ASIAIOSFODNN7EXAMPLE"));
    let text = table::report(&report, &view(None));
    for id in ["AKIAIOSFODNN7EXAMPLE  access key", "ASIAIOSFODNN7EXAMPLE  session"] {
        assert_eq!(text.matches(id).count(), 1, "{text}");
    }
}

#[test]
fn a_long_chain_does_not_run_off_the_screen() {
    let mut report = small();
    for n in 0..5_000_u32 {
        let from = report.credentials.last().unwrap().id.to_string();
        report.credentials.push(minted(
            &format!("ASIA{n:016}"),
            "aws.session",
            &from,
            n + 2,
            "AssumeRole",
            "2026-11-22T03:20:01Z",
        ));
    }
    let text = table::report(&report, &View { detail: true, ..view(None) });
    assert!(text.contains("(depth 5001)"));
    assert!(text.lines().all(|line| line.len() < 300));
}

/// Only `line.rs` turns text into output, so a raw `String` cannot pass it.
#[test]
fn no_text_format_takes_a_raw_string() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/render");
    let mut files = vec![root.join("plan.rs"), root.join("words.rs")];
    files.extend(std::fs::read_dir(root.join("table")).unwrap().map(|entry| entry.unwrap().path()));
    assert!(files.len() >= 8);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for banned in ["format!(", "push_str(", "Line::laid", "Box::leak", ".leak()", "println", "write_str("]
        {
            assert!(!text.contains(banned), "{} has {banned}", file.display());
        }
    }
    let line = std::fs::read_to_string(root.join("line.rs")).unwrap();
    let parts: Vec<&str> = line.lines().filter(|line| line.starts_with("part!(")).collect();
    assert_eq!(parts.len(), 4);
    assert!(parts.iter().all(|parts| !parts.contains("String") && !parts.contains("&str")), "{parts:?}");
}

fn step(no: u32, change: impl Into<Change>, kind: &'static str, id: &str, after: Vec<u32>) -> Step {
    let change = change.into();
    let spec = change.spec();
    Step {
        no,
        target: Target {
            kind,
            id: arc(id),
            name: None,
            account: arc("444455556666"),
            region: arc("eu-west-3"),
            zone: None,
        },
        why: format!("Launched as number {no}."),
        because: vec![arc("11111111-2222-3333-4444-555555555555"), arc(format!("event-{no}"))],
        before: "left",
        change,
        api: spec.api,
        expect: spec.expect,
        destroys: spec.destroys,
        undo: "as the call says",
        after,
        needs: vec![],
        otherwise: vec![],
        seen: None,
        lives_until: None,
        undoes: None,
    }
}

/// A group that relaunches, its machines, and a machine that somebody else may need.
fn contain() -> Plan {
    let group = |make: fn(Arc<str>) -> AutoScalingChange, no, after| {
        step(no, make(arc("workers")), "aws.autoscaling.group", "workers", after)
    };
    let mut steps = vec![group(|name| AutoScalingChange::SuspendScalingGroup { name }, 1, vec![])];
    for no in 2..42 {
        let id = format!("i-0abcdef12345678{no:02}");
        steps.push(step(no, Ec2Change::StopInstance { id: arc(&id) }, "aws.ec2.instance", &id, vec![1]));
    }
    steps.push(step(
        42,
        Ec2Change::CancelSpotRequest { id: arc("sir-0abc1234") },
        "aws.ec2.spot_request",
        "sir-0abc1234",
        vec![],
    ));
    let target = Target {
        kind: "aws.ec2.instance",
        id: arc("i-0fedcba9876543210"),
        name: Some(arc("build")),
        account: arc("444455556666"),
        region: arc("eu-west-3"),
        zone: None,
    };
    let why = "made in a session that is only suspected".to_owned();
    let withheld = vec![Withheld { target, why, by_hand: "ec2:StopInstances".to_owned() }];
    let principal = subject("access_key", Provider::Aws, "AKIAIOSFODNN7EXAMPLE", "111122223333");
    Plan {
        schema: triage::model::plan::SCHEMA,
        kind: PlanKind::Contain,
        principal,
        window: Window::default(),
        steps,
        withheld,
    }
}

#[test]
fn a_plan_says_what_why_and_how_it_is_taken_back() {
    golden("plan.txt", &plan::plan(&contain(), &view(Some(100))));
    let full = plan::plan(&contain(), &View { detail: true, ..view(None) });
    for step in contain().steps {
        let line = full.lines().find(|line| line.starts_with(&format!("  {}. ", step.no))).unwrap();
        assert!(line.contains(&*step.target.id) && line.contains(step.api), "{line}");
        assert_eq!(line.contains("DESTROYS"), step.destroys, "{line}");
        assert!(step.because.iter().all(|id| full.contains(&**id)));
    }
    let none = Plan { steps: vec![], withheld: vec![], kind: PlanKind::Revoke, ..contain() };
    assert_eq!(
        plan::plan(&none, &view(None)),
        "REVOKE PLAN  nothing to do, in what was looked at; nothing has been done\n"
    );
}

#[test]
fn hostile_text_forges_no_step() {
    for text in hostile() {
        for detail in [false, true] {
            let fill = |text: &str| {
                let mut plan = contain();
                for step in &mut plan.steps {
                    (step.target.id, step.target.name) = (arc(text), Some(arc(format!("{text}{text}"))));
                    (step.target.account, step.target.region) = (arc(text), arc(text));
                    step.because = vec![arc(text)];
                    step.why = text.into();
                }
                plan.withheld[0].why = text.into();
                plan.withheld[0].by_hand = text.into();
                plan.withheld[0].target = plan.steps[0].target.clone();
                plan::plan(&plan, &View { detail, ..view(None) })
            };
            let shown = fill(&text);
            assert!(!shown.chars().any(|c| c != '\n' && is_dangerous(c)), "{text:?}\n{shown}");
            assert_eq!(shown.lines().count(), fill("benign").lines().count(), "{text:?}\n{shown}");
        }
    }
}
