//! What is done about things of EKS.

use super::super::{Ask, LETS_IN, RELAUNCHES, Way};
use crate::model::change::EksChange;

pub(super) fn way(ask: &Ask) -> Option<Way> {
    Some(match ask.resource.kind {
        "aws.eks.nodegroup" => Way::step(RELAUNCHES, EksChange::EmptyNodegroup { nodegroup: ask.id() }),
        "aws.eks.fargate_profile" => match ask.options.destroy {
            true => Way::step(RELAUNCHES, EksChange::DeleteFargateProfile { profile: ask.id() }),
            false => Way::by_hand(
                "It can't be switched off, only deleted with its pods.",
                "kubectl scale --replicas=0 for what runs in its namespaces; or --destroy: eks:DeleteFargateProfile (destroys)",
            ),
        },
        "aws.eks.access_entry" => {
            let name = ask.name();
            match name.split_once("/arn:") {
                Some((cluster, principal)) => Way::step(
                    LETS_IN,
                    EksChange::DeleteAccessEntry {
                        cluster: cluster.into(),
                        principal: format!("arn:{principal}").into(),
                    },
                ),
                None => Way::by_hand(
                    "The record does not name its cluster.",
                    "eks:ListClusters, eks:ListAccessEntries, then eks:DeleteAccessEntry",
                ),
            }
        }
        "aws.eks.cluster" => Way::by_hand(
            match ask.detail("type") {
                Some("auto mode") => {
                    "Its node groups have their own rows, but it makes machines by itself, too (Auto Mode), as long as pods ask for them."
                }
                Some(_) | None => {
                    "Its node groups, profiles and entries have their own rows; what pods in it launch (Karpenter, controllers) is not seen \
                     from outside, and the control plane itself costs on."
                }
            },
            "kubectl scale --replicas=0 deployments of all namespaces; eks:UpdateClusterConfig(computeConfig.enabled=false, \
             kubernetesNetworkConfig.elasticLoadBalancing.enabled=false, storageConfig.blockStorage.enabled=false) ends Auto Mode; \
             eks:DeleteCluster when its node groups and profiles are gone (destroys)",
        ),
        _ => return None,
    })
}
