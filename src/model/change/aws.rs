//! What could ever be changed in AWS. Facts of aws.md 3.1 and 4.1 to 4.3: deny, never detach; inactive, never delete; stop
//! before terminate. Named through [`super`].

use super::{Spec, Undo, destroying, once, spec};
use serde::Serialize;
use std::sync::Arc;

/// A change of AWS. Where a call wants a name and the variant holds an ARN, the name is the ARN's last part; account and region
/// are the step's target's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AwsChange {
    /// The whole user, every credential of it.
    DenyUser {
        user: Arc<str>,
    },
    /// The user's sessions issued until now; its access keys work on.
    RevokeUserSessions {
        user: Arc<str>,
    },
    /// The whole role, new sessions too: for roles that the principal made for itself.
    DenyRole {
        role: Arc<str>,
    },
    /// The role's sessions issued until now, everybody's.
    RevokeRoleSessions {
        role: Arc<str>,
    },
    /// The role's sessions of these names that were issued until now; one policy holds all names.
    DenySessions {
        role: Arc<str>,
        names: Vec<Arc<str>>,
    },
    /// `user` is absent where no record names it.
    DeactivateAccessKey {
        user: Option<Arc<str>>,
        key: Arc<str>,
    },
    ResetLoginProfile {
        user: Arc<str>,
    },
    DeactivateServiceSpecificCredential {
        user: Arc<str>,
        id: Arc<str>,
    },
    DeactivateSshPublicKey {
        user: Arc<str>,
        id: Arc<str>,
    },
    DeactivateSigningCertificate {
        user: Arc<str>,
        id: Arc<str>,
    },
    DisableTrustAnchor {
        id: Arc<str>,
    },
    DisableRolesAnywhereProfile {
        id: Arc<str>,
    },
    StartTrail {
        name: Arc<str>,
    },
    SuspendScalingGroup {
        name: Arc<str>,
    },
    CancelSpotRequest {
        id: Arc<str>,
    },
    EmptyEcsService {
        service: Arc<str>,
    },
    StopFunction {
        name: Arc<str>,
    },
    DisableEventRule {
        rule: Arc<str>,
    },
    DisableBatchEnvironment {
        name: Arc<str>,
    },
    StopInstance {
        id: Arc<str>,
    },
    StopEcsTask {
        task: Arc<str>,
    },
    StopNotebook {
        name: Arc<str>,
    },
    StopLightsailInstance {
        name: Arc<str>,
    },
    /// `with` is an account, an organization's ARN, or `*` for everybody.
    UnshareSnapshot {
        id: Arc<str>,
        with: Arc<str>,
    },
    UnshareImage {
        id: Arc<str>,
        with: Arc<str>,
    },
}

const USER_POLICY: &[&str] = &["iam:PutUserPolicy", "iam:GetUserPolicy"];
const ROLE_POLICY: &[&str] = &["iam:PutRolePolicy", "iam:GetRolePolicy"];
const WRITTEN: &str = "the inline policy reads back as written, and still does 15 s later";

