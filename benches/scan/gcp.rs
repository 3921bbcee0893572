//! A Cloud Logging sink's objects: JSON lines by log and hour, with one leaked service-account key planted.

use super::corpus::{BEGIN, Cloud, File, Rng, Sizes, Truth, fill, rfc3339, write};
use std::io::Write;
use std::path::{Path, PathBuf};

const SEED: &str = "builder@shop-prod-4821.iam.gserviceaccount.com";
const TARGET: &str = "data-loader@shop-data-7302.iam.gserviceaccount.com";
const LEAKED: &str = "8c7b26600a01f1a9f63f53f6df9d8610b2b8c0a0";
const MADE: &str = "4f1d0c62a7be9953d1e0a6a1c2b3948576a9e0d1";
const ZONES: [&str; 4] = ["us-central1-a", "europe-west4-b", "asia-east1-c", "southamerica-east1-a"];
const CALLS: [(&str, &str, bool); 6] = [
    ("storage.googleapis.com", "storage.objects.get", true),
    ("compute.googleapis.com", "v1.compute.instances.list", true),
    ("cloudresourcemanager.googleapis.com", "GetProject", true),
    ("bigquery.googleapis.com", "google.cloud.bigquery.v2.JobService.GetQueryResults", true),
    ("secretmanager.googleapis.com", "google.cloud.secretmanager.v1.SecretManagerService.ListSecrets", true),
    ("storage.googleapis.com", "storage.objects.create", false),
];

pub struct Act {
    at: i64,
    who: Who,
    call: Call,
}

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Key(&'static str),
    /// The seed as the target.
    Hop,
    /// The target's own workload.
    Owner,
    Auditor(usize),
}

#[derive(Clone, Copy)]
enum Call {
    Read(usize),
    Insert(u64),
    Delete(u64),
    CreateKey,
    Impersonate,
    Mention,
}

pub struct Gcp {
    projects: Vec<String>,
}

fn machine(n: u64) -> String {
    (4_000_000_000_000_000_000 + n * 7_919).to_string()
}

/// One leaked key that made another, entered a second project, and launched machines in four zones.
pub fn chain(dir: &Path, records: usize, twice: (Sizes, usize)) -> (Truth, u64) {
    let mut rng = Rng(3);
    let known = ["shop-prod-4821", "shop-data-7302"].map(String::from);
    let gcp =
        Gcp { projects: known.into_iter().chain((0..28).map(|n| format!("shop-team-{n:04}"))).collect() };
    let begin = BEGIN + 3 * 86_400;
    let mut acts = vec![
        Act { at: begin, who: Who::Key(LEAKED), call: Call::CreateKey },
        Act { at: begin + 60, who: Who::Key(LEAKED), call: Call::Impersonate },
    ];
    for n in 0..300_u64 {
        let at = begin + 120 + n as i64 * 20;
        let who = [Who::Key(LEAKED), Who::Key(MADE), Who::Hop][n as usize % 3];
        let call = match n % 10 {
            3 => Call::Insert(n),
            7 if n % 20 == 7 => Call::Delete(n - 4),
            _ => Call::Read(n as usize),
        };
        acts.push(Act { at, who, call });
        acts.push(Act { at: at - 7200, who: Who::Owner, call: Call::Read(n as usize) });
        if n % 10 == 0 {
            acts.push(Act { at, who: Who::Auditor(n as usize), call: Call::Mention });
        }
    }
    let mut truth = Truth {
        principal: "builder@shop-prod-4821".into(),
        machine: "gcp.compute.instance",
        ..Truth::default()
    };
    let seed = SEED.to_owned();
    truth.credentials.insert(MADE.into(), (1, seed.clone()));
    truth.credentials.insert(TARGET.into(), (1, seed));
    for act in &acts {
        match act.call {
            Call::Insert(n) => _ = truth.machines.entry(machine(n)).or_insert("left"),
            Call::Delete(n) => _ = truth.machines.insert(machine(n), "deleted"),
            Call::Mention => truth.decoys.push(auditor(match act.who {
                Who::Auditor(n) => n,
                _ => 0,
            })),
            Call::Read(_) | Call::CreateKey | Call::Impersonate => {}
        }
        match act.who {
            Who::Key(LEAKED) => truth.events_of_principal += 1,
            Who::Key(_) | Who::Hop => truth.events_of_derived += 1,
            Who::Owner | Who::Auditor(_) => {}
        }
    }
    let mut files = Vec::new();
    let mut acts = acts.into_iter().peekable();
    while let Some(first) = acts.peek() {
        let from = first.at;
        files.push(File { place: 0, from, noise: 50, acts: acts.by_ref().take(15).collect(), twice: false });
    }
    let counted = fill(&mut files, gcp.projects.len(), records, twice, &mut rng);
    let truth = Truth { records: counted.records, duplicates: counted.duplicates, ..truth };
    let bytes = write(&gcp, dir, &files, rng.next());
    (truth, bytes)
}

