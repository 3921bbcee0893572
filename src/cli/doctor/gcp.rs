//! Google Cloud: projects, what their policies let us do, which APIs are on, which reads are logged.

use super::live::{NAMED, clock, told};
use super::{DoctorArgs, Findings};
use crate::cli::live_gcp::Session;
use crate::cli::permissions::{Purpose, gcp_permissions};
use crate::cli::ui::Ui;
use crate::cli::{Failure, open};
use crate::cloud::CloudError;
use crate::cloud::gcp::health::{Bucket, DataAccess};
use crate::cloud::gcp::{Gcp, Reach};
use crate::model::{Gap, Time};
use crate::render::line::Count;
use crate::render::{Line, Untrusted, count};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Google refuses an assertion whose times are more than some minutes off.
const REFUSED: u64 = 300;
/// Projects asked at the same time.
const AT_ONCE: usize = 32;
/// What tells who minted whose tokens.
const MINTING: [&str; 2] = ["allServices", "iam.googleapis.com"];

pub fn ask(args: &DoctorArgs, ui: &Ui, found: &mut Findings) -> Result<(), Failure> {
    let session = Session::connect(&args.live, &open::new_id(Time::now()), false, ui)?;
    let gcp = session.gcp();
    let most = if args.verbose { usize::MAX } else { NAMED };
    who(gcp, found);
    clock("Google", gcp.clock, REFUSED, found);
    let reach = session.everything();
    let projects = wherever(&reach, most, found);
    session.within(apis(gcp, most, found));
    session.within(may(gcp, &projects, most, found))?;
    let (seen, unseen) = session.within(logs(gcp, &reach, &projects, most, found));
    blind(&reach, &projects, seen, unseen, found);
    Ok(())
}

fn who(gcp: &Gcp, found: &mut Findings) {
    let line = Line::new().put(Untrusted(&gcp.identity.name)).put(" in Google Cloud");
    match gcp.identity.is_known {
        true => found.say("WHO    ", line),
        false => found.ill(
            "WHO    ",
            line.put(
                ": who that is could not be found out, so nobody's own credentials are told from a thief's",
            ),
        ),
    }
    for line in gcp.overrides() {
        found.ill("WHO    ", Line::new().put(Untrusted(line)));
    }
}

/// Returns the projects in which anything can run.
fn wherever(reach: &Reach, most: usize, found: &mut Findings) -> Vec<Arc<str>> {
    let live = |id: &&Arc<str>| !reach.deleted.contains(*id);
    let projects: Vec<Arc<str>> = reach.projects.iter().filter(live).cloned().collect();
    let of = |kind: &str| reach.above.iter().filter(|one| one.starts_with(kind)).count() as u64;
    let line = count(projects.len() as u64, "project", "projects")
        .put(", ")
        .join(count(of("folders/"), "folder", "folders"))
        .put(", ")
        .join(count(of("organizations/"), "organization", "organizations"))
        .put(": ")
        .join(named(&projects, most));
    match projects.is_empty() {
        false => found.say("WHERE  ", line),
        true => found.ill("WHERE  ", Line::new().put("no project is visible: nothing could be looked into")),
    }
    reach.gaps.iter().for_each(|gap| found.ill("WHERE  ", told(gap)));
    projects
}

/// Names, as many as fit.
fn named<T: AsRef<str>>(all: &[T], most: usize) -> Line {
    let line =
        Line::new().list(", ", all.iter().take(most).map(|one| Line::new().put(Untrusted(one.as_ref()))));
    match all.len().saturating_sub(most) {
        0 => line,
        left => line.put(" and ").put(Count(left as u64)).put(" more (-v names all)"),
    }
}