impl AwsChange {
    pub fn spec(&self) -> Spec {
        match self {
            AwsChange::DenyUser { .. } => spec(
                "iam:PutUserPolicy(deny everything)",
                USER_POLICY,
                "denies the user everything within seconds: its keys, its console and its live sessions, those of GetSessionToken and GetFederationToken too",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteUserPolicy, not before every key and password of the user is new and the last stolen session has ended (GetSessionToken and GetFederationToken: up to 36 h)",
                ),
            ),
            AwsChange::RevokeUserSessions { .. } => once(spec(
                "iam:PutUserPolicy(deny sessions issued until now)",
                USER_POLICY,
                "denies every session of the user that was issued until now, console and federation too; its access keys work on",
                WRITTEN,
                Undo::Call("iam:DeleteUserPolicy, not before the last stolen session has ended (up to 36 h)"),
            )),
            AwsChange::DenyRole { .. } => spec(
                "iam:PutRolePolicy(deny everything)",
                ROLE_POLICY,
                "denies the role everything, sessions to come too, whoever its trust policy lets in; a service that cleans up with this role can't until it is undone",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, not before its trust policy is mended and the last stolen session has ended (up to 12 h)",
                ),
            ),
            AwsChange::RevokeRoleSessions { .. } => once(spec(
                "iam:PutRolePolicy(AWSRevokeOlderSessions, now)",
                ROLE_POLICY,
                "denies every session of the role that was issued until now; who may take the role takes it again",
                WRITTEN,
                Undo::Call(
                    "iam:DeleteRolePolicy, or the AWSRevokeOlderSessions policy that stood before, not before the last stolen session has ended (up to 12 h)",
                ),
            )),
            AwsChange::DenySessions { .. } => once(spec(
                "iam:PutRolePolicy(deny aws:userid of these session names, issued until now)",
                ROLE_POLICY,
                "denies the role's sessions of these names that were issued until now, and leaves its other users alone",
                WRITTEN,
                Undo::Call("iam:DeleteRolePolicy, not before the last stolen session has ended (up to 12 h)"),
            )),
            AwsChange::DeactivateAccessKey { .. } => spec(
                "iam:UpdateAccessKey(Status=Inactive)",
                &["iam:UpdateAccessKey", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"],
                "the key signs nothing new, and its SES SMTP password neither; sessions that it minted live on until they are denied",
                "the key reads Inactive",
                Undo::Call("iam:UpdateAccessKey(Status=Active), never for a key that leaked: make a new one"),
            ),
            AwsChange::ResetLoginProfile { .. } => spec(
                "iam:UpdateLoginProfile(random password that nobody is told, reset required)",
                &["iam:UpdateLoginProfile", "iam:GetLoginProfile"],
                "the password signs in no more; the console session that is open ends with the user's sessions",
                "the login profile reads reset required",
                Undo::None("The password that it replaces can't be brought back; the user gets a new one."),
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
                "certificates of this authority get no new session; those that they have live on",
                "the trust anchor reads disabled",
                Undo::Call("rolesanywhere:EnableTrustAnchor"),
            ),
            AwsChange::DisableRolesAnywhereProfile { .. } => spec(
                "rolesanywhere:DisableProfile",
                &["rolesanywhere:DisableProfile", "rolesanywhere:GetProfile"],
                "the profile hands out no new session; those that it handed out live on",
                "the profile reads disabled",
                Undo::Call("rolesanywhere:EnableProfile"),
            ),
            AwsChange::StartTrail { .. } => spec(
                "cloudtrail:StartLogging",
                &["cloudtrail:StartLogging", "cloudtrail:GetTrailStatus"],
                "the trail records again; what happened while it was off is in event history alone",
                "the trail reads IsLogging",
                Undo::Call("cloudtrail:StopLogging"),
            ),
            AwsChange::SuspendScalingGroup { .. } => spec(
                "autoscaling:SuspendProcesses(all but Terminate)",
                &["autoscaling:SuspendProcesses", "autoscaling:DescribeAutoScalingGroups"],
                "the group launches, replaces and judges nothing more, so that its members can be stopped and kept",
                "the processes read suspended",
                Undo::Call("autoscaling:ResumeProcesses(those that this suspended)"),
            ),
            AwsChange::CancelSpotRequest { .. } => destroying(spec(
                "ec2:CancelSpotInstanceRequests",
                &["ec2:CancelSpotInstanceRequests", "ec2:DescribeSpotInstanceRequests"],
                "the request launches no more; an instance that it has goes on, and can't be stopped any more but only terminated",
                "the request reads cancelled",
                Undo::None("A cancelled spot request can't be reopened; make a new one."),
            )),
            AwsChange::EmptyEcsService { .. } => destroying(spec(
                "ecs:UpdateService(desiredCount=0)",
                &["ecs:UpdateService", "ecs:DescribeServices"],
                "the service ends its tasks and starts none; what they held in memory and on their own disk is lost",
                "the service runs 0 tasks",
                Undo::Call("ecs:UpdateService(saved desiredCount); the tasks are new ones"),
            )),
            AwsChange::StopFunction { .. } => spec(
                "lambda:PutFunctionConcurrency(0)",
                &["lambda:PutFunctionConcurrency", "lambda:GetFunctionConcurrency"],
                "the function starts no more, by URL, event or schedule; runs under way end by themselves within 15 minutes; code and settings stay",
                "reserved concurrency reads 0",
                Undo::Call("lambda:DeleteFunctionConcurrency, or PutFunctionConcurrency(saved value)"),
            ),
            AwsChange::DisableEventRule { .. } => spec(
                "events:DisableRule",
                &["events:DisableRule", "events:DescribeRule"],
                "the rule triggers nothing more",
                "the rule reads DISABLED",
                Undo::Call("events:EnableRule"),
            ),
            AwsChange::DisableBatchEnvironment { .. } => spec(
                "batch:UpdateComputeEnvironment(state=DISABLED)",
                &["batch:UpdateComputeEnvironment", "batch:DescribeComputeEnvironments"],
                "takes no new job; jobs under way go on until they are terminated",
                "the environment reads DISABLED",
                Undo::Call("batch:UpdateComputeEnvironment(state=ENABLED)"),
            ),
            AwsChange::StopInstance { .. } => spec(
                "ec2:StopInstances(Force=true)",
                &["ec2:StopInstances", "ec2:ModifyInstanceAttribute", "ec2:DescribeInstances"],
                "stops it and keeps its EBS disks; what is in memory and on instance store is lost; stop protection is cleared first where it is set",
                "the instance reads stopped",
                Undo::Call("ec2:StartInstances"),
            ),
            AwsChange::StopEcsTask { .. } => destroying(spec(
                "ecs:StopTask",
                &["ecs:StopTask", "ecs:DescribeTasks"],
                "stops the task; what it held in memory and on its own disk is lost",
                "the task reads STOPPED",
                Undo::None("A stopped task can't be started again; run a new one."),
            )),
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
            AwsChange::UnshareSnapshot { .. } => spec(
                "ec2:ModifySnapshotAttribute(createVolumePermission, remove)",
                &["ec2:ModifySnapshotAttribute", "ec2:DescribeSnapshotAttribute"],
                "takes the snapshot from whom it was shared with; copies made in the meantime stay theirs",
                "the member is not in createVolumePermission",
                Undo::Call("ec2:ModifySnapshotAttribute(createVolumePermission, add)"),
            ),
            AwsChange::UnshareImage { .. } => spec(
                "ec2:ModifyImageAttribute(launchPermission, remove)",
                &["ec2:ModifyImageAttribute", "ec2:DescribeImageAttribute"],
                "takes the image from whom it was shared with; copies made in the meantime stay theirs",
                "the member is not in launchPermission",
                Undo::Call("ec2:ModifyImageAttribute(launchPermission, add)"),
            ),
        }
    }
}
