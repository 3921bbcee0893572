//! Google Cloud behind the door: signed in, what stands in between said, the projects known.

use super::audit::Kept;
use super::config::Config;
use super::door::{Door, Inquiry, pause};
use super::live_args::LiveArgs;
use super::ui::Ui;
use super::{Failure, bigquery, cost, looking};
use crate::analyze::Investigation;
use crate::analyze::investigation::Own;
use crate::case::{AskedBy, Case, HostClock};
use crate::catalog::technique;
use crate::cloud::gcp::bigquery::Budget;
use crate::cloud::gcp::entries::{Entries, Logs};
use crate::cloud::gcp::{Connect, Gcp, Reach, Sought, Wanted};
use crate::cloud::many::Many;
use crate::cloud::{Async, CloudError, Inventory, LogSource, Mutator};
use crate::collect::{self, Corpus, Live, Settle, Settling};
use crate::cost::Ask;
use crate::model::change::Change;
use crate::model::change::gcp::SupportChange;
use crate::model::plan::Plan;
use crate::model::report::{Confidence, Finding, FindingKind};
use crate::model::{AccountSeen, Gap, Observed, Place, Principal, PrincipalKind, Provider, Report, Time};
use crate::observe::Looked;
use crate::plan::revoke::Known;
use crate::plan::{self, Guard};
use crate::progress::{Phase, Progress};
use crate::render::{Line, Untrusted, count, json};
use anyhow::{Context, anyhow};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Entries are late by minutes; what is later than this comes with the next run.
const LATE_MINUTES: u32 = 60;

/// Projects asked at the same time.
const AT_ONCE: usize = 32;

/// The highest that every plan with the API takes; the console raises it.
const PRIORITY: &str = "P2";

/// A signed-in operator and where they can go.
pub struct Session {
    runtime: Runtime,
    gcp: Arc<Gcp>,
    guard: Guard,
    config: Config,
    args: LiveArgs,
    reach: OnceCell<Reach>,
    word: String,
}

impl Session {
    /// Signs in and says, before anything else, who we are and what stands between us and the cloud.
    pub fn connect(args: &LiveArgs, case: &str, changes: bool, ui: &Ui) -> Result<Session, Failure> {
        let config = args.config().map_err(Failure::Usage)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("start the network's threads")?;
        let connect = Connect {
            impersonate: args.impersonate_service_account.clone(),
            quota_project: args.quota_project.clone(),
            metadata: args.imds,
            case: case.into(),
            env: LiveArgs::environment(),
        };
        let progress = Progress::at(Phase::SigningIn);
        let _watch = ui.watch(&progress);
        let gcp = runtime.block_on(Gcp::connect(connect)).map_err(|error| {
            anyhow!("sign in to Google Cloud: {error}\nhint: triage signs in with Application Default Credentials: gcloud auth application-default login; exported logs need no cloud: --logs PATH…")
        })?;
        ui.note(Line::new().put("Signed in as ").put(Untrusted(&gcp.identity.name)).put("."));
        for line in gcp.overrides() {
            ui.warn(Line::new().put(Untrusted(line)));
        }
        if changes && gcp.is_overridden() && !args.allow_endpoint_override {
            return Err(Failure::Refused(anyhow!(
                "change anything: {} What would be changed may not be Google Cloud: unset it, or say --allow-endpoint-override.",
                gcp.overrides().join(" ")
            )));
        }
        let guard = LiveArgs::guard(&config, gcp.identity.names.iter().cloned());
        // What the operator types to consent: the narrowest name of where things are changed.
        let asked = [&args.project, &args.folders, &args.organization];
        let word = asked
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .or_else(|| gcp.quota_project.as_deref().map(str::to_owned));
        // Never a bare yes: who has no project of their own types who they are.
        let word = word.unwrap_or_else(|| match gcp.identity.is_known {
            true => gcp.identity.name.to_string(),
            false => "change google cloud".to_owned(),
        });
        let reach = OnceCell::new();
        Ok(Session { runtime, gcp: Arc::new(gcp), guard, config, args: args.clone(), reach, word })
    }

