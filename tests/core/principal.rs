//! Principals as people paste them, key files as they leak.

use crate::key_file::{KEY, SECRET};
use triage::model::ids::account_of_id;
use triage::model::{ParsePrincipalError, Principal, PrincipalKind, secret};

/// Everything of a principal but `given`, in one line.
pub fn line(who: &Principal) -> String {
    let fields = [
        ("account", &who.account),
        ("arn", &who.arn),
        ("email", &who.email),
        ("unique", &who.unique_id),
        ("key", &who.key),
    ];
    let mut line = format!("{} {} {}", who.provider.name(), who.kind.name(), who.id);
    for (name, value) in fields {
        if let Some(value) = value {
            let value = if **value == *who.id { "=" } else { value };
            line += &format!(" {name}:{value}");
        }
    }
    line
}

#[test]
fn what_people_have_in_hand_is_taken() {
    let sa = "gcp service_account ci@acme-build.iam.gserviceaccount.com";
    for (text, expect) in [
        ("ci@acme-build", format!("{sa} account:acme-build email:=")),
        ("ci@acme-build.iam", format!("{sa} account:acme-build email:=")),
        ("ci@acme-build.iam.gserviceaccount.com", format!("{sa} account:acme-build email:=")),
        (" \"CI@acme-build.iam.gserviceaccount.com\"\n", format!("{sa} account:acme-build email:=")),
        ("<ci@acme-build.iam.gserviceaccount.com>", format!("{sa} account:acme-build email:=")),
        ("serviceAccount:ci@acme-build", format!("{sa} account:acme-build email:=")),
        ("serviceAccount:ci@acme-build.iam.gserviceaccount.com", format!("{sa} account:acme-build email:=")),
        ("user:ci@acme-build.iam.gserviceaccount.com", format!("{sa} account:acme-build email:=")),
        (
            "deleted:serviceAccount:ci@acme-build.iam.gserviceaccount.com?uid=104857600000000000001",
            format!("{sa} account:acme-build email:= unique:104857600000000000001"),
        ),
        (
            "projects/acme-build/serviceAccounts/ci@acme-build.iam.gserviceaccount.com",
            format!("{sa} account:acme-build email:="),
        ),
        (
            "//iam.googleapis.com/projects/-/serviceAccounts/ci@acme-build.iam.gserviceaccount.com/keys/0123456789abcdef0123456789abcdef01234567",
            format!("{sa} account:acme-build email:= key:0123456789abcdef0123456789abcdef01234567"),
        ),
        (
            "principal://iam.googleapis.com/projects/-/serviceAccounts/ci@acme-build.iam.gserviceaccount.com",
            format!("{sa} account:acme-build email:="),
        ),
        (
            "ci@acme-build.example.com.iam.gserviceaccount.com",
            "gcp service_account ci@acme-build.example.com.iam.gserviceaccount.com account:example.com:acme-build email:=".into(),
        ),
        (
            "acme-build@appspot.gserviceaccount.com",
            "gcp service_account acme-build@appspot.gserviceaccount.com account:acme-build email:=".into(),
        ),
        (
            "123456789012-compute@developer.gserviceaccount.com",
            "gcp service_account 123456789012-compute@developer.gserviceaccount.com email:=".into(),
        ),
        (
            "service-123456789012@compute-system.iam.gserviceaccount.com",
            "gcp service_account service-123456789012@compute-system.iam.gserviceaccount.com email:=".into(),
        ),
        ("104857600000000000001", "gcp service_account 104857600000000000001 unique:=".into()),
        ("104857600000000", "gcp service_account 104857600000000 unique:=".into()),
        ("Ann.Smith+ops@Example.com", "gcp google_user ann.smith+ops@example.com email:=".into()),
        ("user:ann@example.com", "gcp google_user ann@example.com email:=".into()),
        ("principal://goog/subject/ann@example.com", "gcp google_user ann@example.com email:=".into()),
        (
            "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/subject/repo:acme/app:ref:refs/heads/main",
            "gcp workload_identity principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/subject/repo:acme/app:ref:refs/heads/main".into(),
        ),
        (
            "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-build.svc.id.goog/subject/ns/web/sa/api",
            "gcp workload_identity principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-build.svc.id.goog/subject/ns/web/sa/api account:acme-build".into(),
        ),
        (
            "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/ann@example.com",
            "gcp workload_identity principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/ann@example.com".into(),
        ),
        (
            "serviceAccount:acme-build.svc.id.goog[web/api]",
            "gcp workload_identity acme-build.svc.id.goog[web/api] account:acme-build".into(),
        ),
        ("AKIAIOSFODNN7EXAMPLE", "aws access_key AKIAIOSFODNN7EXAMPLE".into()),
        ("'AKIARTX3GSDSTEXAMPLE'", "aws access_key AKIARTX3GSDSTEXAMPLE account:111122223333".into()),
        ("ASIARTX3GSDSTEXAMPLE", "aws access_key ASIARTX3GSDSTEXAMPLE account:111122223333".into()),
        ("ASIARTX3GSDSTEXAMP", "aws access_key ASIARTX3GSDSTEXAMP account:111122223333".into()),
        ("AIDARTX3GSDSTSEXAMPLE", "aws user AIDARTX3GSDSTSEXAMPLE account:111122223333".into()),
        ("AROARTX3GSDSTSEXAMPLE", "aws role AROARTX3GSDSTSEXAMPLE account:111122223333".into()),
        (
            "AROARTX3GSDSTSEXAMPLE:i-0123456789abcdef0",
            "aws session AROARTX3GSDSTSEXAMPLE:i-0123456789abcdef0 account:111122223333".into(),
        ),
        ("arn:aws:iam::111122223333:user/ann", "aws user arn:aws:iam::111122223333:user/ann account:111122223333 arn:=".into()),
        (
            "arn:aws-us-gov:iam::111122223333:user/ops/eu/ann",
            "aws user arn:aws-us-gov:iam::111122223333:user/ops/eu/ann account:111122223333 arn:=".into(),
        ),
        (
            "arn:aws-cn:iam::111122223333:role/service-role/builder",
            "aws role arn:aws-cn:iam::111122223333:role/service-role/builder account:111122223333 arn:=".into(),
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/builder/ann@example.com",
            "aws session arn:aws:sts::111122223333:assumed-role/builder/ann@example.com account:111122223333 arn:=".into(),
        ),
        (
            "arn:aws:sts::111122223333:federated-user/ann",
            "aws federated_user arn:aws:sts::111122223333:federated-user/ann account:111122223333 arn:=".into(),
        ),
        ("arn:aws:iam::111122223333:root", "aws root arn:aws:iam::111122223333:root account:111122223333 arn:=".into()),
    ] {
        let who = Principal::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(line(&who), expect, "{text}");
        assert_eq!(Principal::parse(&who.given).as_ref(), Ok(&who), "{text}: what was given reads the same again");
        assert_eq!(Principal::parse(&who.id).map(|again| again.kind), Ok(who.kind), "{text}: so does the id");
    }
}

