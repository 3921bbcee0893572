//! What we know of AWS: one file per service, one row per event.

#![allow(clippy::ptr_arg, reason = "`Row::tells` takes functions over `&mut Vec<Fact>`, whatever each needs")]

pub mod access_analyzer;
pub mod account;
pub mod agreement_marketplace;
pub mod amplify;
pub mod aoss;
pub mod apigateway;
pub mod application_autoscaling;
pub mod apprunner;
pub mod appstream;
pub mod arn;
pub mod autoscaling;
pub mod backup;
pub mod batch;
pub mod bedrock;
pub mod budgets;
pub mod ce;
pub mod cloudformation;
pub mod cloudfront;
pub mod cloudshell;
pub mod cloudtrail;
pub mod codebuild;
pub mod cognito_identity;
pub mod cognito_idp;
pub mod config;
pub mod datasync;
pub mod dynamodb;
pub mod ec2;
pub mod ec2_instance_connect;
pub mod ecr;
pub mod ecs;
pub mod eks;
pub mod elasticache;
pub mod elasticbeanstalk;
pub mod elasticfilesystem;
pub mod elasticloadbalancing;
pub mod elasticmapreduce;
pub mod emr_serverless;
pub mod es;
pub mod events;
pub mod gamelift;
pub mod globalaccelerator;
pub mod glue;
pub mod guardduty;
pub mod iam;
pub mod iam_credentials;
pub mod identitystore;
pub mod kafka;
pub mod kinesis;
pub mod kms;
pub mod lambda;
pub mod lightsail;
pub mod logs;
pub mod macie2;
pub mod medialive;
pub mod mediapackagev2;
pub mod monitoring;
pub mod organizations;
pub mod policy_document;
pub mod rds;
pub mod redshift;
pub mod redshift_serverless;
pub mod rolesanywhere;
pub mod rolesanywhere_sessions;
pub mod route53;
pub mod route53domains;
pub mod route53resolver;
pub mod s3;
pub mod sagemaker;
pub mod savingsplans;
pub mod scheduler;
pub mod secretsmanager;
pub mod securityhub;
pub mod servicecatalog;
pub mod servicequotas;
pub mod ses;
pub mod shield;
pub mod signin;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod sso;
pub mod sso_directory;
pub mod sso_sessions;
pub mod states;
pub mod sts;
pub mod support;
mod tell;
pub mod transfer;
pub mod wafv2;
pub mod workspaces;

use super::Service;
pub use tell::{LAUNCHER_KINDS, launchers};

/// Every AWS service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[
    &access_analyzer::ACCESS_ANALYZER,
    &account::ACCOUNT,
    &agreement_marketplace::AGREEMENT_MARKETPLACE,
    &amplify::AMPLIFY,
    &aoss::AOSS,
    &apigateway::APIGATEWAY,
    &application_autoscaling::APPLICATION_AUTOSCALING,
    &application_autoscaling::APPLICATION_AUTOSCALING_AS_AUTOSCALING,
    &apprunner::APPRUNNER,
    &appstream::APPSTREAM,
    &autoscaling::AUTOSCALING,
    &backup::BACKUP,
    &batch::BATCH,
    &bedrock::BEDROCK,
    &budgets::BUDGETS,
    &ce::CE,
    &cloudformation::CLOUDFORMATION,
    &cloudfront::CLOUDFRONT,
    &cloudshell::CLOUDSHELL,
    &cloudtrail::CLOUDTRAIL,
    &codebuild::CODEBUILD,
    &cognito_identity::COGNITO_IDENTITY,
    &cognito_idp::COGNITO_IDP,
    &config::CONFIG,
    &datasync::DATASYNC,
    &dynamodb::DYNAMODB,
    &ec2::EC2,
    &ec2_instance_connect::EC2_INSTANCE_CONNECT,
    &ecr::ECR,
    &ecs::ECS,
    &eks::EKS,
    &elasticache::ELASTICACHE,
    &elasticbeanstalk::ELASTICBEANSTALK,
    &elasticfilesystem::ELASTICFILESYSTEM,
    &elasticloadbalancing::ELASTICLOADBALANCING,
    &elasticmapreduce::ELASTICMAPREDUCE,
    &emr_serverless::EMR_SERVERLESS,
    &es::ES,
    &events::EVENTS,
    &gamelift::GAMELIFT,
    &globalaccelerator::GLOBALACCELERATOR,
    &glue::GLUE,
    &guardduty::GUARDDUTY,
    &iam::IAM,
    &iam_credentials::IAM_CREDENTIALS,
    &identitystore::IDENTITYSTORE,
    &kafka::KAFKA,
    &kinesis::KINESIS,
    &kms::KMS,
    &lambda::LAMBDA,
    &lightsail::LIGHTSAIL,
    &logs::LOGS,
    &macie2::MACIE2,
    &medialive::MEDIALIVE,
    &mediapackagev2::MEDIAPACKAGEV2,
    &monitoring::MONITORING,
    &organizations::ORGANIZATIONS,
    &rds::RDS,
    &redshift::REDSHIFT,
    &redshift_serverless::REDSHIFT_SERVERLESS,
    &rolesanywhere::ROLESANYWHERE,
    &rolesanywhere_sessions::ROLESANYWHERE_SESSIONS,
    &route53::ROUTE53,
    &route53domains::ROUTE53DOMAINS,
    &route53resolver::ROUTE53RESOLVER,
    &s3::S3,
    &sagemaker::SAGEMAKER,
    &savingsplans::SAVINGSPLANS,
    &scheduler::SCHEDULER,
    &secretsmanager::SECRETSMANAGER,
    &securityhub::SECURITYHUB,
    &servicecatalog::SERVICECATALOG,
    &servicequotas::SERVICEQUOTAS,
    &ses::SES,
    &shield::SHIELD,
    &signin::SIGNIN,
    &sns::SNS,
    &sqs::SQS,
    &ssm::SSM,
    &sso::SSO,
    &sso_directory::SSO_DIRECTORY,
    &sso_sessions::SSO_OAUTH_SESSIONS,
    &sso_sessions::SSO_SESSIONS,
    &states::STATES,
    &sts::STS,
    &support::SUPPORT,
    &transfer::TRANSFER,
    &wafv2::WAFV2,
    &workspaces::WORKSPACES,
];
