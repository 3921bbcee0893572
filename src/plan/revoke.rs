//! The revoke plan: wave 1 the principal's own credentials, wave 2 every credential that it became or made.
//!
//! Deny, never detach; inactive, never delete (aws.md 4, gcp.md 5).

use super::{Draft, Guard, assemble, unsure};
use crate::model::change::{AwsChange, Change, GcpChange};
use crate::model::plan::{Plan, PlanKind, Target, Withheld};
use crate::model::report::{Credential, Report};
use std::sync::Arc;

pub fn revoke(report: &Report, guard: &Guard) -> Plan {
    let mut drafts = Vec::new();
    let mut withheld = Vec::new();
    for credential in &report.credentials {
        let target = Target {
            kind: credential.kind,
            id: credential.id.clone(),
            name: credential.principal.clone().filter(|principal| *principal != credential.id),
            account: credential.account.clone().unwrap_or_else(|| "".into()),
            region: "".into(),
        };
        let names = [Some(&credential.id), credential.principal.as_ref()].into_iter().flatten();
        let refusal = guard
            .forbids(names)
            .or_else(|| unsure(credential.confidence).filter(|_| credential.depth > 0))
            .or_else(|| {
                (credential.state != "left")
                    .then_some("it is already deleted or inactive as far as the logs show")
            });
        let (changes, by_hand) = changes(credential, report);
        if let Some(why) = refusal {
            withheld.push(Withheld { target, why: why.to_owned(), by_hand: String::new() });
            continue;
        }
        if let Some((why, by_hand)) = by_hand {
            withheld.push(Withheld {
                target: target.clone(),
                why: why.to_owned(),
                by_hand: by_hand.to_owned(),
            });
        }
        for change in changes {
            drafts.push(Draft {
                target: target.clone(),
                because: credential.event.clone().into_iter().collect(),
                before: "left",
                change,
                rank: u32::from(credential.depth > 0),
            });
        }
    }
    assemble(PlanKind::Revoke, drafts, withheld)
}

type ByHand = Option<(&'static str, &'static str)>;

fn changes(credential: &Credential, report: &Report) -> (Vec<Change>, ByHand) {
    let id = || credential.id.clone();
    let user = credential.principal.as_deref().and_then(user_of);
    let aws = |change: AwsChange| Change::Aws(change);
    let gcp = |change: GcpChange| Change::Gcp(change);
    match credential.kind {
        "aws.access_key" => {
            let user = user.or_else(|| user_of_seed(credential, report));
            let mut changes = vec![aws(AwsChange::DeactivateAccessKey { user: user.clone(), key: id() })];
            changes.extend(user.map(|user| aws(AwsChange::DenyUser { user })));
            (changes, None)
        }
        "aws.login_profile" => {
            let user = user.unwrap_or_else(id);
            (vec![aws(AwsChange::DenyUser { user })], None)
        }
        "aws.user" => (user.map(|user| aws(AwsChange::DenyUser { user })).into_iter().collect(), None),
        "aws.role" => {
            let role = credential.principal.clone().unwrap_or_else(id);
            (vec![aws(AwsChange::RevokeRoleSessions { role })], None)
        }
        "aws.session" => session_changes(credential, report),
        "aws.service_specific_credential" => {
            (vec![aws(AwsChange::DeactivateServiceSpecificCredential { user, id: id() })], None)
        }
        "aws.ssh_public_key" => (vec![aws(AwsChange::DeactivateSshPublicKey { user, id: id() })], None),
        "aws.signing_certificate" => {
            (vec![aws(AwsChange::DeactivateSigningCertificate { user, id: id() })], None)
        }
        "gcp.service_account" => {
            let mut changes = vec![gcp(GcpChange::DisableServiceAccount { email: id() })];
            let keys = report.leaked_keys.iter().cloned();
            changes.extend(keys.map(|key| gcp(GcpChange::DisableServiceAccountKey { email: id(), key })));
            (changes, None)
        }
        "gcp.service_account_key" => match &credential.principal {
            Some(email) => {
                (vec![gcp(GcpChange::DisableServiceAccountKey { email: email.clone(), key: id() })], None)
            }
            None => (
                Vec::new(),
                Some((
                    "the record does not say whose key it is",
                    "iam.projects.serviceAccounts.keys.disable",
                )),
            ),
        },
        "gcp.impersonation" => (vec![gcp(GcpChange::DisableServiceAccount { email: id() })], None),
        "gcp.hmac_key" => {
            let project = credential.account.clone().unwrap_or_else(|| "".into());
            (vec![gcp(GcpChange::DeactivateHmacKey { project, access_id: id() })], None)
        }
        "gcp.api_key" => (vec![gcp(GcpChange::DeleteApiKey { name: id() })], None),
        "aws.root" => (
            Vec::new(),
            Some((
                "nobody but root can revoke root",
                "sign in as root: change the password, delete its keys, check its MFA; in a member account deny root with an SCP",
            )),
        ),
        "gcp.user" => (
            Vec::new(),
            Some((
                "a person's sign-in is ended by a Workspace administrator",
                "admin.directory.users.signOut; admin.directory.tokens.delete; suspend the user",
            )),
        ),
        "gcp.workload_identity" => (
            Vec::new(),
            Some((
                "an outside identity is shut at its provider",
                "iam.projects.locations.workloadIdentityPools.providers.patch(disabled=true)",
            )),
        ),
        "aws.web_identity_token" => (
            Vec::new(),
            Some((
                "the token has left AWS and ends by itself within an hour",
                "iam:DisableOutboundWebIdentityFederation",
            )),
        ),
        _ => (Vec::new(), Some(("this program knows no reversible change for it yet", ""))),
    }
}

