//! Lambda, live: what we look at and what we do to it.

use super::each::{detail, listed, observed, or_gone, or_none, receipt, tags_or_why};
use super::many::{each, none_of, pages};
use super::{Aws, failed};
use crate::cloud::{CloudError, Receipt, Refusal};
use crate::model::change::{FunctionPermission, LambdaChange};
use crate::model::observed::State;
use crate::model::{Observed, Place, ResourceRef, Sight};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{FunctionUrlAuthType, FunctionUrlConfig};
use serde_json::{Value, json};

const FUNCTION: &str = "aws.lambda.function";
const URL: &str = "aws.lambda.function_url";
const PERMISSION: &str = "aws.lambda.permission";
const SOURCE: &str = "aws.lambda.event_source_mapping";

/// What [`observe`] knows.
pub(super) const KINDS: &[&str] = &[FUNCTION, URL, PERMISSION, SOURCE];

pub(super) async fn look(aws: &Aws, at: &Place, changes: &[&LambdaChange]) -> Vec<Result<Sight, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| async move { or_gone(sight(client, at, change).await) }).await
        }
        Err(error) => none_of(changes, error),
    }
}

pub(super) async fn perform(
    aws: &Aws,
    at: &Place,
    changes: &[&LambdaChange],
) -> Vec<Result<Receipt, CloudError>> {
    match aws.config(at).await {
        Ok(config) => {
            let client = &Client::new(&config);
            each(changes, |change| call(client, at, change)).await
        }
        Err(error) => none_of(changes, error),
    }
}

async fn sight(client: &Client, at: &Place, change: &LambdaChange) -> Result<Sight, CloudError> {
    match change {
        LambdaChange::StopFunction { name } => limited(client, at, name, Some(0)).await,
        LambdaChange::ReleaseFunction { name } => limited(client, at, name, None).await,
        LambdaChange::LimitFunction { name, to } => limited(client, at, name, Some(*to)).await,
        LambdaChange::LockFunctionUrl { function, url } => {
            url_answers(client, at, function, url, FunctionUrlAuthType::AwsIam).await
        }
        LambdaChange::OpenFunctionUrl { function, url } => {
            url_answers(client, at, function, url, FunctionUrlAuthType::None).await
        }
        LambdaChange::RemoveFunctionPermission { function, statement: id } => {
            let found = statement(client, at, function, id).await?;
            Ok(found.map_or(Sight::Gone, |found| Sight::there(json!({ "statement": found }), false)))
        }
        LambdaChange::AddFunctionPermission { function, permission } => {
            // The function itself: without a policy it has no statement, and is there all the same.
            configuration(client, at, function).await?;
            let found = statement(client, at, function, &permission.statement).await?;
            let is_done = found.is_some();
            Ok(Sight::there(json!({ "statement": found }), is_done))
        }
        LambdaChange::StopEventSource { id } => mapping(client, at, id, "Disabled").await,
        LambdaChange::StartEventSource { id } => mapping(client, at, id, "Enabled").await,
    }
}

async fn configuration(
    client: &Client,
    at: &Place,
    function: &str,
) -> Result<GetFunctionConfigurationOutput, CloudError> {
    let sent = client.get_function_configuration().function_name(function).send().await;
    sent.map_err(|error| failed("lambda:GetFunctionConfiguration", at, error))
}

async fn concurrency(client: &Client, at: &Place, function: &str) -> Result<Option<i32>, CloudError> {
    let sent = client.get_function_concurrency().function_name(function).send().await;
    let answer = sent.map_err(|error| failed("lambda:GetFunctionConcurrency", at, error))?;
    Ok(answer.reserved_concurrent_executions)
}

/// Lambda tells no time of creation, and what it tells besides changes with every update of the code, which must not keep us
/// from stopping it. Who makes a function anew under the old name hardly gives it the same role and packaging.
async fn limited(
    client: &Client,
    at: &Place,
    function: &str,
    wanted: Option<i32>,
) -> Result<Sight, CloudError> {
    let found = configuration(client, at, function).await?;
    let concurrency = concurrency(client, at, function).await?;
    let state = json!({
        "arn": found.function_arn,
        "role": found.role,
        "packaging": found.package_type.as_ref().map(|one| one.as_str()),
        "concurrency": concurrency,
    });
    Ok(Sight::there(state, concurrency == wanted))
}