fn auditor(n: usize) -> String {
    format!("auditor-{n}@shop.example")
}

struct Parts<'a> {
    at: i64,
    project: &'a str,
    who: &'a str,
    call: (&'a str, &'a str, bool),
    address: &'a str,
    resource: &'a str,
    labels: &'a str,
    kind: &'a str,
    request: &'a str,
    response: &'a str,
}

fn entry(parts: &Parts, rng: &mut Rng, out: &mut Vec<u8>) {
    let Parts { at, project, who, call: (service, method, read_only), address, resource, .. } = parts;
    let Parts { labels, kind, request, response, .. } = parts;
    let log = if *read_only { "data_access" } else { "activity" };
    let time = rfc3339(*at);
    let stamp = format!("{}.{:09}Z", time.trim_end_matches('Z'), rng.below(1_000_000_000));
    let insert = format!("{:x}", rng.next() >> 8);
    writeln!(
        out,
        r#"{{"protoPayload":{{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","status":{{}},"authenticationInfo":{who},"requestMetadata":{{"callerIp":"{address}","callerSuppliedUserAgent":"google-api-python-client/2.159.0 (gzip),gzip(gfe)","requestAttributes":{{"time":"{stamp}","auth":{{}}}},"destinationAttributes":{{}}}},"serviceName":"{service}","methodName":"{method}","authorizationInfo":[{{"resource":"{resource}","permission":"{method}","granted":true,"resourceAttributes":{{}}}}],"resourceName":"{resource}","request":{request},"response":{response}}},"insertId":"{insert}","resource":{{"type":"{kind}","labels":{{{labels}"project_id":"{project}"}}}},"timestamp":"{stamp}","severity":"INFO","logName":"projects/{project}/logs/cloudaudit.googleapis.com%2F{log}","receiveTimestamp":"{stamp}"}}"#
    )
    .expect("a Vec takes everything");
}

impl Cloud for Gcp {
    type Act = Act;

    fn frame(&self) -> (&'static str, &'static str, &'static str, bool) {
        ("", "", "", true)
    }

    fn path(&self, place: usize, from: i64, rng: &mut Rng) -> PathBuf {
        let time = rfc3339(from);
        let (day, hour) = (time[..10].replace('-', "/"), &time[11..13]);
        let part = rng.next() as u32;
        format!(
            "{}/cloudaudit.googleapis.com/activity/{day}/{hour}0000_{hour}5959_S{part:08x}.json.gz",
            self.projects[place]
        )
        .into()
    }

