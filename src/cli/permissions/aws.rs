//! AWS: managed policies, as few as hold it.

use super::super::Failure;
use super::super::ui::Ui;
use super::Purpose;
use crate::cloud::aws::reads;
use crate::model::change::{AwsChange, Ec2Change};
use crate::render::line::{Count, Line};
use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A managed policy's characters without blanks, and how many a role takes by default.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LARGEST: usize = 6144;
const MOST: usize = 10;

/// From so many actions on, a family that only reads is written as one pattern, where all of them do not fit into one policy.
const FAMILY: usize = 4;

pub(super) fn printed(purpose: Purpose, partition: &str, ui: &Ui) -> Result<String, Failure> {
    let policies = aws(purpose, partition)?;
    let (count, printed) = match policies.as_slice() {
        [one] => (1, serde_json::to_string_pretty(one)),
        several => (several.len(), serde_json::to_string_pretty(several)),
    };
    let printed = printed.context("write the policy").map_err(Failure::Other)?;
    if count > 1 {
        let told = Line::new()
            .put(Count(count as u64))
            .put(" policies in one array: attach all of them. One holds ");
        ui.note(told.put(Count(LARGEST as u64)).put(" characters."));
    }
    Ok(format!("{printed}\n"))
}

/// Returns the policies that a command needs, as few as hold it. IAM takes no `*` for a partition.
pub fn aws(purpose: Purpose, partition: &str) -> anyhow::Result<Vec<Value>> {
    let samples = AwsChange::samples().map_err(|error| anyhow!("list every change: {error}"))?;
    let needed = actions(purpose, &samples);
    let (reach, most): (BTreeSet<&str>, BTreeSet<&str>) =
        needed.into_iter().partition(|action| action.starts_with("sts:"));
    let mut fixed = Vec::new();
    if !reach.is_empty() {
        fixed.push(into_accounts(&reach, purpose, partition));
    }
    if purpose == Purpose::Audit {
        fixed.extend(trails(partition));
    }
    let exact = most.iter().map(|action| (*action).to_owned()).collect();
    let mut policies = packed(purpose, &fixed, &exact);
    if policies.len() > 1 {
        policies = packed(purpose, &fixed, &by_family(&most));
    }
    anyhow::ensure!(policies.len() <= MOST, "fit the policy: {} of {LARGEST} characters", policies.len());
    Ok(policies)
}

/// IAM actions that a command needs, in one spelling each.
pub fn actions(purpose: Purpose, samples: &[AwsChange]) -> BTreeSet<&'static str> {
    let of = |purpose: Purpose| {
        samples
            .iter()
            .filter(move |change| purpose_of(change) == purpose)
            .flat_map(|change| change.spec().permissions.iter().copied())
    };
    let needed: Vec<&str> = match purpose {
        Purpose::Audit => reads::audit().into_iter().collect(),
        Purpose::Revoke => {
            reads::reach().into_iter().chain(reads::identity()).chain(of(Purpose::Revoke)).collect()
        }
        Purpose::Contain => {
            reads::reach().into_iter().chain(reads::inventory()).chain(of(Purpose::Contain)).collect()
        }
        Purpose::Destroy => of(Purpose::Destroy).collect(),
        Purpose::Ticket => reads::reach().into_iter().chain(of(Purpose::Ticket)).collect(),
    };
    let besides: BTreeSet<String> = match purpose {
        Purpose::Destroy => [Purpose::Revoke, Purpose::Contain]
            .into_iter()
            .flat_map(|less| actions(less, samples))
            .map(str::to_lowercase)
            .collect(),
        Purpose::Audit | Purpose::Revoke | Purpose::Contain | Purpose::Ticket => BTreeSet::new(),
    };
    // IAM does not tell upper case from lower.
    let mut once: BTreeMap<String, &str> = BTreeMap::new();
    for action in needed {
        once.entry(action.to_lowercase()).or_insert(action);
    }
    once.into_iter().filter(|(plain, _)| !besides.contains(plain)).map(|(_, action)| action).collect()
}

/// Which command makes a change. Identities and what binds them are revoked, all else is contained.
fn purpose_of(change: &AwsChange) -> Purpose {
    let is_role_of_machine = matches!(
        change,
        AwsChange::Ec2(
            Ec2Change::RemoveInstanceProfile { .. }
                | Ec2Change::GiveInstanceProfile { .. }
                | Ec2Change::ReplaceInstanceProfile { .. }
        )
    );
    match change.service() {
        _ if change.spec().needs_destroy => Purpose::Destroy,
        _ if is_role_of_machine => Purpose::Revoke,
        "Iam" | "RolesAnywhere" | "Organizations" | "Sso" => Purpose::Revoke,
        "Support" => Purpose::Ticket,
        _ => Purpose::Contain,
    }
}

