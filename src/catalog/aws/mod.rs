//! What we know of AWS: one file per service, one row per event.

#![allow(clippy::ptr_arg, reason = "`Row::tells` takes functions over `&mut Vec<Fact>`, whatever each needs")]

pub mod amplify;
pub mod apigateway;
pub mod application_autoscaling;
pub mod apprunner;
pub mod appstream;
pub mod arn;
pub mod autoscaling;
pub mod batch;
pub mod bedrock;
pub mod cloudformation;
pub mod cloudshell;
pub mod codebuild;
pub mod cognito_identity;
pub mod ec2;
pub mod ec2_instance_connect;
pub mod ecr;
pub mod ecs;
pub mod eks;
pub mod elasticbeanstalk;
pub mod elasticloadbalancing;
pub mod elasticmapreduce;
pub mod emr_serverless;
pub mod events;
pub mod gamelift;
pub mod glue;
pub mod iam_credentials;
pub mod lambda;
pub mod lightsail;
pub mod policy;
pub mod rolesanywhere_sessions;
pub mod sagemaker;
pub mod scheduler;
pub mod servicecatalog;
pub mod signin;
pub mod sso_sessions;
pub mod states;
pub mod sts;
mod tell;
pub mod workspaces;

use super::Service;
pub use tell::LAUNCHER_KINDS;

/// Every AWS service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[
    &amplify::AMPLIFY,
    &apigateway::APIGATEWAY,
    &application_autoscaling::APPLICATION_AUTOSCALING,
    &application_autoscaling::APPLICATION_AUTOSCALING_AS_AUTOSCALING,
    &apprunner::APPRUNNER,
    &appstream::APPSTREAM,
    &autoscaling::AUTOSCALING,
    &batch::BATCH,
    &bedrock::BEDROCK,
    &cloudformation::CLOUDFORMATION,
    &cloudshell::CLOUDSHELL,
    &codebuild::CODEBUILD,
    &cognito_identity::COGNITO_IDENTITY,
    &ec2::EC2,
    &ec2_instance_connect::EC2_INSTANCE_CONNECT,
    &ecr::ECR,
    &ecs::ECS,
    &eks::EKS,
    &elasticbeanstalk::ELASTICBEANSTALK,
    &elasticloadbalancing::ELASTICLOADBALANCING,
    &elasticmapreduce::ELASTICMAPREDUCE,
    &emr_serverless::EMR_SERVERLESS,
    &events::EVENTS,
    &gamelift::GAMELIFT,
    &glue::GLUE,
    &iam_credentials::IAM_CREDENTIALS,
    &lambda::LAMBDA,
    &lightsail::LIGHTSAIL,
    &rolesanywhere_sessions::ROLESANYWHERE_SESSIONS,
    &sagemaker::SAGEMAKER,
    &scheduler::SCHEDULER,
    &servicecatalog::SERVICECATALOG,
    &signin::SIGNIN,
    &sso_sessions::SSO_SESSIONS,
    &sso_sessions::SSO_OAUTH_SESSIONS,
    &states::STATES,
    &sts::STS,
    &workspaces::WORKSPACES,
];
