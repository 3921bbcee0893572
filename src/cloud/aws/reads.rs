//! Every question that we put to AWS, by IAM action: what `triage permissions` and the pre-flight ask for. What the calls of a
//! change and the looks around it need is said by its `spec()`.

use super::{accounts, lacks, regions, role};
use std::collections::BTreeSet;

/// To reach accounts and regions at all.
const REACH: &[&[&str]] = &[accounts::READS, lacks::READS, regions::READS, role::READS];

/// Where records are: the event history, trails, CloudTrail Lake, Athena's tables over a trail's bucket.
const LOGS: &[&str] = &[
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
    "cloudtrail:CancelQuery",
    "cloudtrail:DescribeQuery",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventDataStore",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetQueryResults",
    "cloudtrail:GetTrail",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:ListEventDataStores",
    "cloudtrail:ListPublicKeys",
    "cloudtrail:ListTrails",
    "cloudtrail:LookupEvents",
    "cloudtrail:StartQuery",
    "glue:GetDatabase",
    "glue:GetPartitions",
    "glue:GetTable",
    "s3:GetBucketLocation",
    "s3:ListBucket",
];

/// Allowed on trails' objects alone, wherever their bucket lies: `triage permissions` writes a statement of its own for it.
pub const TRAIL_OBJECTS: &str = "s3:GetObject";

/// What is looked at: what a principal launched, made and is.
const INVENTORY: &[&str] = &[
    "apprunner:DescribeService",
    "apprunner:ListTagsForResource",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScheduledActions",
    "autoscaling:DescribeWarmPool",
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "cloudformation:DescribeStackSet",
    "cloudformation:DescribeStacks",
    "cloudformation:GetResource",
    "cloudformation:GetResourceRequestStatus",
    "cloudformation:ListStackSetOperations",
    "cloudtrail:GetEventDataStore",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrail",
    "cloudtrail:GetTrailStatus",
    "cloudtrail:ListTags",
    "ec2:DescribeAddresses",
    "ec2:DescribeFleets",
    "ec2:DescribeIamInstanceProfileAssociations",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceAttribute",
    "ec2:DescribeInstances",
    "ec2:DescribeKeyPairs",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSpotInstanceRequests",
    "ec2:DescribeVolumes",
    "ecs:DescribeCapacityProviders",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTasks",
    "eks:DescribeAccessEntry",
    "eks:DescribeCluster",
    "eks:DescribeFargateProfile",
    "eks:DescribeNodegroup",
    "eks:ListAssociatedAccessPolicies",
    "elasticmapreduce:DescribeCluster",
    "elasticmapreduce:ListInstanceGroups",
    "events:DescribeRule",
    "events:ListTagsForResource",
    "glue:GetDevEndpoint",
    "glue:GetJob",
    "glue:GetJobRun",
    "glue:GetJobRuns",
    "glue:GetSession",
    "glue:GetTags",
    "glue:GetTrigger",
    "iam:GetAccessKeyLastUsed",
    "iam:GetAccountSummary",
    "iam:GetGroup",
    "iam:GetGroupPolicy",
    "iam:GetLoginProfile",
    "iam:GetOpenIDConnectProvider",
    "iam:GetOutboundWebIdentityFederationInfo",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:GetSAMLProvider",
    "iam:GetUser",
    "iam:GetUserPolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListInstanceProfilesForRole",
    "iam:ListMFADevices",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
    "iam:ListUserPolicies",
    "identitystore:DescribeGroupMembership",
    "identitystore:GetGroupMembershipId",
    "identitystore:GetUserId",
    "identitystore:ListGroupMembershipsForMember",
    "lambda:GetEventSourceMapping",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionConfiguration",
    "lambda:GetPolicy",
    "lambda:ListFunctionUrlConfigs",
    "lambda:ListFunctions",
    "lambda:ListTags",
    "lightsail:GetContainerServices",
    "lightsail:GetInstance",
    "lightsail:GetInstanceSnapshot",
    "lightsail:GetInstances",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "pricing:GetProducts",
    "rolesanywhere:GetProfile",
    "rolesanywhere:GetTrustAnchor",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "sagemaker:DescribeAutoMLJobV2",
    "sagemaker:DescribeCluster",
    "sagemaker:DescribeEndpoint",
    "sagemaker:DescribeHyperParameterTuningJob",
    "sagemaker:DescribeNotebookInstance",
    "sagemaker:DescribeProcessingJob",
    "sagemaker:DescribeTrainingJob",
    "sagemaker:DescribeTransformJob",
    "sagemaker:ListAutoMLJobs",
    "sagemaker:ListClusters",
    "sagemaker:ListEndpoints",
    "sagemaker:ListHyperParameterTuningJobs",
    "sagemaker:ListNotebookInstances",
    "sagemaker:ListProcessingJobs",
    "sagemaker:ListTags",
    "sagemaker:ListTrainingJobs",
    "sagemaker:ListTransformJobs",
    "scheduler:GetSchedule",
    "scheduler:ListTagsForResource",
    "ses:GetEmailIdentity",
    "ssm:DescribeActivations",
    "ssm:DescribeAssociation",
    "ssm:DescribeSessions",
    "ssm:GetAutomationExecution",
    "ssm:GetMaintenanceWindow",
    "ssm:ListCommands",
    "ssm:ListTagsForResource",
    "sso:DescribeAccountAssignmentCreationStatus",
    "sso:DescribeAccountAssignmentDeletionStatus",
    "sso:ListAccountAssignments",
    "sso:ListAccountAssignmentsForPrincipal",
    "sso:ListInstances",
    "states:DescribeExecution",
    "states:DescribeStateMachine",
    "states:ListTagsForResource",
    "sts:GetAccessKeyInfo",
];