/// Whether what we call is on where our calls are counted.
async fn apis(gcp: &Gcp, most: usize, found: &mut Findings) {
    let Some(project) = gcp.consumer() else {
        return found.ill("APIS   ", Line::new().put("no quota project is known, and some APIs refuse a user without one: --quota-project, or gcloud auth application-default set-quota-project"));
    };
    let line = Line::new().put(Untrusted(&project));
    match gcp.apis_off(&project).await {
        Err(error) => found.ill(
            "APIS   ",
            line.put(": could not be asked which are on: ").put(Untrusted(&error.to_string())),
        ),
        Ok((off, of)) if off.is_empty() => {
            found.say("APIS   ", line.put(": all ").put(Count(of as u64)).put(" that are called are on"));
        }
        Ok((off, of)) => {
            let line = line.put(": ").put(Count(off.len() as u64)).put(" of ").put(Count(of as u64));
            found.ill(
                "APIS   ",
                line.put(" are off, and what they know stays unknown: ").join(named(&off, most)),
            );
        }
    }
}

/// What we may do in each project, as its policy and those above it say; projects that answer alike share a line.
async fn may(gcp: &Arc<Gcp>, projects: &[Arc<str>], most: usize, found: &mut Findings) -> anyhow::Result<()> {
    let purposes = [("audit", Purpose::Audit), ("revoke", Purpose::Revoke), ("contain", Purpose::Contain)];
    let mut needs = Vec::new();
    for (name, purpose) in purposes {
        needs.push((name, gcp_permissions(purpose)?));
    }
    let all: BTreeSet<&'static str> = needs.iter().flat_map(|(_, all)| all.iter().copied()).collect();
    let all: Arc<[&'static str]> = all.into_iter().collect();
    let answers = each(gcp, projects, move |gcp, project| {
        let all = all.clone();
        async move { gcp.lacks(&project, &all).await }
    });
    let mut alike: BTreeMap<(usize, Vec<&str>), Vec<&str>> = BTreeMap::new();
    let answers = answers.await;
    for (project, answer) in &answers {
        match answer {
            Err(error) => {
                let line = Line::new().put(Untrusted(project)).put(": could not be asked: ");
                found.ill("MAY    ", line.put(Untrusted(&error.to_string())));
            }
            Ok(lacks) => {
                for (no, (_, needs)) in needs.iter().enumerate() {
                    let lacking =
                        lacks.iter().map(String::as_str).filter(|one| needs.contains(one)).collect();
                    alike.entry((no, lacking)).or_default().push(project);
                }
            }
        }
    }
    for ((no, lacking), of) in alike {
        let (name, needs) = &needs[no];
        let line = Line::new().put(*name).put(": ");
        let place = Line::new().put(" in ").put(Count(of.len() as u64)).put(" of ").join(count(
            projects.len() as u64,
            "project",
            "projects",
        ));
        if lacking.is_empty() {
            let line = line.put("all ").put(Count(needs.len() as u64)).put(" permissions").join(place);
            found.say("MAY    ", line);
            continue;
        }
        let line =
            line.put("lacks ").put(Count(lacking.len() as u64)).put(" of ").put(Count(needs.len() as u64));
        let line = line.put(" permissions").join(place).put(" (").join(named(&of, most)).put("): ");
        found.ill("MAY    ", line.join(named(&lacking, most)));
    }
    found.say("MAY    ", Line::new().put("what deny policies, perimeters and the policies of folders and organizations decide is not in this answer"));
    Ok(())
}

/// Asks each project the same, some at a time; sorted.
async fn each<T: Send + 'static, F: Future<Output = Result<T, CloudError>> + Send + 'static>(
    gcp: &Arc<Gcp>,
    projects: &[Arc<str>],
    ask: impl Fn(Arc<Gcp>, Arc<str>) -> F,
) -> BTreeMap<Arc<str>, Result<T, CloudError>> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut jobs = JoinSet::new();
    for project in projects {
        let (gate, asked) = (gate.clone(), ask(gcp.clone(), project.clone()));
        let project = project.clone();
        jobs.spawn(async move {
            let _permit = gate.acquire().await;
            (project, asked.await)
        });
    }
    jobs.join_all().await.into_iter().collect()
}