    /// The principal, by every name that the cloud has for it.
    fn whole(&self, principal: &Principal) -> (Principal, Option<AccountSeen>, Vec<Gap>) {
        let mut gaps = Vec::new();
        if principal.kind != PrincipalKind::ServiceAccount {
            return (principal.clone(), None, gaps);
        }
        let id = principal.email.as_deref().unwrap_or(&principal.id);
        match self.runtime.block_on(self.gcp.account(id)) {
            Ok(Some(seen)) => {
                // A namesake that was made since is another account.
                if principal.unique_id.as_ref().is_some_and(|id| *id != seen.unique_id) {
                    gaps.push(Gap::unread(
                        principal.id.to_string(),
                        "the account that has this name now is another: the one that leaked was deleted",
                    ));
                    return (principal.clone(), None, gaps);
                }
                let whole = Principal {
                    email: Some(seen.email.clone()),
                    unique_id: Some(seen.unique_id.clone()).filter(|id| !id.is_empty()),
                    account: principal.account.clone().or_else(|| Some(seen.project.clone())),
                    ..principal.clone()
                };
                (whole, Some(seen), gaps)
            }
            Ok(None) => {
                gaps.push(Gap::unread(
                    principal.id.to_string(),
                    "there is no such service account (any more), so nothing of it can be looked at",
                ));
                (principal.clone(), None, gaps)
            }
            Err(error) => {
                gaps.push(error.gap());
                (principal.clone(), None, gaps)
            }
        }
    }

    pub(super) fn gcp(&self) -> &Arc<Gcp> {
        &self.gcp
    }

