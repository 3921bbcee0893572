//! AWS Lambda: functions, what starts them and who may; event names come with a version suffix that readers strip.

use super::arn;
use super::tell::{self, Half};
use crate::catalog::technique as t;
use crate::catalog::{Act, Record, Service, on};
use crate::model::report::FindingKind::*;
use crate::model::{Fact, ResourceRef};
use std::sync::Arc;

pub static LAMBDA: Service = Service {
    source: "lambda.amazonaws.com",
    rows: &[
        on("CreateFunction")
            .creates("aws.lambda.function", "responseElements.functionArn")
            .names("responseElements.functionName|requestParameters.functionName")
            .contain(
                "lambda:PutFunctionConcurrency, lambda:DeleteFunctionUrlConfig, \
                 lambda:UpdateEventSourceMapping, lambda:DeleteFunction",
            )
            .tells(made),
        on("UpdateFunctionCode")
            .touches(
                "aws.lambda.function",
                "responseElements.functionArn|requestParameters.functionName",
                "code replaced",
            )
            .names("responseElements.functionName")
            .contain("lambda:PutFunctionConcurrency, lambda:UpdateAlias, lambda:UpdateFunctionCode")
            .only_if(is_no_dry_run)
            .tells(code),
        on("UpdateFunctionConfiguration")
            .touches(
                "aws.lambda.function",
                "responseElements.functionArn|requestParameters.functionName",
                "configuration changed",
            )
            .names("responseElements.functionName")
            .contain("lambda:UpdateFunctionConfiguration, lambda:PutFunctionConcurrency")
            .tells(configuration),
        on("DeleteFunction")
            .deletes("aws.lambda.function", "requestParameters.functionName")
            .only_if(is_whole)
            .tells(function),
        on("DeleteFunction")
            .deletes("aws.lambda.version", "requestParameters.functionName+requestParameters.qualifier")
            .only_if(is_version),
        on("PublishVersion")
            .creates("aws.lambda.version", "responseElements.functionArn")
            .names("responseElements.functionName+responseElements.version")
            .contain("lambda:DeleteFunction"),
        on("CreateAlias")
            .creates("aws.lambda.alias", "responseElements.aliasArn")
            .names("requestParameters.functionName+requestParameters.name")
            .contain("lambda:UpdateAlias, lambda:DeleteAlias"),
        on("UpdateAlias")
            .touches(
                "aws.lambda.alias",
                "responseElements.aliasArn|requestParameters.functionName+requestParameters.name",
                "pointed at another version",
            )
            .contain("lambda:UpdateAlias"),
        on("DeleteAlias")
            .deletes("aws.lambda.alias", "requestParameters.functionName+requestParameters.name"),
        on("PublishLayerVersion")
            .creates("aws.lambda.layer_version", "responseElements.layerVersionArn")
            .names("requestParameters.layerName+responseElements.version")
            .contain("lambda:DeleteLayerVersion"),
        on("DeleteLayerVersion").deletes(
            "aws.lambda.layer_version",
            "requestParameters.layerName+requestParameters.versionNumber",
        ),
        on("AddLayerVersionPermission|RemoveLayerVersionPermission").touches(
            "aws.lambda.layer_version",
            "requestParameters.layerName+requestParameters.versionNumber",
            "permissions changed",
        ),
        // Who and what may start it.
        on("CreateFunctionUrlConfig")
            .creates("aws.lambda.function_url", "responseElements.functionUrl|requestParameters.functionName")
            .contain("lambda:DeleteFunctionUrlConfig")
            .tells(url),
        on("UpdateFunctionUrlConfig")
            .touches(
                "aws.lambda.function_url",
                "responseElements.functionUrl|requestParameters.functionName",
                "changed",
            )
            .contain("lambda:UpdateFunctionUrlConfig, lambda:DeleteFunctionUrlConfig")
            .tells(url),
        on("DeleteFunctionUrlConfig")
            .deletes("aws.lambda.function_url", "requestParameters.functionName")
            .tells(url_deleted),
        on("AddPermission")
            .about("aws.lambda.permission", "requestParameters.statementId")
            .contain("lambda:RemovePermission")
            .tells(permission),
        on("RemovePermission")
            .about("aws.lambda.permission", "requestParameters.statementId")
            .tells(permission_removed),
        on("CreateEventSourceMapping")
            .creates("aws.lambda.event_source_mapping", "responseElements.uUID|responseElements.uuid")
            .finding(
                Persistence,
                &t::EVENT_TRIGGERED,
                "Event source mapping {id} starts a function by itself whenever something arrives.",
            )
            .contain("lambda:UpdateEventSourceMapping, lambda:DeleteEventSourceMapping")
            .pair("lambda:event-source-mapping"),
        on("UpdateEventSourceMapping")
            .touches(
                "aws.lambda.event_source_mapping",
                "requestParameters.uUID|responseElements.uUID",
                "changed",
            )
            .contain("lambda:UpdateEventSourceMapping"),
        on("DeleteEventSourceMapping")
            .deletes("aws.lambda.event_source_mapping", "requestParameters.uUID|responseElements.uUID")
            .undoes("lambda:event-source-mapping"),
        on("PutFunctionEventInvokeConfig|UpdateFunctionEventInvokeConfig|DeleteFunctionEventInvokeConfig")
            .touches(
                "aws.lambda.function",
                "requestParameters.functionName",
                "destinations of its results changed",
            )
            .contain("lambda:DeleteFunctionEventInvokeConfig")
            .tells(function),
        on("PutProvisionedConcurrencyConfig")
            .creates(
                "aws.lambda.provisioned_concurrency",
                "requestParameters.functionName+requestParameters.qualifier\
                 |requestParameters.functionName",
            )
            .contain("lambda:DeleteProvisionedConcurrencyConfig"),
        on("DeleteProvisionedConcurrencyConfig").deletes(
            "aws.lambda.provisioned_concurrency",
            "requestParameters.functionName+requestParameters.qualifier\
                 |requestParameters.functionName",
        ),
        on("PutFunctionConcurrency|DeleteFunctionConcurrency")
            .touches("aws.lambda.function", "requestParameters.functionName", "concurrency changed")
            .tells(function),
        on("DeleteFunctionCodeSigningConfig|PutFunctionCodeSigningConfig|PutRuntimeManagementConfig")
            .touches(
                "aws.lambda.function",
                "requestParameters.functionName",
                "code signing or runtime changed",
            )
            .tells(function),
        on("Invoke|InvokeAsync|InvokeWithResponseStream")
            .touches("aws.lambda.function", "requestParameters.functionName", "invoked")
            .tells(function),
        on("TagResource|UntagResource"),
    ],
};

