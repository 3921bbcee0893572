//! The one door into a live cloud: what commands need of whoever is signed in, whichever provider it is. The principal's provider
//! chooses.

use super::Failure;
use super::args::AuditArgs;
use super::config::Config;
use super::live_args::LiveArgs;
use super::ui::Ui;
use crate::case::{AskedBy, Case, HostClock};
use crate::cloud::{Async, CloudError, Inventory, Mutator};
use crate::collect::Corpus;
use crate::model::change::Change;
use crate::model::plan::Plan;
use crate::model::report::Window;
use crate::model::{Gap, Principal, Provider, Report};
use crate::plan::{Guard, Options};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// A signed-in operator of one provider.
pub trait Door {
    fn provider(&self) -> Provider;
    fn runtime(&self) -> &Runtime;
    fn guard(&self) -> &Guard;
    fn config(&self) -> &Config;
    /// What the operator types to consent.
    fn word(&self) -> &str;
    /// Who we are.
    fn operator(&self) -> &str;
    /// How far this machine's clock is from the cloud's.
    fn clock(&self) -> HostClock;
    /// What stands between us and the cloud, as plain lines.
    fn overrides(&self) -> &[String];
    /// Who asks: we now, and whoever asked for this case before.
    fn asked_by(&self, case: &Case) -> AskedBy;
    /// What is looked into, for the case.
    fn scope_names(&self) -> Vec<String>;
    fn inventory(&self) -> Arc<dyn Inventory>;
    fn mutator(&self) -> Arc<dyn Mutator>;
    /// Which of these permissions we do not have in an account or project.
    fn lacks(
        &self,
        account: &str,
        needs: Vec<&'static str>,
    ) -> Async<'static, Result<Vec<String>, CloudError>>;
    /// What files a ticket about this, where support takes it, and in which account or project; asks, and files nothing.
    fn ticket(
        &self,
        report: &Report,
        subject: &Arc<str>,
        body: &str,
        test: bool,
    ) -> Result<(Arc<str>, Change), CloudError>;
    /// Refuses to work on the credential that we work with.
    fn refuse_self(&self, principal: &Principal) -> Result<(), Failure>;
    /// Follows the principal everywhere, and asks what became of what it made.
    fn investigate(
        &self,
        inquiry: &Inquiry<'_>,
        settles: bool,
        ui: &Ui,
        stop: &AtomicBool,
    ) -> Result<(Report, Corpus), Failure>;
    /// Wave 1: the principal's own credentials, before any log is read; nothing where only logs tell whose they are.
    fn own_plan(
        &self,
        principal: &Principal,
        case: &Case,
        options: Options,
    ) -> anyhow::Result<(Option<Plan>, Vec<Gap>)>;
    /// Wave 2: everything that it became, as the cloud shows it now.
    fn closure_plan(
        &self,
        report: &Report,
        case: &Case,
        options: Options,
    ) -> anyhow::Result<(Plan, Vec<Gap>)>;
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

/// Signs in where the principal is at home, and says who we are before anything else.
pub fn connect(
    provider: Provider,
    args: &LiveArgs,
    case: &str,
    changes: bool,
    ui: &Ui,
) -> Result<Box<dyn Door>, Failure> {
    match provider {
        #[cfg(feature = "aws")]
        Provider::Aws => Ok(Box::new(super::live::Session::connect(args, case, changes, ui)?)),
        #[cfg(feature = "gcp")]
        Provider::Gcp => Ok(Box::new(super::live_gcp::Session::connect(args, case, changes, ui)?)),
        #[cfg(not(all(feature = "aws", feature = "gcp")))]
        other => {
            let cloud = match other {
                Provider::Aws => "AWS",
                Provider::Gcp => "Google Cloud",
            };
            Err(Failure::Usage(anyhow::anyhow!(
                "ask {cloud}: this program was built without it\nhint: give exported logs with --logs PATH…"
            )))
        }
    }
}

/// How often a wait looks whether the run was stopped.
const GLANCE: Duration = Duration::from_millis(200);

/// Waits so long, or until the run is stopped.
pub fn pause(long: Duration, stop: &AtomicBool) {
    let until = Instant::now() + long;
    while !stop.load(Ordering::Relaxed) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(GLANCE));
    }
}