    /// Waits for what is asked.
    pub(super) fn within<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }

    /// Every project where we get to, whoever leaked.
    pub(super) fn everything(&self) -> Reach {
        self.runtime.block_on(self.gcp.reach(&self.wanted(None)))
    }

    fn wanted(&self, principal: Option<&Principal>) -> Wanted {
        let ids = |all: &[String]| {
            all.iter().map(|id| id.trim().into()).filter(|id: &Arc<str>| !id.is_empty()).collect()
        };
        let names = principal.into_iter().flat_map(|one| one.email.iter().chain([&one.id]));
        Wanted {
            projects: ids(&self.args.project),
            folders: ids(&self.args.folders),
            organizations: ids(&self.args.organization),
            billing: ids(&self.args.billing_account),
            principals: names.filter(|id| id.contains('@')).cloned().collect(),
            home: principal.and_then(|one| one.account.clone()),
        }
    }

    fn reach(&self, principal: &Principal, ui: &Ui) -> &Reach {
        self.reach.get_or_init(|| {
            let wanted = self.wanted(Some(principal));
            let reach = self.runtime.block_on(self.gcp.reach(&wanted));
            ui.note(
                Line::new()
                    .put("Looking in ")
                    .join(count(reach.projects.len() as u64, "project", "projects"))
                    .put(", ")
                    .put(reach.candidates as u64)
                    .put(" of them first."),
            );
            reach
        })
    }

    /// Looks at accounts, for a plan. What was seen is evidence: it is saved before it is planned on.
    fn accounts(
        &self,
        ids: BTreeSet<Arc<str>>,
        case: &Case,
        gaps: &mut Vec<Gap>,
    ) -> anyhow::Result<Vec<AccountSeen>> {
        let mut accounts: Vec<AccountSeen> = Vec::new();
        for id in ids {
            match self.runtime.block_on(self.gcp.account(&id)) {
                Ok(seen) => accounts.extend(seen),
                Err(error) => gaps.push(error.gap()),
            }
        }
        self.keep_accounts(&accounts, case, gaps)?;
        Ok(accounts)
    }

    fn keep_accounts(
        &self,
        accounts: &[AccountSeen],
        case: &Case,
        gaps: &mut Vec<Gap>,
    ) -> anyhow::Result<()> {
        for seen in accounts {
            gaps.extend(seen.unread().into_iter().map(|(part, why)| {
                Gap::unread(seen.email.to_string(), format!("its {part} could not be read: {why}"))
            }));
        }
        if accounts.is_empty() {
            return Ok(());
        }
        case.write_document("identities", &json::document(&accounts))
    }

    /// Asks Compute itself who launched what: a witness that the logs can be held against.
    fn launches(
        &self,
        places: &[Place],
        investigation: &mut Investigation,
        case: &Case,
    ) -> anyhow::Result<(Vec<Observed>, Vec<Gap>)> {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let mut jobs = JoinSet::new();
        let _inside = self.runtime.enter();
        for place in places {
            let (gcp, gate, place) = (self.gcp.clone(), gate.clone(), place.clone());
            jobs.spawn(async move {
                let _permit = gate.acquire().await;
                let answers = gcp.launches(&place.account).await;
                (place, answers)
            });
        }
        let mut looked = Looked::default();
        for (place, answers) in self.runtime.block_on(jobs.join_all()) {
            for answer in answers {
                match answer {
                    Ok(seen) => looked.keep(place.clone(), seen, Time::now()),
                    Err(error) => looked.gaps.push(error.gap()),
                }
            }
        }
        looked.sort();
        let launches = looked.observed.clone();
        let gaps = looking::keep(Provider::Gcp, looked, investigation, case)?;
        Ok((launches, gaps))
    }

    /// What no record of where the chain was can show.
    fn hidden(&self, reach: &Reach, investigation: &Investigation) -> Vec<Gap> {
        let report = investigation.report();
        let met = investigation.accounts_met();
        let met = met.into_iter().map(|id| reach.numbers.get(&id).cloned().unwrap_or(id));
        let first = reach.projects.iter().take(reach.candidates).cloned();
        let projects: BTreeSet<Arc<str>> = first
            .chain(met)
            .filter(|id| !id.is_empty() && !id.contains('/') && !reach.deleted.contains(id))
            .collect();
        let ids = report.credentials.iter().flat_map(|one| [Some(&one.id), one.principal.as_ref()]);
        let sought = Sought {
            projects: projects.into_iter().collect(),
            members: ids.flatten().filter(|id| id.contains('@')).cloned().collect(),
            since: report.window.since.or(report.window.leaked_at),
        };
        self.runtime.block_on(self.gcp.hidden(&sought))
    }

    /// Where a deny policy reaches furthest: the organization, where we see one.
    fn deny_on(&self) -> Option<Arc<str>> {
        let above = &self.reach.get()?.above;
        above.iter().find(|one| one.starts_with("organizations/")).cloned()
    }

    fn known(&self, accounts: Vec<AccountSeen>) -> Known {
        Known { accounts, deny_on: self.deny_on(), now: Some(Time::now()), ..Known::default() }
    }
}

/// Launches by who is in the chain that no log entry tells of: late, or taken out of what is read. Never acted on.
fn untold(launches: &[Observed], report: &mut Report) {
    let chain: BTreeSet<&str> = report
        .credentials
        .iter()
        .flat_map(|one| [Some(&*one.id), one.principal.as_deref()])
        .flatten()
        .collect();
    let known: BTreeSet<&str> = report.resources.iter().map(|one| &*one.id).collect();
    let mut findings = Vec::new();
    for one in launches {
        let (Some(by), Some(at)) = (one.made_by.as_deref(), one.created_at) else { continue };
        let is_in = report.window.since.is_none_or(|since| at >= since)
            && report.window.leaked_at.is_none_or(|leaked| at >= leaked)
            && report.window.until.is_none_or(|until| at <= until);
        if !is_in || !chain.contains(by) || known.contains(&*one.resource.id) {
            continue;
        }
        findings.push(Finding {
            kind: FindingKind::DefenseEvasion,
            technique: Some(&technique::DISABLE_CLOUD_LOGS),
            note: format!(
                "Compute's own operations say that {by} launched it, and no log entry that was read does: the entry is late, or something keeps it from us."
            ),
            events: Vec::new(),
            subject: one.resource.id.clone(),
            account: Some(one.resource.account.clone()),
            region: Some(one.resource.region.clone()),
            at,
            until: None,
            standing: true,
            confidence: Confidence::Suspect,
            credential: Some(by.into()),
        });
    }
    report.findings.extend(findings);
}