/// A session dies with its role's older sessions; where others use the role too, only it is denied.
fn session_changes(credential: &Credential, report: &Report) -> (Vec<Change>, ByHand) {
    let Some(arn) = credential.principal.as_deref() else {
        return (
            Vec::new(),
            Some((
                "no record says which role or user this session belongs to",
                "iam:PutRolePolicy or iam:PutUserPolicy (deny)",
            )),
        );
    };
    if let Some(user) = user_of(arn) {
        return (vec![Change::Aws(AwsChange::DenyUser { user })], None);
    }
    if arn.contains(":federated-user/") {
        let minter = report.credentials.iter().find(|other| Some(&other.id) == credential.issued_by.as_ref());
        let user = minter.and_then(|minter| {
            minter.principal.as_deref().and_then(user_of).or_else(|| user_of_seed(minter, report))
        });
        return match user {
            Some(user) => (vec![Change::Aws(AwsChange::DenyFederatedUser { user })], None),
            None => (
                Vec::new(),
                Some((
                    "no record names the user that minted it",
                    "iam:PutUserPolicy (deny) on the minting user",
                )),
            ),
        };
    }
    let Some(role) = role_of(arn) else {
        return (Vec::new(), Some(("this is no session of a user or role", "")));
    };
    if role.contains("role/aws-service-role/") || role.contains("role/AWSServiceRole") {
        return (
            Vec::new(),
            Some(("a service-linked role can't be denied: contain what its service launched", "")),
        );
    }
    if role.contains("role/AWSReservedSSO_") {
        return (
            Vec::new(),
            Some((
                "roles of Identity Center can't be edited in IAM",
                "sso:DeleteAccountAssignment; an SCP denying identitystore:UserId",
            )),
        );
    }
    let shared = report.unlinked.iter().any(|other| {
        other.why.starts_with("same role")
            && other.principal.as_deref().and_then(role_of).as_ref() == Some(&role)
    });
    let session = arn.rsplit('/').next().unwrap_or_default();
    // aws:userid is `<role's unique id>:<session name>`; the role's id is looked up when the step is taken.
    let change = if shared {
        AwsChange::DenySession { role, user_id: format!("*:{session}").into() }
    } else {
        AwsChange::RevokeRoleSessions { role }
    };
    (vec![Change::Aws(change)], None)
}

/// The seed key's user, as its own records named it.
fn user_of_seed(credential: &Credential, report: &Report) -> Option<Arc<str>> {
    (credential.depth == 0).then(|| report.seed_user.clone()).flatten().as_deref().and_then(user_of)
}

fn user_of(arn: &str) -> Option<Arc<str>> {
    let (_, rest) = arn.split_once(":user/")?;
    rest.rsplit('/').next().filter(|name| !name.is_empty()).map(Arc::from)
}

fn role_of(arn: &str) -> Option<Arc<str>> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let role = rest.split('/').next().filter(|role| !role.is_empty())?;
    Some(format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1)).into())
}
