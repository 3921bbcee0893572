//! Lambda: functions, what starts them and who may.

use super::super::{Change, Reversal, Spec, Undo, settling, spec, watched};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Functions are named by ARN, with an alias or version behind it where only that is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LambdaChange {
    StopFunction {
        name: Arc<str>,
    },
    /// Undo alone.
    ReleaseFunction {
        name: Arc<str>,
    },
    /// Undo alone.
    LimitFunction {
        name: Arc<str>,
        to: i32,
    },
    LockFunctionUrl {
        function: Arc<str>,
        url: Arc<str>,
    },
    /// Undo alone.
    OpenFunctionUrl {
        function: Arc<str>,
        url: Arc<str>,
    },
    RemoveFunctionPermission {
        function: Arc<str>,
        statement: Arc<str>,
    },
    /// Undo alone.
    AddFunctionPermission {
        function: Arc<str>,
        permission: FunctionPermission,
    },
    StopEventSource {
        id: Arc<str>,
    },
    /// Undo alone.
    StartEventSource {
        id: Arc<str>,
    },
}

/// A statement of a function's policy, as the call that makes it wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionPermission {
    pub statement: Arc<str>,
    pub action: Arc<str>,
    pub principal: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_arn: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_account: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_auth: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through_url: Option<bool>,
}

impl LambdaChange {
    pub fn spec(&self) -> Spec {
        match self {
            LambdaChange::StopFunction { .. } => watched(spec(
                "lambda:PutFunctionConcurrency(0)",
                &[
                    "lambda:PutFunctionConcurrency",
                    "lambda:GetFunctionConcurrency",
                    "lambda:GetFunctionConfiguration",
                ],
                "the function starts no more, by URL, event or schedule; runs under way end by themselves within 15 minutes; code and settings \
                 stay; copies at CloudFront (Lambda@Edge) go on",
                "reserved concurrency reads 0",
                Undo::Call("lambda:DeleteFunctionConcurrency, or PutFunctionConcurrency(saved value)"),
            )),
            LambdaChange::ReleaseFunction { .. } => spec(
                "lambda:DeleteFunctionConcurrency",
                &[
                    "lambda:DeleteFunctionConcurrency",
                    "lambda:GetFunctionConcurrency",
                    "lambda:GetFunctionConfiguration",
                ],
                "the function may start again",
                "no reserved concurrency is read",
                Undo::Call("lambda:PutFunctionConcurrency(saved value)"),
            ),
            LambdaChange::LimitFunction { .. } => spec(
                "lambda:PutFunctionConcurrency",
                &[
                    "lambda:PutFunctionConcurrency",
                    "lambda:GetFunctionConcurrency",
                    "lambda:GetFunctionConfiguration",
                ],
                "the function may start again, as often as before",
                "reserved concurrency reads what it was",
                Undo::Call("lambda:PutFunctionConcurrency(saved value)"),
            ),
            LambdaChange::LockFunctionUrl { .. } => watched(spec(
                "lambda:UpdateFunctionUrlConfig(AuthType=AWS_IAM)",
                &["lambda:UpdateFunctionUrlConfig", "lambda:ListFunctionUrlConfigs"],
                "only who signs in with a permission of this account may call the URL; the URL stays",
                "the URL's AuthType reads AWS_IAM",
                Undo::Call("lambda:UpdateFunctionUrlConfig(AuthType=NONE): anyone may call it again"),
            )),
            LambdaChange::OpenFunctionUrl { .. } => spec(
                "lambda:UpdateFunctionUrlConfig(AuthType=NONE)",
                &["lambda:UpdateFunctionUrlConfig", "lambda:ListFunctionUrlConfigs"],
                "anyone on the internet may call the URL again",
                "the URL's AuthType reads NONE",
                Undo::Call("lambda:UpdateFunctionUrlConfig(AuthType=AWS_IAM)"),
            ),
            LambdaChange::RemoveFunctionPermission { .. } => watched(spec(
                "lambda:RemovePermission",
                &["lambda:RemovePermission", "lambda:GetPolicy"],
                "whom the statement lets in may not start the function any more; the statement is kept in the journal",
                "the function's policy does not hold the statement",
                Undo::Call("lambda:AddPermission(saved statement)"),
            )),
            LambdaChange::AddFunctionPermission { .. } => spec(
                "lambda:AddPermission",
                &["lambda:AddPermission", "lambda:GetPolicy"],
                "whom the statement lets in may start the function again",
                "the function's policy holds the statement",
                Undo::Call("lambda:RemovePermission"),
            ),
            LambdaChange::StopEventSource { .. } => settling(
                watched(spec(
                    "lambda:UpdateEventSourceMapping(Enabled=false)",
                    &["lambda:UpdateEventSourceMapping", "lambda:GetEventSourceMapping"],
                    "what arrives there starts the function no more and waits in its queue or stream until that forgets it",
                    "the mapping reads Disabled",
                    Undo::Call("lambda:UpdateEventSourceMapping(Enabled=true)"),
                )),
                180,
            ),
            LambdaChange::StartEventSource { .. } => settling(
                spec(
                    "lambda:UpdateEventSourceMapping(Enabled=true)",
                    &["lambda:UpdateEventSourceMapping", "lambda:GetEventSourceMapping"],
                    "what arrives there, and what waited, starts the function again",
                    "the mapping reads Enabled",
                    Undo::Call("lambda:UpdateEventSourceMapping(Enabled=false)"),
                ),
                180,
            ),
        }
    }