impl Door for Session {
    fn provider(&self) -> Provider {
        Provider::Gcp
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
        &self.gcp.identity.name
    }

    fn clock(&self) -> HostClock {
        match self.gcp.clock {
            Some(ahead) => HostClock::AheadSeconds(ahead),
            None => HostClock::Unknown("no answer of Google had a date".into()),
        }
    }

    fn overrides(&self) -> &[String] {
        self.gcp.overrides()
    }

    fn asked_by(&self, case: &Case) -> AskedBy {
        let names = &self.gcp.identity.names;
        let now = AskedBy {
            principals: names.iter().filter(|name| name.contains('@')).cloned().collect(),
            names: self.guard.operator.clone(),
            ..AskedBy::default()
        };
        match case.asked_by() {
            Some(earlier) => now.with(earlier),
            None => now,
        }
    }

    fn scope_names(&self) -> Vec<String> {
        let named =
            |kind: &str, all: &[String]| all.iter().map(|id| format!("{kind}/{id}")).collect::<Vec<_>>();
        let mut names = named("projects", &self.args.project);
        names.extend(named("folders", &self.args.folders));
        names.extend(named("organizations", &self.args.organization));
        names.extend(named("billingAccounts", &self.args.billing_account));
        names
    }

    fn inventory(&self) -> Arc<dyn Inventory> {
        self.gcp.clone()
    }

    fn mutator(&self) -> Arc<dyn Mutator> {
        self.gcp.clone()
    }

