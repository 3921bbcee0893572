//! A resource as a record names it.

use std::sync::Arc;

/// One thing in a cloud, named by its immutable id where the record has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRef {
    /// `aws.ec2.instance`, `gcp.compute.instance`: `<cloud>.<service>.<snake_case>`.
    pub kind: &'static str,
    /// The id that the report prints: immutable (instance id, numeric id, ARN) where the record has one.
    pub id: Arc<str>,
    /// Every other name that the same record gives it (name, ARN, path), to match deletions and inventory by.
    pub names: Vec<Arc<str>>,
    /// Account id or project; empty when the record does not say.
    pub account: Arc<str>,
    /// Region, zone or `global`; empty when the record does not say.
    pub region: Arc<str>,
    /// What launched it when the record shows that: a group, fleet, stack or cluster by id or name.
    pub launcher: Option<Arc<str>>,
}

impl ResourceRef {
    /// Whether both refer to one thing: same kind and account, and any name of one is a name of the other.
    ///
    /// Regions must agree where both are known, so that a name that is only unique per region never matches abroad.
    pub fn is_same(&self, other: &ResourceRef) -> bool {
        self.kind == other.kind
            && (self.account.is_empty() || other.account.is_empty() || self.account == other.account)
            && (self.region.is_empty() || other.region.is_empty() || self.region == other.region)
            && self.all_names().any(|a| other.all_names().any(|b| a == b))
    }

    /// Its id and every other name, id first.
    pub fn all_names(&self) -> impl Iterator<Item = &Arc<str>> {
        std::iter::once(&self.id).chain(&self.names)
    }
}
