//! How each kind of resource is billed: by time, by use, or not at all. What is not listed is unknown, never free.

/// How a kind is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// By the hour, the GB and month: `rate` knows.
    ByTime,
    /// By what was done with it; why the log can't tell.
    ByUse(&'static str),
    /// Not by itself.
    Free,
    Unlisted,
}

pub fn billing(kind: &str) -> Billing {
    if BY_TIME.contains(&kind) {
        return Billing::ByTime;
    }
    if let Some((_, why)) = BY_USE.iter().find(|(one, _)| *one == kind) {
        return Billing::ByUse(why);
    }
    // `aws.iam.` is all of a service.
    let is_free = FREE.iter().any(|one| *one == kind || one.ends_with('.') && kind.starts_with(one));
    if is_free { Billing::Free } else { Billing::Unlisted }
}

const BY_TIME: &[&str] = &[
    "aws.ec2.capacity_reservation",
    "aws.ec2.elastic_ip",
    "aws.ec2.instance",
    "aws.ec2.nat_gateway",
    "aws.ec2.snapshot",
    "aws.ec2.volume",
    "aws.ecs.service",
    "aws.ecs.task",
    "aws.eks.cluster",
    "aws.lambda.provisioned_concurrency",
    "aws.sagemaker.app",
    "aws.sagemaker.endpoint",
    "aws.sagemaker.notebook_instance",
    "aws.sagemaker.processing_job",
    "aws.sagemaker.training_job",
    "aws.sagemaker.transform_job",
    "gcp.aiplatform.custom_job",
    "gcp.compute.address",
    "gcp.compute.bulk_insert",
    "gcp.compute.disk",
    "gcp.compute.instance",
    "gcp.container.cluster",
    "gcp.notebooks.instance",
    "gcp.tpu.node",
];

const INVOKED: &str = "billed by invocation and its length, which this log does not tell";
const STORED: &str = "billed by what lies in it, which this log does not tell";
const MOVED: &str = "billed by what goes through it, which this log does not tell";

const BY_USE: &[(&str, &str)] = &[
    ("aws.amplify.app", MOVED),
    ("aws.apigateway.rest_api", MOVED),
    ("aws.apigatewayv2.api", MOVED),
    ("aws.cloudfront.distribution", MOVED),
    ("aws.codebuild.build", "billed by the minute that it ran, which this log does not tell"),
    ("aws.codebuild.build_batch", "billed by the minute that it ran, which this log does not tell"),
    ("aws.dynamodb.table", STORED),
    ("aws.ec2.image", STORED),
    ("aws.ecr.repository", STORED),
    ("aws.glue.job_run", "billed by the capacity and the minutes that it used, which this log does not tell"),
    ("aws.lambda.function", INVOKED),
    ("aws.logs.log_group", STORED),
    ("aws.s3.bucket", STORED),
    ("aws.sns.topic", MOVED),
    ("aws.sqs.queue", MOVED),
    ("aws.stepfunctions.execution", INVOKED),
    ("aws.stepfunctions.state_machine", INVOKED),
    ("gcp.appengine.version", INVOKED),
    ("gcp.artifactregistry.repository", STORED),
    ("gcp.bigquery.job", "billed by the bytes that it read, which are not counted here"),
    ("gcp.bigquery.table", STORED),
    ("gcp.cloudbuild.build", "billed by the minute that it ran, which this log does not tell"),
    ("gcp.cloudfunctions.cloud_function", INVOKED),
    ("gcp.compute.image", STORED),
    ("gcp.compute.machine_image", STORED),
    ("gcp.compute.snapshot", STORED),
    ("gcp.run.execution", INVOKED),
    ("gcp.run.job", INVOKED),
    ("gcp.run.service", INVOKED),
    ("gcp.storage.bucket", STORED),
];

