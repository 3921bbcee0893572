//! Principals as people paste them, key files as they leak.

use triage::model::ids::account_of_id;
use triage::model::{KeyFileError, ParsePrincipalError, Principal, PrincipalKind, secret};

/// Everything of a principal but `given`, in one line.
fn line(who: &Principal) -> String {
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

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n-----END PRIVATE KEY-----\\n";
const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

fn key_file() -> String {
    format!(
        r#"{{"type": "service_account", "project_id": "acme-build", "private_key_id": "{KEY}", "private_key": "{PEM}",
            "client_email": "ci@acme-build.iam.gserviceaccount.com", "client_id": "104857600000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
            "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/ci%40acme-build.iam.gserviceaccount.com"}}"#
    )
}

fn base64(text: &str) -> String {
    const CODE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits =
            three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = CODE[(bits >> (18 - 6 * place) & 63) as usize] as char;
            coded.push(if place <= three.len() { digit } else { '=' });
        }
    }
    coded
}

fn check(name: &str, text: &str, expect: &str) {
    let read = Principal::from_key_file(text);
    let (got, shown) = match &read {
        Ok(who) => (line(who), format!("{read:?} {:?} {who:#?}", who.subject())),
        Err(error) => (error.to_string(), format!("{error:?} {error} {:?}", error.hint())),
    };
    assert_eq!(got, expect, "{name}");
    // No eight characters in a row of what is secret.
    for secret in [SECRET, &PEM[29..], "IQoJb3JpZ2luX2VjEXAMPLETOKEN", "1//0exampleRefreshToken"] {
        for at in 0..secret.len() - 8 {
            assert!(!shown.contains(&secret[at..at + 8]), "{name} shows a secret: {shown}");
        }
    }
}

#[test]
fn a_leaked_service_account_file_tells_its_ids_however_it_was_wrapped() {
    let expect = format!(
        "gcp service_account ci@acme-build.iam.gserviceaccount.com account:acme-build email:= unique:104857600000000000001 key:{KEY}"
    );
    let file = key_file();
    let coded = base64(&file);
    let wrapped =
        coded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n");
    let escaped = serde_json::to_string(&file).unwrap();
    for (name, text) in [
        ("as made", file.clone()),
        ("with a byte order mark", format!("\u{feff}{file}\r\n")),
        ("escaped letters", file.replace("ci@acme", "ci\\u0040acme")),
        ("quoted in quotes", escaped.clone()),
        ("in a shell export", format!("export GOOGLE_CREDENTIALS='{file}'")),
        ("escaped in source", format!("let credentials = {escaped};")),
        ("base64", coded.clone()),
        ("base64 over lines", wrapped),
        ("base64 behind a name", format!("GCP_KEY={coded}")),
        ("Kubernetes secret", format!("apiVersion: v1\nkind: Secret\ndata:\n  key.json: {coded}\n")),
        (
            "keys.create response",
            format!(
                r#"{{"name": "projects/acme-build/serviceAccounts/ci@acme-build.iam.gserviceaccount.com/keys/{KEY}", "privateKeyData": "{coded}"}}"#
            ),
        ),
        ("cut off", file[..file.find("auth_uri").unwrap()].into()),
        ("twice", format!("[{file}, {file}]")),
    ] {
        check(name, &text, &expect);
    }
    check(
        "without a client id",
        r#"{"client_email": "ci@acme-build.iam.gserviceaccount.com", "private_key_id": ""}"#,
        "gcp service_account ci@acme-build.iam.gserviceaccount.com account:acme-build email:=",
    );
    let other = file.replace("ci@", "cd@");
    check(
        "two accounts",
        &format!("{file}\n{other}"),
        "ambiguous: 2 keys stand in the key file: cd@acme-build.iam.gserviceaccount.com, ci@acme-build.iam.gserviceaccount.com",
    );
    let newer = file.replace("0123456789abcdef0", "fedcba98765432100");
    check(
        "two keys of one account",
        &format!("{file}\n{newer}"),
        &format!(
            "ambiguous: 2 keys stand in the key file: ci@acme-build.iam.gserviceaccount.com key {KEY}, ci@acme-build.iam.gserviceaccount.com key {}",
            KEY.replace("0123456789abcdef0", "fedcba98765432100")
        ),
    );
}

