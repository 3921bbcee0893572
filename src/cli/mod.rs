//! The command line: arguments, one file per command, the terminal. The only room that knows the environment.

#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod act;
pub mod args;
pub mod audit;
#[cfg(feature = "gcp")]
mod bigquery;
pub mod completions;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod config;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod contain;
mod continued;
mod cost;
mod deeds;
pub mod doctor;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod door;
pub mod exit;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod finish;
pub mod job;
#[cfg(feature = "aws")]
mod known;
#[cfg(feature = "aws")]
pub mod live;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod live_args;
#[cfg(feature = "gcp")]
mod live_gcp;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod looking;
pub mod man;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod open;
pub mod pack;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod permissions;
pub mod report;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod revoke;
pub mod schema;
#[cfg(feature = "aws")]
mod sources;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod submit;
pub mod ticket;
#[cfg(feature = "aws")]
mod trusts;
pub mod ui;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod undo;
pub mod verify;

/// Why a command ended without a result.
#[derive(Debug)]
pub enum Failure {
    /// What was typed can't be meant; nothing was done.
    Usage(anyhow::Error),
    /// Consent was missing, or it would cut the branch that we sit on; nothing was changed.
    Refused(anyhow::Error),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Other(error)
    }
}

impl Failure {
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) => exit::USAGE,
            Failure::Refused(_) => exit::REFUSED,
            Failure::Other(_) => exit::FAILURE,
        }
    }

    /// What to do next where the error itself does not say.
    pub fn next(&self) -> &'static str {
        match self {
            Failure::Usage(_) => {
                "triage --help, or triage COMMAND --help, shows what is accepted, with examples"
            }
            Failure::Refused(_) => "look at the plan with --dry-run, then run it again and consent",
            Failure::Other(_) => {
                "put that right and run the same command again; what was done stays done and is in the journal"
            }
        }
    }

    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Usage(error) | Failure::Refused(error) | Failure::Other(error) => error,
        }
    }
}
