//! What the logs of a project can't show: services whose Data Access is off or of which somebody is exempted, records that are kept
//! for less long than the window, sinks that leave records out. Reads settings; concludes no more than they say.
//!
//! Admin Activity can't be switched off (gcp.md 1.3); that what mints tokens and reads secrets is not in it is what this is for.

use super::Gcp;
use super::each::{name, text};
use super::endpoints::{LOGGING, RESOURCEMANAGER};
use super::rest::Ask;
use crate::cloud::CloudError;
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What of a service only Data Access tells: the service, the kind of record, what would not be seen.
const TOLD: &[(&str, &str, &str)] = &[
    (
        "iam.googleapis.com",
        "ADMIN_READ",
        "GenerateAccessToken, GenerateIdToken, SignBlob and SignJwt for its service accounts",
    ),
    ("sts.googleapis.com", "ADMIN_READ", "ExchangeToken by identities from outside"),
    ("secretmanager.googleapis.com", "DATA_READ", "AccessSecretVersion"),
    ("storage.googleapis.com", "DATA_READ", "objects read"),
    ("storage.googleapis.com", "DATA_WRITE", "objects written and deleted"),
    ("cloudkms.googleapis.com", "DATA_READ", "Decrypt and signatures"),
    ("aiplatform.googleapis.com", "DATA_READ", "calls of models"),
];
/// Projects asked at the same time.
const AT_ONCE: usize = 16;
/// Folders above one another: Google allows ten.
const DEEPEST: usize = 16;
/// Of a filter, so much is told.
const SHOWN: usize = 120;

/// What is hidden from whom.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Where the principal is at home, bound, or was seen.
    pub projects: Vec<Arc<str>>,
    /// E-mails of the chain.
    pub members: BTreeSet<Arc<str>>,
    /// When the window begins.
    pub since: Option<Time>,
}

/// Audit configs by container, asked once.
type Configs = Arc<tokio::sync::Mutex<BTreeMap<String, Result<Above, CloudError>>>>;

#[derive(Clone, Debug, Default)]
struct Above {
    configs: Vec<Value>,
    parent: Option<String>,
}

impl Gcp {
    /// Says what of these projects no record shows, or not for all of the window.
    pub async fn hidden(self: &Arc<Gcp>, sought: &Sought) -> Vec<Gap> {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let known = Configs::default();
        let mut asked = JoinSet::new();
        for project in &sought.projects {
            let (gcp, gate, known) = (self.clone(), gate.clone(), known.clone());
            let (project, sought) = (project.clone(), sought.clone());
            asked.spawn(async move {
                let _permit = gate.acquire().await;
                let mut gaps = gcp.unlogged(&project, &sought.members, &known).await;
                gaps.extend(gcp.unkept(&project, sought.since).await);
                gaps
            });
        }
        let mut gaps: Vec<Gap> = asked.join_all().await.into_iter().flatten().collect();
        gaps.sort();
        gaps.dedup();
        gaps
    }

    /// Data Access by the policies of a project and of what is above it: any of them can switch it on.
    async fn unlogged(&self, project: &str, members: &BTreeSet<Arc<str>>, known: &Configs) -> Vec<Gap> {
        let mut configs = Vec::new();
        let mut gaps = Vec::new();
        let mut next = Some(format!("projects/{project}"));
        for _ in 0..DEEPEST {
            let Some(container) = next.take() else { break };
            match self.above(&container, known).await {
                Ok(above) => {
                    configs.extend(above.configs);
                    next = above.parent;
                }
                Err(error) => {
                    let gap = error.gap();
                    let why =
                        format!("{}: whether it switches Data Access on for {project} is unknown", gap.why);
                    gaps.push(Gap::new(gap.kind, container, why));
                    break;
                }
            }
        }
        gaps.extend(told(project, &configs, members));
        gaps
    }

    async fn above(&self, container: &str, known: &Configs) -> Result<Above, CloudError> {
        let mut known = known.lock().await;
        if let Some(above) = known.get(container) {
            return above.clone();
        }
        let above = self.config_of(container).await;
        known.insert(container.to_owned(), above.clone());
        above
    }