/// Every URL of a function and its aliases.
async fn urls(client: &Client, at: &Place, function: &str) -> Result<Vec<FunctionUrlConfig>, CloudError> {
    const CALL: &str = "lambda:ListFunctionUrlConfigs";
    pages(CALL, at, |token| async move {
        let call = client.list_function_url_configs().function_name(function).set_marker(token);
        let page = call.send().await.map_err(|error| failed(CALL, at, error))?;
        Ok((page.function_url_configs, page.next_marker))
    })
    .await
}

/// The URL of that text, which is unique; where a record did not tell it, the one of the function itself.
fn the_url<'a>(urls: &'a [FunctionUrlConfig], url: &str) -> Option<&'a FunctionUrlConfig> {
    let is_it = |one: &&FunctionUrlConfig| match url.starts_with("https://") {
        true => one.function_url.trim_end_matches('/') == url.trim_end_matches('/'),
        false => qualifier(&one.function_arn).is_none(),
    };
    urls.iter().find(is_it)
}

/// `live` of `arn:aws:lambda:eu-west-3:111122223333:function:name:live`.
fn qualifier(arn: &str) -> Option<&str> {
    arn.splitn(8, ':').nth(7)
}

async fn url_answers(
    client: &Client,
    at: &Place,
    function: &str,
    url: &str,
    wanted: FunctionUrlAuthType,
) -> Result<Sight, CloudError> {
    let urls = urls(client, at, function).await?;
    let Some(found) = the_url(&urls, url) else { return Ok(Sight::Gone) };
    let state = json!({
        "url": found.function_url,
        "function": found.function_arn,
        "created_at": found.creation_time,
        "auth": found.auth_type.as_str(),
    });
    Ok(Sight::there(state, found.auth_type == wanted))
}

/// `None` where the function or its policy does not hold it.
async fn statement(
    client: &Client,
    at: &Place,
    function: &str,
    id: &str,
) -> Result<Option<Value>, CloudError> {
    const CALL: &str = "lambda:GetPolicy";
    let sent = client.get_policy().function_name(function).send().await;
    let Some(answer) = or_none(sent.map_err(|error| failed(CALL, at, error)))? else { return Ok(None) };
    let policy = answer.policy.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let unread = || CloudError::new(Refusal::Failed, CALL, at, None, "the policy can't be read");
    let policy = policy.ok_or_else(unread)?;
    let statements = policy.get("Statement").and_then(Value::as_array).ok_or_else(unread)?;
    Ok(statements.iter().find(|one| one.get("Sid").and_then(Value::as_str) == Some(id)).cloned())
}

async fn mapping(client: &Client, at: &Place, id: &str, wanted: &str) -> Result<Sight, CloudError> {
    let sent = client.get_event_source_mapping().uuid(id).send().await;
    let found = sent.map_err(|error| failed("lambda:GetEventSourceMapping", at, error))?;
    let state = found.state.as_deref();
    let enabled = !matches!(state, Some("Disabled" | "Disabling"));
    let seen = json!({ "id": found.uuid, "function": found.function_arn, "enabled": enabled });
    Ok(Sight::there(seen, state == Some(wanted)))
}

async fn call(client: &Client, at: &Place, change: &LambdaChange) -> Result<Receipt, CloudError> {
    match change {
        LambdaChange::StopFunction { name } => limit(client, at, name, 0).await,
        LambdaChange::LimitFunction { name, to } => limit(client, at, name, *to).await,
        LambdaChange::ReleaseFunction { name } => {
            let sent = client.delete_function_concurrency().function_name(&**name).send().await;
            let sent = sent.map_err(|error| failed("lambda:DeleteFunctionConcurrency", at, error))?;
            Ok(receipt(&sent))
        }
        LambdaChange::LockFunctionUrl { function, url } => {
            answer_to(client, at, function, url, FunctionUrlAuthType::AwsIam).await
        }
        LambdaChange::OpenFunctionUrl { function, url } => {
            answer_to(client, at, function, url, FunctionUrlAuthType::None).await
        }
        LambdaChange::RemoveFunctionPermission { function, statement } => {
            let call = client.remove_permission().function_name(&**function).statement_id(&**statement);
            let sent = call.send().await.map_err(|error| failed("lambda:RemovePermission", at, error))?;
            Ok(receipt(&sent))
        }
        LambdaChange::AddFunctionPermission { function, permission } => {
            add(client, at, function, permission).await
        }
        LambdaChange::StopEventSource { id } => switch(client, at, id, false).await,
        LambdaChange::StartEventSource { id } => switch(client, at, id, true).await,
    }
}

