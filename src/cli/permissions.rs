//! `triage permissions`: the IAM policy or role that a command needs, made from the code's own lists, so that it never asks for what
//! is not called and never forgets what is.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "gcp")]
mod gcp;

#[cfg(feature = "aws")]
pub use aws::{actions, aws};

#[cfg(feature = "gcp")]
pub use gcp::needed as gcp_permissions;

use super::ui::Ui;
use super::{Failure, exit};
use anyhow::Context;
use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
pub struct PermissionsArgs {
    /// Whose permissions.
    #[arg(value_enum)]
    pub provider: Cloud,
    /// What they are for; each but audit comes without what audit needs.
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    pub command: Purpose,
    /// AWS: the partition whose ARNs the policies name.
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "PARTITION", default_value = "aws", value_parser = crate::model::principal::PARTITIONS)]
    pub partition: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cloud {
    /// IAM policies, as JSON.
    #[cfg(feature = "aws")]
    Aws,
    /// A custom role, as YAML for gcloud iam roles create.
    #[cfg(feature = "gcp")]
    Gcp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// Read logs and live state.
    Audit,
    /// Shut credentials, and undo it.
    Revoke,
    /// Stop and isolate what was launched, and undo it.
    Contain,
    /// File a ticket with the provider's support.
    Ticket,
    /// What only `contain --destroy` and `revoke --destroy` need besides.
    Destroy,
}

pub fn run(args: &PermissionsArgs, ui: &Ui) -> Result<u8, Failure> {
    let printed = match args.provider {
        #[cfg(feature = "aws")]
        Cloud::Aws => aws::printed(args.command, &args.partition, ui)?,
        #[cfg(feature = "gcp")]
        Cloud::Gcp => gcp::printed(args.command)?,
    };
    ui.result(printed.as_bytes()).context("write the policy")?;
    Ok(exit::SUCCESS)
}
