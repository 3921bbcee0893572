//! Power, closed: every call that could ever change a cloud, and what an operator must know of it.
//!
//! `render`, `plan` and later `exec`, `permissions` and the docs match over these exhaustively, so the compiler walks the
//! next person through every place that a new power touches. Nothing here calls anything.

use serde::Serialize;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Aws(AwsChange),
    Gcp(GcpChange),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AwsChange {
    DeactivateAccessKey { user: Option<Arc<str>>, key: Arc<str> },
    DenyUser { user: Arc<str> },
    RevokeRoleSessions { role: Arc<str> },
    DenySession { role: Arc<str>, user_id: Arc<str> },
    DenyFederatedUser { user: Arc<str> },
    DeactivateServiceSpecificCredential { user: Option<Arc<str>>, id: Arc<str> },
    DeactivateSshPublicKey { user: Option<Arc<str>>, id: Arc<str> },
    DeactivateSigningCertificate { user: Option<Arc<str>>, id: Arc<str> },
    DisableTrustAnchor { id: Arc<str> },
    DisableRolesAnywhereProfile { id: Arc<str> },
    StopInstance { id: Arc<str> },
    SuspendScalingGroup { name: Arc<str> },
    EmptyScalingGroup { name: Arc<str> },
    CancelSpotRequest { id: Arc<str> },
    EmptyEcsService { service: Arc<str> },
    StopEcsTask { task: Arc<str> },
    StopFunction { name: Arc<str> },
    DisableEventRule { rule: Arc<str> },
    StopNotebook { name: Arc<str> },
    StopLightsailInstance { name: Arc<str> },
    DisableBatchEnvironment { name: Arc<str> },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GcpChange {
    DisableServiceAccount { email: Arc<str> },
    DisableServiceAccountKey { email: Arc<str>, key: Arc<str> },
    DeactivateHmacKey { project: Arc<str>, access_id: Arc<str> },
    DeleteApiKey { name: Arc<str> },
    RemoveBinding { on: Arc<str>, role: Arc<str>, member: Arc<str> },
    StopInstance { id: Arc<str> },
    TurnOffAutoscaler { name: Arc<str> },
    StopGroup { name: Arc<str> },
    DisableFirewall { id: Arc<str> },
    PauseSchedulerJob { name: Arc<str> },
}

/// What an operator, a permission check and an executor must know of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The cloud's own call.
    pub api: &'static str,
    pub permissions: &'static [&'static str],
    /// Whether something is lost for good.
    pub destroys: bool,
    /// Whether calling it twice is the same as once.
    pub repeats_safely: bool,
    /// What the operator is told it does.
    pub does: &'static str,
    /// What must be seen before it is called done.
    pub expect: &'static str,
    pub undo: Undo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    Call(&'static str),
    /// No way back, and the sentence that the operator reads about it.
    None(&'static str),
}

impl Change {
    pub fn spec(&self) -> Spec {
        match self {
            Change::Aws(change) => change.spec(),
            Change::Gcp(change) => change.spec(),
        }
    }
}

const fn spec(
    api: &'static str,
    permissions: &'static [&'static str],
    does: &'static str,
    expect: &'static str,
    undo: Undo,
) -> Spec {
    Spec { api, permissions, destroys: false, repeats_safely: true, does, expect, undo }
}

const fn destroying(spec: Spec) -> Spec {
    Spec { destroys: true, ..spec }
}