    async fn config_of(&self, container: &str) -> Result<Above, CloudError> {
        let at = Place::new(container.strip_prefix("projects/").unwrap_or(container), "");
        let (read, get) = match container.split('/').next() {
            Some("folders") => ("resourcemanager.folders.getIamPolicy", "resourcemanager.folders.get"),
            Some("organizations") => ("resourcemanager.organizations.getIamPolicy", ""),
            _ => ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.get"),
        };
        let ask = Ask::post(read, &at, RESOURCEMANAGER, "v3/{+}:getIamPolicy", &[container])?
            .body(json!({"options": {"requestedPolicyVersion": 3}}))
            .repeatable();
        let policy = self.rest.json(&ask).await?;
        let configs = policy["auditConfigs"].as_array().cloned().unwrap_or_default();
        // Nothing is above an organization.
        if get.is_empty() {
            return Ok(Above { configs, parent: None });
        }
        let found = self.rest.json(&Ask::get(get, &at, RESOURCEMANAGER, "v3/{+}", &[container])?).await?;
        Ok(Above { configs, parent: text(&found, "parent").map(str::to_owned) })
    }

    /// For how long records are kept, and what is never stored.
    async fn unkept(&self, project: &str, since: Option<Time>) -> Vec<Gap> {
        let at = Place::new(project, "");
        let mut gaps = Vec::new();
        let ask = |call, template| Ask::get(call, &at, LOGGING, template, &[project]);
        let buckets =
            match ask("logging.projects.locations.buckets.list", "v2/projects/{}/locations/-/buckets") {
                Ok(ask) => self.rest.list(ask, "buckets").await,
                Err(error) => Err(error),
            };
        match buckets {
            Ok(buckets) => gaps.extend(kept(project, &buckets, since, Time::now())),
            Err(error) => gaps.push(unknown(&error, "for how long its records are kept is unknown")),
        }
        let sinks = match ask("logging.projects.sinks.list", "v2/projects/{}/sinks") {
            Ok(ask) => self.rest.list(ask, "sinks").await,
            Err(error) => Err(error),
        };
        match sinks {
            Ok(sinks) => gaps.extend(routed(project, &sinks)),
            Err(error) => gaps.push(unknown(&error, "whether its sinks leave records out is unknown")),
        }
        gaps
    }
}

fn unknown(error: &CloudError, so: &str) -> Gap {
    let gap = error.gap();
    Gap::new(gap.kind, gap.place, format!("{}: {so}", gap.why))
}

/// Whose calls a service's records leave out, or that there are none.
fn told(project: &str, configs: &[Value], members: &BTreeSet<Arc<str>>) -> Vec<Gap> {
    let mut off: Vec<String> = Vec::new();
    let mut exempt: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (service, kind, what) in TOLD {
        let of = |config: &&Value| matches!(text(config, "service"), Some(it) if it == *service || it == "allServices");
        let logs = configs
            .iter()
            .filter(of)
            .flat_map(|config| config["auditLogConfigs"].as_array().into_iter().flatten());
        let on: Vec<&Value> = logs.filter(|log| text(log, "logType") == Some(kind)).collect();
        if on.is_empty() {
            off.push(format!("{what} ({service})"));
        }
        // What is exempted anywhere is left out, whatever another policy says.
        for one in on.iter().flat_map(|log| log["exemptedMembers"].as_array().into_iter().flatten()) {
            if let Some(member) = one.as_str() {
                exempt.entry(member.to_owned()).or_default().push(format!("{what} ({service})"));
            }
        }
    }
    let mut gaps = Vec::new();
    if !off.is_empty() {
        let why = format!(
            "Data Access is off here, so these would not be seen, by whomever: {}; whether there were any is unknown",
            off.join("; ")
        );
        gaps.push(Gap::new(GapKind::Blind, project, why));
    }
    for (member, what) in exempt {
        let plain = member.split_once(':').map_or(&*member, |(_, plain)| plain);
        let is_ours = members.iter().any(|one| one.eq_ignore_ascii_case(plain));
        let who = match (is_ours, member.starts_with("group:") || member.starts_with("domain:")) {
            (true, _) => "who is in the chain".to_owned(),
            (false, true) => "whose members we don't know".to_owned(),
            (false, false) => continue,
        };
        let why = format!(
            "{member}, {who}, is exempted from Data Access here, so these of its calls would not be seen: {}; whether there were any is unknown",
            what.join("; ")
        );
        gaps.push(Gap::new(GapKind::Blind, project, why));
    }
    gaps
}