/// Kinds, and with a dot at the end all kinds of a service, that cost nothing by themselves: what they start does.
const FREE: &[&str] = &[
    "aws.access_analyzer.",
    "aws.account.",
    "aws.amplify.branch",
    "aws.amplify.webhook",
    "aws.apigateway.domain_name",
    "aws.application_autoscaling.",
    "aws.autoscaling.",
    "aws.backup.plan",
    "aws.batch.",
    "aws.bedrock.guardrail",
    "aws.bedrock.invocation_logging",
    "aws.bedrock.model_access",
    "aws.bedrock.model_agreement",
    "aws.bedrock.use_case",
    "aws.bedrock_agent.agent",
    "aws.budgets.",
    "aws.ce.",
    "aws.cloudformation.",
    "aws.cloudshell.",
    "aws.codebuild.project",
    "aws.codebuild.source_credentials",
    "aws.codebuild.webhook",
    "aws.ec2.account_setting",
    "aws.ec2.customer_gateway",
    "aws.ec2.dhcp_options",
    "aws.ec2.egress_only_internet_gateway",
    "aws.ec2.fleet",
    "aws.ec2.flow_log",
    "aws.ec2.image_share",
    "aws.ec2.instance_attribute",
    "aws.ec2.instance_connect_endpoint",
    "aws.ec2.internet_gateway",
    "aws.ec2.key_pair",
    "aws.ec2.launch_template",
    "aws.ec2.network_acl",
    "aws.ec2.network_interface",
    "aws.ec2.placement_group",
    "aws.ec2.prefix_list",
    "aws.ec2.profile_association",
    "aws.ec2.route_table",
    "aws.ec2.security_group",
    "aws.ec2.security_group_rule",
    "aws.ec2.snapshot_share",
    "aws.ec2.spot_fleet",
    "aws.ec2.spot_request",
    "aws.ec2.subnet",
    "aws.ec2.vpc",
    "aws.ec2.vpc_peering",
    "aws.ecr.registry",
    "aws.ecr.repository_policy",
    "aws.ecs.capacity_provider",
    "aws.ecs.cluster",
    "aws.ecs.task_definition",
    "aws.eks.access_entry",
    "aws.eks.access_policy",
    "aws.eks.addon",
    "aws.eks.fargate_profile",
    "aws.eks.nodegroup",
    "aws.eks.pod_identity_association",
    "aws.elasticbeanstalk.",
    "aws.emr_serverless.application",
    "aws.glue.job",
    "aws.glue.trigger",
    "aws.iam.",
    "aws.identitystore.",
    "aws.kms.alias",
    "aws.kms.grant",
    "aws.kms.key_policy",
    "aws.lambda.alias",
    "aws.lambda.event_source_mapping",
    "aws.lambda.function_url",
    "aws.lambda.layer_version",
    "aws.lambda.permission",
    "aws.lambda.version",
    "aws.lightsail.key_pair",
    "aws.logs.resource_policy",
    "aws.organizations.",
    "aws.quota.",
    "aws.rds.db_cluster_parameter_group",
    "aws.rds.db_parameter_group",
    "aws.rds.db_security_group",
    "aws.rds.db_subnet_group",
    "aws.rds.option_group",
    "aws.rolesanywhere.",
    "aws.s3.account_public_access_block",
    "aws.s3.bucket_policy",
    "aws.sagemaker.domain",
    "aws.sagemaker.endpoint_config",
    "aws.sagemaker.lifecycle_config",
    "aws.sagemaker.model",
    "aws.sagemaker.notebook_access",
    "aws.sagemaker.space",
    "aws.sagemaker.user_profile",
    "aws.ses.configuration_set",
    "aws.ses.identity",
    "aws.ses.template",
    "aws.sns.subscription",
    "aws.ssm.activation",
    "aws.ssm.association",
    "aws.ssm.command",
    "aws.ssm.document",
    "aws.ssm.maintenance_window",
    "aws.sso.",
    "aws.support.",
    "gcp.accesscontextmanager.",
    "gcp.aiplatform.model",
    "gcp.aiplatform.schedule",
    "gcp.apikeys.",
    "gcp.billingbudgets.",
    "gcp.cloudbuild.build_trigger",
    "gcp.cloudbuild.trigger",
    "gcp.cloudidentity.",
    "gcp.cloudquotas.",
    "gcp.cloudresourcemanager.",
    "gcp.compute.autoscaler",
    "gcp.compute.backend_bucket",
    "gcp.compute.backend_service",
    "gcp.compute.firewall",
    "gcp.compute.firewall_policy",
    "gcp.compute.health_check",
    "gcp.compute.instance_group",
    "gcp.compute.instance_group_manager",
    "gcp.compute.instance_group_manager_resize_request",
    "gcp.compute.instance_template",
    "gcp.compute.network",
    "gcp.compute.node_template",
    "gcp.compute.project",
    "gcp.compute.resource_policy",
    "gcp.compute.route",
    "gcp.compute.ssl_certificate",
    "gcp.compute.subnetwork",
    "gcp.compute.target_instance",
    "gcp.compute.target_pool",
    "gcp.compute.url_map",
    "gcp.container.node_pool",
    "gcp.dataproc.autoscaling_policy",
    "gcp.deploymentmanager.",
    "gcp.essentialcontacts.",
    "gcp.eventarc.",
    "gcp.iam.",
    "gcp.iap.",
    "gcp.k8s.",
    "gcp.logging.log_exclusion",
    "gcp.logging.log_metric",
    "gcp.logging.log_sink",
    "gcp.logging.log_view",
    "gcp.monitoring.",
    "gcp.orgpolicy.",
    "gcp.osconfig.",
    "gcp.oslogin.",
    "gcp.securitycenter.",
    "gcp.serviceusage.",
    "gcp.storage.hmac_key",
    "gcp.storage.managed_folder",
    "gcp.workspace.",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_kind_is_billed_in_one_way() {
        let by_use = BY_USE.iter().map(|(kind, _)| *kind);
        let all: Vec<&str> = BY_TIME.iter().copied().chain(by_use).chain(FREE.iter().copied()).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a kind is listed twice");
        assert!(BY_TIME.is_sorted() && FREE.is_sorted() && BY_USE.is_sorted());
        for kind in BY_TIME.iter().chain(BY_USE.iter().map(|(kind, _)| kind)) {
            let is_free = |one: &&&str| one.ends_with('.') && kind.starts_with(**one);
            assert!(!FREE.iter().any(|one| is_free(&one)), "{kind} is free with its service");
        }
        assert_eq!(billing("aws.iam.role"), Billing::Free);
        assert_eq!(billing("aws.new_service.thing"), Billing::Unlisted);
        assert_eq!(billing("aws.ec2.dedicated_host"), Billing::Unlisted);
    }
}
