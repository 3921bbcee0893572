//! The command line: arguments, one file per command, the terminal. The only room that knows the environment.

#[cfg(feature = "aws")]
pub mod act;
pub mod args;
pub mod audit;
#[cfg(feature = "aws")]
pub mod config;
#[cfg(feature = "aws")]
pub mod contain;
pub mod exit;
#[cfg(feature = "aws")]
mod finish;
pub mod job;
#[cfg(feature = "aws")]
mod known;
#[cfg(feature = "aws")]
pub mod live;
#[cfg(feature = "aws")]
pub mod live_args;
#[cfg(feature = "aws")]
mod open;
#[cfg(feature = "aws")]
pub mod permissions;
#[cfg(feature = "aws")]
pub mod revoke;
#[cfg(feature = "aws")]
mod sources;
#[cfg(feature = "aws")]
mod trusts;
pub mod ui;
#[cfg(feature = "aws")]
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