#[test]
fn what_names_no_one_principal_is_refused_by_name() {
    let long = "a".repeat(2049);
    for (text, expect) in [
        ("", "the principal is empty"),
        (" \"\" ", "the principal is empty"),
        (&long, "the principal is longer than 2048 bytes"),
        ("AKIAIOSFODNN7EXAMPLE\u{1b}[2J", "the principal holds control or invisible characters"),
        ("AKIAIOSFODNN7\nEXAMPLE", "the principal holds control or invisible characters"),
        ("ann\u{202e}@example.com", "the principal holds control or invisible characters"),
        ("ann\u{200b}@example.com", "the principal holds control or invisible characters"),
        ("ann\u{9b}@example.com", "the principal holds control or invisible characters"),
        ("111122223333", "this is an AWS account id (or a Google project number), not a principal"),
        ("12345678901", "this is no valid unique id: a service account's has 15 to 22 digits, most often 21"),
        (
            "12345678901234567890123",
            "this is no valid unique id: a service account's has 15 to 22 digits, most often 21",
        ),
        ("AKIASHORT", "this is no valid access key id: it has 16 to 128 characters, most often 20 or 21"),
        (
            "akiaiosfodnn7example",
            "this is no valid access key id: it is written in upper-case letters and digits",
        ),
        (
            "AKIAIOSFODNN7EXAMPLE:x1",
            "this is no valid access key id: only a role's id is followed by a session's name",
        ),
        (
            "AIDARTX3GSDSTSEXAMPLE:x1",
            "this is no valid unique id: only a role's id is followed by a session's name",
        ),
        (
            "AROARTX3GSDSTSEXAMPLE:",
            "this is no valid unique id: a session's name has 2 to 64 letters, digits or _+=,.@-",
        ),
        ("AGPARTX3GSDSTSEXAMPLE", "this is a group's id, not a principal"),
        ("ANPARTX3GSDSTSEXAMPLE", "this is a managed policy's id, not a principal"),
        ("AIPARTX3GSDSTSEXAMPLE", "this is an instance profile's id, not a principal"),
        ("arn:aws:iam::111122223333:group/ops", "this is a group, not a principal"),
        (
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "this is no valid ARN: it names no region and an account of 12 digits",
        ),
        ("arn:aws:iam::111122223333:instance-profile/web", "this is an instance profile, not a principal"),
        (
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
            "this is the ARN of a resource, not a principal",
        ),
        ("arn:aws:s3:::bucket", "this is the ARN of a resource, not a principal"),
        (
            "arn:aws:iam::111122223333:oidc-provider/example.com",
            "this is an ARN of another kind, not a principal",
        ),
        (
            "arn:aws:iam::111122223333",
            "this is no valid ARN: it has six parts: arn:aws:iam::ACCOUNT:user/NAME",
        ),
        (
            "arn:azure:iam::111122223333:user/x",
            "this is no valid ARN: it begins with arn:aws:, arn:aws-us-gov: or arn:aws-cn:",
        ),
        (
            "arn:aws:iam::11112222333:user/x",
            "this is no valid ARN: it names no region and an account of 12 digits",
        ),
        (
            "arn:aws:iam::111122223333:user/*",
            "this is no valid ARN: it names one principal, without wildcards",
        ),
        (
            "arn:aws:iam::111122223333:user/",
            "this is no valid ARN: it names one principal, without wildcards",
        ),
        (
            "arn:aws:iam::111122223333:role/*/x",
            "this is no valid ARN: it names one principal, without wildcards",
        ),
        (
            "arn:aws:iam::111122223333:root/x",
            "this is no valid ARN: it names one principal, without wildcards",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/x/a/b",
            "this is no valid ARN: a role's session is assumed-role/NAME/SESSION",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/x",
            "this is no valid ARN: the session is missing: assumed-role/NAME/SESSION; a role is arn:aws:iam::ACCOUNT:role/NAME",
        ),
        (
            "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            "this is a service-linked role, not a principal",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
            "this is a service-linked role, not a principal",
        ),
        ("https://console.aws.amazon.com/iam/home#/users/ann", "this is a web address, not a principal"),
        ("i-0123456789abcdef0", "this is an instance, not a principal"),
        (
            "0123456789abcdef0123456789abcdef01234567",
            "this is a key id without its service account, not a principal",
        ),
        ("GOOG1EXAMPLEEXAMPLEEXAMPLE", "this is an HMAC key id, not a principal"),
        ("group:ops@example.com", "this is a set of principals, not a principal"),
        ("allUsers", "this is a set of principals, not a principal"),
        (
            "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*",
            "this is a set of principals, not a principal",
        ),
        (
            "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/",
            "this is no valid federated identity: it is principal://iam.googleapis.com/…/subject/SUBJECT",
        ),
        (
            "principal://evil.example/subject/x",
            "this is no valid federated identity: it is principal://iam.googleapis.com/…/subject/SUBJECT",
        ),
        (
            "bob@corp",
            "this is no valid NAME@PROJECT: a project id has 6 to 30 lower-case letters, digits or hyphens and begins with a letter; a user's e-mail has a domain with a dot",
        ),
        (
            "ci@example.com:acme-build",
            "this is a service account of a domain-scoped project, not a principal",
        ),
        (
            "user:bob@acme-build",
            "this is no valid user: its e-mail has a domain with a dot: user:NAME@DOMAIN.TLD",
        ),
        (
            "serviceAccount:bob@example.com",
            "this is no valid service account: its e-mail ends in gserviceaccount.com",
        ),
        (
            "ci@acme-build.iam.gserviceaccount.co",
            "this is no valid service account: its e-mail ends in .gserviceaccount.com",
        ),
        (
            "ci@acme-build.iam.evilgserviceaccount.com",
            "this is no valid service account: its e-mail ends in .gserviceaccount.com",
        ),
        (
            "ci@iam.gserviceaccount.com",
            "this is no valid service account: its e-mail is NAME@PROJECT.iam.gserviceaccount.com",
        ),
        (
            "ci@@acme-build",
            "this is no valid NAME@PROJECT: a project id has 6 to 30 lower-case letters, digits or hyphens and begins with a letter; a user's e-mail has a domain with a dot",
        ),
        ("a@b@example.com", "this is no valid e-mail: the part behind the @ is a project or a domain"),
        ("@example.com", "this is no valid e-mail: the part before the @ holds letters, digits and ._%+'-"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "this looks like key material, not like an id"),
        ("AIzaSyEXAMPLEEXAMPLEEXAMPLEEXAMPLE12345", "this looks like key material, not like an id"),
        ("ann", "this has the form of no principal"),
        ("ann smith", "this has the form of no principal"),
        ("éééé", "this has the form of no principal"),
    ] {
        let error = Principal::parse(text).map(|who| line(&who)).expect_err(text);
        assert_eq!(error.to_string(), expect, "{text}");
        assert!(error.accepted().lines().count() > 10 && error.accepted().contains("AKIA"), "{text}");
    }
    let hint = Principal::parse("111122223333").unwrap_err().hint();
    assert!(hint.is_some_and(|hint| hint.contains("arn:aws:iam::ACCOUNT:root")), "{hint:?}");
    assert_eq!(ParsePrincipalError::Unknown.hint(), None);
}

