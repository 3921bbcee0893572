//! Root: what can and can't be done, said plainly.

use super::after;
use super::arn::account_of;
use crate::model::identity::IdentitySeen;
use crate::model::report::Credential;
use crate::plan::ground::{Ground, target};
use crate::plan::revoke::{BECAME, Known, OWN, credential_target};
use crate::plan::{Draft, Proposal};
use std::sync::Arc;

const MEMBER: &str = "sts:AssumeRoot from the management account with IAMAuditRootUserCredentials lists its credentials, with \
     IAMDeleteRootUserCredentials it deletes them (destroys: write the ids down first); or sign in as root: change the password, \
     deactivate its keys, look at its MFA devices";
const ALONE: &str = "sign in as root: change the password, deactivate its keys, look at its MFA devices; for a member account from the \
     organization: sts:AssumeRoot with IAMDeleteRootUserCredentials, and an SCP that denies root";

pub(super) fn root(
    ground: &Ground,
    known: &Known,
    credential: &Credential,
    arn: Option<Arc<str>>,
    proposal: &mut Proposal,
) {
    let arn: Arc<str> = arn.unwrap_or_else(|| {
        let account = credential.account.as_deref().unwrap_or_default();
        format!("arn:{}:iam::{account}:root", ground.partition(account)).into()
    });
    let account = account_of(&arn);
    let has = known.root(account).map(holds).unwrap_or_default();
    let scp = known.scp(account, &arn);
    let why = match (&scp, &known.organization) {
        (Some(_), _) => {
            "No policy in the account holds for root. The organization's policy ends what it can do; its keys and password stay until \
             they are deleted."
        }
        (None, Some(one)) if *one.management == *account => {
            "It is root of the management account: no policy of any kind holds for it, and nobody but root itself can end its \
             credentials, or AWS Support."
        }
        (None, _) => "Nobody but root can end root's credentials, and no IAM policy holds for it.",
    };
    let by_hand = if scp.is_some() { MEMBER } else { ALONE };
    proposal.withhold(credential_target(credential), format!("{why}{has}"), by_hand);
    let Some(change) = scp else { return };
    let own = credential.depth == 0;
    let draft = Draft {
        target: target("aws.root", &arn, None, account),
        because: if own { ground.about_seed() } else { credential.event.iter().cloned().collect() },
        why: vec![format!(
            "{}Denied from outside, root can do nothing in the account, which few things need.",
            if own { format!("{} ", ground.why_seed()) } else { String::new() }
        )],
        before: "left",
        change,
        rank: if own { OWN } else { BECAME },
        after: after(own),
        otherwise: Vec::new(),
        needs_earlier: false,
        lives_until: None,
    };
    proposal.take(draft, []);
}

/// What IAM tells of root's credentials.
fn holds(seen: &IdentitySeen) -> String {
    let Some(summary) = seen.summary.seen() else {
        return " What credentials it has could not be read.".to_owned();
    };
    let has = |key: &str| summary.get(key).is_some_and(|count| *count > 0);
    let mut held = Vec::new();
    for (key, words) in [
        ("AccountAccessKeysPresent", "access keys"),
        ("AccountSigningCertificatesPresent", "signing certificates"),
        ("AccountPasswordPresent", "a password"),
    ] {
        if has(key) {
            held.push(words);
        }
    }
    let mfa = if has("AccountMFAEnabled") { "MFA is on" } else { "MFA is OFF" };
    match held.is_empty() {
        true => format!(" IAM shows no credentials of it; {mfa}."),
        false => format!(" It has {}; {mfa}.", held.join(", ")),
    }
}