impl AwsChange {
    /// Facts of aws.md 3.1 and 4.1: deny, never detach; inactive, never delete; stop before terminate.
    pub fn spec(&self) -> Spec {
        match self {
            AwsChange::DeactivateAccessKey { .. } => spec(
                "iam:UpdateAccessKey(Status=Inactive)",
                &["iam:UpdateAccessKey", "iam:ListAccessKeys"],
                "the key signs nothing new; sessions that it minted live on until denied",
                "the key reads Inactive",
                Undo::Call("iam:UpdateAccessKey(Status=Active)"),
            ),
            AwsChange::DenyUser { .. } => spec(
                "iam:PutUserPolicy(deny everything)",
                &["iam:PutUserPolicy", "iam:GetUserPolicy"],
                "ends the user's live sessions too: GetSessionToken, GetFederationToken and the console inherit it",
                "the inline policy reads back as written",
                Undo::Call("iam:DeleteUserPolicy"),
            ),
            AwsChange::RevokeRoleSessions { .. } => spec(
                "iam:PutRolePolicy(AWSRevokeOlderSessions, now)",
                &["iam:PutRolePolicy", "iam:GetRolePolicy"],
                "denies every session of the role issued until now; workloads re-assume by themselves",
                "the inline policy reads back as written",
                Undo::Call("iam:DeleteRolePolicy"),
            ),
            AwsChange::DenySession { .. } => spec(
                "iam:PutRolePolicy(deny aws:userid)",
                &["iam:PutRolePolicy", "iam:GetRolePolicy"],
                "denies this one session by name and leaves the role's other users alone",
                "the inline policy reads back as written",
                Undo::Call("iam:DeleteRolePolicy"),
            ),
            AwsChange::DenyFederatedUser { .. } => spec(
                "iam:PutUserPolicy(deny everything) on the minting user",
                &["iam:PutUserPolicy", "iam:GetUserPolicy"],
                "a federated session has no more than its minting user: the deny ends both",
                "the inline policy reads back as written",
                Undo::Call("iam:DeleteUserPolicy"),
            ),
            AwsChange::DeactivateServiceSpecificCredential { .. } => spec(
                "iam:UpdateServiceSpecificCredential(Status=Inactive)",
                &["iam:UpdateServiceSpecificCredential", "iam:ListServiceSpecificCredentials"],
                "the credential (Bedrock, CodeCommit, Keyspaces) signs in no more",
                "the credential reads Inactive",
                Undo::Call("iam:UpdateServiceSpecificCredential(Status=Active)"),
            ),
            AwsChange::DeactivateSshPublicKey { .. } => spec(
                "iam:UpdateSSHPublicKey(Status=Inactive)",
                &["iam:UpdateSSHPublicKey", "iam:ListSSHPublicKeys"],
                "the key opens CodeCommit no more",
                "the key reads Inactive",
                Undo::Call("iam:UpdateSSHPublicKey(Status=Active)"),
            ),
            AwsChange::DeactivateSigningCertificate { .. } => spec(
                "iam:UpdateSigningCertificate(Status=Inactive)",
                &["iam:UpdateSigningCertificate", "iam:ListSigningCertificates"],
                "the certificate signs nothing more",
                "the certificate reads Inactive",
                Undo::Call("iam:UpdateSigningCertificate(Status=Active)"),
            ),
            AwsChange::DisableTrustAnchor { .. } => spec(
                "rolesanywhere:DisableTrustAnchor",
                &["rolesanywhere:DisableTrustAnchor", "rolesanywhere:GetTrustAnchor"],
                "certificates of this authority get no new session",
                "the trust anchor reads disabled",
                Undo::Call("rolesanywhere:EnableTrustAnchor"),
            ),
            AwsChange::DisableRolesAnywhereProfile { .. } => spec(
                "rolesanywhere:DisableProfile",
                &["rolesanywhere:DisableProfile", "rolesanywhere:GetProfile"],
                "the profile hands out no new session",
                "the profile reads disabled",
                Undo::Call("rolesanywhere:EnableProfile"),
            ),
            AwsChange::StopInstance { .. } => spec(
                "ec2:StopInstances(Force=true)",
                &["ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:DescribeInstances"],
                "stops it and keeps its disks; stop protection is cleared first where it is set",
                "the instance reads stopped",
                Undo::Call("ec2:StartInstances"),
            ),
            AwsChange::SuspendScalingGroup { .. } => spec(
                "autoscaling:SuspendProcesses(all but Terminate)",
                &["autoscaling:SuspendProcesses", "autoscaling:DescribeAutoScalingGroups"],
                "the group launches and replaces nothing more",
                "the processes read suspended",
                Undo::Call("autoscaling:ResumeProcesses"),
            ),
            AwsChange::EmptyScalingGroup { .. } => destroying(spec(
                "autoscaling:UpdateAutoScalingGroup(Min=Max=Desired=0)",
                &["autoscaling:UpdateAutoScalingGroup", "autoscaling:DescribeAutoScalingGroups"],
                "terminates the group's members: their disks are lost unless snapshots are taken first",
                "the group has no members",
                Undo::Call("autoscaling:UpdateAutoScalingGroup(saved sizes); the members are new ones"),
            )),
            AwsChange::CancelSpotRequest { .. } => destroying(spec(
                "ec2:CancelSpotInstanceRequests",
                &["ec2:CancelSpotInstanceRequests", "ec2:DescribeSpotInstanceRequests"],
                "a persistent request relaunches no more; its instance goes on until it is stopped",
                "the request reads cancelled",
                Undo::None("A cancelled spot request can't be reopened; make a new one."),
            )),
            AwsChange::EmptyEcsService { .. } => spec(
                "ecs:UpdateService(desiredCount=0)",
                &["ecs:UpdateService", "ecs:DescribeServices"],
                "the service runs no task and starts none",
                "the service runs 0 tasks",
                Undo::Call("ecs:UpdateService(saved desiredCount)"),
            ),
            AwsChange::StopEcsTask { .. } => destroying(spec(
                "ecs:StopTask",
                &["ecs:StopTask", "ecs:DescribeTasks"],
                "stops the task; what it held in memory and on its own disk is lost",
                "the task reads STOPPED",
                Undo::None("A stopped task can't be started again; run a new one."),
            )),
            AwsChange::StopFunction { .. } => spec(
                "lambda:PutFunctionConcurrency(0)",
                &["lambda:PutFunctionConcurrency", "lambda:GetFunctionConcurrency"],
                "the function runs no more; code and settings stay",
                "reserved concurrency reads 0",
                Undo::Call("lambda:DeleteFunctionConcurrency or the saved value"),
            ),
            AwsChange::DisableEventRule { .. } => spec(
                "events:DisableRule",
                &["events:DisableRule", "events:DescribeRule"],
                "the rule triggers nothing more",
                "the rule reads DISABLED",
                Undo::Call("events:EnableRule"),
            ),
            AwsChange::StopNotebook { .. } => spec(
                "sagemaker:StopNotebookInstance",
                &["sagemaker:StopNotebookInstance", "sagemaker:DescribeNotebookInstance"],
                "stops it and keeps its volume",
                "the notebook reads Stopped",
                Undo::Call("sagemaker:StartNotebookInstance"),
            ),
            AwsChange::StopLightsailInstance { .. } => spec(
                "lightsail:StopInstance",
                &["lightsail:StopInstance", "lightsail:GetInstance"],
                "stops it and keeps its disk",
                "the instance reads stopped",
                Undo::Call("lightsail:StartInstance"),
            ),
            AwsChange::DisableBatchEnvironment { .. } => spec(
                "batch:UpdateComputeEnvironment(state=DISABLED)",
                &["batch:UpdateComputeEnvironment", "batch:DescribeComputeEnvironments"],
                "places no new job; running ones go on until terminated",
                "the environment reads DISABLED",
                Undo::Call("batch:UpdateComputeEnvironment(state=ENABLED)"),
            ),
        }
    }
}

