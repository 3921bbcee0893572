//! AWS: accounts, regions, what IAM lets us do, trails.

use super::live::{NAMED, clock, told};
use super::{DoctorArgs, Findings};
use crate::cli::live::Session;
use crate::cli::permissions::{Purpose, actions};
use crate::cli::ui::Ui;
use crate::cli::{Failure, open};
use crate::cloud::aws::trails::{self, Trail};
use crate::model::Time;
use crate::model::change::AwsChange;
use crate::render::line::Count;
use crate::render::{Line, Untrusted, count};
use anyhow::anyhow;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// AWS refuses a signature that is more than five minutes off.
const REFUSED: u64 = 300;

pub fn ask(args: &DoctorArgs, ui: &Ui, found: &mut Findings) -> Result<(), Failure> {
    let session = Session::connect(&args.live, &open::new_id(Time::now()), false, ui)?;
    let most = if args.verbose { usize::MAX } else { NAMED };
    who(&session, found);
    clock("AWS", session.aws.clock, REFUSED, found);
    reach(&session, found);
    may(&session, most, found)?;
    let trails = logs(&session, found);
    blind(&session, &trails, found);
    Ok(())
}

fn who(session: &Session, found: &mut Findings) {
    let who = &session.aws.identity;
    let line = Line::new().put(Untrusted(&who.arn)).put(" in ").put(Untrusted(&who.account));
    found.say("WHO    ", line.put(", signed in in ").put(Untrusted(&session.aws.home)));
    for line in session.aws.overrides() {
        found.ill("WHO    ", Line::new().put(Untrusted(line)));
    }
}

fn reach(session: &Session, found: &mut Findings) {
    let taken = session.aws.roles_taken();
    for (account, regions) in &session.scopes {
        let line = Line::new().put(Untrusted(account)).put(": ");
        let line = line.join(count(regions.len() as u64, "region", "regions"));
        found.say(
            "WHERE  ",
            match taken.get(account) {
                Some(role) => line.put(", as ").put(Untrusted(role)),
                None => line,
            },
        );
    }
    session.gaps.iter().for_each(|gap| found.ill("WHERE  ", told(gap)));
}

/// What we may do in each account, as IAM itself judges it.
fn may(session: &Session, most: usize, found: &mut Findings) -> anyhow::Result<()> {
    let samples = AwsChange::samples().map_err(|error| anyhow!("list every change: {error}"))?;
    let purposes: Vec<(&'static str, Vec<&'static str>)> =
        [("audit", Purpose::Audit), ("revoke", Purpose::Revoke), ("contain", Purpose::Contain)]
            .into_iter()
            .map(|(name, purpose)| (name, actions(purpose, &samples).into_iter().collect()))
            .collect();
    let all: BTreeSet<&'static str> = purposes.iter().flat_map(|(_, needs)| needs.iter().copied()).collect();
    let all: Vec<&'static str> = all.into_iter().collect();
    let mut jobs = JoinSet::new();
    let _inside = session.runtime.enter();
    for (account, _) in &session.scopes {
        let (aws, account, all) = (session.aws.clone(), account.clone(), all.clone());
        jobs.spawn(async move {
            let lacks = aws.lacks(&account, &all).await.map_err(|error| error.to_string());
            (account, lacks)
        });
    }
    let mut told = session.runtime.block_on(jobs.join_all());
    told.sort();
    for (account, lacks) in told {
        let lacks: BTreeSet<String> = match lacks {
            Ok(lacks) => lacks.into_iter().map(|action| action.to_lowercase()).collect(),
            Err(why) => {
                let line = Line::new().put(Untrusted(&account)).put(": could not be asked: ");
                found.ill("MAY    ", line.put(Untrusted(&why)));
                continue;
            }
        };
        for (name, needs) in &purposes {
            let missing: Vec<&str> =
                needs.iter().copied().filter(|action| lacks.contains(&action.to_lowercase())).collect();
            let line = Line::new().put(Untrusted(&account)).put(", ").put(*name).put(": ");
            if missing.is_empty() {
                let line = line.put("all ").put(Count(needs.len() as u64)).put(" actions");
                found.say("MAY    ", line);
                continue;
            }
            let line = line.put("lacks ").put(Count(missing.len() as u64)).put(" of ");
            let line = line.put(Count(needs.len() as u64)).put(" actions: ");
            let line = line.list(", ", missing.iter().take(most).map(|one| Line::new().put(Untrusted(one))));
            let line = match missing.len().saturating_sub(most) {
                0 => line,
                _ => line.put(", … (-v names all)"),
            };
            found.ill("MAY    ", line);
        }
    }
    Ok(())
}

/// The trails of each account, and what keeps them from being whole.
fn logs(session: &Session, found: &mut Findings) -> Vec<(Arc<str>, Vec<Trail>)> {
    let history = "AWS event history: management events of 90 days in every account and region above";
    found.say("LOGS   ", Line::new().put(history));
    let mut all = Vec::new();
    let mut known = BTreeSet::new();
    let found_in = session.runtime.block_on(trails::find(&session.aws, &session.scopes));
    for ((account, _), (trails, gaps)) in session.scopes.iter().zip(found_in) {
        for trail in trails.iter().filter(|trail| known.insert(trail.arn.clone())) {
            let line = Line::new()
                .put("trail ")
                .put(Untrusted(&trail.arn))
                .put(" to ")
                .put(Untrusted(&trail.bucket));
            let line = line.put(match (trail.is_organization, trail.is_multi_region) {
                (true, true) => ", the whole organization, all regions",
                (true, false) => ", the whole organization, ONE region",
                (false, true) => ", all regions",
                (false, false) => ", ONE region",
            });
            let line = line.put(if trail.writes_digests {
                ""
            } else {
                ", without digests: nothing proves its files"
            });
            found.say("LOGS   ", line.put(" (--trails reads it)"));
        }
        gaps.iter().for_each(|gap| found.ill("LOGS   ", told(gap)));
        all.push((account.clone(), trails));
    }
    all
}

/// What no question will ever show, as things are.
fn blind(session: &Session, trails: &[(Arc<str>, Vec<Trail>)], found: &mut Findings) {
    for (account, trails) in trails {
        if trails.is_empty() {
            let line =
                Line::new().put(Untrusted(account)).put(": no trail was seen: nothing older than 90 days, ");
            found.ill(
                "BLIND  ",
                line.put("and no data event (objects read, functions invoked, models asked)"),
            );
        }
    }
    let missing = session.gaps.len() as u64;
    if missing > 0 {
        found.ill(
            "BLIND  ",
            count(missing, "place", "places").put(" above that could not be entered or asked"),
        );
    }
    let line = "what ran inside machines, and data events that no trail was told to record, no log shows";
    found.say("BLIND  ", Line::new().put(line));
}
