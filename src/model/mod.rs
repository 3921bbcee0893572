//! The nouns: what a principal, an event, a resource, a finding, a gap, a plan and a report are.
//!
//! Knows no cloud SDK, file, clock or terminal. Everyone may name it; it names nobody.

pub mod account;
pub mod change;
pub mod cost;
pub mod deny;
pub mod dossier;
pub mod event;
pub mod gap;
pub mod identity;
pub mod ids;
pub mod meter;
pub mod observed;
pub mod plan;
pub mod principal;
pub mod report;
pub mod resource;
pub mod secret;
pub mod sight;
pub mod time;

pub use account::AccountSeen;
pub use dossier::Dossier;
pub use event::{Actor, Event, Fact, Issued, Minter, Operation, Outcome, Provenance, Scope, Session};
pub use gap::Gap;
pub use identity::{IdentitySeen, OrganizationSeen};
pub use ids::{EventId, Provider};
pub use observed::Observed;
pub use principal::{KeyFileError, ParsePrincipalError, Principal, PrincipalKind};
pub use report::Report;
pub use resource::ResourceRef;
pub use sight::{Place, Sight};
pub use time::Time;
