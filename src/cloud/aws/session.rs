//! Who we are in AWS, and a configuration for every place that we can go to.

use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_config::SdkConfig;
use std::sync::Arc;

/// Who the operator is, as `sts:GetCallerIdentity` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: Arc<str>,
    pub arn: Arc<str>,
    pub user_id: Arc<str>,
}

/// A signed-in operator.
pub struct Aws {
    pub identity: Identity,
    /// The incident, as tags and session names bear it.
    pub case: Arc<str>,
    base: SdkConfig,
}

impl Aws {
    /// Returns the configuration for an account and region: credentials of a role there, one shared HTTP client, timeouts, one
    /// retry partition. An empty region is the partition's global one.
    pub async fn config(&self, at: &Place) -> Result<SdkConfig, CloudError> {
        if at.account != self.identity.account {
            return Err(CloudError::new(Refusal::Denied, "sts:AssumeRole", at, None, "no way there"));
        }
        let region = if at.region.is_empty() { "us-east-1" } else { &at.region };
        Ok(self.base.to_builder().region(aws_config::Region::new(region.to_owned())).build())
    }
}