    fn noise(&self, place: usize, from: i64, rng: &mut Rng, out: &mut Vec<u8>) {
        let project = &self.projects[place];
        let n = rng.below(60);
        let who = if n < 20 {
            format!(
                r#"{{"principalEmail":"user-{n}@shop.example","principalSubject":"user:user-{n}@shop.example"}}"#
            )
        } else {
            format!(
                r#"{{"principalEmail":"worker-{n}@{project}.iam.gserviceaccount.com","principalSubject":"serviceAccount:worker-{n}@{project}.iam.gserviceaccount.com"}}"#
            )
        };
        let many = (rng.log_normal(3.0, 1.0) as usize).min(300);
        let list: Vec<String> =
            (0..many).map(|_| format!(r#""projects/_/buckets/shop/objects/{:016x}""#, rng.next())).collect();
        let parts = Parts {
            at: from + rng.below(3600) as i64,
            project,
            who: &who,
            call: *rng.pick(&CALLS),
            address: &format!("192.0.2.{}", 1 + n),
            resource: &format!("projects/{project}/things/{:016x}", rng.next()),
            labels: "",
            kind: "audited_resource",
            request: &format!(r#"{{"@type":"type.googleapis.com/Request","names":[{}]}}"#, list.join(",")),
            response: "{}",
        };
        entry(&parts, rng, out);
    }

    fn act(&self, act: &Act, rng: &mut Rng, out: &mut Vec<u8>) {
        let key = |key: &str| {
            format!(
                r#"{{"principalEmail":"{SEED}","serviceAccountKeyName":"//iam.googleapis.com/projects/shop-prod-4821/serviceAccounts/{SEED}/keys/{key}","principalSubject":"serviceAccount:{SEED}"}}"#
            )
        };
        let (who, address, project) = match act.who {
            Who::Key(id) => (key(id), "198.51.100.66", "shop-prod-4821"),
            Who::Hop => (
                format!(
                    r#"{{"principalEmail":"{TARGET}","serviceAccountDelegationInfo":[{{"firstPartyPrincipal":{{"principalEmail":"{SEED}"}}}}],"principalSubject":"serviceAccount:{TARGET}"}}"#
                ),
                "198.51.100.66",
                "shop-data-7302",
            ),
            Who::Owner => (
                format!(r#"{{"principalEmail":"{TARGET}","principalSubject":"serviceAccount:{TARGET}"}}"#),
                "203.0.113.40",
                "shop-data-7302",
            ),
            Who::Auditor(n) => {
                (format!(r#"{{"principalEmail":"{}"}}"#, auditor(n)), "203.0.113.90", "shop-prod-4821")
            }
        };
        let mut parts = Parts {
            at: act.at,
            project,
            who: &who,
            call: ("iam.googleapis.com", "google.iam.admin.v1.GetServiceAccount", true),
            address,
            resource: "",
            labels: "",
            kind: "service_account",
            request: "{}",
            response: "{}",
        };
        let (resource, labels, request, response);
        match act.call {
            Call::Read(n) => {
                parts.call = CALLS[n % 5];
                resource = format!("projects/{project}");
                (labels, request, response) = (String::new(), "{}".into(), "{}".into());
                parts.kind = "project";
            }
            Call::Insert(n) | Call::Delete(n) => {
                let verb = if let Call::Insert(_) = act.call { "insert" } else { "delete" };
                // Who made it says where it is, also when somebody else ends it.
                let home = if n % 3 == 2 { "shop-data-7302" } else { "shop-prod-4821" };
                let (zone, id) = (ZONES[n as usize % 4], machine(n));
                parts.call = (
                    "compute.googleapis.com",
                    if verb == "insert" {
                        "v1.compute.instances.insert"
                    } else {
                        "v1.compute.instances.delete"
                    },
                    false,
                );
                parts.project = home;
                parts.kind = "gce_instance";
                resource = format!("projects/{home}/zones/{zone}/instances/render-{n}");
                labels = format!(r#""instance_id":"{id}","zone":"{zone}","#);
                request = format!(
                    r#"{{"@type":"type.googleapis.com/compute.instances.{verb}","name":"render-{n}"}}"#
                );
                response = format!(
                    r#"{{"@type":"type.googleapis.com/operation","id":"{}","name":"operation-{n}-{verb}","operationType":"{verb}","status":"RUNNING","targetId":"{id}","targetLink":"https://www.googleapis.com/compute/v1/{resource}"}}"#,
                    rng.next() >> 2
                );
            }
            Call::CreateKey => {
                parts.call = ("iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey", false);
                resource = "projects/-/serviceAccounts/151678994748802172156".into();
                labels = format!(r#""email_id":"{SEED}","unique_id":"151678994748802172156","#);
                request = format!(
                    r#"{{"@type":"type.googleapis.com/google.iam.admin.v1.CreateServiceAccountKeyRequest","name":"projects/-/serviceAccounts/{SEED}","private_key_type":2}}"#
                );
                response = format!(
                    r#"{{"@type":"type.googleapis.com/google.iam.admin.v1.ServiceAccountKey","name":"projects/shop-prod-4821/serviceAccounts/{SEED}/keys/{MADE}","key_type":1}}"#
                );
            }
            Call::Impersonate => {
                parts.call = ("iamcredentials.googleapis.com", "GenerateAccessToken", true);
                parts.project = "shop-data-7302";
                resource = "projects/-/serviceAccounts/190557795670656645115".into();
                labels = format!(r#""email_id":"{TARGET}","unique_id":"190557795670656645115","#);
                request = format!(
                    r#"{{"@type":"type.googleapis.com/google.iam.credentials.v1.GenerateAccessTokenRequest","name":"projects/-/serviceAccounts/{TARGET}"}}"#
                );
                response = "{}".into();
            }
            Call::Mention => {
                resource = "projects/-/serviceAccounts/151678994748802172156".into();
                labels = format!(r#""email_id":"{SEED}","#);
                request = format!(r#"{{"name":"projects/-/serviceAccounts/{SEED}"}}"#);
                response = "{}".into();
            }
        }
        (parts.resource, parts.labels, parts.request, parts.response) =
            (&resource, &labels, &request, &response);
        entry(&parts, rng, out);
    }
}
