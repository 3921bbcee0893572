//! A command that asks or changes a live cloud: signed in, what stands in between said, the guard known, the scopes known.

use super::args::AuditArgs;
use super::audit::Kept;
use super::config::Config;
use super::door::{Door, Inquiry, pause};
use super::live_args::LiveArgs;
use super::sources::Besides;
use super::ui::Ui;
use super::{Failure, cost, live_args, looking, sources};
use crate::analyze::Investigation;
use crate::analyze::investigation::Own;
use crate::case::{AskedBy, Case, HostClock};
use crate::cloud::aws::lookup_events::EventHistory;
use crate::cloud::aws::{self, Aws};
use crate::cloud::many::Many;
use crate::cloud::{Async, CloudError, Inventory, LogSource, Mutator};
use crate::collect::{self, Corpus, Live, Settle, Settling};
use crate::cost::Ask;
use crate::model::change::{Change, SupportChange};
use crate::model::gap::GapKind;
use crate::model::plan::Plan;
use crate::model::{Gap, Place, Principal, Provider, Report, Time};
use crate::plan::{self, Guard};
use crate::progress::{Phase, Progress};
use crate::read::inventory;
use crate::render::{Line, Untrusted, count, json};
use anyhow::{Context, anyhow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
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

impl Session {
    /// Signs in and says, before anything else, who we are and what stands between us and the cloud.
    pub fn connect(args: &LiveArgs, case: &str, changes: bool, ui: &Ui) -> Result<Session, Failure> {
        let config = args.config().map_err(Failure::Usage)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("start the network's threads")?;
        let connect = args.connect(&config, case, changes);
        let progress = Progress::at(Phase::SigningIn);
        let _watch = ui.watch(&progress);
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
        progress.phase(Phase::Finding);
        let (scopes, gaps, word) = runtime.block_on(scopes(&aws, args, &config, ui))?;
        Ok(Session { runtime, aws, guard, config, scopes, gaps, word })
    }

    /// Refuses to work on the credential that it works with.
    pub fn refuse_self(&self, principal: &Principal) -> Result<(), Failure> {
        if self.aws.is_self(principal) {
            return Err(Failure::Refused(anyhow!(
                "go on: {} is what this program is signed in with, and revoking it would cut the branch that we sit on\nhint: sign in \
                 as somebody else (--profile …)",
                principal.id
            )));
        }
        Ok(())
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
        let _watch = ui.watch(&progress);
        let evidence = case.evidence();
        let history = EventHistory::new(self.aws.clone(), self.runtime.handle().clone(), self.scopes.clone());
        let mut sources: Vec<&dyn LogSource> = vec![&history];
        let (besides, gaps) = self.runtime.block_on(sources::further(self, args, window, now));
        let mut before: Vec<Gap> = self.gaps.iter().cloned().chain(gaps).collect();
        before.extend(case.gaps().iter().cloned());
        sources.extend(besides.sources.iter().map(sources::Further::source));
        let mut reach = Reach::new(self, args, &history, &besides);
        let source = Many(sources);
        let mut onward = |known: &Investigation| reach.onward(known);
        let wait = |long: Duration| {
            progress.phase(Phase::Settling);
            pause(long, stop);
        };
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
        progress.phase(Phase::Looking);
        // What was kept is made to last even when the rest failed.
        evidence.finish()?;
        let mut corpus = read?;
        corpus.gaps.append(&mut before);
        corpus.gaps.extend(reach.gaps);
        corpus.gaps.sort();
        corpus.gaps.dedup();
        collect::tell(&mut investigation, &corpus);
        let asked: Vec<_> = besides.sources.iter().flat_map(sources::Further::asked).collect();
        if !asked.is_empty() {
            case.write_document("queries", &json::document(&asked))?;
        }
        let proofs = besides.proofs();
        if !proofs.is_empty() {
            case.write_document("proof", &json::document(&proofs))?;
            let (files, digests) = proofs
                .iter()
                .fold((0, 0), |(files, digests), one| (files + one.files, digests + one.digests));
            let line = count(files, "file of trails was", "files of trails were");
            ui.note(line.put(" proved by ").join(count(digests, "digest", "digests")).put("."));
        }
        let mut missed = looking::look(self, &mut investigation, case)?;
        let place = |(account, regions): &(Arc<str>, Vec<Arc<str>>)| {
            regions.iter().map(|region| Place::new(account.clone(), region.clone())).collect::<Vec<_>>()
        };
        let places = self.scopes.iter().flat_map(place).collect();
        let (swept, gaps) = looking::sweep(self, places, &["ec2", "autoscaling"], &mut investigation, case)?;
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
        looking::lookalikes(self, &mut report, &swept, ui);
        let ask = async |asks: &BTreeSet<Ask>| self.aws.prices(asks).await;
        let prices = cost::prices(&report, &args.live, &self.runtime, ui, ask);
        cost::live(&mut report, &prices);
        Ok((report, corpus))
    }

    /// What was looked into, for the case.
    pub fn scope_names(&self) -> Vec<String> {
        let names = |(account, regions): &(Arc<str>, Vec<Arc<str>>)| {
            regions.iter().map(|region| format!("{account}/{region}")).collect::<Vec<_>>()
        };
        self.scopes.iter().flat_map(names).collect()
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
}

impl Door for Session {
    fn provider(&self) -> Provider {
        Provider::Aws
    }

    fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    fn guard(&self) -> &Guard {
        &self.guard
    }

    fn config(&self) -> &Config {
        &self.config
    }

    fn word(&self) -> &str {
        &self.word
    }

    fn operator(&self) -> &str {
        &self.aws.identity.arn
    }

    fn clock(&self) -> HostClock {
        match self.aws.clock {
            Some(ahead) => HostClock::AheadSeconds(ahead),
            None => HostClock::Unknown("AWS's answer had no date".into()),
        }
    }

    fn overrides(&self) -> &[String] {
        self.aws.overrides()
    }

    fn asked_by(&self, case: &Case) -> AskedBy {
        let own = self.aws.own();
        let now = AskedBy {
            keys: own.access_keys,
            sessions: [own.session_name].into(),
            principals: own.arns,
            names: self.guard.operator.clone(),
            at: None,
        };
        match case.asked_by() {
            Some(earlier) => now.with(earlier),
            None => now,
        }
    }

    fn scope_names(&self) -> Vec<String> {
        Session::scope_names(self)
    }

    fn inventory(&self) -> Arc<dyn Inventory> {
        self.aws.clone()
    }

    fn mutator(&self) -> Arc<dyn Mutator> {
        self.aws.clone()
    }

    fn lacks(
        &self,
        account: &str,
        needs: Vec<&'static str>,
    ) -> Async<'static, Result<Vec<String>, CloudError>> {
        let (aws, account) = (self.aws.clone(), account.to_owned());
        Box::pin(async move { aws.lacks(&account, &needs).await })
    }

    fn ticket(
        &self,
        report: &Report,
        subject: &Arc<str>,
        body: &str,
        _test: bool,
    ) -> Result<(Arc<str>, Change), CloudError> {
        let account = report.principal.account.clone().unwrap_or_else(|| self.aws.identity.account.clone());
        let place = Place::new(account.clone(), "");
        let route = self.runtime.block_on(aws::support::route(&self.aws, &place))?;
        let change = SupportChange::CreateCase {
            subject: subject.clone(),
            body: body.into(),
            service: route.service,
            category: route.category,
            severity: route.severity,
        };
        Ok((account, change.into()))
    }

    fn refuse_self(&self, principal: &Principal) -> Result<(), Failure> {
        Session::refuse_self(self, principal)
    }

    fn investigate(
        &self,
        inquiry: &Inquiry<'_>,
        settles: bool,
        ui: &Ui,
        stop: &AtomicBool,
    ) -> Result<(Report, Corpus), Failure> {
        Session::investigate(self, inquiry, settles, ui, stop)
    }

    fn own_plan(
        &self,
        principal: &Principal,
        case: &Case,
        options: plan::Options,
    ) -> anyhow::Result<(Option<Plan>, Vec<Gap>)> {
        let (own, gaps) = self.own_credentials(principal, case)?;
        let plan =
            (!own.identities.is_empty()).then(|| plan::revoke::own(principal, &own, &self.guard, options));
        Ok((plan, gaps))
    }

    fn closure_plan(
        &self,
        report: &Report,
        case: &Case,
        options: plan::Options,
    ) -> anyhow::Result<(Plan, Vec<Gap>)> {
        let (closure, gaps) = self.closure(report, case)?;
        Ok((plan::revoke::revoke_known(report, &closure, &self.guard, options), gaps))
    }
}

/// Events are late by up to 85 minutes (aws.md 1.4).
const LATE_MINUTES: u32 = 120;
/// Goes into the accounts that the chain leads to.
struct Reach<'a> {
    session: &'a Session,
    args: &'a AuditArgs,
    history: &'a EventHistory,
    besides: &'a Besides,
    known: BTreeSet<Arc<str>>,
    gaps: Vec<Gap>,
}

impl<'a> Reach<'a> {
    fn new(
        session: &'a Session,
        args: &'a AuditArgs,
        history: &'a EventHistory,
        besides: &'a Besides,
    ) -> Reach<'a> {
        let known = session.scopes.iter().map(|(account, _)| account.clone()).collect();
        Reach { session, args, history, besides, known, gaps: Vec::new() }
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
                    let reached = self.besides.reach(session, &account, &regions);
                    self.gaps.extend(session.runtime.block_on(reached));
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