/// Returns the bare name of a function given in any form: name, `name:qualifier`, `account:function:name`, ARN.
fn bare(function: &str) -> &str {
    let rest = function.split_once("function:").map_or(function, |(_, rest)| rest);
    rest.split(':').next().unwrap_or(rest)
}

/// Returns the ARN of a function given in any form, without qualifier; as given where the record has no region.
///
/// A bare name means the caller's own account and region, so that its ARN follows.
fn arn(record: &Record, function: &str) -> Arc<str> {
    let name = bare(function);
    if function.starts_with("arn:")
        && let Some((start, _)) = function.split_once(":function:")
    {
        return format!("{start}:function:{name}").into();
    }
    let account = function.split_once(":function:").map_or(&*record.scope.account, |(account, _)| account);
    let region = &*record.scope.region;
    if account.is_empty() || region.is_empty() {
        return function.into();
    }
    let partition = arn::partition_of(region);
    format!("arn:{partition}:lambda:{region}:{account}:function:{name}").into()
}

/// Names functions by ARN without qualifier and by bare name, so that every call of one function means the same.
fn function(record: &Record, facts: &mut Vec<Fact>) {
    for function in tell::named(facts, "aws.lambda.function") {
        let name = bare(&function.id).to_owned();
        function.id = arn(record, &function.id);
        tell::add_name(function, &name);
    }
}

fn made(record: &Record, facts: &mut Vec<Fact>) {
    function(record, facts);
    tell::launched(record, facts);
    tell::carries(record, facts, "responseElements.role|requestParameters.role");
}

fn is_no_dry_run(record: &Record) -> bool {
    !record.is("requestParameters.dryRun", "true")
}

fn is_whole(record: &Record) -> bool {
    !is_version(record)
}

fn is_version(record: &Record) -> bool {
    record.first("requestParameters.qualifier").is_some()
}

fn code(record: &Record, facts: &mut Vec<Fact>) {
    function(record, facts);
    for function in tell::resources(facts, &[Act::Touches]) {
        let note = format!(
            "The code of function {} was replaced: it now runs what the caller wrote, with the \
                 function's role.",
            bare(&function.id)
        );
        facts.push(tell::finding(Persistence, &t::SERVERLESS_EXECUTION, note, function.id));
    }
}

/// A layer runs inside the function; a new role changes what it may do. The response repeats what was there before.
fn configuration(record: &Record, facts: &mut Vec<Fact>) {
    function(record, facts);
    let layers = record.all("requestParameters.layers[].arn|requestParameters.layers[]");
    let role = record.first("requestParameters.role");
    for function in tell::resources(facts, &[Act::Touches]) {
        let name = bare(&function.id).to_owned();
        if !layers.is_empty() {
            let note = format!(
                "Function {name} was given layers ({}): their code runs inside it.",
                layers.join(", ")
            );
            facts.push(tell::finding(Persistence, &t::SERVERLESS_EXECUTION, note, function.id.clone()));
        }
        if let Some(role) = &role {
            let note = format!(
                "Function {name} was given the role {role}: its code now has that role's permissions."
            );
            facts.push(tell::finding(PrivilegeEscalation, &t::ADDITIONAL_CLOUD_ROLES, note, function.id));
        }
    }
    tell::carries(record, facts, "requestParameters.role");
}

