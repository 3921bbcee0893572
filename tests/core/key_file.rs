//! Key files as they leak, credentials files, pastes and notices: ids out, secrets never.

use crate::principal::line;
use crate::support::takes_its_time_and_not_its_square;
use triage::model::{KeyFileError, Principal};

pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\\n-----END PRIVATE KEY-----\\n";
pub const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

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
        takes_its_time_and_not_its_square(text, 2 << 20, |size| {
            let _ = Principal::from_key_file(&text.repeat(size / text.len()));
        });
    }
    let nested = (0..6).fold(key_file(), |text, _| base64(&text));
    assert_eq!(
        Principal::from_key_file(&nested),
        Err(KeyFileError::NoKey),
        "encodings are undone three deep"
    );
}
