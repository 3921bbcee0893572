//! What the operator lacks, asked before anything starts: IAM's simulation over the identity that we are there. It knows the
//! identity's policies, its boundary and the organization's; not a session's own policy, nor that of what is touched.

use super::error::{failed, not_answered};
use super::{Aws, client};
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use aws_sdk_iam::types::PolicyEvaluationDecisionType;
use std::collections::BTreeSet;

/// IAM actions that [`Aws::lacks`] asks for.
pub(super) const READS: &[&str] = &["iam:GetRole", "iam:SimulatePrincipalPolicy"];

const CALL: &str = "iam:SimulatePrincipalPolicy";

/// Actions of one question; the answer comes in pages.
const BATCH: usize = 100;

/// Most pages that an honest answer has.
const PAGES: usize = 100;

impl Aws {
    /// Returns which of these IAM actions we may not do in an account. An error says that it could not be asked, which says
    /// nothing of what we may do.
    pub async fn lacks(&self, account: &str, actions: &[&str]) -> Result<Vec<String>, CloudError> {
        let at = Place::new(account, "");
        let client = client!(self, &at, aws_sdk_iam)?;
        let source = self.source(&at, &client).await?;
        let actions: Vec<&str> = actions.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut lacking = BTreeSet::new();
        for some in actions.chunks(BATCH) {
            let mut judged = BTreeSet::new();
            let mut marker: Option<String> = None;
            for _ in 0..PAGES {
                let asked = client
                    .simulate_principal_policy()
                    .policy_source_arn(&source)
                    .set_action_names(Some(some.iter().map(|action| (*action).to_owned()).collect()))
                    .set_marker(marker.clone());
                let page = asked.send().await.map_err(|error| failed(CALL, &at, error))?;
                for result in page.evaluation_results.unwrap_or_default() {
                    if result.eval_decision != PolicyEvaluationDecisionType::Allowed {
                        lacking.insert(result.eval_action_name.clone());
                    }
                    judged.insert(result.eval_action_name.to_lowercase());
                }
                match page.marker.filter(|next| page.is_truncated && !next.is_empty()) {
                    None => break,
                    next if next == marker => break,
                    next => marker = next,
                }
            }
            if some.iter().any(|action| !judged.contains(&action.to_lowercase())) {
                return Err(not_answered(CALL, &at, "word about every action"));
            }
        }
        Ok(lacking.into_iter().collect())
    }

    /// The user or role whose policies count for us in an account.
    async fn source(&self, at: &Place, client: &aws_sdk_iam::Client) -> Result<String, CloudError> {
        if at.account != self.identity.account
            && let Some(role) = self.roles_taken().get(&at.account)
        {
            return Ok(role.to_string());
        }
        let arn = &*self.identity.arn;
        if let Some(role) = super::own::role_of(arn) {
            // The session's ARN does not tell the path of its role.
            let name = role.rsplit('/').next().unwrap_or_default();
            let answer = client.get_role().role_name(name).send().await;
            let answer = answer.map_err(|error| failed("iam:GetRole", at, error))?;
            return match answer.role {
                Some(role) => Ok(role.arn),
                None => Err(not_answered("iam:GetRole", at, "role")),
            };
        }
        if arn.contains(":iam:") && arn.contains(":user/") {
            return Ok(arn.to_owned());
        }
        let why = "only users and roles are simulated, not root and not federated users";
        Err(CloudError::new(Refusal::Invalid, CALL, at, None, why))
    }
}
