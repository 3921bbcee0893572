//! Every AWS credential edge, read from a recorded-shape event: exactly these facts.

use crate::cloudtrail::fixture;
use crate::support::fixtures;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use triage::model::{Event, Fact, Issued, Minter, Provenance};
use triage::read;

/// Reads one fixture of `fixtures/events/aws/`.
pub fn event(name: &str) -> Event {
    let path = fixtures().join("events/aws").join(name).with_extension("json");
    let raw = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    read::read(&raw, Provenance::default())
        .unwrap_or_else(|why| panic!("{name}: {}", why.0))
        .unwrap_or_else(|| panic!("{name}: no audit record"))
}

/// One line per fact, every field in it.
fn told(event: &Event) -> Vec<String> {
    event.facts.iter().map(line).collect()
}

fn line(fact: &Fact) -> String {
    match fact {
        Fact::Issued(issued) => issued_line(issued),
        Fact::Revoked { kind, id, how } => format!("revoked {kind} {id}: {how}"),
        Fact::Restored { kind, id, how } => format!("restored {kind} {id}: {how}"),
        Fact::SignedIn { principal, via } => format!("signed in {principal} via {via}"),
        Fact::Carries { compute, identity } => {
            let (kind, id, names) = (compute.kind, &compute.id, compute.names.join(" "));
            format!("{kind} {id} ({names}) in {} of {} carries {identity}", compute.region, compute.account)
        }
        Fact::Granted { member, role, on } => format!("granted {role} on {on} to {member}"),
        Fact::Forwarded { service } => format!("forwarded by {service}"),
        Fact::Touched { resource, how } => format!("touched {} {}: {how}", resource.kind, resource.id),
        Fact::Signal(signal) if signal.undoes => format!("undoes {}", signal.pair),
        Fact::Signal(signal) => {
            let technique = signal.technique.map_or("-", |technique| technique.id);
            format!("{:?} {technique} [{}] {}", signal.kind, signal.pair, signal.note)
        }
        Fact::Created(_) | Fact::Deleted(_) | Fact::Withdrawn { .. } | Fact::Leak { .. } => {
            format!("{fact:?}")
        }
    }
}

fn issued_line(issued: &Issued) -> String {
    let or = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("-").to_owned();
    let minter = match &issued.minter {
        Minter::Actor => "the actor".to_owned(),
        Minter::Compute { service, name } => format!("{service} for {name}"),
        Minter::External { issuer, subject } => format!("{subject} at {issuer}"),
    };
    format!(
        "issued {} {} of {} ({}) in {} via {} until {} {:?} by {minter}",
        issued.kind,
        issued.id,
        or(&issued.principal),
        or(&issued.principal_id),
        or(&issued.account),
        issued.via,
        issued.expires.map_or("-".to_owned(), |until| until.to_string()),
        issued.strength,
    )
}

/// Source, event and parent of each row of the table of edges (24), and the recording that shows it.
const EDGES: [(&str, &str); 24] = [
    ("sts AssumeRole by a user or role session", "sts/AssumeRole"),
    ("sts AssumeRole from another account", "sts/AssumeRole-cross-account"),
    ("sts AssumeRole by a service", "sts/AssumeRole-ec2"),
    ("sts AssumeRoleWithSAML", "sts/AssumeRoleWithSAML"),
    ("sts AssumeRoleWithWebIdentity", "sts/AssumeRoleWithWebIdentity"),
    ("sts GetSessionToken", "sts/GetSessionToken"),
    ("sts GetFederationToken", "sts/GetFederationToken"),
    ("sts AssumeRoot", "sts/AssumeRoot"),
    ("sts GetDelegatedAccessToken", "sts/GetDelegatedAccessToken"),
    ("sts GetWebIdentityToken", "sts/GetWebIdentityToken"),
    ("iam CreateAccessKey", "iam/CreateAccessKey"),
    ("iam CreateLoginProfile", "iam/CreateLoginProfile"),
    ("iam CreateServiceSpecificCredential", "iam/CreateServiceSpecificCredential"),
    ("signin GetSigninToken", "signin/GetSigninToken"),
    ("signin ConsoleLogin", "signin/ConsoleLogin"),
    ("signin SwitchRole", "signin/SwitchRole"),
    ("signin CreateOAuth2Token", "signin/CreateOAuth2Token"),
    ("sso GetRoleCredentials", "sso/GetRoleCredentials"),
    ("sso-oauth CreateTokenWithIAM", "sso-oauth/CreateTokenWithIAM"),
    ("sso CreateToken", "sso/CreateToken"),
    ("cognito-identity GetCredentialsForIdentity", "cognito-identity/GetCredentialsForIdentity"),
    ("rolesanywhere CreateSession", "rolesanywhere/CreateSession"),
    ("any event, forward-access session", "kms/Decrypt-forwarded"),
    ("any event, session in scope of compute", "sts/GetCallerIdentity-lambda"),
];