async fn limit(client: &Client, at: &Place, function: &str, to: i32) -> Result<Receipt, CloudError> {
    let call = client.put_function_concurrency().function_name(function).reserved_concurrent_executions(to);
    let sent = call.send().await.map_err(|error| failed("lambda:PutFunctionConcurrency", at, error))?;
    Ok(receipt(&sent))
}

async fn answer_to(
    client: &Client,
    at: &Place,
    function: &str,
    url: &str,
    auth: FunctionUrlAuthType,
) -> Result<Receipt, CloudError> {
    const CALL: &str = "lambda:UpdateFunctionUrlConfig";
    // The call wants the alias, which a URL does not tell.
    let urls = urls(client, at, function).await?;
    let found = the_url(&urls, url)
        .ok_or_else(|| CloudError::new(Refusal::NotFound, CALL, at, None, "the URL is not there"))?;
    let call = client.update_function_url_config().function_name(function).auth_type(auth);
    let call = call.set_qualifier(qualifier(&found.function_arn).map(str::to_owned));
    Ok(receipt(&call.send().await.map_err(|error| failed(CALL, at, error))?))
}

async fn add(
    client: &Client,
    at: &Place,
    function: &str,
    permission: &FunctionPermission,
) -> Result<Receipt, CloudError> {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let call = client.add_permission().function_name(function).statement_id(&*permission.statement);
    let call = call.action(&*permission.action).principal(&*permission.principal);
    let call = call.set_source_arn(text(&permission.source_arn));
    let call = call.set_source_account(text(&permission.source_account));
    let call = call.set_principal_org_id(text(&permission.organization));
    let auth = permission.url_auth.as_deref().map(FunctionUrlAuthType::from);
    let call = call.set_function_url_auth_type(auth);
    let call = call.set_invoked_via_function_url(permission.through_url);
    let sent = call.send().await.map_err(|error| failed("lambda:AddPermission", at, error))?;
    Ok(receipt(&sent))
}

async fn switch(client: &Client, at: &Place, id: &str, on: bool) -> Result<Receipt, CloudError> {
    let sent = client.update_event_source_mapping().uuid(id).enabled(on).send().await;
    let sent = sent.map_err(|error| failed("lambda:UpdateEventSourceMapping", at, error))?;
    Ok(receipt(&sent))
}

/// Looks at things of one kind in one place: one answer for each.
pub(super) async fn observe(
    aws: &Aws,
    at: &Place,
    kind: &'static str,
    wanted: &[ResourceRef],
) -> Result<Vec<Observed>, CloudError> {
    let client = &Client::new(&aws.config(at).await?);
    let found = each(wanted, |one| async move {
        match kind {
            FUNCTION => function(client, at, one).await,
            URL => function_url(client, at, one).await,
            PERMISSION => permission(client, at, one).await,
            _ => event_source(client, at, one).await,
        }
    })
    .await;
    found.into_iter().collect()
}

async fn function(client: &Client, at: &Place, wanted: &ResourceRef) -> Result<Observed, CloudError> {
    let found = or_none(configuration(client, at, &wanted.id).await)?;
    let Some(found) = found else { return Ok(observed(wanted, State::Gone, None)) };
    let concurrency = or_none(concurrency(client, at, &wanted.id).await)?.flatten();
    let state = if concurrency == Some(0) { State::Stopped } else { State::Running };
    let mut seen = observed(wanted, state, None);
    seen.identity = found.role.as_deref().map(Into::into);
    detail(&mut seen, "type", found.runtime.as_ref().map(|one| one.as_str()));
    detail(&mut seen, "code_sha256", found.code_sha256.as_deref());
    detail(&mut seen, "last_modified", found.last_modified.as_deref());
    detail(&mut seen, "concurrency", concurrency.map(|most| most.to_string()).as_deref());
    if let Some(arn) = &found.function_arn {
        tags_or_why(&mut seen, tags(client, at, arn).await);
    }
    Ok(seen)
}

