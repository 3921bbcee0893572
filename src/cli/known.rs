//! What the cloud shows of identities, for the revoke plan: the principal's own before any log is read, the closure's after.

use super::live::Session;
use crate::case::Case;
use crate::cloud::aws::{Aws, iam, organizations, sso};
use crate::model::identity::{CenterUserSeen, Part};
use crate::model::principal::PrincipalKind;
use crate::model::{Gap, IdentitySeen, Place, Principal, Report, Time};
use crate::plan::revoke::{Known, wanted};
use crate::render::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// So many identities are looked at the same time: IAM is one global endpoint (aws.md 6.3), and each takes a dozen calls.
const AT_ONCE: usize = 4;

impl Session {
    /// Looks at the principal itself. What can't be found out without logs is left to wave 2.
    pub fn own_credentials(&self, principal: &Principal, case: &Case) -> anyhow::Result<(Known, Vec<Gap>)> {
        let mut gaps = Vec::new();
        let arn = self.runtime.block_on(arn_of(&self.aws, principal, &mut gaps));
        let known = self.runtime.block_on(self.known(arn.into_iter().collect(), BTreeSet::new(), &mut gaps));
        self.keep_known(&known, case)?;
        Ok((known, gaps))
    }

    /// Looks at every user and role that a report leads to.
    pub fn identities(&self, report: &Report, case: &Case) -> anyhow::Result<(Known, Vec<Gap>)> {
        let mut gaps = Vec::new();
        let wanted = wanted(report);
        let known = self.known(wanted.identities, wanted.center_users, &mut gaps);
        let known = self.runtime.block_on(known);
        self.keep_known(&known, case)?;
        Ok((known, gaps))
    }

    /// The same, and what the trust policies that were rewritten said before.
    pub fn closure(&self, report: &Report, case: &Case) -> anyhow::Result<(Known, Vec<Gap>)> {
        let (mut known, mut gaps) = self.identities(report, case)?;
        gaps.extend(self.trusts(&wanted(report).trusts, &mut known, case)?);
        Ok((known, gaps))
    }

    async fn known(
        &self,
        arns: BTreeSet<Arc<str>>,
        people: BTreeSet<(Arc<str>, Arc<str>)>,
        gaps: &mut Vec<Gap>,
    ) -> Known {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let mut jobs = JoinSet::new();
        for arn in arns {
            let (aws, gate) = (self.aws.clone(), gate.clone());
            jobs.spawn(async move {
                let _permit = gate.acquire().await;
                let at = Place::new(account_of(&arn), "");
                iam::identity(&aws, &at, &arn).await.map_err(|error| error.gap())
            });
        }
        let mut identities: Vec<IdentitySeen> = Vec::new();
        while let Some(done) = jobs.join_next().await {
            match done {
                Ok(Ok(seen)) => identities.extend(seen),
                Ok(Err(gap)) => gaps.push(gap),
                Err(failure) => gaps.push(Gap::unread("identities", failure.to_string())),
            }
        }
        identities.sort_by(|a, b| a.arn.cmp(&b.arn));
        for seen in &identities {
            gaps.extend(seen.unread().into_iter().map(|(part, why)| {
                Gap::unread(seen.arn.to_string(), format!("its {part} could not be read: {why}"))
            }));
        }
        let mut center_users: Vec<CenterUserSeen> = Vec::new();
        for (account, name) in people {
            match sso::user(&self.aws, &Place::new(account, self.aws.home.clone()), &name).await {
                Ok(user) => center_users.extend(user),
                Err(error) => gaps.push(error.gap()),
            }
        }
        let account = identities.first().map_or(self.aws.identity.account.as_ref(), |seen| seen.account());
        let organization = match organizations::organization(&self.aws, account).await {
            Ok(organization) => organization,
            Err(error) => {
                gaps.push(error.gap());
                None
            }
        };
        Known { identities, organization, center_users, now: Some(Time::now()), ..Known::default() }
    }

    /// What was seen is evidence: it is saved before it is planned on.
    fn keep_known(&self, known: &Known, case: &Case) -> anyhow::Result<()> {
        if known.identities.is_empty() {
            return Ok(());
        }
        case.write_document("identities", &json::document(&known.identities))
    }
}

/// The user, role or root behind a principal; nothing where only logs tell.
async fn arn_of(aws: &Aws, principal: &Principal, gaps: &mut Vec<Gap>) -> Option<Arc<str>> {
    if let Some(arn) =
        principal.arn.as_deref().or(Some(&*principal.id)).filter(|text| text.starts_with("arn:"))
    {
        return identity_of(arn);
    }
    if principal.kind != PrincipalKind::AccessKey {
        return None;
    }
    match iam::whose_key(aws, &principal.id).await {
        Ok(whose) => match whose.user {
            Part::Seen(Some(name)) => {
                Some(format!("arn:{}:iam::{}:user/{name}", aws.identity.partition(), whose.account).into())
            }
            // Root's, or a temporary key, whose owner only logs tell.
            Part::Seen(None) if principal.id.starts_with("AKIA") => {
                Some(format!("arn:{}:iam::{}:root", aws.identity.partition(), whose.account).into())
            }
            Part::Seen(None) => None,
            Part::Unread(why) => {
                gaps.push(Gap::unread(
                    principal.id.to_string(),
                    format!("whose key it is could not be asked: {why}"),
                ));
                None
            }
        },
        Err(error) => {
            gaps.push(error.gap());
            None
        }
    }
}

/// The IAM identity that an ARN is of or a session of.
fn identity_of(arn: &str) -> Option<Arc<str>> {
    let is_one = [":user/", ":role/", ":assumed-role/"].iter().any(|part| arn.contains(part))
        || arn.ends_with(":root");
    if let Some((head, rest)) = arn.split_once(":assumed-role/") {
        let role = rest.split('/').next().unwrap_or(rest);
        // One role, whatever its sessions are called.
        return Some(format!("{}:role/{role}", head.replace(":sts:", ":iam:")).into());
    }
    is_one.then(|| arn.into())
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
