//! The command line: arguments, one file per command, the terminal. The only room that knows the environment.

#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod act;
pub mod args;
pub mod audit;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod config;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod contain;
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
#[cfg(any(feature = "aws", feature = "gcp"))]
mod open;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod permissions;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod revoke;
#[cfg(feature = "aws")]
mod sources;
pub mod ui;
#[cfg(any(feature = "aws", feature = "gcp"))]
pub mod undo;

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

    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Usage(error) | Failure::Refused(error) | Failure::Other(error) => error,
        }
    }
}