/// Actions that reach accounts and regions; every command needs them.
pub fn reach() -> BTreeSet<&'static str> {
    REACH.iter().flat_map(|some| some.iter().copied()).collect()
}

/// Actions that an audit needs, reach and all.
pub fn audit() -> BTreeSet<&'static str> {
    reach().into_iter().chain(LOGS.iter().copied()).chain(INVENTORY.iter().copied()).collect()
}

/// Actions that looking at live state needs, without logs.
pub fn inventory() -> BTreeSet<&'static str> {
    INVENTORY.iter().copied().collect()
}

/// Actions that looking at identities and what binds them needs: a revoke asks these before any log.
pub fn identity() -> BTreeSet<&'static str> {
    const SERVICES: &[&str] = &["iam", "identitystore", "organizations", "rolesanywhere", "sso", "sts"];
    let is_identity =
        |action: &&str| action.split_once(':').is_some_and(|(service, _)| SERVICES.contains(&service));
    INVENTORY.iter().copied().filter(is_identity).collect()
}

/// Names of the roles that are tried in other accounts when none is given.
pub fn role_names(changes: bool) -> &'static [&'static str] {
    if changes { role::CHANGING } else { role::READING }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::AwsChange;
    use std::path::{Path, PathBuf};

    /// How calls of the SDK begin. A call has no arguments, which tells it from most else.
    const VERBS: &[&str] = &[
        "accept",
        "add",
        "assume",
        "associate",
        "attach",
        "authorize",
        "batch",
        "cancel",
        "copy",
        "create",
        "delete",
        "deregister",
        "describe",
        "detach",
        "disable",
        "disassociate",
        "enable",
        "generate",
        "get",
        "head",
        "list",
        "lookup",
        "modify",
        "put",
        "register",
        "reject",
        "remove",
        "replace",
        "request",
        "reset",
        "restore",
        "resume",
        "revoke",
        "run",
        "search",
        "send",
        "set",
        "simulate",
        "start",
        "stop",
        "suspend",
        "tag",
        "terminate",
        "untag",
        "update",
    ];

    /// What looks like a call and is none.
    const OTHERS: &[&str] = &["assume_role_policy_document", "request_id", "get_or_init", "set_mode"];

    /// IAM's name of a call, where it has another one.
    const NAMED: &[(&str, &str)] = &[
        ("s3:deletepublicaccessblock", "s3:putbucketpublicaccessblock"),
        ("s3:deletebucketlifecycle", "s3:putlifecycleconfiguration"),
        ("s3:deletebucketreplication", "s3:putreplicationconfiguration"),
        ("s3:getbucketlifecycleconfiguration", "s3:getlifecycleconfiguration"),
        ("s3:getbucketreplication", "s3:getreplicationconfiguration"),
        ("s3:getpublicaccessblock", "s3:getbucketpublicaccessblock"),
        ("s3:headbucket", "s3:listbucket"),
        ("s3:headobject", "s3:getobject"),
        ("s3:listbuckets", "s3:listallmybuckets"),
        ("s3:listobjectsv2", "s3:listbucket"),
        ("s3:putbucketlifecycleconfiguration", "s3:putlifecycleconfiguration"),
        ("s3:putbucketreplication", "s3:putreplicationconfiguration"),
        ("s3:putpublicaccessblock", "s3:putbucketpublicaccessblock"),
    ];

    /// Needs no permission.
    const FREE: &[&str] = &["sts:getcalleridentity"];

    fn prefix(sdk: &str) -> &str {
        match sdk {
            "cloudcontrol" => "cloudformation",
            "emr" => "elasticmapreduce",
            "eventbridge" => "events",
            "sesv2" => "ses",
            "sfn" => "states",
            "ssoadmin" => "sso",
            sdk => sdk,
        }
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("a file of ours").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }

    fn word(text: &str) -> &str {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        &text[..end]
    }

    /// `.describe_instances()` → `describe_instances`, every one of them.
    fn calls(code: &str) -> BTreeSet<&str> {
        let words = code.match_indices('.').map(|(at, _)| code[at + 1..].trim_start());
        words
            .filter_map(|rest| {
                let name = word(rest);
                let is_call = rest[name.len()..].starts_with("()");
                let verb = name.split('_').next().unwrap_or_default();
                let tells_time = ["_time", "_date", "_at"].iter().any(|end| name.ends_with(end));
                let fits =
                    name.contains('_') && VERBS.contains(&verb) && !tells_time && !OTHERS.contains(&name);
                (is_call && fits).then_some(name)
            })
            .collect()
    }

    fn services(code: &str) -> BTreeSet<&str> {
        code.match_indices("aws_sdk_").map(|(at, found)| prefix(word(&code[at + found.len()..]))).collect()
    }

    #[test]
    fn every_call_that_is_made_is_asked_for() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/aws");
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(files.len() > 10, "only {} files", files.len());
        let samples = AwsChange::samples().expect("every change has a sample");
        let changes = samples.iter().flat_map(|change| change.spec().permissions);
        let known: BTreeSet<String> = audit()
            .iter()
            .chain(changes)
            .chain([&TRAIL_OBJECTS])
            .map(|action| action.to_lowercase())
            .collect();
        let (mut seen, mut missing) = (0, Vec::new());
        for path in files {
            let text = std::fs::read_to_string(&path).expect("a file of ours");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            // A part of a service's file may name no SDK: its parent does.
            let above =
                path.parent().map(|folder| folder.with_extension("rs")).filter(|above| above.is_file());
            let above = above.map(|above| std::fs::read_to_string(above).expect("a file of ours"));
            let mut near = services(code);
            if let Some(above) = &above {
                near.extend(services(above));
            }
            for call in calls(code) {
                seen += 1;
                let plain = call.replace('_', "");
                let is_known = near.iter().any(|service| {
                    let action = format!("{service}:{plain}");
                    let action =
                        NAMED.iter().find(|(name, _)| **name == *action).map_or(&*action, |(_, iam)| iam);
                    FREE.contains(&action) || known.contains(action)
                });
                if !is_known {
                    missing.push(format!("{}: {call} of {near:?}", path.display()));
                }
            }
        }
        assert!(seen > 5, "only {seen} calls were found: the scan is blind");
        assert!(
            missing.is_empty(),
            "add them to INVENTORY, a READS, or the `spec` of the change that makes them:\n{}",
            missing.join("\n")
        );
    }

    #[test]
    fn the_scan_sees_calls_however_they_are_broken() {
        let code = "client\n    .describe_instances()\n .filters(x).send(); answer.create_time(); x.start_at(); \
                    a.get_thing(b); ec2.stop_instances().send()";
        assert_eq!(calls(code).into_iter().collect::<Vec<_>>(), ["describe_instances", "stop_instances"]);
        assert_eq!(
            services("aws_sdk_sfn::Client aws_sdk_ec2::types").into_iter().collect::<Vec<_>>(),
            ["ec2", "states"]
        );
    }

    #[test]
    fn actions_are_whole_sorted_and_only_read() {
        for list in [LOGS, INVENTORY] {
            assert!(list.is_sorted(), "{list:?}");
        }
        let starts = [
            "athena:StartQueryExecution",
            "athena:StopQueryExecution",
            "cloudtrail:CancelQuery",
            "cloudtrail:StartQuery",
        ];
        let enters = ["sts:AssumeRole", "sts:SetSourceIdentity", "iam:SimulatePrincipalPolicy"];
        for action in audit() {
            let (service, name) = action.split_once(':').expect("service:Action");
            assert!(
                service.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{action}"
            );
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric()), "{action}");
            let reads = ["Describe", "Get", "List", "Lookup"].iter().any(|verb| name.starts_with(verb));
            assert!(
                reads || starts.contains(&action) || enters.contains(&action),
                "{action} may do more than read"
            );
        }
    }
}