#[test]
fn an_account_is_read_off_new_ids_only() {
    for (id, expect) in [
        ("AKIARTX3GSDSTEXAMPLE", Some("111122223333")),
        // Made before 2019: no leading 1.
        ("AKIAIOSFODNN7EXAMPLE", None),
        ("AKIAJ55Z7Z2KT7EXAMPL", None),
        // Not base32.
        ("AKIARTX3GSDSTEXAMPL8", None),
        ("AKIARTX0GSDSTEXAMPLE", None),
        // 2^40 - 1 has 13 digits.
        ("AKIA7777777777777777", None),
        ("AKIAQAAAAAAAAAAAAAAA", None),
        ("AKIA", None),
        ("", None),
        ("AKIé", None),
    ] {
        assert_eq!(account_of_id(id).as_deref(), expect, "{id}");
    }
}

#[test]
fn no_text_makes_the_readers_panic() {
    use proptest::prelude::*;
    let piece = prop_oneof![
        Just("AKIA".to_string()),
        Just("arn:aws:iam::111122223333:".into()),
        Just("user/".into()),
        Just("@".into()),
        Just("principal://iam.googleapis.com/".into()),
        Just("projects/".into()),
        Just("client_email\":\"".into()),
        Just("AROA".into()),
        Just("%3".into()),
        Just("\\".into()),
        Just(".svc.id.goog[".into()),
        Just("deleted:".into()),
        "[A-Z2-7]{0,20}",
        "\\PC{0,6}",
        "[a-z0-9.-]{0,12}",
        any::<String>(),
    ];
    let text = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    proptest!(ProptestConfig::with_cases(512), |(text in text)| {
        if let Ok(who) = Principal::parse(&text) {
            prop_assert!(!who.given.chars().any(char::is_control));
            prop_assert_eq!(Principal::parse(&who.given), Ok(who));
        }
        let _ = Principal::from_key_file(&text);
        let safe = secret::redact(&text);
        prop_assert_eq!(secret::redact(&safe), safe);
    });
}