/// Taking roles in other accounts: those that are tried by default, and no others.
fn into_accounts(actions: &BTreeSet<&str>, purpose: Purpose, partition: &str) -> Value {
    let names = reads::role_names(purpose != Purpose::Audit);
    let roles: Vec<String> = names.iter().map(|name| format!("arn:{partition}:iam::*:role/{name}")).collect();
    json!({"Sid": "OtherAccounts", "Effect": "Allow", "Action": actions, "Resource": roles})
}

/// Trails' objects alone, wherever their bucket lies: they are below `AWSLogs/` always.
fn trails(partition: &str) -> Vec<Value> {
    let objects = format!("arn:{partition}:s3:::*/AWSLogs/*");
    // China's services bear another domain.
    let through = if partition == "aws-cn" { "s3.*.amazonaws.com.cn" } else { "s3.*.amazonaws.com" };
    vec![
        json!({"Sid": "TrailObjects", "Effect": "Allow", "Action": [reads::TRAIL_OBJECTS], "Resource": [objects]}),
        json!({
            "Sid": "TrailKeys", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["*"],
            "Condition": {"StringLike": {"kms:ViaService": through}}
        }),
    ]
}

/// The same actions, families of `Describe…` and `List…` as patterns. Never `Get…`: some of those read secrets and data.
fn by_family(actions: &BTreeSet<&str>) -> BTreeSet<String> {
    let family = |action: &str| {
        let (service, name) = action.split_once(':')?;
        let verb = ["Describe", "List"].into_iter().find(|verb| name.starts_with(verb))?;
        Some(format!("{service}:{verb}*"))
    };
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for pattern in actions.iter().filter_map(|action| family(action)) {
        *sizes.entry(pattern).or_default() += 1;
    }
    let written = |action: &str| {
        let pattern = family(action).filter(|pattern| sizes.get(pattern).is_some_and(|size| *size >= FAMILY));
        pattern.unwrap_or_else(|| action.to_owned())
    };
    actions.iter().map(|action| written(action)).collect()
}

