//! Google Cloud: a custom role. What a custom role can't hold is said in its description.

use super::Purpose;
use crate::cloud::gcp::reads;
use crate::model::change::GcpChange;
use anyhow::anyhow;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A custom role holds so many permissions. <https://cloud.google.com/iam/quotas>
const MOST: usize = 3000;

pub(super) fn printed(purpose: Purpose) -> anyhow::Result<String> {
    let needed = needed(purpose)?;
    anyhow::ensure!(needed.len() <= MOST, "fit the role: {} of {MOST} permissions", needed.len());
    Ok(role(purpose, &needed))
}

/// Permissions that a command needs, of every change that there is.
pub fn needed(purpose: Purpose) -> anyhow::Result<BTreeSet<&'static str>> {
    let samples = GcpChange::samples().map_err(|error| anyhow!("list every change: {error}"))?;
    Ok(permissions(purpose, &samples))
}

fn permissions(purpose: Purpose, samples: &[GcpChange]) -> BTreeSet<&'static str> {
    let of = |purpose: Purpose| {
        samples
            .iter()
            .filter(move |change| purpose_of(change) == purpose)
            .flat_map(|change| change.spec().permissions.iter().copied())
    };
    match purpose {
        Purpose::Audit => reads::audit(),
        Purpose::Revoke => {
            reads::reach().into_iter().chain(reads::identity()).chain(of(Purpose::Revoke)).collect()
        }
        Purpose::Contain => {
            reads::reach().into_iter().chain(reads::inventory()).chain(of(Purpose::Contain)).collect()
        }
        Purpose::Destroy => {
            let less: BTreeSet<&str> = [Purpose::Revoke, Purpose::Contain]
                .into_iter()
                .flat_map(|less| permissions(less, samples))
                .collect();
            of(Purpose::Destroy).filter(|one| !less.contains(one)).collect()
        }
        Purpose::Ticket => of(Purpose::Ticket).collect(),
    }
}

/// Which command makes a change. Identities and what binds them are revoked, all else is contained.
fn purpose_of(change: &GcpChange) -> Purpose {
    match change.service() {
        _ if change.spec().needs_destroy => Purpose::Destroy,
        "Support" => Purpose::Ticket,
        "Iam" | "Policy" | "Apikeys" => Purpose::Revoke,
        "Storage" if change.spec().permissions.iter().any(|one| one.starts_with("storage.hmacKeys.")) => {
            Purpose::Revoke
        }
        _ => Purpose::Contain,
    }
}

fn role(purpose: Purpose, needed: &BTreeSet<&str>) -> String {
    let (title, what) = match purpose {
        Purpose::Audit => ("triage audit", "Reads logs and live state. Grant it on the organization"),
        Purpose::Revoke => {
            ("triage revoke", "Shuts credentials, and undoes it. Grant it on the organization")
        }
        Purpose::Contain => ("triage contain", "Stops and isolates what was launched, and undoes it"),
        Purpose::Destroy => ("triage destroy", "What only --destroy needs besides"),
        Purpose::Ticket => ("triage ticket", "Files a case with Google's support, and sees that it is filed"),
    };
    let mut yaml = format!("title: {title}\ndescription: {what}.\nstage: GA\nincludedPermissions:\n");
    for permission in needed {
        let _ = writeln!(yaml, "- {permission}");
    }
    yaml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_allowed_by_its_commands_role() {
        let samples = GcpChange::samples().unwrap();
        assert!(samples.len() > 20, "only {} changes", samples.len());
        let of = |purpose| permissions(purpose, &samples);
        let (revoke, contain, destroy) = (of(Purpose::Revoke), of(Purpose::Contain), of(Purpose::Destroy));
        for change in &samples {
            for one in change.spec().permissions {
                let held = match purpose_of(change) {
                    Purpose::Audit | Purpose::Revoke => revoke.contains(one),
                    Purpose::Contain => contain.contains(one),
                    Purpose::Ticket => of(Purpose::Ticket).contains(one),
                    Purpose::Destroy => [&revoke, &contain, &destroy].iter().any(|role| role.contains(one)),
                };
                assert!(held, "{one} of {change:?}");
            }
        }
    }

    #[test]
    fn audit_only_reads_and_what_is_gated_is_in_no_other_role() {
        let samples = GcpChange::samples().unwrap();
        // A question to BigQuery is a job of its own: with what else stands in the role it reads, and bills.
        let is_question = |one: &&str| *one == "bigquery.jobs.create";
        for one in permissions(Purpose::Audit, &samples).into_iter().filter(|one| !is_question(one)) {
            let verb = one.rsplit('.').next().unwrap_or_default();
            let reads =
                ["get", "list", "search", "query", "access", "use"].iter().any(|word| verb.starts_with(word));
            assert!(reads && one.split('.').count() == 3, "{one}");
        }
        let gated = permissions(Purpose::Destroy, &samples);
        for purpose in [Purpose::Audit, Purpose::Revoke, Purpose::Contain] {
            assert!(permissions(purpose, &samples).is_disjoint(&gated), "{purpose:?}");
        }
        assert!(gated.contains("compute.instances.delete"));
    }

    #[test]
    fn a_role_is_one_document() {
        let role = role(Purpose::Audit, &BTreeSet::from(["a.b.c", "d.e.f"]));
        assert!(
            role.ends_with("includedPermissions:\n- a.b.c\n- d.e.f\n")
                && role.starts_with("title: triage audit\n")
        );
    }
}
