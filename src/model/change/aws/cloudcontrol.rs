//! Cloud Control: one call that deletes the long tail of kinds that no service file acts on.
//!
//! It only deletes, so all of it is behind `--destroy`; and only what [`TYPES`] lists, whatever a journal says.

use super::super::{Reversal, Spec, Undo, gated, settling, spec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloudControlChange {
    /// `type_name` as CloudFormation spells it, `id` its primary identifier.
    DeleteByType { type_name: Arc<str>, id: Arc<str> },
}

/// How the identifier that Cloud Control wants is made of what a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// The report's id.
    Id,
    /// The last part of the id, where that is an ARN.
    Tail,
    /// The name that stands beside the id.
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeRow {
    /// Ours: `aws.kinesis.stream`.
    pub kind: &'static str,
    /// CloudFormation's: `AWS::Kinesis::Stream`.
    pub type_name: &'static str,
    pub identifier: Identifier,
    /// Cloud Control's three calls, and those that the type's own delete handler makes with the operator's rights.
    pub permissions: &'static [&'static str],
}

impl TypeRow {
    /// What Cloud Control calls the thing; `None` where no record told its name.
    pub fn identifier_of(&self, id: &Arc<str>, name: Option<&Arc<str>>) -> Option<Arc<str>> {
        match self.identifier {
            Identifier::Id => Some(id.clone()),
            Identifier::Tail => Some(match id.starts_with("arn:") {
                true => id.rsplit(['/', ':']).next()?.into(),
                false => id.clone(),
            }),
            Identifier::Name => name.cloned(),
        }
    }
}

macro_rules! types {
    ($($kind:literal $type_name:literal $identifier:ident [$($permission:literal)*]),* $(,)?) => {
        /// Primary identifiers and permissions as the types' published schemas have them (cfn-lint 1.58.0).
        pub static TYPES: &[TypeRow] = &[$(TypeRow {
            kind: $kind,
            type_name: concat!("AWS::", $type_name),
            identifier: Identifier::$identifier,
            permissions: &[
                "cloudformation:DeleteResource", "cloudformation:GetResource", "cloudformation:GetResourceRequestStatus",
                $($permission),*
            ],
        }),*];
    };
}

