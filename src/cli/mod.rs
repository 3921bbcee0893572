//! The command line: arguments, one file per command, the terminal. The only room that knows the environment.

pub mod args;
pub mod audit;
pub mod config;
pub mod exit;
pub mod job;
pub mod live_args;
#[cfg(feature = "aws")]
pub mod permissions;
pub mod ui;

/// Why a command ended without a result.
#[derive(Debug)]
pub enum Failure {
    /// What was typed can't be meant; nothing was done.
    Usage(anyhow::Error),
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
            Failure::Other(_) => exit::FAILURE,
        }
    }

    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Usage(error) | Failure::Other(error) => error,
        }
    }
}
