//! What a human may do where this program does not act: the catalog's calls, put into words.

use crate::catalog::{self, Act, Row};

/// Kinds that cost nothing and do nothing by themselves: they stay as evidence.
const INERT: &[&str] = &[
    "aws.autoscaling.launch_configuration",
    "aws.batch.job_definition",
    "aws.ec2.launch_template",
    "aws.ec2.placement_group",
    "aws.ecs.cluster",
    "aws.ec2.dhcp_options",
    "aws.ec2.subnet",
    "aws.ec2.vpc",
    "aws.ecs.task_definition",
    "aws.iam.instance_profile",
    "aws.rds.db_subnet_group",
    "aws.sagemaker.endpoint_config",
    "aws.sagemaker.model",
    "aws.ssm.parameter",
    "gcp.compute.instance_group",
    "gcp.compute.instance_template",
    "gcp.dataproc.autoscaling_policy",
    "gcp.dataproc.workflow_template",
];

pub(super) fn is_inert(kind: &str) -> bool {
    INERT.contains(&kind)
}

/// Where the catalog's calls alone would mislead.
const SPECIAL: &[(&str, &str)] = &[
    (
        "aws.autoscaling.group",
        "autoscaling:UpdateAutoScalingGroup (Min=Max=Desired=0) ends all members at once, but terminates them and loses their disks (destroys)",
    ),
    (
        "aws.application_autoscaling.scalable_target",
        "application-autoscaling:RegisterScalableTarget(MinCapacity=0, SuspendedState with DynamicScalingInSuspended, \
         DynamicScalingOutSuspended and ScheduledScalingSuspended true): it raises nothing again, and the same call takes it back",
    ),
    (
        "aws.iam.policy_attachment",
        "when evidence is taken: iam:DetachUserPolicy, iam:DetachRolePolicy or iam:DetachGroupPolicy",
    ),
    (
        "aws.iam.role",
        "look first: iam:GetRole shows the trust policy of now, AWS Config or the record before this one that of then; \
         iam:UpdateAssumeRolePolicy with that one, then iam:PutRolePolicy (AWSRevokeOlderSessions), because live sessions go on",
    ),
    (
        "gcp.oslogin.ssh_public_key",
        "Google lets nobody but its holder take a key out of a profile (oslogin.users.sshPublicKeys.delete). Of a person an administrator of \
         Workspace does: admin.directory.users.patch without it in sshPublicKeys, \
         https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/patch. Of a service account: nobody signs in as it \
         while it is disabled; before it is enabled again take roles/compute.osLogin and roles/compute.osAdminLogin from it, then gcloud \
         compute os-login ssh-keys remove --key=FINGERPRINT --impersonate-service-account=EMAIL",
    ),
    (
        "gcp.compute.instance_group_manager",
        "compute.instanceGroupManagers.listManagedInstances, then compute.instanceGroupManagers.stopInstances with all of \
         them; compute.instanceGroupManagers.resize to 0 is quicker but deletes the machines and their disks (destroys)",
    ),
    (
        "gcp.compute.project",
        "compute.projects.get shows the metadata of now; compute.projects.setCommonInstanceMetadata without what was added, \
         with the fingerprint",
    ),
];

/// The same for what was done to something: kind, how, words.
const SPECIAL_AFTER: &[(&str, &str, &str)] = &[(
    "aws.lambda.function",
    "code replaced",
    "keep what it runs now: lambda:GetFunction; lambda:ListVersionsByFunction and older records (codeSha256) show the last good version; \
     lambda:PutFunctionConcurrency(0) stops it meanwhile; then lambda:UpdateAlias to that version, or lambda:UpdateFunctionCode with \
     the package of your own build",
)];

/// Returns the calls that stop, isolate or take back a kind, in words; the row that makes it knows best. Empty where nothing
/// is known.
pub(super) fn of(kind: &str) -> String {
    if let Some((_, words)) = SPECIAL.iter().find(|(special, _)| *special == kind) {
        return (*words).to_owned();
    }
    let about = |row: &&'static Row| row.kind == kind && !row.contain.is_empty() && !row.undoes;
    let rows = || {
        let services = catalog::aws::SERVICES.iter().chain(catalog::gcp::SERVICES);
        services.flat_map(|service| service.rows).filter(about)
    };
    let row = rows().find(|row| row.act == Act::Creates).or_else(|| rows().find(|row| row.finding.is_some()));
    row.or_else(|| rows().next()).map(|row| in_words(row.contain)).unwrap_or_default()
}

/// Returns what takes back what was done to something, by the row that says it in the same words; else what is known of the
/// kind.
pub(super) fn after(kind: &str, how: &str) -> String {
    if let Some((_, _, words)) = SPECIAL_AFTER.iter().find(|(of, done, _)| (*of, *done) == (kind, how)) {
        return (*words).to_owned();
    }
    let is_special = SPECIAL.iter().any(|(special, _)| *special == kind);
    let services = catalog::aws::SERVICES.iter().chain(catalog::gcp::SERVICES);
    let mut rows = services.flat_map(|service| service.rows).filter(|row| row.kind == kind);
    let row = rows.find(|row| match row.act {
        Act::Deletes => how == "deleted",
        Act::Touches => row.how == how,
        Act::Creates | Act::Tells => false,
    });
    match row.filter(|_| !is_special) {
        Some(row) => in_words(row.contain),
        None => of(kind),
    }
}

/// `a;!b` and `a, b` are rungs, the gentle one first.
pub(super) fn in_words(calls: &str) -> String {
    let rungs = calls.split([';', ',']).map(str::trim).filter(|call| !call.is_empty());
    let rungs = rungs.map(|call| match call.strip_prefix('!') {
        Some(call) => format!("{} (destroys)", call.trim()),
        None if is_loss(call) => format!("{call} (destroys)"),
        None => call.to_owned(),
    });
    rungs.collect::<Vec<_>>().join(", then ")
}

/// Whether an AWS call by its verb can't be taken back.
fn is_loss(call: &str) -> bool {
    let verb = call.split_once(':').map_or("", |(_, verb)| verb);
    ["Delete", "Terminate", "Release", "Deregister", "Close"].iter().any(|loss| verb.starts_with(loss))
}