types! {
    "aws.apigateway.api_key" "ApiGateway::ApiKey" Id ["apigateway:DELETE" "apigateway:GET"],
    "aws.apigateway.rest_api" "ApiGateway::RestApi" Id ["apigateway:DELETE" "apigateway:GET"],
    "aws.apigatewayv2.api" "ApiGatewayV2::Api" Id ["apigateway:DELETE" "apigateway:GET"],
    "aws.appstream.fleet" "AppStream::Fleet" Tail ["appstream:DeleteFleet" "appstream:StopFleet" "appstream:DescribeFleets"],
    "aws.backup.plan" "Backup::BackupPlan" Id ["backup:DeleteBackupPlan" "backup:GetBackupPlan"],
    "aws.bedrock_agent.agent" "Bedrock::Agent" Id ["bedrock:DeleteAgent" "bedrock:GetAgent"],
    "aws.cognito_idp.user_pool" "Cognito::UserPool" Id ["cognito-idp:DeleteUserPool" "cognito-idp:DescribeUserPool"],
    "aws.datasync.agent" "DataSync::Agent" Id ["datasync:DeleteAgent" "datasync:DescribeAgent"],
    "aws.datasync.task" "DataSync::Task" Id ["datasync:DeleteTask" "datasync:DescribeTask"],
    "aws.dynamodb.table" "DynamoDB::Table" Tail ["dynamodb:DeleteTable" "dynamodb:DescribeTable"],
    "aws.ec2.dedicated_host" "EC2::Host" Id ["ec2:ReleaseHosts" "ec2:DescribeHosts"],
    "aws.ec2.nat_gateway" "EC2::NatGateway" Id ["ec2:DeleteNatGateway" "ec2:DescribeNatGateways"],
    "aws.ec2.transit_gateway" "EC2::TransitGateway" Id ["ec2:DeleteTransitGateway" "ec2:DescribeTransitGateways" "ec2:DescribeTags" "ec2:DeleteTags"],
    "aws.ec2.vpc_endpoint" "EC2::VPCEndpoint" Id ["ec2:DeleteVpcEndpoints" "ec2:DescribeVpcEndpoints"],
    "aws.ec2.vpc_peering" "EC2::VPCPeeringConnection" Id ["ec2:DeleteVpcPeeringConnection" "ec2:DescribeVpcPeeringConnections"],
    "aws.ec2.vpn_connection" "EC2::VPNConnection" Id ["ec2:DeleteVpnConnection" "ec2:DescribeVpnConnections"],
    "aws.ec2.vpn_gateway" "EC2::VPNGateway" Id ["ec2:DeleteVpnGateway" "ec2:DescribeVpnGateways"],
    "aws.elasticbeanstalk.environment" "ElasticBeanstalk::Environment" Name ["elasticbeanstalk:TerminateEnvironment" "elasticbeanstalk:DescribeEnvironments"],
    "aws.elasticfilesystem.mount_target" "EFS::MountTarget" Id ["elasticfilesystem:DeleteMountTarget" "elasticfilesystem:DescribeMountTargets"],
    "aws.elasticfilesystem.file_system" "EFS::FileSystem" Id ["elasticfilesystem:DeleteFileSystem" "elasticfilesystem:DescribeFileSystems"],
    "aws.emr_serverless.application" "EMRServerless::Application" Id ["emr-serverless:DeleteApplication" "emr-serverless:GetApplication"],
    "aws.eventbridge.api_destination" "Events::ApiDestination" Tail ["events:DeleteApiDestination" "events:DescribeApiDestination"],
    "aws.gamelift.fleet" "GameLift::Fleet" Id ["gamelift:DeleteFleet" "gamelift:UpdateFleetCapacity" "gamelift:DeleteScalingPolicy" "gamelift:DescribeFleetAttributes" "gamelift:DescribeFleetCapacity" "gamelift:DescribeFleetLocationCapacity" "gamelift:DescribeScalingPolicies"],
    "aws.globalaccelerator.accelerator" "GlobalAccelerator::Accelerator" Id ["globalaccelerator:DeleteAccelerator" "globalaccelerator:UpdateAccelerator" "globalaccelerator:DescribeAccelerator"],
    "aws.glue.crawler" "Glue::Crawler" Id ["glue:DeleteCrawler" "glue:StopCrawler" "glue:GetCrawler"],
    "aws.kafka.cluster" "MSK::Cluster" Id ["kafka:DeleteCluster" "kafka:DescribeCluster"],
    "aws.kinesis.stream" "Kinesis::Stream" Tail ["kinesis:DeleteStream" "kinesis:DescribeStreamSummary"],
    "aws.lightsail.container_service" "Lightsail::Container" Name ["lightsail:DeleteContainerService" "lightsail:GetContainerServices"],
    "aws.medialive.input" "MediaLive::Input" Id ["medialive:DeleteInput" "medialive:DescribeInput"],
    "aws.opensearchserverless.collection" "OpenSearchServerless::Collection" Id ["aoss:DeleteCollection" "aoss:BatchGetCollection"],
    "aws.redshift.cluster" "Redshift::Cluster" Id ["redshift:DeleteCluster" "redshift:DescribeClusters" "redshift:DescribeTags"],
    "aws.sagemaker.domain" "SageMaker::Domain" Tail ["sagemaker:DeleteDomain" "sagemaker:DeleteApp" "sagemaker:DescribeDomain"],
    "aws.sns.subscription" "SNS::Subscription" Id ["sns:Unsubscribe" "sns:GetSubscriptionAttributes"],
    "aws.sns.topic" "SNS::Topic" Id ["sns:DeleteTopic" "sns:GetTopicAttributes"],
    "aws.ssm.document" "SSM::Document" Id ["ssm:DeleteDocument" "ssm:GetDocument"],
    "aws.workspaces.workspace" "WorkSpaces::Workspace" Id ["workspaces:TerminateWorkspaces" "workspaces:DescribeWorkspaces"],
}

const LOST: &str =
    "What Cloud Control deleted can't be brought back; the record of its making holds its settings.";

impl CloudControlChange {
    /// The row that allows it; `None` means that it is never called.
    pub fn row(&self) -> Option<&'static TypeRow> {
        let CloudControlChange::DeleteByType { type_name, .. } = self;
        TYPES.iter().find(|row| row.type_name == &**type_name)
    }

    pub fn spec(&self) -> Spec {
        let permissions = self.row().map_or(&["cloudformation:DeleteResource"][..], |row| row.permissions);
        match self {
            CloudControlChange::DeleteByType { .. } => settling(
                gated(spec(
                    "cloudformation:DeleteResource",
                    permissions,
                    "deletes it through Cloud Control, with what it holds",
                    "Cloud Control finds it no more",
                    Undo::None(LOST),
                )),
                1800,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, _before: &Value) -> Reversal {
        match self {
            CloudControlChange::DeleteByType { .. } => Reversal::None(LOST),
        }
    }
}
