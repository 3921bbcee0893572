//! The contain plan: stop what the principal launched, launchers before the launched; the reversible rung by default.

use super::{Draft, Guard, assemble, unsure};
use crate::catalog::{self, Act};
use crate::model::change::{AwsChange, Change, GcpChange};
use crate::model::plan::{Plan, PlanKind, Target, Withheld};
use crate::model::report::{Attribution, Confidence, Report, Resource};
use std::sync::Arc;

/// What relaunches goes first, then what runs, then what only lets in.
const RELAUNCHES: u32 = 0;
const RUNS: u32 = 1;
const LETS_IN: u32 = 2;

pub fn contain(report: &Report, guard: &Guard) -> Plan {
    let mut drafts = Vec::new();
    let mut withheld = Vec::new();
    for resource in &report.resources {
        let Some(before) = alive(resource) else { continue };
        let target = Target {
            kind: resource.kind,
            id: resource.id.clone(),
            name: resource.name.clone(),
            account: resource.account.clone(),
            region: resource.region.clone(),
        };
        let names = [Some(&resource.id), resource.name.as_ref()].into_iter().flatten();
        if let Some(why) = guard.forbids(names).or_else(|| unsure(resource.confidence)) {
            withheld.push(Withheld { target, why: why.to_owned(), by_hand: String::new() });
            continue;
        }
        let changes = changes(resource);
        if changes.is_empty() {
            let by_hand = advice(resource.kind);
            // What costs nothing and lets nobody in may stay as evidence.
            if !by_hand.is_empty() {
                withheld.push(Withheld {
                    target,
                    why: "this program does not act on this kind; it is left for a human".to_owned(),
                    by_hand,
                });
            }
            continue;
        }
        let held = resource.attribution == Attribution::Indirect;
        for (rank, change) in changes {
            if change.spec().destroys && !is_relauncher(&change) {
                withheld.push(Withheld {
                    target: target.clone(),
                    why: format!("{}; it is not the reversible rung", change.spec().does),
                    by_hand: change.spec().api.to_owned(),
                });
                continue;
            }
            drafts.push(Draft {
                target: target.clone(),
                because: vec![resource.event.clone()],
                before,
                change,
                rank: if held { rank.max(RUNS) } else { rank },
            });
        }
    }
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.standing && finding.confidence == Confidence::Confirmed)
    {
        for grant in report.grants.iter().filter(|grant| finding.events.contains(&grant.event)) {
            drafts.push(Draft {
                target: Target {
                    kind: "gcp.iam.binding",
                    id: grant.on.clone(),
                    name: Some(grant.member.clone()),
                    account: finding.account.clone().unwrap_or_else(|| "".into()),
                    region: "".into(),
                },
                because: vec![grant.event.clone()],
                before: "granted",
                change: Change::Gcp(GcpChange::RemoveBinding {
                    on: grant.on.clone(),
                    role: grant.role.clone(),
                    member: grant.member.clone(),
                }),
                rank: LETS_IN,
            });
        }
    }
    assemble(PlanKind::Contain, drafts, withheld)
}

/// Returns what the record last showed, for what may still be there.
fn alive(resource: &Resource) -> Option<&'static str> {
    match resource.state {
        "deleted" | "gone" | "stopped" => None,
        state => Some(state),
    }
}

/// A spot request comes back unless it is cancelled: the one loss that containment can't do without.
fn is_relauncher(change: &Change) -> bool {
    matches!(change, Change::Aws(AwsChange::CancelSpotRequest { .. }))
}

fn changes(resource: &Resource) -> Vec<(u32, Change)> {
    let id = || resource.id.clone();
    let name = || resource.name.clone().unwrap_or_else(|| resource.id.clone());
    let aws = |rank, change| vec![(rank, Change::Aws(change))];
    let gcp = |rank, change| vec![(rank, Change::Gcp(change))];
    match resource.kind {
        "aws.ec2.instance" => aws(RUNS, AwsChange::StopInstance { id: id() }),
        "aws.autoscaling.group" => {
            let name: Arc<str> = name_of_arn(&resource.id).unwrap_or_else(id);
            vec![
                (RELAUNCHES, Change::Aws(AwsChange::SuspendScalingGroup { name: name.clone() })),
                (RUNS, Change::Aws(AwsChange::EmptyScalingGroup { name })),
            ]
        }
        "aws.ec2.spot_request" => aws(RELAUNCHES, AwsChange::CancelSpotRequest { id: id() }),
        "aws.ecs.service" => aws(RELAUNCHES, AwsChange::EmptyEcsService { service: id() }),
        "aws.ecs.task" => aws(RUNS, AwsChange::StopEcsTask { task: id() }),
        "aws.lambda.function" => aws(RELAUNCHES, AwsChange::StopFunction { name: id() }),
        "aws.eventbridge.rule" | "aws.events.rule" => {
            aws(RELAUNCHES, AwsChange::DisableEventRule { rule: id() })
        }
        "aws.sagemaker.notebook_instance" => aws(RUNS, AwsChange::StopNotebook { name: name() }),
        "aws.lightsail.instance" => aws(RUNS, AwsChange::StopLightsailInstance { name: name() }),
        "aws.batch.compute_environment" => aws(RELAUNCHES, AwsChange::DisableBatchEnvironment { name: id() }),
        "aws.rolesanywhere.trust_anchor" => aws(LETS_IN, AwsChange::DisableTrustAnchor { id: id() }),
        "aws.rolesanywhere.profile" => aws(LETS_IN, AwsChange::DisableRolesAnywhereProfile { id: id() }),
        "gcp.compute.instance" => gcp(RUNS, GcpChange::StopInstance { id: id() }),
        "gcp.compute.autoscaler" => gcp(RELAUNCHES, GcpChange::TurnOffAutoscaler { name: id() }),
        "gcp.compute.instance_group_manager" => gcp(RUNS, GcpChange::StopGroup { name: id() }),
        "gcp.compute.firewall" => gcp(LETS_IN, GcpChange::DisableFirewall { id: id() }),
        "gcp.cloudscheduler.job" => gcp(RELAUNCHES, GcpChange::PauseSchedulerJob { name: id() }),
        "gcp.iam.service_account" => {
            let email = resource.name.clone().filter(|name| name.contains('@')).unwrap_or_else(id);
            gcp(LETS_IN, GcpChange::DisableServiceAccount { email })
        }
        _ => Vec::new(),
    }
}

fn name_of_arn(id: &str) -> Option<Arc<str>> {
    id.rsplit_once("autoScalingGroupName/").map(|(_, name)| name.into())
}

/// Returns the cloud's own calls that stop a kind, from the row that makes it.
fn advice(kind: &str) -> String {
    catalog::aws::SERVICES
        .iter()
        .chain(catalog::gcp::SERVICES)
        .flat_map(|service| service.rows)
        .find(|row| row.act == Act::Creates && row.kind == kind && !row.contain.is_empty())
        .map(|row| row.contain.to_owned())
        .unwrap_or_default()
}