/// A URL without sign-in answers everyone on the internet.
fn url(record: &Record, facts: &mut Vec<Fact>) {
    let Some(name) = record.first("requestParameters.functionName|responseElements.functionArn") else {
        return;
    };
    let name = bare(&name).to_owned();
    for url in tell::named(facts, "aws.lambda.function_url") {
        tell::add_name(url, &name);
    }
    let Some(auth) = record.first("requestParameters.authType|responseElements.authType") else { return };
    facts.push(open_url(record, &name, !auth.eq_ignore_ascii_case("NONE")));
}

fn url_deleted(record: &Record, facts: &mut Vec<Fact>) {
    let Some(name) = record.first("requestParameters.functionName") else { return };
    let name = bare(&name).to_owned();
    for url in tell::named(facts, "aws.lambda.function_url") {
        tell::add_name(url, &name);
    }
    facts.push(open_url(record, &name, true));
}

fn open_url(record: &Record, name: &str, undoes: bool) -> Fact {
    let note = format!("Function {name} has a URL that anyone on the internet may call without signing in.");
    let pair = Half { label: "lambda:open-url", concerns: name, undoes };
    tell::half(record, Persistence, &t::SERVERLESS_EXECUTION, note, arn(record, name), pair)
}

fn permission(record: &Record, facts: &mut Vec<Fact>) {
    let Some((function, statement)) = statement(record) else { return };
    let Some(principal) = record.first("requestParameters.principal") else { return };
    let action = record.first("requestParameters.action").unwrap_or_else(|| "lambda:InvokeFunction".into());
    let public = &*principal == "*";
    let (id, name) = (function.id.clone(), bare(&function.id).to_owned());
    let who = if public { "everyone" } else { &*principal };
    facts.push(Fact::Touched { resource: function, how: format!("{action} given to {who}") });
    if public || arn::account_of(&principal).is_some() {
        facts.push(tell::granted(&principal, action, id.clone(), false));
    }
    let Some(outsider) = outsider(record, &principal) else { return };
    facts.push(Fact::Created(held(record, &id, &statement)));
    let concerns = format!("{name} {statement}");
    let half = || Half { label: "lambda:permission", concerns: &concerns, undoes: false };
    let note = format!(
        "Function {name} may be started by {outsider} (statement {statement}): a way back in that \
             needs no credential of yours."
    );
    facts.push(tell::half(record, Persistence, &t::EVENT_TRIGGERED, note, id.clone(), half()));
    if public {
        let note = format!("Function {name} was opened to everyone with an AWS account.");
        facts.push(tell::half(record, Exposure, &t::EVENT_TRIGGERED, note, id, half()));
    }
}

/// Who from outside is let in: everyone, another account, or a service on behalf of another account.
fn outsider(record: &Record, principal: &Arc<str>) -> Option<String> {
    let own = &*record.scope.account;
    if &**principal == "*" {
        let limited = record.first("requestParameters.principalOrgID").is_some();
        return (!limited).then(|| "everyone".to_owned());
    }
    if let Some(account) = arn::account_of(principal) {
        return (account != own).then(|| principal.to_string());
    }
    let source = record.first("requestParameters.sourceAccount|requestParameters.sourceArn")?;
    let account = arn::account_of(&source)?;
    (account != own).then(|| format!("{principal} for account {account}"))
}

fn permission_removed(record: &Record, facts: &mut Vec<Fact>) {
    let Some((function, statement)) = statement(record) else { return };
    let concerns = format!("{} {statement}", bare(&function.id));
    let pair = Half { label: "lambda:permission", concerns: &concerns, undoes: true };
    facts.push(tell::half(
        record,
        Persistence,
        &t::EVENT_TRIGGERED,
        String::new(),
        function.id.clone(),
        pair,
    ));
    facts.push(Fact::Deleted(held(record, &function.id, &statement)));
    facts.push(Fact::Touched { resource: function, how: format!("permission {statement} taken away") });
}

/// A statement, by the function or alias whose policy holds it.
fn held(record: &Record, function: &str, statement: &str) -> ResourceRef {
    let alias = record.first("requestParameters.qualifier");
    let alias = alias.map(|alias| format!(":{alias}")).unwrap_or_default();
    record.resource("aws.lambda.permission", format!("{function}{alias}/{statement}"))
}

/// The function that a permission call is about, and the statement's id.
fn statement(record: &Record) -> Option<(ResourceRef, Arc<str>)> {
    let given = record.first("requestParameters.functionName")?;
    let mut function = record.resource("aws.lambda.function", arn(record, &given));
    tell::add_name(&mut function, bare(&given));
    Some((function, record.first("requestParameters.statementId")?))
}
