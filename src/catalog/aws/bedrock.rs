//! Amazon Bedrock: other people's models at this account's cost. Invocations are read-only events, and telling.

use super::tell;
use crate::catalog::technique as t;
use crate::catalog::{Record, Service, on};
use crate::model::Fact;
use crate::model::report::FindingKind::*;

pub static BEDROCK: Service = Service {
    source: "bedrock.amazonaws.com",
    rows: &[
        on("InvokeModel|InvokeModelWithResponseStream|InvokeModelWithBidirectionalStream|Converse\
             |ConverseStream|StartAsyncInvoke")
        .about("aws.bedrock.invocation", "requestParameters.modelId")
        .finding(
            ServiceAbuse,
            &t::CLOUD_SERVICE_HIJACKING,
            "Model {id} was invoked: if nobody here meant to, somebody is using it at your cost.",
        ),
        on("InvokeAgent|InvokeInlineAgent|InvokeFlow|Retrieve|RetrieveAndGenerate")
            .about(
                "aws.bedrock_agent.invocation",
                "requestParameters.agentId|requestParameters.flowIdentifier\
                 |requestParameters.knowledgeBaseId|requestParameters.foundationModel|awsRegion",
            )
            .finding(
                ServiceAbuse,
                &t::CLOUD_SERVICE_HIJACKING,
                "Agent, flow or knowledge base {id} was used: it answers at your cost and may read your \
                 data.",
            ),
        on("PutFoundationModelEntitlement")
            .about("aws.bedrock.model_access", "requestParameters.modelId")
            .finding(ServiceAbuse, &t::CLOUD_SERVICE_HIJACKING, "Access to model {id} was turned on.")
            .contain("bedrock:DeleteFoundationModelAgreement")
            .pair("bedrock:model"),
        on("CreateFoundationModelAgreement")
            .creates("aws.bedrock.model_agreement", "requestParameters.modelId")
            .finding(
                ServiceAbuse,
                &t::CLOUD_SERVICE_HIJACKING,
                "The account was subscribed to model {id} on the marketplace.",
            )
            .contain("bedrock:DeleteFoundationModelAgreement")
            .pair("bedrock:model"),
        on("DeleteFoundationModelAgreement")
            .deletes("aws.bedrock.model_agreement", "requestParameters.modelId")
            .undoes("bedrock:model"),
        on("PutUseCaseForModelAccess").about("aws.bedrock.use_case", "eventID").finding(
            ServiceAbuse,
            &t::CLOUD_SERVICE_HIJACKING,
            "The form that asks for access to models was sent for the whole account (event {id}); no \
                 call takes it back.",
        ),
        on("DeleteModelInvocationLoggingConfiguration")
            .about("aws.bedrock.invocation_logging", "awsRegion")
            .finding(
                DefenseEvasion,
                &t::DISABLE_CLOUD_LOGS,
                "Prompts and answers of models are no longer logged in {id}.",
            )
            .contain("bedrock:PutModelInvocationLoggingConfiguration")
            .pair("bedrock:invocation-logging"),
        on("PutModelInvocationLoggingConfiguration")
            .about("aws.bedrock.invocation_logging", "awsRegion")
            .undoes("bedrock:invocation-logging"),
        on("CreateProvisionedModelThroughput")
            .creates("aws.bedrock.provisioned_throughput", "responseElements.provisionedModelArn")
            .names("requestParameters.provisionedModelName")
            .finding_without_technique(
                Commitment,
                "Provisioned model throughput {id} is billed by the hour; within a commitment term only \
                 AWS Support can end it.",
            )
            .contain("bedrock:DeleteProvisionedModelThroughput")
            .pair("bedrock:provisioned-throughput"),
        on("DeleteProvisionedModelThroughput")
            .deletes("aws.bedrock.provisioned_throughput", "requestParameters.provisionedModelId")
            .undoes("bedrock:provisioned-throughput"),
        on("CreateModelInvocationJob")
            .creates("aws.bedrock.batch_job", "responseElements.jobArn")
            .names("requestParameters.jobName")
            .finding(
                ServiceAbuse,
                &t::CLOUD_SERVICE_HIJACKING,
                "Batch job {id} sends many prompts to a model at your cost.",
            )
            .contain("bedrock:StopModelInvocationJob")
            .pair("bedrock:batch-job")
            .tells(role),
        on("StopModelInvocationJob")
            .deletes("aws.bedrock.batch_job", "requestParameters.jobIdentifier")
            .undoes("bedrock:batch-job"),
        on("CreateModelCustomizationJob")
            .creates("aws.bedrock.customization_job", "responseElements.jobArn")
            .names("requestParameters.jobName")
            .contain("bedrock:StopModelCustomizationJob")
            .tells(role),
        on("StopModelCustomizationJob")
            .deletes("aws.bedrock.customization_job", "requestParameters.jobIdentifier"),
        on("CreateAgent")
            .creates("aws.bedrock_agent.agent", "responseElements.agent.agentId")
            .names("responseElements.agent.agentArn")
            .contain("bedrock:DeleteAgent")
            .tells(agent_role),
        on("UpdateAgent|PrepareAgent|CreateAgentActionGroup").touches(
            "aws.bedrock_agent.agent",
            "requestParameters.agentId",
            "changed",
        ),
        on("DeleteAgent")
            .deletes("aws.bedrock_agent.agent", "requestParameters.agentId|responseElements.agentId"),
        on("CreateGuardrail")
            .creates("aws.bedrock.guardrail", "responseElements.guardrailId")
            .names("responseElements.guardrailArn")
            .contain("bedrock:DeleteGuardrail"),
        on("UpdateGuardrail")
            .touches(
                "aws.bedrock.guardrail",
                "requestParameters.guardrailIdentifier|responseElements.guardrailId",
                "changed",
            )
            .finding(
                DefenseEvasion,
                &t::DISABLE_TOOLS,
                "Guardrail {id}, which filters what models say, was changed.",
            ),
        on("DeleteGuardrail")
            .deletes("aws.bedrock.guardrail", "requestParameters.guardrailIdentifier")
            .finding(
                DefenseEvasion,
                &t::DISABLE_TOOLS,
                "Guardrail {id}, which filters what models say, was deleted.",
            ),
        on("TagResource|UntagResource"),
    ],
};

fn role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(record, facts, "requestParameters.roleArn");
}

fn agent_role(record: &Record, facts: &mut Vec<Fact>) {
    tell::carries(
        record,
        facts,
        "requestParameters.agentResourceRoleArn|responseElements.agent.agentResourceRoleArn",
    );
}
