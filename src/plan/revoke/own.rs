//! Wave 1: the principal's own credentials, before any log is read.

use super::known::Known;
use super::revoke_known;
use crate::analyze::Investigation;
use crate::model::Principal;
use crate::model::identity::IdentityKind;
use crate::model::plan::Plan;
use crate::model::report::{Report, Window};
use crate::plan::{Guard, Options};

/// Plans what ends everything that signs in as the principal, from what the cloud shows of it: the first of the identities is
/// the principal's own.
pub fn own(principal: &Principal, known: &Known, guard: &Guard, options: Options) -> Plan {
    revoke_known(&unread(principal, known), known, guard, options)
}

/// What there is to say of a principal when no record was read: that it is there, and whose it is.
fn unread(principal: &Principal, known: &Known) -> Report {
    let mut report = Investigation::new(principal.clone(), Window::default()).report();
    if let Some(account) = known.accounts.first()
        && let Some(seed) = report.credentials.iter_mut().find(|one| one.depth == 0)
    {
        seed.account = Some(account.project.clone());
    }
    let Some(seen) = known.identities.first() else { return report };
    if let Some(seed) = report.credentials.iter_mut().find(|one| one.depth == 0) {
        if seed.account.is_none() {
            seed.account = Some(seen.account().into());
        }
        let is_named = matches!(seed.kind, "aws.user" | "aws.role");
        if is_named || seed.kind == "aws.root" {
            seed.principal = Some(seen.arn.clone());
        }
        if seed.kind == "aws.access_key" && seen.kind == IdentityKind::Root {
            seed.principal = Some(seen.arn.clone());
        }
    }
    if seen.kind == IdentityKind::User {
        report.seed_user = Some(seen.arn.clone());
    }
    report
}
