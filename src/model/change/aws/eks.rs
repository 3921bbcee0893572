//! EKS: what launches nodes and pods, and who may enter a cluster.

use super::super::{Change, Reversal, Spec, Undo, destroying, gated, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Node groups and Fargate profiles are named by ARN, which ends in an id of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EksChange {
    EmptyNodegroup {
        nodegroup: Arc<str>,
    },
    /// Undo alone.
    ResizeNodegroup {
        nodegroup: Arc<str>,
        min: i32,
        desired: i32,
    },
    DeleteFargateProfile {
        profile: Arc<str>,
    },
    DeleteAccessEntry {
        cluster: Arc<str>,
        principal: Arc<str>,
    },
    /// Undo alone.
    CreateAccessEntry {
        cluster: Arc<str>,
        entry: AccessEntry,
    },
    /// Undo alone; no namespace means the whole cluster.
    AssociateAccessPolicy {
        cluster: Arc<str>,
        principal: Arc<str>,
        policy: Arc<str>,
        namespaces: Vec<Arc<str>>,
    },
}

/// Who may enter a cluster, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccessEntry {
    pub principal: Arc<str>,
    /// `STANDARD`, `EC2_LINUX`, …
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// Absent where it is what EKS makes of the principal's ARN by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Arc<str>>,
    pub groups: Vec<Arc<str>>,
}

impl EksChange {
    pub fn spec(&self) -> Spec {
        match self {
            EksChange::EmptyNodegroup { .. } => settling(
                watched(destroying(spec(
                    "eks:UpdateNodegroupConfig(minSize=0, desiredSize=0)",
                    &["eks:UpdateNodegroupConfig", "eks:DescribeNodegroup"],
                    "its machines are drained and terminated, their disks are lost, and it makes no others; group and settings stay",
                    "the node group wants 0 nodes",
                    Undo::Call("eks:UpdateNodegroupConfig(saved sizes); the machines are new ones"),
                ))),
                600,
            ),
            EksChange::ResizeNodegroup { .. } => settling(
                spec(
                    "eks:UpdateNodegroupConfig(minSize, desiredSize)",
                    &["eks:UpdateNodegroupConfig", "eks:DescribeNodegroup"],
                    "the node group launches as many machines as before; they are new ones",
                    "the node group wants as many nodes as before",
                    Undo::Call("eks:UpdateNodegroupConfig(minSize=0, desiredSize=0)"),
                ),
                600,
            ),
            EksChange::DeleteFargateProfile { .. } => settling(
                gated(spec(
                    "eks:DeleteFargateProfile",
                    &["eks:DeleteFargateProfile", "eks:DescribeFargateProfile"],
                    "deletes its pods, and none start on Fargate through it; EKS takes one profile of a cluster at a time",
                    "the profile is gone",
                    Undo::None(
                        "It is made again by hand, with eks:CreateFargateProfile and what the journal kept.",
                    ),
                )),
                900,
            ),
            EksChange::DeleteAccessEntry { .. } => watched(spec(
                "eks:DeleteAccessEntry",
                &["eks:DeleteAccessEntry", "eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"],
                "the principal may not enter the cluster any more; tokens of its pods and of accounts that it made inside go on",
                "the entry is gone",
                Undo::Call("eks:CreateAccessEntry and AssociateAccessPolicy (saved entry and policies)"),
            )),
            EksChange::CreateAccessEntry { .. } => spec(
                "eks:CreateAccessEntry",
                &["eks:CreateAccessEntry", "eks:DescribeAccessEntry", "eks:DescribeCluster"],
                "the principal may enter the cluster again",
                "the entry is there",
                Undo::Call("eks:DeleteAccessEntry"),
            ),
            EksChange::AssociateAccessPolicy { .. } => spec(
                "eks:AssociateAccessPolicy",
                &["eks:AssociateAccessPolicy", "eks:ListAssociatedAccessPolicies"],
                "the principal may do in the cluster what it could before",
                "the policy is among the entry's",
                Undo::Call("eks:DeleteAccessEntry: the entry was made again for it"),
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        match self {
            EksChange::EmptyNodegroup { nodegroup } | EksChange::ResizeNodegroup { nodegroup, .. } => {
                let size = |key: &str| before.get(key).and_then(Value::as_i64).map(i32::try_from);
                match (size("min"), size("desired")) {
                    (Some(Ok(min)), Some(Ok(desired))) => {
                        let is_empty = (min, desired) == (0, 0);
                        Reversal::Changes(match (is_empty, self) {
                            (true, EksChange::EmptyNodegroup { .. }) => Vec::new(),
                            (true, _) => {
                                vec![EksChange::EmptyNodegroup { nodegroup: nodegroup.clone() }.into()]
                            }
                            (false, _) => {
                                let nodegroup = nodegroup.clone();
                                vec![EksChange::ResizeNodegroup { nodegroup, min, desired }.into()]
                            }
                        })
                    }
                    (_, _) => Reversal::None("How many nodes it wanted before was not seen."),
                }
            }
            EksChange::DeleteFargateProfile { .. } => Reversal::None(
                "It is made again by hand, with eks:CreateFargateProfile and what the journal kept.",
            ),
            EksChange::DeleteAccessEntry { cluster, principal } => {
                match entry_again(cluster, principal, before) {
                    Some(changes) => Reversal::Changes(changes),
                    None => Reversal::None("What the entry allowed was not seen whole."),
                }
            }
            EksChange::CreateAccessEntry { cluster, entry } => match before.get("entry") {
                Some(Value::Object(_)) => Reversal::Changes(Vec::new()),
                Some(_) | None => {
                    let (cluster, principal) = (cluster.clone(), entry.principal.clone());
                    Reversal::Changes(vec![EksChange::DeleteAccessEntry { cluster, principal }.into()])
                }
            },
            EksChange::AssociateAccessPolicy { .. } => Reversal::Changes(Vec::new()),
        }
    }
}

/// The entry, then each of its policies.
fn entry_again(cluster: &Arc<str>, principal: &Arc<str>, before: &Value) -> Option<Vec<Change>> {
    let entry: AccessEntry = serde_json::from_value(before.get("entry")?.clone()).ok()?;
    if entry.principal != *principal {
        return None;
    }
    let mut changes = vec![EksChange::CreateAccessEntry { cluster: cluster.clone(), entry }.into()];
    for policy in before.get("policies")?.as_array()? {
        let text = |value: &Value| value.as_str().map(Arc::<str>::from);
        let namespaces = policy.get("namespaces")?.as_array()?;
        changes.push(
            EksChange::AssociateAccessPolicy {
                cluster: cluster.clone(),
                principal: principal.clone(),
                policy: text(policy.get("arn")?)?,
                namespaces: namespaces.iter().map(text).collect::<Option<_>>()?,
            }
            .into(),
        );
    }
    Some(changes)
}