    /// Returns what takes it back, given what was seen before it.
    pub fn undo(&self, before: &Value) -> Reversal {
        let change = |change: LambdaChange| Reversal::Changes(vec![Change::from(change)]);
        let nothing = Reversal::Changes(Vec::new());
        match self {
            LambdaChange::StopFunction { name }
            | LambdaChange::ReleaseFunction { name }
            | LambdaChange::LimitFunction { name, .. } => {
                let (name, was) = (name.clone(), before.get("concurrency").and_then(Value::as_i64));
                match (was.map(i32::try_from), self) {
                    (None, LambdaChange::ReleaseFunction { .. })
                    | (Some(Ok(0)), LambdaChange::StopFunction { .. }) => nothing,
                    (None, _) => change(LambdaChange::ReleaseFunction { name }),
                    (Some(Ok(0)), _) => change(LambdaChange::StopFunction { name }),
                    (Some(Ok(to)), _) => change(LambdaChange::LimitFunction { name, to }),
                    (Some(Err(_)), _) => Reversal::None("What was seen before it can't be read."),
                }
            }
            LambdaChange::LockFunctionUrl { function, url } => match is(before, "auth", "NONE") {
                true => {
                    change(LambdaChange::OpenFunctionUrl { function: function.clone(), url: url.clone() })
                }
                false => nothing,
            },
            LambdaChange::OpenFunctionUrl { function, url } => match is(before, "auth", "NONE") {
                true => nothing,
                false => {
                    change(LambdaChange::LockFunctionUrl { function: function.clone(), url: url.clone() })
                }
            },
            LambdaChange::RemoveFunctionPermission { function, statement } => {
                let found = before.get("statement").and_then(|found| permission(statement, found));
                match found {
                    Some(permission) => {
                        change(LambdaChange::AddFunctionPermission { function: function.clone(), permission })
                    }
                    None => Reversal::None(
                        "The statement has conditions that lambda:AddPermission can't make; it stands in the journal.",
                    ),
                }
            }
            LambdaChange::AddFunctionPermission { function, permission } => match before.get("statement") {
                Some(Value::Object(_)) => nothing,
                Some(_) | None => change(LambdaChange::RemoveFunctionPermission {
                    function: function.clone(),
                    statement: permission.statement.clone(),
                }),
            },
            LambdaChange::StopEventSource { id } => match is_on(before) {
                true => change(LambdaChange::StartEventSource { id: id.clone() }),
                false => nothing,
            },
            LambdaChange::StartEventSource { id } => match is_on(before) {
                true => nothing,
                false => change(LambdaChange::StopEventSource { id: id.clone() }),
            },
        }
    }
}

fn is(before: &Value, key: &str, text: &str) -> bool {
    before.get(key).and_then(Value::as_str) == Some(text)
}

fn is_on(before: &Value) -> bool {
    before.get("enabled").and_then(Value::as_bool) == Some(true)
}

/// Reads a statement back into what made it; `None` where it holds more than the call can say.
fn permission(id: &Arc<str>, statement: &Value) -> Option<FunctionPermission> {
    let text = |value: &Value| value.as_str().map(Arc::<str>::from);
    let principal = match statement.get("Principal")? {
        Value::Object(by_type) if by_type.len() == 1 => text(by_type.values().next()?)?,
        one => text(one)?,
    };
    let mut found = FunctionPermission {
        statement: id.clone(),
        action: text(statement.get("Action")?)?,
        principal,
        ..FunctionPermission::default()
    };
    let is_allow = is(statement, "Effect", "Allow");
    let conditions = match statement.get("Condition") {
        None => return is_allow.then_some(found),
        Some(conditions) => conditions.as_object()?,
    };
    for (operator, keys) in conditions {
        for (key, value) in keys.as_object()? {
            let value = text(value)?;
            match (&*operator.to_ascii_lowercase(), &*key.to_ascii_lowercase()) {
                ("arnlike", "aws:sourcearn") => found.source_arn = Some(value),
                ("stringequals", "aws:sourceaccount") => found.source_account = Some(value),
                ("stringequals", "aws:principalorgid") => found.organization = Some(value),
                ("stringequals", "lambda:functionurlauthtype") => found.url_auth = Some(value),
                ("bool", "lambda:invokedviafunctionurl") => {
                    found.through_url = Some(value.parse().ok()?);
                }
                _ => return None,
            }
        }
    }
    is_allow.then_some(found)
}
