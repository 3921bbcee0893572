//! What could ever be changed in Google Cloud, one file per service. Facts of gcp.md 5.1 and 6: disabling an account ends minted
//! tokens, disabling a key does not; a managed group makes a machine again that is stopped behind its back. Named through
//! [`super`].
//!
//! Numeric ids name one incarnation, so a namesake is never hit; project and zone (or region) are the step's target's. Names of
//! variants are unique over all services: they are what a plan and a journal say.

mod apikeys;
mod appengine;
mod cloudbuild;
mod cloudfunctions;
mod composer;
mod compute;
mod container;
mod file;
mod iam;
mod named;
mod policy;
mod project;
mod restore;
mod run;
mod scheduler;
mod sqladmin;
mod storage;
mod support;

pub use apikeys::ApikeysChange;
pub use appengine::AppengineChange;
pub use cloudbuild::CloudbuildChange;
pub use cloudfunctions::CloudfunctionsChange;
pub use composer::ComposerChange;
pub use container::ContainerChange;
pub use file::FileChange;
mod workload;

pub use compute::{AccessConfig, AddedKeys, ComputeChange, ShareOf};
pub use iam::IamChange;
pub use named::Named;
pub use policy::{Binding, PolicyChange, PolicyOf};
pub use project::ProjectChange;
pub use restore::{RestoreChange, SettingOf};
pub use run::RunChange;
pub use scheduler::SchedulerChange;
pub use sqladmin::SqladminChange;
pub use storage::StorageChange;
pub use support::SupportChange;
pub use workload::{Born, Ending, WorkloadChange, WorkloadOf};

use super::{Change, Reversal, Spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! services {
    ($($name:ident($changes:ty)),* $(,)?) => {
        /// A change of Google Cloud.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(untagged)]
        pub enum GcpChange {
            $($name($changes)),*
        }

        impl GcpChange {
            pub fn spec(&self) -> Spec {
                match self {
                    $(GcpChange::$name(change) => change.spec()),*
                }
            }

            /// Returns what takes it back, given what was seen before it.
            pub fn undo(&self, before: &Value) -> Reversal {
                match self {
                    $(GcpChange::$name(change) => change.undo(before)),*
                }
            }

            /// One change of every kind that there is, in no meaningful order: what is asked of all of them is asked of these.
            pub fn samples() -> Result<Vec<GcpChange>, String> {
                let mut all = Vec::new();
                $(
                    let some = super::samples::of::<$changes>().map_err(|error| format!("{}: {error}", stringify!($name)))?;
                    all.extend(some.into_iter().map(GcpChange::$name));
                )*
                Ok(all)
            }

            /// The service, which one file of `cloud/gcp` speaks to.
            pub fn service(&self) -> &'static str {
                match self {
                    $(GcpChange::$name(_) => stringify!($name)),*
                }
            }
        }

        $(impl From<$changes> for Change {
            fn from(change: $changes) -> Change {
                Change::Gcp(GcpChange::$name(change))
            }
        })*
    };
}

services! {
    Iam(IamChange),
    Policy(PolicyChange),
    Apikeys(ApikeysChange),
    Storage(StorageChange),
    Compute(ComputeChange),
    Scheduler(SchedulerChange),
    Support(SupportChange),
    Run(RunChange),
    Container(ContainerChange),
    Cloudfunctions(CloudfunctionsChange),
    Sqladmin(SqladminChange),
    Cloudbuild(CloudbuildChange),
    Appengine(AppengineChange),
    Composer(ComposerChange),
    File(FileChange),
    Restore(RestoreChange),
    Project(ProjectChange),
    Workload(WorkloadChange),
}
