//! A security group's rule, as far as it must be known to be given again.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    In,
    Out,
}

/// One rule has one of `ipv4`, `ipv6`, `prefix_list` and `peer`. Without its id: a rule that is given again has a new one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp`, `-1` for all, or a number.
    pub protocol: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix_list: Option<Arc<str>>,
    /// Another security group, and the account that it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<(Arc<str>, Arc<str>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Arc<str>>,
}