/// Buckets that keep records for less long than the window.
fn kept(project: &str, buckets: &[Value], since: Option<Time>, now: Time) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for own in ["_Default", "_Required"] {
        if !buckets.iter().any(|bucket| text(bucket, "name").map(name) == Some(own)) {
            let why = format!("no bucket {own} is listed here: for how long its records are kept is unknown");
            gaps.push(Gap::new(GapKind::Blind, project, why));
        }
    }
    for bucket in buckets {
        let Some(own) = text(bucket, "name").map(name).filter(|own| matches!(*own, "_Default" | "_Required"))
        else {
            continue;
        };
        let what = match own {
            "_Default" => "Data Access records",
            _ => "Admin Activity records",
        };
        if text(bucket, "lifecycleState").is_some_and(|state| state != "ACTIVE") {
            let why =
                format!("bucket {own}, which keeps {what}, is being deleted: what was in it can't be asked");
            gaps.push(Gap::new(GapKind::Retention, project, why));
        }
        // 30 is what it is where nobody set it.
        let days = bucket["retentionDays"].as_i64().filter(|days| *days > 0).unwrap_or(30);
        let oldest =
            days.checked_mul(24).and_then(|hours| now.checked_sub(SignedDuration::from_hours(hours)).ok());
        if let (Some(oldest), Some(since)) = (oldest, since)
            && since < oldest
        {
            let why = format!(
                "bucket {own} keeps {what} for {days} days: what they told of {since} to {oldest} is gone, and what it was is unknown"
            );
            gaps.push(Gap::new(GapKind::Retention, project, why));
        }
        if let Some(fields) = bucket["restrictedFields"].as_array().filter(|fields| !fields.is_empty()) {
            let why = format!(
                "bucket {own} hides {} fields of its records from who may not see them",
                fields.len()
            );
            gaps.push(Gap::new(GapKind::Blind, project, why));
        }
    }
    gaps
}

/// What `_Default` leaves out: it alone stores Data Access.
fn routed(project: &str, sinks: &[Value]) -> Vec<Gap> {
    let Some(sink) = sinks.iter().find(|sink| text(sink, "name") == Some("_Default")) else {
        let why = "there is no sink _Default any more: Data Access records are not stored here, and what they would have told is unknown";
        return vec![Gap::new(GapKind::Blind, project, why)];
    };
    let mut gaps = Vec::new();
    let mut blind = |why: String| gaps.push(Gap::new(GapKind::Blind, project, why));
    if sink["disabled"].as_bool() == Some(true) {
        blind("sink _Default is switched off: Data Access records are not stored here, and what they would have told is unknown".into());
    }
    for one in sink["exclusions"].as_array().into_iter().flatten() {
        if one["disabled"].as_bool() != Some(true) {
            let filter = shown(text(one, "filter").unwrap_or_default());
            blind(format!(
                "sink _Default leaves out what matches exclusion {:?} ({filter}): whether that were calls of the chain is unknown",
                shown(text(one, "name").unwrap_or_default())
            ));
        }
    }
    let filter = text(sink, "filter").unwrap_or_default();
    if !filter.is_empty() && !is_default(filter) {
        blind(format!(
            "sink _Default has a filter of its own ({}): what it leaves out is unknown",
            shown(filter)
        ));
    }
    gaps
}

/// Whether a filter is the one that Google makes the sink with: nothing but what `_Required` holds is left out.
fn is_default(filter: &str) -> bool {
    const REQUIRED: [&str; 5] = [
        "activity",
        "system_event",
        "access_transparency",
        "externalaudit.googleapis.com/activity",
        "externalaudit.googleapis.com/system_event",
    ];
    filter.split(" AND ").all(|part| {
        let part = part.trim();
        let is_one = part.to_ascii_uppercase().starts_with("NOT LOG_ID(\"") && part.ends_with("\")");
        is_one
            && part.get(12..part.len() - 2).is_some_and(|log| {
                REQUIRED.iter().any(|known| {
                    log == *known || log.strip_prefix("cloudaudit.googleapis.com/") == Some(known)
                })
            })
    })
}