/// A URL and a permission bear their function's tags. A version or an alias of it has none of its own.
async fn tags(client: &Client, at: &Place, arn: &str) -> Result<Vec<(String, String)>, CloudError> {
    let whole = match arn.split_once(":function:") {
        Some((start, name)) => format!("{start}:function:{}", name.split(':').next().unwrap_or(name)),
        None => arn.to_owned(),
    };
    let asked = client.list_tags().resource(whole).send().await;
    let answer = asked.map_err(|error| failed("lambda:ListTags", at, error))?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

/// A URL that only signed-in callers may use is not open to the thief any more.
async fn function_url(client: &Client, at: &Place, wanted: &ResourceRef) -> Result<Observed, CloudError> {
    let function = wanted.names.first().unwrap_or(&wanted.id);
    let urls = or_none(urls(client, at, function).await)?.unwrap_or_default();
    let Some(found) = the_url(&urls, &wanted.id) else { return Ok(observed(wanted, State::Gone, None)) };
    let is_open = found.auth_type == FunctionUrlAuthType::None;
    let mut seen = observed(wanted, if is_open { State::Running } else { State::Stopped }, None);
    seen.created_at = found.creation_time.parse().ok();
    detail(&mut seen, "auth", Some(found.auth_type.as_str()));
    detail(&mut seen, "function", Some(&found.function_arn));
    tags_or_why(&mut seen, tags(client, at, &found.function_arn).await);
    Ok(seen)
}

async fn permission(client: &Client, at: &Place, wanted: &ResourceRef) -> Result<Observed, CloudError> {
    let (function, id) = wanted.id.rsplit_once('/').unwrap_or((&wanted.id, ""));
    if statement(client, at, function, id).await?.is_none() {
        return Ok(observed(wanted, State::Gone, None));
    }
    let mut seen = observed(wanted, State::Running, None);
    if function.starts_with("arn:") {
        tags_or_why(&mut seen, tags(client, at, function).await);
    }
    Ok(seen)
}

async fn event_source(client: &Client, at: &Place, wanted: &ResourceRef) -> Result<Observed, CloudError> {
    let sent = client.get_event_source_mapping().uuid(&*wanted.id).send().await;
    let found = or_none(sent.map_err(|error| failed("lambda:GetEventSourceMapping", at, error)))?;
    let Some(found) = found else { return Ok(observed(wanted, State::Gone, None)) };
    let state = match found.state.as_deref() {
        Some("Disabled" | "Disabling") => State::Stopped,
        Some("Deleting") => State::Gone,
        Some(_) => State::Running,
        None => State::Unknown,
    };
    let mut seen = observed(wanted, state, None);
    detail(&mut seen, "source", found.event_source_arn.as_deref());
    detail(&mut seen, "function", found.function_arn.as_deref());
    if let Some(arn) = &found.event_source_mapping_arn {
        tags_or_why(&mut seen, tags(client, at, arn).await);
    }
    Ok(seen)
}

/// Lists every function here, whoever made it. Whether it may start is only seen by [`observe`].
pub(super) async fn sweep(aws: &Aws, at: &Place) -> Result<Vec<Observed>, CloudError> {
    const CALL: &str = "lambda:ListFunctions";
    let client = &Client::new(&aws.config(at).await?);
    let found = pages(CALL, at, |token| async move {
        let page = client.list_functions().set_marker(token).send().await;
        let page = page.map_err(|error| failed(CALL, at, error))?;
        Ok((page.functions.unwrap_or_default(), page.next_marker))
    })
    .await?;
    let seen = found.iter().filter_map(|one| {
        let resource = listed(FUNCTION, at, one.function_arn.as_deref()?, one.function_name.as_deref());
        let mut seen = observed(&resource, State::Unknown, None);
        seen.identity = one.role.as_deref().map(Into::into);
        detail(&mut seen, "type", one.runtime.as_ref().map(|runtime| runtime.as_str()));
        detail(&mut seen, "code_sha256", one.code_sha256.as_deref());
        Some(seen)
    });
    Ok(seen.collect())
}
