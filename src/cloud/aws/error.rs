//! AWS's error codes → what callers branch on. By code, never by text, save where AWS has one code for two things.

use super::regions;
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
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
            if (200..300).contains(&status) {
                // It was taken, and its answer is none: what it did is not known.
                return CloudError::new(Refusal::Failed, call, at, code, "an answer that can't be read");
            }
            let refusal = meaning(call, code.unwrap_or_default(), status, message, at);
            CloudError::new(refusal, call, at, code, message)
        }
        SdkError::ResponseError(context) => {
            let status = context.raw().status().as_u16();
            let refusal = if status >= 500 { Refusal::Failed } else { Refusal::Invalid };
            CloudError::new(refusal, call, at, None, &format!("an answer that can't be read, HTTP {status}"))
        }
        SdkError::TimeoutError(_) => {
            CloudError::new(Refusal::Unreachable, call, at, None, "no answer in time")
        }
        SdkError::DispatchFailure(failure) => unsent(call, at, failure.as_connector_error()),
        _ => CloudError::new(Refusal::Invalid, call, at, None, "the request could not be made"),
    }
}

/// A request that never went out: no credentials, or no way there.
fn unsent(call: &'static str, at: &Place, error: Option<&ConnectorError>) -> CloudError {
    let mut told: Vec<String> = Vec::new();
    let mut refusal = Refusal::Unreachable;
    let mut next = error.map(|error| error as &(dyn std::error::Error + 'static));
    while let Some(cause) = next {
        if let Some(ours) = cause.downcast_ref::<CloudError>() {
            // A role that could be taken before and can't be renewed.
            return ours.clone();
        }
        if let Some(error) = cause.downcast_ref::<CredentialsError>() {
            refusal = match error {
                CredentialsError::ProviderTimedOut(_) => Refusal::Unreachable,
                _ => Refusal::SignedOut,
            };
        }
        let text = cause.to_string();
        if !told.iter().any(|earlier| earlier.contains(&text)) {
            told.push(text);
        }
        next = cause.source();
    }
    CloudError::new(refusal, call, at, None, &told.join(": "))
}

/// An answer without what it must have.
pub(super) fn not_answered(call: &'static str, at: &Place, what: &str) -> CloudError {
    CloudError::new(Refusal::Failed, call, at, None, &format!("the answer holds no {what}"))
}

/// What a failed call means where it was made: AWS has codes that say two things.
fn meaning(call: &str, code: &str, status: u16, message: &str, at: &Place) -> Refusal {
    match plain(code) {
        // EC2 has one code for a key that it does not know and for a thing that is somebody else's.
        "AuthFailure" if !message.starts_with("AWS was not able to validate") && !message.is_empty() => {
            Refusal::Denied
        }
        // The codes of a key that is not known, one for each protocol: ec2, json, query, s3. A region that is not enabled does
        // not know a good key either (aws.md 6.2).
        "AuthFailure"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidToken"
            if !regions::is_default(&at.region) =>
        {
            Refusal::Disabled
        }
        // What is only asked for by its head is answered without a body.
        "" if status == 404 && call.starts_with("s3:Head") => Refusal::NotFound,
        _ => refusal(code, status),
    }
}

/// The code itself. Services spell one thing in many ways: with `Exception` or without, behind a `Client.`, before a `:` and an
/// address (`x-amzn-errortype`), behind a `#` and a shape's name.
fn plain(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    let code = code.strip_prefix("Client.").unwrap_or(code);
    let code = code.strip_suffix("Exception").unwrap_or(code);
    code.strip_suffix("Error").filter(|short| !short.is_empty()).unwrap_or(code)
}

/// What a code means, also one of a list of failures inside an answer.
pub(super) fn refusal(code: &str, status: u16) -> Refusal {
    match plain(code) {
        "AccessDenied"
        | "UnauthorizedOperation"
        | "Unauthorized"
        | "UnauthorizedAccess"
        | "NotAuthorized"
        | "Authorization"
        | "Forbidden"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "Blocked"
        | "PendingVerification" => Refusal::Denied,
        "AuthFailure"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidToken" => Refusal::SignedOut,
        "ExpiredToken"
        | "TokenRefreshRequired"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "RequestTimeTooSkewed" => Refusal::SignedOut,
        "OptInRequired"
        | "SubscriptionRequired"
        | "NotSignedUp"
        | "RegionDisabled"
        | "InvalidRegion"
        | "IllegalLocationConstraint" => Refusal::Disabled,
        "Throttling"
        | "Throttled"
        | "RequestLimitExceeded"
        | "TooManyRequests"
        | "RequestThrottled"
        | "EC2Throttled"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "BandwidthLimitExceeded"
        | "ProvisionedThroughputExceeded" => Refusal::Throttled,
        "UnmodifiableEntity" | "PolicyNotAttachable" | "ManagedRule" => Refusal::Unmodifiable,
        "OperationNotPermitted"
        | "IncorrectInstanceState"
        | "IncorrectState"
        | "IncorrectSpotRequestState"
        | "InvalidState"
        | "ResourceInUse"
        | "DependencyViolation"
        | "DeleteConflict"
        | "UnsupportedOperation" => Refusal::Protected,
        "ConcurrentModification"
        | "ConcurrentAccess"
        | "EntityTemporarilyUnmodifiable"
        | "Conflict"
        | "OperationInProgress"
        | "OperationAborted"
        | "ScalingActivityInProgress"
        | "UpdateInProgress"
        | "ResourceConflict" => Refusal::Conflict,
        "RequestTimeout" => Refusal::Unreachable,
        // What ends so is a limit, save the throttles above: InstanceLimitExceeded, VcpuLimitExceeded, ServiceQuotaExceeded.
        limit
            if limit.ends_with("LimitExceeded")
                || limit.ends_with("QuotaExceeded")
                || limit.ends_with("SizeExceeded")
                || limit.ends_with("CountExceeded") =>
        {
            Refusal::Quota
        }
        // A 404 without such a code is no word about a thing: a proxy or a service that does not know the call says it too.
        gone if gone.ends_with("NotFound") || gone.starts_with("NoSuch") => Refusal::NotFound,
        "ServiceNotActive" => Refusal::NotFound,
        _ if status == 429 => Refusal::Throttled,
        _ if status == 403 => Refusal::Denied,
        _ if status >= 500 => Refusal::Failed,
        _ => Refusal::Invalid,
    }
}

/// Whether an error is EC2's way to say that a dry run would have succeeded.
#[allow(dead_code, reason = "the services' files use it one by one")]
pub(super) fn would_succeed(error: &CloudError) -> bool {
    error.code.as_deref() == Some("DryRunOperation")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, status: u16, region: &str, expect: Refusal) {
        let at = Place::new("111122223333", region);
        assert_eq!(meaning("ec2:X", code, status, "", &at), expect, "{code} {status} in {region:?}");
    }

    #[test]
    fn codes_mean_one_thing_in_every_spelling() {
        use Refusal::*;
        for (codes, status, expect) in [
            (
                "AccessDenied AccessDeniedException UnauthorizedOperation Client.UnauthorizedOperation",
                403,
                Denied,
            ),
            (
                "com.amazonaws.sagemaker#AccessDeniedException AuthorizationErrorException Unheard",
                403,
                Denied,
            ),
            (
                "NoSuchEntity NoSuchEntityException InvalidInstanceID.NotFound ResourceNotFoundException",
                400,
                NotFound,
            ),
            (
                "NoSuchBucket NoSuchKey NotFoundException ClusterNotFoundException TrailNotFoundException",
                404,
                NotFound,
            ),
            ("InvalidSnapshot.NotFound EntityNotFoundException ServiceNotActiveException", 400, NotFound),
            ("LimitExceeded LimitExceededException ServiceQuotaExceededException QuotaExceeded", 409, Quota),
            (
                "InstanceLimitExceeded VcpuLimitExceeded AddressLimitExceeded SecurityGroupLimitExceeded",
                400,
                Quota,
            ),
            ("MaxSpotInstanceCountExceeded ResourceLimitExceeded PolicySizeExceeded", 400, Quota),
            (
                "RequestLimitExceeded Throttling ThrottlingException TooManyRequestsException SlowDown",
                400,
                Throttled,
            ),
            ("Unheard", 429, Throttled),
            ("UnmodifiableEntity UnmodifiableEntityException ManagedRuleException", 400, Unmodifiable),
            (
                "OperationNotPermitted IncorrectInstanceState ResourceInUse DependencyViolation",
                400,
                Protected,
            ),
            (
                "EntityTemporarilyUnmodifiable ConflictException ConcurrentModification UpdateInProgressException",
                409,
                Conflict,
            ),
            ("OptInRequired SubscriptionRequiredException RegionDisabledException", 403, Disabled),
            ("ExpiredToken ExpiredTokenException SignatureDoesNotMatch RequestExpired", 403, SignedOut),
            ("InternalError ServiceUnavailable InternalFailure", 500, Failed),
            ("DryRunOperation", 412, Invalid),
            ("ValidationError MalformedPolicyDocument InvalidParameterValue", 400, Invalid),
        ] {
            for code in codes.split(' ') {
                check(code, status, "eu-west-1", expect);
            }
        }
    }

    #[test]
    fn a_page_that_is_not_found_is_no_thing_that_is_gone() {
        check("", 404, "eu-west-1", Refusal::Invalid);
        check("UnknownOperationException", 404, "eu-west-1", Refusal::Invalid);
        let at = Place::new("111122223333", "eu-west-1");
        assert_eq!(meaning("s3:HeadBucket", "", 404, "", &at), Refusal::NotFound);
    }

    #[test]
    fn a_key_that_a_region_does_not_know_is_dead_only_where_the_region_can_not_be_off() {
        for code in
            ["AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"]
        {
            for (region, expect) in [
                ("eu-west-3", Refusal::SignedOut),
                ("", Refusal::SignedOut),
                ("cn-north-1", Refusal::SignedOut),
                ("me-south-1", Refusal::Disabled),
                ("ap-southeast-7", Refusal::Disabled),
            ] {
                check(code, 403, region, expect);
            }
        }
    }

    #[test]
    fn somebody_elses_thing_is_no_dead_key() {
        let at = Place::new("111122223333", "eu-west-3");
        let said = |message| meaning("ec2:X", "AuthFailure", 401, message, &at);
        assert_eq!(said("AWS was not able to validate the provided access credentials"), Refusal::SignedOut);
        assert_eq!(said("Not authorized for images: [ami-1]"), Refusal::Denied);
    }

    #[test]
    fn a_dry_run_that_passes_is_told_from_one_that_does_not() {
        let at = Place::new("111122223333", "eu-west-3");
        let error = |code| CloudError::new(Refusal::Invalid, "ec2:StopInstances", &at, Some(code), "");
        assert!(would_succeed(&error("DryRunOperation")));
        assert!(!would_succeed(&error("UnauthorizedOperation")));
    }
}
