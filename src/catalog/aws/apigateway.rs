//! Amazon API Gateway, both generations: they share the event source.

use crate::catalog::{Service, on};

pub static APIGATEWAY: Service = Service {
    source: "apigateway.amazonaws.com",
    rows: &[
        on("CreateRestApi|ImportRestApi")
            .creates("aws.apigateway.rest_api", "responseElements.id")
            .contain("apigateway:DeleteRestApi"),
        on("PutRestApi|UpdateRestApi").touches(
            "aws.apigateway.rest_api",
            "requestParameters.restApiId|responseElements.id",
            "changed",
        ),
        on("DeleteRestApi").deletes("aws.apigateway.rest_api", "requestParameters.restApiId"),
        on("CreateApi|ImportApi")
            .creates("aws.apigatewayv2.api", "responseElements.apiId")
            .contain("apigateway:DeleteApi"),
        on("ReimportApi|UpdateApi").touches(
            "aws.apigatewayv2.api",
            "requestParameters.apiId|responseElements.apiId",
            "changed",
        ),
        on("DeleteApi").deletes("aws.apigatewayv2.api", "requestParameters.apiId"),
        // A call goes live with a deployment or a stage, in either generation.
        on("CreateDeployment|CreateStage|UpdateStage|DeleteStage|DeleteDeployment").touches(
            "aws.apigateway.rest_api",
            "requestParameters.restApiId",
            "deployed",
        ),
        on("CreateDeployment|CreateStage|UpdateStage|DeleteStage|DeleteDeployment").touches(
            "aws.apigatewayv2.api",
            "requestParameters.apiId",
            "deployed",
        ),
        on("PutIntegration|PutMethod|CreateResource|UpdateIntegration|UpdateMethod|DeleteResource\
             |DeleteMethod|DeleteIntegration|PutGatewayResponse")
        .touches("aws.apigateway.rest_api", "requestParameters.restApiId", "routes changed"),
        on("CreateIntegration|CreateRoute|UpdateIntegration|UpdateRoute|DeleteIntegration|DeleteRoute")
            .touches("aws.apigatewayv2.api", "requestParameters.apiId", "routes changed"),
        on("CreateAuthorizer|UpdateAuthorizer|DeleteAuthorizer").touches(
            "aws.apigateway.rest_api",
            "requestParameters.restApiId",
            "authorizers changed",
        ),
        on("CreateAuthorizer|UpdateAuthorizer|DeleteAuthorizer").touches(
            "aws.apigatewayv2.api",
            "requestParameters.apiId",
            "authorizers changed",
        ),
        on("CreateApiKey")
            .creates("aws.apigateway.api_key", "responseElements.id")
            .names("requestParameters.createApiKeyInput.name|requestParameters.name")
            .contain("apigateway:UpdateApiKey, apigateway:DeleteApiKey"),
        on("DeleteApiKey").deletes("aws.apigateway.api_key", "requestParameters.apiKey"),
        on("CreateVpcLink")
            .creates("aws.apigateway.vpc_link", "responseElements.id|responseElements.vpcLinkId")
            .contain("apigateway:DeleteVpcLink"),
        on("DeleteVpcLink").deletes("aws.apigateway.vpc_link", "requestParameters.vpcLinkId"),
        on("CreateDomainName")
            .creates("aws.apigateway.domain_name", "responseElements.domainName|requestParameters.domainName")
            .contain("apigateway:DeleteDomainName"),
        on("DeleteDomainName").deletes("aws.apigateway.domain_name", "requestParameters.domainName"),
        on("TagResource|UntagResource"),
    ],
};
