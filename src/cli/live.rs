//! A command that asks or changes a live cloud: signed in, what stands in between said, the guard known, the scopes known.

use super::args::AuditArgs;
use super::audit::Kept;
use super::config::Config;
use super::live_args::LiveArgs;
use super::ui::Ui;
use super::{Failure, live_args, sources};
use crate::analyze::Investigation;
use crate::analyze::investigation::Own;
use crate::analyze::siblings;
use crate::case::{AskedBy, Case};
use crate::cloud::aws::lookup_events::EventHistory;
use crate::cloud::aws::{self, Aws};
use crate::cloud::many::Many;
use crate::cloud::{Inventory, LogSource};
use crate::collect::{self, Corpus, Live, Settle, Settling};
use crate::model::gap::GapKind;
use crate::model::report::Window;
use crate::model::{Gap, Observed, Place, Principal, Provider, Report, Time};
use crate::observe::{self, Looked};
use crate::plan::Guard;
use crate::progress::Progress;
use crate::read::inventory;
use crate::render::{Line, Untrusted, count, json};
use anyhow::{Context, anyhow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A signed-in operator and where they can go.
pub struct Session {
    pub runtime: Runtime,
    pub aws: Arc<Aws>,
    pub guard: Guard,
    pub config: Config,
    /// Accounts and their regions.
    pub scopes: Vec<(Arc<str>, Vec<Arc<str>>)>,
    pub gaps: Vec<Gap>,
    /// What the operator types to consent: the account's alias, else its id.
    pub word: String,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    pub args: &'a AuditArgs,
    pub principal: &'a Principal,
    pub window: &'a Window,
    pub case: &'a Case,
    /// Whether the identities are looked at, too: a dozen calls for each.
    pub asks_identities: bool,
}

impl Session {
    /// Signs in and says, before anything else, who we are and what stands between us and the cloud.
    pub fn connect(args: &LiveArgs, case: &str, changes: bool, ui: &Ui) -> Result<Session, Failure> {
        let config = args.config().map_err(Failure::Usage)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("start the network's threads")?;
        let connect = args.connect(&config, case, changes);
        let aws =
            runtime.block_on(Aws::connect(connect)).map_err(|error| anyhow!("sign in to AWS: {error}\nhint: triage signs in as the AWS CLI does: --profile NAME, or the environment; exported logs need no cloud: --logs PATH…"))?;
        let who = &aws.identity;
        ui.note(
            Line::new()
                .put("Signed in as ")
                .put(Untrusted(&who.arn))
                .put(" in ")
                .put(Untrusted(&who.account))
                .put("."),
        );
        for line in aws.overrides() {
            ui.warn(Line::new().put(Untrusted(line)));
        }
        if changes && let Some(why) = args.refuses_change(&aws) {
            return Err(Failure::Refused(anyhow!("change anything: {why}")));
        }
        let guard = LiveArgs::guard(&config, live_args::ours(&aws));
        let aws = Arc::new(aws);
        let (scopes, gaps, word) = runtime.block_on(scopes(&aws, args, &config, ui))?;
        Ok(Session { runtime, aws, guard, config, scopes, gaps, word })
    }

    /// Refuses to work on the credential that it works with.
    pub fn refuse_self(&self, principal: &Principal) -> Result<(), Failure> {
        if principal.provider != Provider::Aws {
            return Err(Failure::Usage(anyhow!(
                "{}: Google Cloud can't be asked live yet\nhint: export its logs and give them with --logs PATH…",
                principal.id
            )));
        }
        if self.aws.is_self(principal) {
            return Err(Failure::Refused(anyhow!(
                "go on: {} is what this program is signed in with, and revoking it would cut the branch that we sit on\nhint: sign in \
                 as somebody else (--profile …)",
                principal.id
            )));
        }
        Ok(())
    }

    pub fn inventory(&self) -> Arc<dyn Inventory> {
        self.aws.clone()
    }

    /// Follows the principal through every account and region, and asks what became of what it made.
    pub fn investigate(
        &self,
        inquiry: &Inquiry<'_>,
        settles: bool,
        ui: &Ui,
        stop: &AtomicBool,
    ) -> Result<(Report, Corpus), Failure> {
        let Inquiry { args, principal, window, case, asks_identities } = *inquiry;
        let now = Time::now();
        let mut investigation = Investigation::new(principal.clone(), window.clone());
        let ours = self.asked_by(case);
        investigation.leave_out(Own {
            keys: ours.keys,
            sessions: ours.sessions,
            principals: ours.principals,
        });
        investigation.reads_history();
        let progress = Progress::default();
        let watch = ui.watch(&progress);
        let evidence = case.evidence();
        let history = EventHistory::new(self.aws.clone(), self.runtime.handle().clone(), self.scopes.clone());
        let mut reach = Reach::new(self, args, &history);
        let mut sources: Vec<&dyn LogSource> = vec![&history];
        let (further, gaps) = self.runtime.block_on(sources::further(self, args, window, now));
        let mut before: Vec<Gap> = self.gaps.iter().cloned().chain(gaps).collect();
        // What earlier runs kept is asked for anew: where it is cut off or was altered, nothing is missing in this result.
        before.extend(case.gaps().iter().cloned().map(|gap| match gap.place.as_str() {
            Case::INPUTS => gap,
            _ => Gap { kind: GapKind::Blind, ..gap },
        }));
        sources.extend(further.iter().map(sources::Further::source));
        let source = Many(sources);
        let mut onward = |known: &Investigation| reach.onward(known);
        let wait = |long: Duration| self.pause(long, stop);
        let settling = || {
            let settling = Settling::new(LATE_MINUTES, &Time::now, &wait);
            match self.config.asks_again() {
                Some(rounds) => settling.with(Settle::at(rounds)),
                None => settling,
            }
        };
        let mut live = Live { reach: Some(&mut onward), settle: settles.then(settling) };
        let read =
            collect::collect_live(&source, &mut investigation, &Kept(&evidence), &progress, stop, &mut live);
        drop(watch);
        // What was kept is made to last even when the rest failed.
        evidence.finish()?;
        let mut corpus = read?;
        corpus.gaps.append(&mut before);
        corpus.gaps.extend(reach.gaps);
        corpus.gaps.sort();
        corpus.gaps.dedup();
        collect::tell(&mut investigation, &corpus);
        let asked: Vec<_> = further.iter().flat_map(sources::Further::asked).collect();
        if !asked.is_empty() {
            case.write_document("queries", &json::document(&asked))?;
        }
        let mut missed = self.look(&mut investigation, case)?;
        let (swept, gaps) = self.sweep(&mut investigation, case)?;
        missed.extend(gaps);
        if asks_identities {
            missed.extend(self.look_at_keys(&mut investigation, case)?);
        }
        missed.iter().for_each(|gap| investigation.missed(gap.clone()));
        // What a case is opened with again, it must know: also what could not be looked at.
        corpus.gaps.extend(missed);
        corpus.gaps.sort();
        corpus.gaps.dedup();
        let mut report = investigation.report();
        report.similar = siblings::lookalikes(&report, &swept, &self.guard.operator);
        if !report.similar.is_empty() {
            ui.note(
                count(report.similar.len() as u64, "thing", "things")
                    .put(" look like what it launched, but nothing ties them to it: ")
                    .list(
                        ", ",
                        report.similar.iter().take(NAMED).map(|one| Line::new().put(Untrusted(&one.id))),
                    )
                    .put(". They are listed under similar, and never touched."),
            );
        }
        Ok((report, corpus))
    }

    /// Waits so long, or until the run is stopped.
    pub fn pause(&self, long: Duration, stop: &AtomicBool) {
        let until = Instant::now() + long;
        while !stop.load(Ordering::Relaxed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }

    /// What was looked into, for the case.
    pub fn scope_names(&self) -> Vec<String> {
        let names = |(account, regions): &(Arc<str>, Vec<Arc<str>>)| {
            regions.iter().map(|region| format!("{account}/{region}")).collect::<Vec<_>>()
        };
        self.scopes.iter().flat_map(names).collect()
    }

    /// Asks what became of what was made, and of what that turns out to hold, until nothing new comes.
    fn look(&self, investigation: &mut Investigation, case: &Case) -> anyhow::Result<Vec<Gap>> {
        let mut gaps = Vec::new();
        let mut known = usize::MAX;
        for _ in 0..LOOKS {
            let report = investigation.report();
            if report.resources.len() == known || report.resources.is_empty() {
                break;
            }
            known = report.resources.len();
            let looked = self.runtime.block_on(observe::observe(self.inventory(), &report, Time::now));
            gaps.extend(self.keep(looked, investigation, case)?);
        }
        Ok(gaps)
    }

    /// Lists everything that computes in every place that is looked into: what is held by something that the principal made is
    /// its own, too, and what looks like it is told.
    fn sweep(
        &self,
        investigation: &mut Investigation,
        case: &Case,
    ) -> anyhow::Result<(Vec<Observed>, Vec<Gap>)> {
        let report = investigation.report();
        if report.resources.iter().all(|one| one.state == "deleted") {
            return Ok((Vec::new(), Vec::new()));
        }
        let place = |(account, regions): &(Arc<str>, Vec<Arc<str>>)| {
            regions.iter().map(|region| Place::new(account.clone(), region.clone())).collect::<Vec<_>>()
        };
        let places = self.scopes.iter().flat_map(place).collect();
        let mut looked = self.runtime.block_on(observe::sweep(self.inventory(), places, Time::now));
        let services: BTreeSet<&str> =
            report.resources.iter().filter_map(|one| one.kind.split('.').nth(1)).collect();
        for gap in &mut looked.gaps {
            // Where the principal made nothing of a service, only its lookalikes could be missed.
            let service = gap.why.split(':').next().unwrap_or_default();
            if !matches!(service, "ec2" | "autoscaling") && !services.contains(service) {
                gap.kind = GapKind::Blind;
            }
        }
        let swept = looked.observed.clone();
        case.write_swept(&looked.lines.values().flatten().copied().collect::<Vec<u8>>())?;
        looked.observed.retain(|seen| !seen.held_by.is_empty());
        let mut gaps = self.keep(looked, investigation, case)?;
        // What turned out to be its own is looked at as closely as the rest.
        gaps.extend(self.look(investigation, case)?);
        Ok((swept, gaps))
    }

    /// Asks whether the access keys still work: is it dead?
    fn look_at_keys(&self, investigation: &mut Investigation, case: &Case) -> anyhow::Result<Vec<Gap>> {
        let (known, mut gaps) = self.identities(&investigation.report(), case)?;
        for seen in &known.identities {
            let Some(keys) = seen.access_keys.seen().filter(|keys| !keys.is_empty()) else { continue };
            let user = seen.name();
            let keys: Vec<_> = keys
                .iter()
                .map(|key| {
                    let status = if key.is_active { "Active" } else { "Inactive" };
                    serde_json::json!({"AccessKeyId": key.id, "Status": status, "UserName": user})
                })
                .collect();
            let line = serde_json::json!({
                "observed_at": seen.at, "call": "iam:ListAccessKeys", "account": seen.account(), "region": "",
                "response": {"AccessKeyMetadata": keys},
            });
            let line = line.to_string() + "\n";
            case.add_inventory(Provider::Aws, seen.account(), "", line.as_bytes())?;
            match inventory::read(line.as_bytes()) {
                Ok(look) => look.keys.into_iter().for_each(|key| investigation.key_seen(key)),
                Err(why) => gaps.push(Gap::unread(seen.arn.to_string(), why.0)),
            }
        }
        Ok(gaps)
    }

    /// Who asks: we now, and whoever asked for this case before.
    pub fn asked_by(&self, case: &Case) -> AskedBy {
        let own = self.aws.own();
        let now = AskedBy {
            keys: own.access_keys,
            sessions: [own.session_name].into(),
            principals: own.arns,
            names: self.guard.operator.clone(),
        };
        match case.asked_by() {
            Some(earlier) => now.with(earlier),
            None => now,
        }
    }

    /// Returns what could not be looked at.
    fn keep(
        &self,
        looked: Looked,
        investigation: &mut Investigation,
        case: &Case,
    ) -> anyhow::Result<Vec<Gap>> {
        // Saved first, then believed.
        for (place, lines) in &looked.lines {
            case.add_inventory(Provider::Aws, &place.account, &place.region, lines)?;
        }
        looked.observed.into_iter().for_each(|seen| investigation.observe(seen));
        Ok(looked.gaps)
    }
}

/// Events are late by up to 85 minutes (aws.md 1.4).
const LATE_MINUTES: u32 = 120;
/// How often a wait looks whether the run was stopped.
const GLANCE: Duration = Duration::from_millis(200);
/// So many lookalikes are named beside the report.
const NAMED: usize = 5;
/// A stack launches a group that launches machines: so many looks one after another, no more.
const LOOKS: usize = 4;

/// Goes into the accounts that the chain leads to.
struct Reach<'a> {
    session: &'a Session,
    args: &'a AuditArgs,
    history: &'a EventHistory,
    known: BTreeSet<Arc<str>>,
    gaps: Vec<Gap>,
}

impl<'a> Reach<'a> {
    fn new(session: &'a Session, args: &'a AuditArgs, history: &'a EventHistory) -> Reach<'a> {
        let known = session.scopes.iter().map(|(account, _)| account.clone()).collect();
        Reach { session, args, history, known, gaps: Vec::new() }
    }

    /// Whether there is an account now that there was not before.
    fn onward(&mut self, investigation: &Investigation) -> bool {
        let mut is_further = false;
        for account in investigation.accounts_met() {
            if !self.known.insert(account.clone()) {
                continue;
            }
            let session = self.session;
            let found = session.runtime.block_on(regions_of(&session.aws, &account, &self.args.live));
            match found {
                Ok((regions, gaps)) => {
                    self.gaps.extend(gaps);
                    is_further |= self.history.add(vec![(account, regions)]);
                }
                Err(gap) => self.gaps.push(Gap {
                    kind: GapKind::NotFollowed,
                    why: format!("the chain leads there and we could not follow: {}", gap.why),
                    ..gap
                }),
            }
        }
        is_further
    }
}

/// Where to look: the accounts asked for, and their regions; and the word that the operator consents with.
async fn scopes(
    aws: &Arc<Aws>,
    args: &LiveArgs,
    config: &Config,
    ui: &Ui,
) -> Result<(Vec<(Arc<str>, Vec<Arc<str>>)>, Vec<Gap>, String), Failure> {
    let asked = args.accounts_asked(config).map_err(Failure::Usage)?;
    let (accounts, mut gaps) = aws.accounts(&asked).await;
    let mut jobs = JoinSet::new();
    for account in accounts.into_iter().filter(|account| account.is_open()) {
        let (aws, args) = (aws.clone(), args.clone());
        jobs.spawn(async move { (account.id.clone(), regions_of(&aws, &account.id, &args).await) });
    }
    let mut scopes = BTreeMap::new();
    while let Some(done) = jobs.join_next().await {
        match done {
            Ok((account, Ok((regions, more)))) => {
                gaps.extend(more);
                scopes.insert(account, regions);
            }
            Ok((_, Err(gap))) => gaps.push(gap),
            Err(failure) => gaps.push(Gap::unread("accounts", failure.to_string())),
        }
    }
    let word = match aws.alias(&aws.identity.account).await {
        Ok(Some(alias)) => alias,
        Ok(None) | Err(_) => aws.identity.account.to_string(),
    };
    let regions: BTreeSet<&Arc<str>> = scopes.values().flatten().collect();
    ui.note(
        Line::new()
            .put("Looking in ")
            .join(count(scopes.len() as u64, "account", "accounts"))
            .put(" and ")
            .join(count(regions.len() as u64, "region", "regions"))
            .put("."),
    );
    Ok((scopes.into_iter().collect(), gaps, word))
}

/// Enters an account and returns its enabled regions, narrowed to those asked for.
async fn regions_of(aws: &Aws, account: &str, args: &LiveArgs) -> Result<(Vec<Arc<str>>, Vec<Gap>), Gap> {
    aws.enter(account).await?;
    let (found, mut gaps) = aws.regions(account).await;
    let (regions, unknown) = aws::narrow(found, &args.regions);
    gaps.extend(unknown.into_iter().map(|name| {
        Gap::new(GapKind::NotFollowed, format!("{name} of {account}"), "no such region is enabled there")
    }));
    if !args.regions.is_empty() {
        gaps.extend(regions.iter().filter(|region| !region.is_enabled).map(|region| {
            Gap::new(
                GapKind::Denied,
                format!("{} of {account}", region.name),
                "the region is not enabled there: nothing was asked",
            )
        }));
    }
    Ok((regions.into_iter().filter(|region| region.is_enabled).map(|region| region.name).collect(), gaps))
}