/// Fills policies one after the other, none larger than IAM takes.
fn packed(purpose: Purpose, fixed: &[Value], actions: &BTreeSet<String>) -> Vec<Value> {
    let sid = match purpose {
        Purpose::Audit => "Audit",
        Purpose::Revoke => "Revoke",
        Purpose::Contain => "Contain",
        Purpose::Destroy => "Destroy",
        Purpose::Ticket => "Ticket",
    };
    let policy = |fixed: &[Value], actions: &[&String]| {
        let mut statements = fixed.to_vec();
        if !actions.is_empty() {
            statements.push(json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": ["*"]}));
        }
        json!({"Version": "2012-10-17", "Statement": statements})
    };
    let mut policies = Vec::new();
    let (mut held, mut fixed): (Vec<&String>, &[Value]) = (Vec::new(), fixed);
    for action in actions {
        held.push(action);
        if size(&policy(fixed, &held)) > LARGEST {
            held.pop();
            policies.push(policy(fixed, &held));
            (held, fixed) = (vec![action], &[]);
        }
    }
    if !held.is_empty() || !fixed.is_empty() || policies.is_empty() {
        policies.push(policy(fixed, &held));
    }
    policies
}

/// As IAM counts: no text of ours has blanks inside.
fn size(policy: &Value) -> usize {
    policy.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Purpose; 5] =
        [Purpose::Audit, Purpose::Revoke, Purpose::Contain, Purpose::Destroy, Purpose::Ticket];

    fn samples() -> Vec<AwsChange> {
        AwsChange::samples().expect("every change has a sample")
    }

    fn allowed(policies: &[Value]) -> Vec<String> {
        let statements =
            policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"));
        let actions = statements.flat_map(|one| one["Action"].as_array().expect("actions"));
        actions.map(|action| action.as_str().expect("a text").to_lowercase()).collect()
    }

    fn allows(policies: &[Value], action: &str) -> bool {
        let action = action.to_lowercase();
        allowed(policies).iter().any(|pattern| crate::plan::guard::matches(pattern, &action))
    }

    #[test]
    fn every_change_is_allowed_by_its_commands_policies() {
        let samples = samples();
        assert!(samples.len() > 20, "only {} changes", samples.len());
        let (revoke, contain, destroy) = (
            aws(Purpose::Revoke, "aws").unwrap(),
            aws(Purpose::Contain, "aws").unwrap(),
            aws(Purpose::Destroy, "aws").unwrap(),
        );
        for change in &samples {
            let spec = change.spec();
            assert!(!spec.permissions.is_empty(), "{change:?} needs nothing");
            let held: Vec<Value> = match purpose_of(change) {
                Purpose::Audit | Purpose::Revoke => revoke.clone(),
                Purpose::Contain => contain.clone(),
                Purpose::Ticket => aws(Purpose::Ticket, "aws").unwrap(),
                Purpose::Destroy => [revoke.clone(), contain.clone(), destroy.clone()].concat(),
            };
            for action in spec.permissions {
                let (service, name) =
                    action.split_once(':').unwrap_or_else(|| panic!("{action} of {change:?}"));
                assert!(!service.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{action}");
                assert!(allows(&held, action), "{action} of {change:?}");
            }
        }
    }

    #[test]
    fn what_is_gated_is_in_no_other_policy() {
        let samples = samples();
        let gated = actions(Purpose::Destroy, &samples);
        for purpose in [Purpose::Audit, Purpose::Revoke, Purpose::Contain, Purpose::Ticket] {
            let policies = aws(purpose, "aws").unwrap();
            for action in &gated {
                assert!(!allows(&policies, action), "{action} in {purpose:?}");
            }
        }
    }

    #[test]
    fn policies_fit_and_audit_only_reads() {
        for purpose in ALL {
            for policy in aws(purpose, "aws").unwrap() {
                assert!(size(&policy) <= LARGEST, "{purpose:?} has {} characters", size(&policy));
                assert_eq!(policy["Version"], "2012-10-17");
            }
        }
        for action in allowed(&aws(Purpose::Audit, "aws").unwrap()) {
            let (_, name) = action.split_once(':').expect("service:action");
            let is_read = [
                "describe",
                "get",
                "list",
                "lookup",
                "simulate",
                "start",
                "stop",
                "cancel",
                "assume",
                "setsource",
                "decrypt",
            ]
            .iter()
            .any(|verb| name.starts_with(verb));
            assert!(is_read && !name.starts_with("startinstances"), "{action}");
            assert!(!action.ends_with(":get*"), "{action} reads secrets");
        }
    }

    #[test]
    fn arns_are_those_of_the_partition() {
        for purpose in ALL {
            let text = Value::from(aws(purpose, "aws-cn").unwrap()).to_string();
            assert!(!text.contains("arn:aws:"), "{purpose:?}: {text}");
        }
        let text = Value::from(aws(Purpose::Audit, "aws-us-gov").unwrap()).to_string();
        assert!(
            text.contains("arn:aws-us-gov:iam::*:role/") && text.contains("arn:aws-us-gov:s3:::*/AWSLogs/*")
        );
    }

    #[test]
    fn too_much_for_one_policy_is_split_and_nothing_is_lost() {
        let many: BTreeSet<String> = (0..900).map(|n| format!("service{}:DoThing{n}", n % 7)).collect();
        let fixed =
            [json!({"Sid": "Fixed", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": ["*"]})];
        let policies = packed(Purpose::Contain, &fixed, &many);
        assert!(policies.len() > 1);
        assert!(policies.iter().all(|policy| size(policy) <= LARGEST));
        let told: BTreeSet<String> = allowed(&policies).into_iter().collect();
        assert_eq!(told.len(), 901);
        assert_eq!(packed(Purpose::Audit, &[], &BTreeSet::new()).len(), 1);
    }

    #[test]
    fn only_families_that_read_become_patterns() {
        let actions = [
            "ec2:DescribeA",
            "ec2:DescribeB",
            "ec2:DescribeC",
            "ec2:DescribeD",
            "ec2:StopA",
            "ec2:StopB",
            "ec2:StopC",
            "ec2:StopD",
            "ssm:GetA",
            "ssm:GetB",
            "ssm:GetC",
            "ssm:GetD",
            "iam:ListA",
        ];
        let written = by_family(&actions.into());
        assert!(written.contains("ec2:Describe*") && !written.contains("ec2:DescribeA"));
        assert!(
            written.contains("ec2:StopD") && written.contains("ssm:GetD") && written.contains("iam:ListA")
        );
        assert_eq!(written.len(), 10);
    }
}