impl GcpChange {
    /// Facts of gcp.md 5.1 and 6: disabling the account ends minted tokens, disabling a key does not.
    pub fn spec(&self) -> Spec {
        match self {
            GcpChange::DisableServiceAccount { .. } => spec(
                "iam.projects.serviceAccounts.disable",
                &["iam.serviceAccounts.disable", "iam.serviceAccounts.get"],
                "every token of the account is rejected, minted ones too; its own workloads stop as well",
                "the account reads disabled",
                Undo::Call(
                    "iam.projects.serviceAccounts.enable, not before the last stolen token has expired (1 h, up to 12 h)",
                ),
            ),
            GcpChange::DisableServiceAccountKey { .. } => spec(
                "iam.projects.serviceAccounts.keys.disable",
                &["iam.serviceAccountKeys.disable", "iam.serviceAccountKeys.get"],
                "the key gets no new token; tokens minted with it live on for up to 1 h (12 h where allowed)",
                "the key reads disabled",
                Undo::Call("iam.projects.serviceAccounts.keys.enable"),
            ),
            GcpChange::DeactivateHmacKey { .. } => spec(
                "storage.projects.hmacKeys.update(state=INACTIVE)",
                &["storage.hmacKeys.update", "storage.hmacKeys.get"],
                "the key signs no storage request",
                "the key reads INACTIVE",
                Undo::Call("storage.projects.hmacKeys.update(state=ACTIVE)"),
            ),
            GcpChange::DeleteApiKey { .. } => spec(
                "apikeys.projects.locations.keys.delete",
                &["apikeys.keys.delete", "apikeys.keys.get"],
                "the key is refused; it can be brought back for 30 days",
                "the key reads deleted",
                Undo::Call("apikeys.projects.locations.keys.undelete"),
            ),
            GcpChange::RemoveBinding { .. } => spec(
                "setIamPolicy(without this member)",
                &["resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"],
                "removes exactly this member from this role, read-modify-write with etag, conditions kept",
                "the member is not in the binding",
                Undo::Call("setIamPolicy(with this member again)"),
            ),
            GcpChange::StopInstance { .. } => spec(
                "compute.instances.stop",
                &["compute.instances.stop", "compute.instances.get"],
                "stops it and keeps its disks; addressed by numeric id, so never its namesake",
                "the instance reads TERMINATED, which is Google's word for stopped",
                Undo::Call("compute.instances.start"),
            ),
            GcpChange::TurnOffAutoscaler { .. } => spec(
                "compute.autoscalers.patch(mode=OFF)",
                &["compute.autoscalers.update", "compute.autoscalers.get"],
                "the group is resized by nobody; the configuration stays",
                "the autoscaler reads OFF",
                Undo::Call("compute.autoscalers.patch(saved mode)"),
            ),
            GcpChange::StopGroup { .. } => destroying(spec(
                "compute.instanceGroupManagers.resize(0)",
                &["compute.instanceGroupManagers.update", "compute.instanceGroupManagers.get"],
                "deletes the group's machines: their disks are lost unless snapshots are taken first",
                "the group's target size and members are 0",
                Undo::Call("compute.instanceGroupManagers.resize(saved size); the machines are new ones"),
            )),
            GcpChange::DisableFirewall { .. } => spec(
                "compute.firewalls.patch(disabled=true)",
                &["compute.firewalls.update", "compute.firewalls.get"],
                "the rule lets nothing in; it stays as evidence",
                "the rule reads disabled",
                Undo::Call("compute.firewalls.patch(disabled=false)"),
            ),
            GcpChange::PauseSchedulerJob { .. } => spec(
                "cloudscheduler.projects.locations.jobs.pause",
                &["cloudscheduler.jobs.pause", "cloudscheduler.jobs.get"],
                "the job triggers nothing more",
                "the job reads PAUSED",
                Undo::Call("cloudscheduler.projects.locations.jobs.resume"),
            ),
        }
    }
}