/// What each recording tells, every field of every fact.
const TOLD: &[(&str, &[&str])] = &[
    (
        "cognito-identity/GetCredentialsForIdentity",
        &[
            "issued aws.session ASIARTX3GSDST2DKM3KX of arn:aws:sts::111122223333:assumed-role/shop-guests/CognitoIdentityCredentials (-) in 111122223333 via GetCredentialsForIdentity until 2026-03-02T04:14:15Z Exact by eu-west-1:0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0 at cognito-identity.amazonaws.com",
        ],
    ),
    (
        "iam/ChangePassword",
        &[
            "touched aws.login_profile deploy: password changed",
            "Persistence T1098.001 [iam:login-profile/111122223333/deploy] The console password of the caller's own user deploy was changed: its owner may be locked out.",
        ],
    ),
    (
        "iam/CreateAccessKey-own",
        &[
            "issued aws.access_key AKIARTX3GSDS62FLPBXU of arn:aws:iam::111122223333:user/ci/deploy (AIDAQPWZDCTLBFBWGMFBE) in 111122223333 via CreateAccessKey until - Exact by the actor",
            "Persistence T1098.001 [iam:access-key/111122223333/AKIARTX3GSDS62FLPBXU] Access key AKIARTX3GSDS62FLPBXU was made for the caller's own user deploy: it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/CreateAccessKey-root",
        &[
            "issued aws.access_key AKIARTX3GSDSVXQWBIPM of arn:aws:iam::111122223333:root (111122223333) in 111122223333 via CreateAccessKey until - Exact by the actor",
            "Persistence T1098.001 [iam:access-key/111122223333/AKIARTX3GSDSVXQWBIPM] Access key AKIARTX3GSDSVXQWBIPM was made for the root user: it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/CreateAccessKey",
        &[
            "issued aws.access_key AKIARTX3GSDS2WXWWSOM of arn:aws:iam::111122223333:user/svc-backup (-) in 111122223333 via CreateAccessKey until - Exact by the actor",
            "Persistence T1098.001 [iam:access-key/111122223333/AKIARTX3GSDS2WXWWSOM] Access key AKIARTX3GSDS2WXWWSOM was made for another user (svc-backup): it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/CreateLoginProfile",
        &[
            "issued aws.login_profile svc-backup of arn:aws:iam::111122223333:user/svc-backup (-) in 111122223333 via CreateLoginProfile until - Exact by the actor",
            "Persistence T1098.001 [iam:login-profile/111122223333/svc-backup] A console password was made for another user (svc-backup): it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/CreateServiceSpecificCredential",
        &[
            "issued aws.service_specific_credential ACCABZ6LX72WUUCUNND6S of arn:aws:iam::111122223333:user/BedrockAPIKey-x1y2 (-) in 111122223333 via CreateServiceSpecificCredential until 2026-05-31T03:14:15Z Exact by the actor",
            "Persistence T1098.001 [iam:service-specific-credential/111122223333/ACCABZ6LX72WUUCUNND6S] Service credential ACCABZ6LX72WUUCUNND6S for bedrock.amazonaws.com was made for another user (BedrockAPIKey-x1y2): it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/DeleteAccessKey",
        &[
            "revoked aws.access_key AKIARTX3GSDSZYTVWVUN: deleted",
            "undoes iam:access-key/111122223333/AKIARTX3GSDSZYTVWVUN",
        ],
    ),
    (
        "iam/DeleteLoginProfile",
        &[
            "revoked aws.login_profile svc-backup: deleted",
            "undoes iam:login-profile/111122223333/svc-backup",
        ],
    ),
    (
        "iam/DeleteSSHPublicKey",
        &[
            "revoked aws.ssh_public_key APKALY2NCXGKQNCGWBCUL: deleted",
            "undoes iam:ssh-public-key/111122223333/APKALY2NCXGKQNCGWBCUL",
        ],
    ),
    (
        "iam/DeleteServiceSpecificCredential",
        &[
            "revoked aws.service_specific_credential ACCABZ6LX72WUUCUNND6S: deleted",
            "undoes iam:service-specific-credential/111122223333/ACCABZ6LX72WUUCUNND6S",
        ],
    ),
    (
        "iam/DeleteSigningCertificate",
        &[
            "revoked aws.signing_certificate TA7SMP42TDN5Z26OBPJE7EXAMPLE: deleted",
            "undoes iam:signing-certificate/111122223333/TA7SMP42TDN5Z26OBPJE7EXAMPLE",
        ],
    ),
    (
        "iam/ResetServiceSpecificCredential",
        &[
            "issued aws.service_specific_credential ACCABZ6LX72WUUCUNND6S of arn:aws:iam::111122223333:user/alice (-) in 111122223333 via ResetServiceSpecificCredential until - Exact by the actor",
            "Persistence T1098.001 [iam:service-specific-credential/111122223333/ACCABZ6LX72WUUCUNND6S] Service credential ACCABZ6LX72WUUCUNND6S for codecommit.amazonaws.com of another user (alice) got a new secret: it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/UpdateAccessKey-active",
        &[
            "restored aws.access_key AKIARTX3GSDSZYTVWVUN: re-activated",
            "touched aws.access_key AKIARTX3GSDSZYTVWVUN: re-activated",
            "Persistence T1098.001 [iam:access-key/111122223333/AKIARTX3GSDSZYTVWVUN] Access key AKIARTX3GSDSZYTVWVUN of another user (svc-backup) was re-activated.",
        ],
    ),
    (
        "iam/UpdateAccessKey-inactive",
        &[
            "revoked aws.access_key AKIARTX3GSDSZYTVWVUN: deactivated",
            "undoes iam:access-key/111122223333/AKIARTX3GSDSZYTVWVUN",
        ],
    ),
    (
        "iam/UpdateAssumeRolePolicy-encoded",
        &[
            "touched aws.iam.role backup: trust policy replaced",
            "granted sts:AssumeRole on arn:aws:iam::111122223333:role/backup to arn:aws:iam::777788889999:root",
            "Persistence T1098.003 [iam:trust/111122223333/backup] Role backup can now be assumed by arn:aws:iam::777788889999:root (another account).",
        ],
    ),
    (
        "iam/UpdateAssumeRolePolicy-restored",
        &["touched aws.iam.role backup: trust policy replaced", "undoes iam:trust/111122223333/backup"],
    ),
    (
        "iam/UpdateAssumeRolePolicy",
        &[
            "touched aws.iam.role backup: trust policy replaced",
            "granted sts:AssumeRole on arn:aws:iam::111122223333:role/backup to *",
            "granted sts:AssumeRole on arn:aws:iam::111122223333:role/backup to arn:aws:iam::777788889999:root",
            "Persistence T1098.003 [iam:trust/111122223333/backup] Role backup can now be assumed by anyone, under a condition; arn:aws:iam::777788889999:root (another account), under a condition.",
        ],
    ),
    (
        "iam/UpdateLoginProfile",
        &[
            "issued aws.login_profile alice of arn:aws:iam::111122223333:user/alice (-) in 111122223333 via UpdateLoginProfile until - Heuristic by the actor",
            "Persistence T1098.001 [iam:login-profile/111122223333/alice] The console password of another user (alice) was changed: whoever set it can sign in with it.",
        ],
    ),
    (
        "iam/UpdateSSHPublicKey",
        &[
            "restored aws.ssh_public_key APKALY2NCXGKQNCGWBCUL: re-activated",
            "touched aws.ssh_public_key APKALY2NCXGKQNCGWBCUL: re-activated",
            "Persistence T1098.004 [iam:ssh-public-key/111122223333/APKALY2NCXGKQNCGWBCUL] SSH public key APKALY2NCXGKQNCGWBCUL of another user (alice) was re-activated.",
        ],
    ),
    (
        "iam/UpdateServiceSpecificCredential",
        &[
            "revoked aws.service_specific_credential ACCABZ6LX72WUUCUNND6S: deactivated",
            "undoes iam:service-specific-credential/111122223333/ACCABZ6LX72WUUCUNND6S",
        ],
    ),
    (
        "iam/UpdateSigningCertificate",
        &[
            "revoked aws.signing_certificate TA7SMP42TDN5Z26OBPJE7EXAMPLE: deactivated",
            "undoes iam:signing-certificate/111122223333/TA7SMP42TDN5Z26OBPJE7EXAMPLE",
        ],
    ),
    (
        "iam/UploadSSHPublicKey",
        &[
            "issued aws.ssh_public_key APKALY2NCXGKQNCGWBCUL of arn:aws:iam::111122223333:user/alice (-) in 111122223333 via UploadSSHPublicKey until - Exact by the actor",
            "Persistence T1098.004 [iam:ssh-public-key/111122223333/APKALY2NCXGKQNCGWBCUL] SSH public key APKALY2NCXGKQNCGWBCUL was made for another user (alice): it goes on working when the caller's own credential is disabled.",
        ],
    ),
    (
        "iam/UploadSigningCertificate",
        &[
            "issued aws.signing_certificate TA7SMP42TDN5Z26OBPJE7EXAMPLE of arn:aws:iam::111122223333:user/alice (-) in 111122223333 via UploadSigningCertificate until - Exact by the actor",
            "Persistence T1098.001 [iam:signing-certificate/111122223333/TA7SMP42TDN5Z26OBPJE7EXAMPLE] Signing certificate TA7SMP42TDN5Z26OBPJE7EXAMPLE was made for another user (alice): it goes on working when the caller's own credential is disabled.",
        ],
    ),
    ("kms/Decrypt-forwarded", &["forwarded by secretsmanager.amazonaws.com"]),
    (
        "rolesanywhere/CreateSession",
        &[
            "issued aws.session ASIARTX3GSDS4CRMYSHQ of arn:aws:sts::111122223333:assumed-role/on-prem/2a9902119721ab7b5c19a878c4c66af705895b42 (AROABWVUQ7BULI2Q3DMAZ:2a9902119721ab7b5c19a878c4c66af705895b42) in 111122223333 via CreateSession until 2026-03-02T04:14:15Z Exact by CN=build-07 at arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/1f2e3d4c-5b6a-7988-97a6-b5c4d3e2f1a0",
        ],
    ),
    ("signin/ConsoleLogin-failed", &[]),
    ("signin/ConsoleLogin", &["signed in arn:aws:iam::111122223333:user/ci/deploy via ConsoleLogin"]),
    (
        "signin/CreateOAuth2Token-masked",
        &["signed in arn:aws:iam::111122223333:user/ci/deploy via CreateOAuth2Token"],
    ),
    (
        "signin/CreateOAuth2Token",
        &[
            "issued aws.session ASIARTX3GSDSQSRVYC2O of arn:aws:iam::111122223333:user/ci/deploy (AIDAQPWZDCTLBFBWGMFBE) in 111122223333 via CreateOAuth2Token until 2026-03-02T03:29:15Z Exact by the actor",
        ],
    ),
    (
        "signin/GetSigninToken",
        &[
            "issued aws.session ASIARTX3GSDSZ2ZGSRPY of arn:aws:sts::111122223333:assumed-role/backup/nightly (AROA65YZQUVVQLKCLUULM:nightly) in 111122223333 via GetSigninToken until - Exact by the actor",
        ],
    ),
    (
        "signin/SwitchRole-from",
        &["signed in arn:aws:sts::444455556666:assumed-role/operations/deploy via SwitchRole"],
    ),
    (
        "signin/SwitchRole",
        &["signed in arn:aws:sts::444455556666:assumed-role/operations/deploy via SwitchRole"],
    ),
    ("sso/CreateToken", &["signed in 93670b1cde-11112222-3333-4444-5555-666677778888 via CreateToken"]),
    (
        "sso/GetRoleCredentials",
        &[
            "signed in arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_AdministratorAccess_* via GetRoleCredentials",
        ],
    ),
    (
        "sso-oauth/CreateTokenWithIAM",
        &[
            "issued aws.identity_center_token AAAAAGEXAMPLE_fJrfG3s-3PQWeDwT9i9d62beJKyBZzks4jkECDTgbezwS8Wx7V8mHW9RyhiUxluexutOs of 93670b1cde-11112222-3333-4444-5555-666677778888 (-) in 111122223333 via CreateTokenWithIAM until 2026-03-02T04:14:15Z Exact by the actor",
        ],
    ),
    (
        "sts/AssumeRole-cross-account",
        &[
            "issued aws.session ASIAWO645SY5M4OJVNEW of arn:aws:sts::444455556666:assumed-role/deployer/hop-1 (AROAULGEPI6W24NZ2ZKR4:hop-1) in 444455556666 via AssumeRole until 2026-03-02T04:14:15Z Exact by the actor",
        ],
    ),
    ("sts/AssumeRole-denied", &[]),
    (
        "sts/AssumeRole-ec2",
        &[
            "issued aws.session ASIARTX3GSDS4VJ7NE7L of arn:aws:sts::111122223333:assumed-role/instance-role/i-0a1b2c3d4e5f67890 (-) in 111122223333 via AssumeRole until 2026-03-02T09:24:46Z Exact by ec2.amazonaws.com for i-0a1b2c3d4e5f67890",
        ],
    ),
    (
        "sts/AssumeRole-lambda",
        &[
            "issued aws.session ASIARTX3GSDSQTKFGQW5 of arn:aws:sts::111122223333:assumed-role/thumbnails-role/awslambda_291_20260302031415123 (-) in 111122223333 via AssumeRole until 2026-03-02T05:14:15Z Exact by lambda.amazonaws.com for awslambda_291_20260302031415123",
        ],
    ),
    (
        "sts/AssumeRole-rolesanywhere",
        &[
            "issued aws.session ASIARTX3GSDS63Q7XBPS of arn:aws:sts::111122223333:assumed-role/on-prem/2a9902119721ab7b5c19a878c4c66af705895b42 (AROANN4CSXLBS3QL7HFB2:2a9902119721ab7b5c19a878c4c66af705895b42) in 111122223333 via AssumeRole until 2026-03-02T04:14:15Z Exact by CN=build-07 at rolesanywhere.amazonaws.com",
        ],
    ),
    (
        "sts/AssumeRole",
        &[
            "issued aws.session ASIARTX3GSDSSORZNXAA of arn:aws:sts::111122223333:assumed-role/backup/nightly (AROA65YZQUVVQLKCLUULM:nightly) in 111122223333 via AssumeRole until 2026-03-02T04:14:15Z Exact by the actor",
        ],
    ),
    (
        "sts/AssumeRoleWithSAML-identity-center",
        &[
            "issued aws.session ASIARTX3GSDS7FUW4DQ2 of arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_7243976e43c75fc5/dana@example.com (AROAOUIGDUFJBNPIM5IMS:dana@example.com) in 111122223333 via AssumeRoleWithSAML until 2026-03-02T15:14:15Z ExactSession by dana@example.com at arn:aws:iam::111122223333:saml-provider/AWSSSO_9882ccf00912484e_DO_NOT_DELETE",
        ],
    ),
    (
        "sts/AssumeRoleWithSAML",
        &[
            "issued aws.session ASIARTX3GSDSVMPPFNDR of arn:aws:sts::111122223333:assumed-role/corp-admin/dana@example.com (AROA5VMIBNJ4JQR3JRPGB:dana@example.com) in 111122223333 via AssumeRoleWithSAML until 2026-03-02T15:14:15Z Exact by dana@example.com at arn:aws:iam::111122223333:saml-provider/CorpIdP",
        ],
    ),
    (
        "sts/AssumeRoleWithWebIdentity",
        &[
            "issued aws.session ASIARTX3GSDS56YKDLBL of arn:aws:sts::111122223333:assumed-role/github-deploy/GitHubActions (AROA4FR7O3EHTILBEKVC3:GitHubActions) in 111122223333 via AssumeRoleWithWebIdentity until 2026-03-02T04:14:15Z Exact by repo:example-org/shop:ref:refs/heads/main at arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        ],
    ),
    (
        "sts/AssumeRoot",
        &[
            "issued aws.session ASIA3KF6UTOH54EPP72H of arn:aws:iam::777788889999:root (777788889999) in 777788889999 via AssumeRoot until 2026-03-02T03:29:15Z Exact by the actor",
            "PrivilegeEscalation T1548.005 [] Root of member account 777788889999 was taken over for 15 minutes through AssumeRoot.",
        ],
    ),
    (
        "sts/GetCallerIdentity-ec2",
        &[
            "aws.ec2.instance i-0a1b2c3d4e5f67890 (arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f67890) in eu-west-1 of 111122223333 carries arn:aws:iam::111122223333:role/web/instance-role",
        ],
    ),
    (
        "sts/GetCallerIdentity-lambda",
        &[
            "aws.lambda.function arn:aws:lambda:eu-west-1:111122223333:function:thumbnails (thumbnails) in eu-west-1 of 111122223333 carries arn:aws:iam::111122223333:role/service-role/thumbnails-role",
        ],
    ),
    (
        "sts/GetDelegatedAccessToken",
        &[
            "issued aws.session ASIAWO645SY5JXHST67P of arn:aws:sts::444455556666:assumed-role/partner-access/setup (-) in 444455556666 via GetDelegatedAccessToken until 2026-03-02T04:14:15Z Exact by the actor",
        ],
    ),
    (
        "sts/GetFederationToken",
        &[
            "issued aws.session ASIARTX3GSDS457ZMPW5 of arn:aws:sts::111122223333:federated-user/support (111122223333:support) in 111122223333 via GetFederationToken until 2026-03-03T15:14:15Z Exact by the actor",
            "Persistence T1550.001 [] arn:aws:sts::111122223333:federated-user/support is a federated session that goes on working for up to 36 hours after the key that made it is disabled.",
        ],
    ),
    (
        "sts/GetSessionToken",
        &[
            "issued aws.session ASIARTX3GSDS5SAF5TGU of arn:aws:iam::111122223333:user/ci/deploy (AIDAQPWZDCTLBFBWGMFBE) in 111122223333 via GetSessionToken until 2026-03-02T15:14:15Z Exact by the actor",
        ],
    ),
    (
        "sts/GetWebIdentityToken",
        &[
            "issued aws.web_identity_token 1330f3b3-8f3d-4a0b-adc2-15f16ede764d of arn:aws:iam::111122223333:user/ci/deploy (AIDAQPWZDCTLBFBWGMFBE) in 111122223333 via GetWebIdentityToken until 2026-03-02T04:14:15Z Exact by the actor",
            "LateralMovement T1550.001 [] A token that speaks for arn:aws:iam::111122223333:user/ci/deploy was made for https://vault.example.com, outside AWS, where AWS can't revoke it.",
        ],
    ),
];

/// Whether what this recording tells is written down in [`TOLD`].
pub fn is_edge(name: &str) -> bool {
    TOLD.iter().any(|(told, _)| *told == name)
}

#[test]
fn every_edge_tells_exactly_this() {
    for (name, expect) in TOLD {
        assert_eq!(told(&event(name)), *expect, "{name}");
    }
}

#[test]
fn every_edge_of_the_table_has_a_recording() {
    for (edge, fixture) in EDGES {
        let told = TOLD.iter().find(|(name, _)| *name == fixture).map_or(&[][..], |(_, told)| told);
        let links = ["issued ", "signed in ", "forwarded by ", "aws.lambda.function "];
        assert!(told.iter().any(|line| links.iter().any(|link| line.starts_with(link))), "{edge}");
    }
    let fixtures: BTreeSet<&str> = EDGES.iter().map(|(_, fixture)| *fixture).collect();
    assert_eq!(fixtures.len(), EDGES.len(), "one recording each");
}

/// The target account's copy names no key of the caller: the two copies are joined by `shared`.
#[test]
fn a_cross_account_copy_says_who_came() {
    let event = event("sts/AssumeRole-cross-account");
    assert_eq!(event.actor.kind.as_ref(), "AWSAccount");
    assert_eq!(event.actor.account.as_deref(), Some("111122223333"));
    assert_eq!(event.actor.principal_id.as_deref(), Some("AIDAQPWZDCTLBFBWGMFBE"));
    assert_eq!((event.actor.principal.as_deref(), event.actor.key.as_deref()), (None, None));
    assert_eq!(event.scope.account.as_ref(), "444455556666");
    assert!(event.shared.is_some());
}

#[test]
fn trust_policies_tell_whom_they_let_in() {
    let check = |document: Value, expect: &[&str]| {
        let mut json = fixture("iam/UpdateAssumeRolePolicy");
        json["requestParameters"]["policyDocument"] = document.clone();
        let event = read::cloudtrail::read(json.to_string().as_bytes(), Provenance::default()).unwrap();
        let members: Vec<String> = event
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Granted { member, .. } => Some(member.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(members, expect, "{document}");
    };
    let allow = |principal: Value| json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
    check(allow(json!({"Service": "ec2.amazonaws.com"})), &[]);
    check(allow(json!("*")), &["*"]);
    let all = json!({"AWS": ["444455556666", "*"], "Service": "x", "Federated": "accounts.google.com"});
    check(allow(all), &["*", "accounts.google.com", "arn:aws:iam::444455556666:root"]);
    check(json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}), &[]);
    check(json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"}]}), &[]);
    let but = json!({"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": ["sts:*"]});
    check(json!({"Statement": [but]}), &["*"]);
    let text = allow(json!({"Federated": "accounts.google.com"})).to_string();
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    check(json!(text), &["accounts.google.com"]);
    check(json!(encoded), &["accounts.google.com"]);
    for garbage in ["%zz", "%", "%ff"] {
        check(json!(garbage), &[]);
    }
    for garbage in [json!([]), json!(7), json!({"Statement": [[], 3]})] {
        check(garbage, &[]);
    }
}

/// A policy that is masked, or left out of a record that grew too large, is no proof that nobody was let in.
#[test]
fn a_trust_policy_that_does_not_show_is_said() {
    for document in [Value::Null, json!("HIDDEN_DUE_TO_SECURITY_REASONS"), json!("{\"Statement\": [")] {
        let mut json = fixture("iam/UpdateAssumeRolePolicy");
        json["requestParameters"]["policyDocument"] = document;
        let event = read::cloudtrail::read(json.to_string().as_bytes(), Provenance::default()).unwrap();
        assert_eq!(
            told(&event)[1..],
            [
                "Persistence T1098.003 [iam:trust/111122223333/backup] The trust policy of role backup was replaced and the record does not show by what."
            ]
        );
    }
}

/// Other partitions have ARNs of their own.
#[test]
fn derived_arns_keep_the_partition() {
    let mut json = fixture("sso/GetRoleCredentials");
    json["awsRegion"] = json!("us-gov-west-1");
    let event = read::cloudtrail::read(json.to_string().as_bytes(), Provenance::default()).unwrap();
    let arn = "arn:aws-us-gov:sts::444455556666:assumed-role/AWSReservedSSO_AdministratorAccess_*";
    assert_eq!(told(&event), [format!("signed in {arn} via GetRoleCredentials")]);
    let mut json = fixture("iam/CreateAccessKey");
    json["userIdentity"]["arn"] = json!("arn:aws-cn:iam::111122223333:user/deploy");
    let event = read::cloudtrail::read(json.to_string().as_bytes(), Provenance::default()).unwrap();
    assert!(told(&event)[0].contains(" of arn:aws-cn:iam::111122223333:user/svc-backup "));
}