    fn lacks(
        &self,
        account: &str,
        needs: Vec<&'static str>,
    ) -> Async<'static, Result<Vec<String>, CloudError>> {
        let (gcp, account) = (self.gcp.clone(), account.to_owned());
        Box::pin(async move { gcp.lacks(&account, &needs).await })
    }

    fn ticket(
        &self,
        report: &Report,
        subject: &Arc<str>,
        body: &str,
        test: bool,
    ) -> Result<(Arc<str>, Change), CloudError> {
        let organization = self.args.organization.first().map(|id| format!("organizations/{id}"));
        let named = self.args.project.first().map(|id| Arc::from(id.as_str()));
        let home =
            named.or_else(|| report.principal.account.clone()).or_else(|| self.gcp.quota_project.clone());
        let project = home.unwrap_or_else(|| Arc::from(self.word.as_str()));
        let route = self.runtime.block_on(self.gcp.ticket_route(&project))?;
        let change = SupportChange::CreateSupportCase {
            parent: organization.unwrap_or_else(|| format!("projects/{project}")).into(),
            display_name: subject.clone(),
            description: body.into(),
            classification: route.id,
            classified_as: route.name,
            priority: PRIORITY.into(),
            test_case: test,
        };
        Ok((project, change.into()))
    }

    fn refuse_self(&self, principal: &Principal) -> Result<(), Failure> {
        if self.gcp.is_self(principal) {
            return Err(Failure::Refused(anyhow!(
                "go on: {} is, or may be, what this program is signed in with, and revoking it would cut the branch that we sit on\nhint: \
                 sign in as somebody else (gcloud auth application-default login, or --impersonate-service-account)",
                principal.id
            )));
        }
        Ok(())
    }

    fn investigate(
        &self,
        inquiry: &Inquiry<'_>,
        settles: bool,
        ui: &Ui,
        stop: &AtomicBool,
    ) -> Result<(Report, Corpus), Failure> {
        let Inquiry { args, principal, window, case, .. } = *inquiry;
        let progress = Progress::at(Phase::Finding);
        let _watch = ui.watch(&progress);
        let (principal, _, gaps) = self.whole(principal);
        let reach = self.reach(&principal, ui);
        let leaked = principal.clone();
        let mut investigation = Investigation::new(principal, window.clone());
        investigation.reads_history();
        investigation.leave_out(Own { principals: self.asked_by(case).principals, ..Own::default() });
        let mut before: Vec<Gap> = gaps.iter().chain(&reach.gaps).chain(case.gaps()).cloned().collect();
        let budget = Budget::new(args.bigquery.bigquery_max_bytes);
        let keep = bigquery::keeper(case);
        let asked = (&leaked, window, Time::now());
        let (tables, gaps) = bigquery::ready((&self.gcp, &self.runtime), args, asked, (&budget, &keep), ui);
        before.extend(gaps);
        let evidence = case.evidence();
        let (central, gaps) = self.runtime.block_on(self.gcp.central(reach, window.since));
        before.extend(gaps);
        let logs = Logs {
            projects: reach.projects.clone(),
            candidates: reach.candidates,
            above: reach.above.clone(),
            central,
        };
        let entries = Entries::new(self.gcp.clone(), self.runtime.handle().clone(), logs);
        let further = tables.iter().map(|table| table as &dyn LogSource);
        let source = Many([&entries as &dyn LogSource].into_iter().chain(further).collect());
        let is_named = !self.args.project.is_empty();
        let mut onward = |known: &Investigation| {
            let met = known.accounts_met();
            let met = met.into_iter().filter(|id| !id.is_empty() && !id.contains('/'));
            let projects: Vec<Arc<str>> =
                met.map(|id| reach.numbers.get(&id).cloned().unwrap_or(id)).collect();
            // A list of projects is meant as it is: what lies beyond is told as a gap by its coverage.
            let candidates = projects.len();
            !is_named && entries.add(Logs { projects, candidates, ..Logs::default() })
        };
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
        bigquery::write(&tables, case)?;
        corpus.gaps.extend(before);
        corpus.gaps.sort();
        corpus.gaps.dedup();
        collect::tell(&mut investigation, &corpus);
        let mut missed = looking::look(self, &mut investigation, case)?;
        missed.extend(self.hidden(reach, &investigation));
        let places: Vec<Place> = reach
            .projects
            .iter()
            .filter(|id| !reach.deleted.contains(*id))
            .map(|id| Place::new(id.clone(), ""))
            .collect();
        let (launches, gaps) = self.launches(&places, &mut investigation, case)?;
        missed.extend(gaps);
        let (swept, gaps) = looking::sweep(self, places, &["compute"], &mut investigation, case)?;
        missed.extend(gaps);
        missed.iter().for_each(|gap| investigation.missed(gap.clone()));
        // What a case is opened with again, it must know: also what could not be looked at.
        corpus.gaps.extend(missed);
        corpus.gaps.sort();
        corpus.gaps.dedup();
        let mut report = investigation.report();
        untold(&launches, &mut report);
        looking::lookalikes(self, &mut report, &swept, ui);
        let ask = async |asks: &BTreeSet<Ask>| self.gcp.prices(asks).await;
        let prices = cost::prices(&report, &self.args, &self.runtime, ui, ask);
        cost::live(&mut report, &prices);
        Ok((report, corpus))
    }

    fn own_plan(
        &self,
        principal: &Principal,
        case: &Case,
        options: plan::Options,
    ) -> anyhow::Result<(Option<Plan>, Vec<Gap>)> {
        let (principal, seen, mut gaps) = self.whole(principal);
        if principal.kind != PrincipalKind::ServiceAccount {
            return Ok((None, gaps));
        }
        let accounts: Vec<AccountSeen> = seen.into_iter().collect();
        self.keep_accounts(&accounts, case, &mut gaps)?;
        let known = self.known(accounts);
        Ok((Some(plan::revoke::own(&principal, &known, &self.guard, options)), gaps))
    }

    fn closure_plan(
        &self,
        report: &Report,
        case: &Case,
        options: plan::Options,
    ) -> anyhow::Result<(Plan, Vec<Gap>)> {
        let mut gaps = Vec::new();
        let mut ids: BTreeSet<Arc<str>> = BTreeSet::new();
        for one in &report.credentials {
            match one.kind {
                "gcp.service_account" | "gcp.impersonation" => ids.extend([one.id.clone()]),
                "gcp.service_account_key" => ids.extend(one.principal.clone()),
                _ => {}
            }
        }
        let seen = self.accounts(ids, case, &mut gaps)?;
        let plan = plan::revoke::revoke_known(report, &self.known(seen), &self.guard, options);
        Ok((plan, gaps))
    }
}
