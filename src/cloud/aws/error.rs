//! AWS's error codes → what callers branch on. By code, never by text, save where AWS has one code for two things.

use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Returns what a failed call means.
pub(super) fn failed<E: ProvideErrorMetadata>(
    call: &'static str,
    at: &Place,
    error: SdkError<E, Response>,
) -> CloudError {
    match &error {
        SdkError::ServiceError(context) => {
            let code = context.err().code();
            let status = context.raw().status().as_u16();
            let message = context.err().message().unwrap_or_default();
            CloudError::new(refusal(code.unwrap_or_default(), status), call, at, code, message)
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let refusal = if status >= 500 { Refusal::Failed } else { Refusal::Invalid };
            CloudError::new(refusal, call, at, None, &format!("an answer that can't be read, HTTP {status}"))
        }
        SdkError::TimeoutError(_) => {
            CloudError::new(Refusal::Unreachable, call, at, None, "no answer in time")
        }
        SdkError::DispatchFailure(failure) => {
            let why = failure.as_connector_error().map(|error| {
                let mut causes = vec![error.to_string()];
                let mut next = std::error::Error::source(error);
                while let Some(cause) = next {
                    causes.push(cause.to_string());
                    next = cause.source();
                }
                causes.join(": ")
            });
            CloudError::new(Refusal::Unreachable, call, at, None, &why.unwrap_or_default())
        }
        _ => CloudError::new(Refusal::Invalid, call, at, None, "the request could not be made"),
    }
}

/// An answer without what it must have.
pub(super) fn not_answered(call: &'static str, at: &Place, what: &str) -> CloudError {
    CloudError::new(Refusal::Failed, call, at, None, &format!("the answer holds no {what}"))
}

pub(super) fn refusal(code: &str, status: u16) -> Refusal {
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    match code.strip_suffix("Exception").unwrap_or(code) {
        "AccessDenied" | "UnauthorizedOperation" | "Unauthorized" | "NotAuthorized" | "Forbidden" => {
            Refusal::Denied
        }
        "OptInRequired"
        | "SubscriptionRequired"
        | "RegionDisabled"
        | "UnrecognizedClient"
        | "AuthFailure" => {
            // In a region that is not enabled a good key is not known (aws.md 6.2); `session` tells the two apart.
            Refusal::Disabled
        }
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "RequestExpired" => Refusal::SignedOut,
        "LimitExceeded" | "QuotaExceeded" | "ServiceQuotaExceeded" | "PolicySizeExceeded" => Refusal::Quota,
        "UnmodifiableEntity" => Refusal::Unmodifiable,
        "OperationNotPermitted"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "InvalidState"
        | "ResourceInUse"
        | "DependencyViolation"
        | "DeleteConflict"
        | "UnsupportedOperation" => Refusal::Protected,
        "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable"
        | "Conflict"
        | "OperationInProgress"
        | "ResourceConflict" => Refusal::Conflict,
        "Throttling"
        | "ThrottlingException"
        | "Throttled"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "RequestThrottled"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "BandwidthLimitExceeded" => Refusal::Throttled,
        "NoSuchEntity" | "NotFound" | "ResourceNotFound" | "EntityNotFound" | "NoSuchBucket"
        | "TrailNotFound" | "ClusterNotFound" | "ServiceNotFound" | "RecordNotFound" => Refusal::NotFound,
        other
            if other.ends_with(".NotFound")
                || other.ends_with("NotFound")
                || other.ends_with(".Malformed") && status == 404 =>
        {
            Refusal::NotFound
        }
        _ if status == 429 => Refusal::Throttled,
        _ if status == 404 => Refusal::NotFound,
        _ if status == 403 => Refusal::Denied,
        _ if status >= 500 => Refusal::Failed,
        _ => Refusal::Invalid,
    }
}