#[test]
fn text_with_an_aws_key_tells_its_id() {
    let expect = "aws access_key AKIARTX3GSDSTEXAMPLE account:111122223333";
    let id = "AKIARTX3GSDSTEXAMPLE";
    for (name, text) in [
        (
            "credentials file",
            format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {SECRET}\n"),
        ),
        ("environment", format!("export AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={SECRET}\n")),
        (
            "PowerShell",
            format!("$Env:AWS_ACCESS_KEY_ID=\"{id}\"\r\n$Env:AWS_SECRET_ACCESS_KEY=\"{SECRET}\"\r\n"),
        ),
        (
            "create-access-key",
            format!(
                r#"{{"AccessKey": {{"UserName": "ci", "AccessKeyId": "{id}", "SecretAccessKey": "{SECRET}"}}}}"#
            ),
        ),
        ("console's CSV", format!("\u{feff}Access key ID,Secret access key\r\n{id},{SECRET}\r\n")),
        ("code", format!("boto3.client('s3', aws_access_key_id='{id}', aws_secret_access_key='{SECRET}')")),
        ("one line of a log", format!("\\n{id}:{SECRET}\\n")),
        (
            "signed address",
            format!(
                "https://b.s3.amazonaws.com/k?X-Amz-Credential%3D{id}%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
            ),
        ),
        ("authorization header", format!("Credential={id}/20260101/us-east-1/s3/aws4_request")),
        ("named twice", format!("{id} {id}")),
        (
            "base64",
            base64(&format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = {SECRET}\n")),
        ),
        (
            "a config that names a role too",
            format!(
                "[default]\naws_access_key_id = {id}\nrole_arn = arn:aws:iam::444455556666:role/deploy\n"
            ),
        ),
        (
            "beside a mentioned service account",
            format!("{id}\n# then ask ci@acme-build.iam.gserviceaccount.com\n"),
        ),
    ] {
        check(name, &text, expect);
    }
    check(
        "session",
        &format!("ASIARTX3GSDSTEXAMPLE\n{SECRET}\nIQoJb3JpZ2luX2VjEXAMPLETOKEN"),
        "aws access_key ASIARTX3GSDSTEXAMPLE account:111122223333",
    );
    check(
        "two profiles",
        &format!(
            "[a]\naws_access_key_id = {id}\n[b]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}"
        ),
        "ambiguous: 2 keys stand in the key file: AKIAIOSFODNN7EXAMPLE, AKIARTX3GSDSTEXAMPLE",
    );
    check(
        "one key of each cloud",
        &format!("{}\n{id}\n", key_file()),
        "ambiguous: 2 keys stand in the key file: AKIARTX3GSDSTEXAMPLE, ci@acme-build.iam.gserviceaccount.com key 0123456789abcdef0123456789abcdef01234567",
    );
    let many: String = (0..20)
        .map(|n| {
            format!(
                "AKIARTX3GSDSTEXAMP{} ",
                ["AA", "AB", "AC", "AD"][n % 4].replace('A', &"ABCDE"[n / 4..=n / 4])
            )
        })
        .collect();
    let Err(KeyFileError::Ambiguous(ids)) = Principal::from_key_file(&many) else { panic!("{many}") };
    let message = KeyFileError::Ambiguous(ids.clone()).to_string();
    assert!(ids.len() > 8 && message.ends_with(&format!("and {} more", ids.len() - 8)), "{message}");
}

#[test]
fn a_providers_notice_tells_whom_it_is_about() {
    check(
        "AWS",
        "Subject: Action Required: Your AWS Access Key is Exposed for AWS Account 777788889999\n\n\
         We have become aware that the AWS Access Key AKIAIOSFODNN7EXAMPLE, belonging to IAM User ci-deployer, along with the \
         corresponding Secret Key is publicly available online at https://github.com/acme/app/blob/0123456789abcdef0123456789abcdef01234567/.env.",
        "aws access_key AKIAIOSFODNN7EXAMPLE account:777788889999",
    );
    check(
        "AWS, two accounts",
        "account 777788889999 shares with account 111122223333; AKIAIOSFODNN7EXAMPLE",
        "aws access_key AKIAIOSFODNN7EXAMPLE",
    );
    check(
        "AWS, a user and no key",
        "unusual sign-in of <arn:aws:iam::777788889999:user/ops/ann>, see below.",
        "aws user arn:aws:iam::777788889999:user/ops/ann account:777788889999 arn:=",
    );
    check(
        "Google",
        "Dear Customer, a service account key of project Acme (id: acme-build) was found at the following URL:\n\
         https://github.com/acme/app/blob/89abcdef0123456789abcdef0123456789abcdef/key.json\n\
         Service account: ci@acme-build.iam.gserviceaccount.com with key ID '0123456789abcdef0123456789abcdef01234567'.\n\
         It was disabled by gcp-compromised-key-response@system.gserviceaccount.com. Questions: google-cloud-compliance@google.com",
        "gcp service_account ci@acme-build.iam.gserviceaccount.com account:acme-build email:= key:0123456789abcdef0123456789abcdef01234567",
    );
    check(
        "Google, no key id",
        "credentials of ci@acme-build.iam.gserviceaccount.com may be compromised.",
        "gcp service_account ci@acme-build.iam.gserviceaccount.com account:acme-build email:=",
    );
    check(
        "Google's abuse event",
        r#"{"jsonPayload": {"leakedCredentialEvent": {"serviceAccountCredential": {"serviceAccount": "ci@acme-build.iam.gserviceaccount.com", "keyId": "0123456789abcdef0123456789abcdef01234567"}, "detectedUri": "https://example.com/89abcdef0123456789abcdef0123456789abcdef"}}}"#,
        "gcp service_account ci@acme-build.iam.gserviceaccount.com account:acme-build email:= key:0123456789abcdef0123456789abcdef01234567",
    );
}

#[test]
fn other_files_are_named_for_what_they_are() {
    check(
        "authorized_user",
        r#"{"type": "authorized_user", "client_id": "764086051850-x.apps.googleusercontent.com", "client_secret": "wJalrXUtnFEMI", "refresh_token": "1//0exampleRefreshToken"}"#,
        "the key file holds a person's sign-in of gcloud, not a service-account key",
    );
    check(
        "external_account",
        r#"{"type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x", "service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/ci@acme-build.iam.gserviceaccount.com:generateAccessToken"}"#,
        "the key file holds a workload identity federation configuration, not a service-account key",
    );
    let none = "no access key id and no service account stand in the key file";
    check("nothing", "", none);
    check("a secret alone", SECRET, none);
    check("swapped fields", &format!("aws_access_key_id = {SECRET}\naws_secret_access_key ="), none);
    check("a private key alone", &PEM.replace("\\n", "\n"), none);
    check("an id within base64", &format!("x+AKIARTX3GSDSTEXAMPLE{SECRET}"), none);
    check(
        "a secret where an e-mail belongs",
        &format!(r#"{{"client_email": "{SECRET}", "private_key_id": "{SECRET}"}}"#),
        none,
    );
    check("too long", &" ".repeat((16 << 20) + 1), "the key file is longer than 16 MiB");
}

#[test]
fn hostile_key_files_end_soon() {
    let started = std::time::Instant::now();
    for text in [
        "AKIA",
        "\\nAKIA",
        "client_email:",
        "account",
        "[",
        "{\"a\":",
        "=",
        "key 0123456789abcdef0123456789abcdef01234567 ",
    ] {
        let _ = Principal::from_key_file(&text.repeat((2 << 20) / text.len()));
    }
    let nested = (0..6).fold(key_file(), |text, _| base64(&text));
    assert_eq!(
        Principal::from_key_file(&nested),
        Err(KeyFileError::NoKey),
        "encodings are undone three deep"
    );
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
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