#[test]
fn secrets_are_redacted_and_ids_are_not() {
    for (text, expect) in [
        (SECRET, "[redacted]".to_string()),
        (&format!("--note={SECRET}"), "--note=[redacted]".into()),
        (&format!("x {SECRET} y"), "x [redacted] y".into()),
        ("AWS_SECRET_ACCESS_KEY=short", "AWS_SECRET_ACCESS_KEY=[redacted]".into()),
        ("--password=hunter2", "--password=[redacted]".into()),
        ("Bearer ya29.EXAMPLEEXAMPLEEXAMPLE", "Bearer [redacted]".into()),
        ("https://x/?k=AIzaSyEXAMPLEEXAMPLEEXAMPLE", "https://x/?k=[redacted]".into()),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "[redacted]".into()),
        ("AKIARTX3GSDSTEXAMPLE", "AKIARTX3GSDSTEXAMPLE".into()),
        (KEY, KEY.into()),
        ("--key-file=leaked/token.json", "--key-file=leaked/token.json".into()),
        (
            "arn:aws:iam::111122223333:role/secret-reader",
            "arn:aws:iam::111122223333:role/secret-reader".into(),
        ),
        ("logs/2026/07/14/eu-west-1", "logs/2026/07/14/eu-west-1".into()),
        ("", "".into()),
    ] {
        assert_eq!(secret::redact(text), expect);
    }
}

#[test]
fn every_kind_is_known_by_its_name() {
    let names: std::collections::BTreeSet<_> = PrincipalKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), PrincipalKind::ALL.len());
}