/// Which logs there are. Returns the projects in which the minting of tokens is logged, and those that nobody knows of.
async fn logs(
    gcp: &Arc<Gcp>,
    reach: &Reach,
    projects: &[Arc<str>],
    most: usize,
    found: &mut Findings,
) -> (BTreeSet<Arc<str>>, BTreeSet<Arc<str>>) {
    found.say(
        "LOGS   ",
        Line::new().put("admin activity, 400 days, in every project above: it can't be switched off"),
    );
    let above = each(gcp, &reach.above, |gcp, of| async move { gcp.data_access(&of).await }).await;
    let below =
        each(gcp, projects, |gcp, id| async move { gcp.data_access(&format!("projects/{id}")).await }).await;
    let buckets = each(gcp, projects, |gcp, id| async move { gcp.buckets(&id).await }).await;
    let mut seen = BTreeSet::new();
    let mut unseen = BTreeSet::new();
    for (of, answer) in above.iter().chain(&below) {
        match answer {
            Err(error) => {
                let line =
                    Line::new().put(Untrusted(of)).put(": which reads are logged could not be asked: ");
                found.ill("LOGS   ", line.put(Untrusted(&error.to_string())));
                if projects.contains(of) {
                    unseen.insert(of.clone());
                }
            }
            Ok(on) => {
                if !on.is_empty() {
                    found.say(
                        "LOGS   ",
                        Line::new().put("reads, ").put(Untrusted(of)).put(": ").join(told_on(on)),
                    );
                }
                // What stands above counts for all below it; which those are, the list of projects does not tell.
                if is_minting(on) && projects.contains(of) {
                    seen.insert(of.clone());
                } else if is_minting(on) && of.starts_with("organizations/") {
                    seen.extend(projects.iter().cloned());
                }
            }
        }
    }
    kept(&buckets, most, found);
    (seen, unseen)
}

fn is_minting(on: &DataAccess) -> bool {
    MINTING.iter().any(|service| on.get(*service).is_some_and(|kinds| kinds.contains("ADMIN_READ")))
}

fn told_on(on: &DataAccess) -> Line {
    let one = |(service, kinds): (&String, &BTreeSet<String>)| {
        let kinds = Line::new().list("+", kinds.iter().map(|kind| Line::new().put(Untrusted(kind))));
        Line::new().put(Untrusted(service)).put(" ").join(kinds)
    };
    Line::new().list(", ", on.iter().map(one))
}

/// For how long, where it is not what Google gives: 30 days of what is not admin activity.
fn kept(buckets: &BTreeMap<Arc<str>, Result<Vec<Bucket>, CloudError>>, most: usize, found: &mut Findings) {
    let mut alike: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (project, answer) in buckets {
        match answer {
            Err(error) => {
                let line =
                    Line::new().put(Untrusted(project)).put(": its log buckets could not be asked for: ");
                found.ill("LOGS   ", line.put(Untrusted(&error.to_string())));
            }
            Ok(buckets) => {
                let days = buckets.iter().filter(|one| one.id == "_Default").map(|one| one.days).max();
                alike.entry(days.unwrap_or(0)).or_default().push(project);
            }
        }
    }
    for (days, of) in alike {
        let line = Line::new().put("all else: ");
        let line = match days {
            0 => line.put("no bucket _Default"),
            days => line.put("kept ").join(count(days, "day", "days")),
        };
        found.say("LOGS   ", line.put(" in ").join(named(&of, most)));
    }
}

/// What no question will ever show, as things are.
fn blind(
    reach: &Reach,
    projects: &[Arc<str>],
    seen: BTreeSet<Arc<str>>,
    unseen: BTreeSet<Arc<str>>,
    found: &mut Findings,
) {
    let without: Vec<&Arc<str>> =
        projects.iter().filter(|id| !seen.contains(*id) && !unseen.contains(*id)).collect();
    if !without.is_empty() {
        let line = Line::new()
            .put(Count(without.len() as u64))
            .put(" of ")
            .join(count(projects.len() as u64, "project", "projects"))
            .put(" log no read of IAM by themselves: who minted a token of whom (GenerateAccessToken) is only told by what the token did");
        found.ill("BLIND  ", line);
    }
    let missing = reach.gaps.iter().filter(|gap| Gap::is_incomplete(gap)).count() as u64;
    if missing > 0 {
        found.ill(
            "BLIND  ",
            count(missing, "place", "places").put(" above that could not be entered or asked"),
        );
    }
    found.say("BLIND  ", Line::new().put("what ran inside machines, what their metadata server handed out, and reads that nobody had logged, no log shows"));
}