/// The beginning of a text that somebody else wrote.
fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(SHOWN).map(plain).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whys(gaps: Vec<Gap>) -> String {
        gaps.iter().map(|gap| format!("{:?} {}\n", gap.kind, gap.why)).collect()
    }

    #[test]
    fn what_is_off_and_who_is_exempted_is_told_with_what_would_not_be_seen() {
        let members: BTreeSet<Arc<str>> = BTreeSet::from(["ci@p.iam.gserviceaccount.com".into()]);
        let none = whys(told("p", &[], &members));
        assert!(none.contains("GenerateAccessToken") && none.contains("objects read (storage"), "{none}");
        let all = |members: Value| {
            let log = |kind: &str| json!({"logType": kind, "exemptedMembers": members});
            vec![
                json!({"service": "allServices", "auditLogConfigs": [log("ADMIN_READ"), log("DATA_READ"), log("DATA_WRITE")]}),
            ]
        };
        assert_eq!(told("p", &all(json!([])), &members), []);
        assert_eq!(told("p", &all(json!(["user:alice@example.com"])), &members), [], "nobody of the chain");
        let exempt = whys(told("p", &all(json!(["serviceAccount:CI@p.iam.gserviceaccount.com"])), &members));
        assert!(
            exempt.contains("in the chain, is exempted") && exempt.contains("AccessSecretVersion"),
            "{exempt}"
        );
        let group = whys(told("p", &all(json!(["group:ops@example.com"])), &members));
        assert!(group.contains("group:ops@example.com, whose members we don't know"), "{group}");
        let iam = json!({"service": "iam.googleapis.com", "auditLogConfigs": [{"logType": "ADMIN_READ"}]});
        let rest = whys(told("p", &[iam], &members));
        assert!(!rest.contains("GenerateAccessToken") && rest.contains("AccessSecretVersion"), "{rest}");
    }

    #[test]
    fn what_is_older_than_what_is_kept_is_unknown() {
        let now: Time = "2026-03-14T00:00:00Z".parse().expect("a time");
        let bucket = |own: &str, days: i64| json!({"name": format!("projects/p/locations/global/buckets/{own}"), "retentionDays": days, "lifecycleState": "ACTIVE"});
        let all = [bucket("_Default", 30), bucket("_Required", 400), bucket("other", 1)];
        let of = |since: &str| whys(kept("p", &all, Some(since.parse().expect("a time")), now));
        assert_eq!(of("2026-03-01T00:00:00Z"), "");
        let gone = of("2026-01-01T00:00:00Z");
        assert!(
            gone.starts_with("Retention bucket _Default keeps Data Access records for 30 days")
                && !gone.contains("_Required"),
            "{gone}"
        );
        assert!(of("2024-01-01T00:00:00Z").contains("_Required keeps Admin Activity"));
        assert_eq!(kept("p", &all, None, now), []);
    }

    #[test]
    fn what_a_sink_leaves_out_is_told() {
        let filter = r#"NOT LOG_ID("cloudaudit.googleapis.com/activity") AND NOT LOG_ID("externalaudit.googleapis.com/activity") AND NOT LOG_ID("cloudaudit.googleapis.com/system_event")"#;
        let sink = |more: Value| {
            let mut sink = json!({"name": "_Default", "filter": filter});
            sink.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            whys(routed("p", &[sink]))
        };
        assert_eq!(sink(json!({})), "");
        assert_eq!(sink(json!({"exclusions": [{"name": "x", "filter": "y", "disabled": true}]})), "");
        assert!(
            sink(json!({"exclusions": [{"name": "x\u{1b}", "filter": "resource.type=\"gce_instance\""}]}))
                .contains("(resource.type=\"gce_instance\")")
        );
        assert!(sink(json!({"disabled": true})).contains("switched off"));
        assert!(
            sink(json!({"filter": r#"NOT LOG_ID("cloudaudit.googleapis.com/data_access")"#}))
                .contains("a filter of its own")
        );
        assert!(whys(routed("p", &[])).contains("no sink _Default"));
    }
}
