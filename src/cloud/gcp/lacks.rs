//! What the operator lacks, asked before anything starts: `testIamPermissions` of a project. It knows what its policy and those
//! above it give; not what a deny policy or a perimeter takes.

use super::Gcp;
use super::endpoints::RESOURCEMANAGER;
use super::rest::Ask;
use crate::cloud::CloudError;
use crate::model::Place;
use serde_json::json;
use std::collections::BTreeSet;

/// Permissions of one question.
const BATCH: usize = 100;
/// What a project's policy can't give: it is asked of what is above.
const ABOVE: &[&str] =
    &["billing.", "resourcemanager.folders.", "resourcemanager.organizations.", "iam.denypolicies."];

impl Gcp {
    /// Returns which of these permissions we do not have in a project. An error says that it could not be asked, which says
    /// nothing of what we may do.
    pub async fn lacks(&self, project: &str, permissions: &[&str]) -> Result<Vec<String>, CloudError> {
        const CALL: &str = "resourcemanager.projects.testIamPermissions";
        let at = Place::new(project, "");
        let asked: BTreeSet<&str> = permissions
            .iter()
            .copied()
            .filter(|one| !ABOVE.iter().any(|above| one.starts_with(above)))
            .collect();
        let asked: Vec<&str> = asked.into_iter().collect();
        let mut lacking = Vec::new();
        for some in asked.chunks(BATCH) {
            let ask = Ask::post(CALL, &at, RESOURCEMANAGER, "v3/projects/{}:testIamPermissions", &[project])?
                .body(json!({"permissions": some}))
                .repeatable();
            let answer = self.rest.json(&ask).await?;
            let held: BTreeSet<&str> = answer["permissions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| one.as_str())
                .collect();
            lacking.extend(some.iter().filter(|one| !held.contains(*one)).map(|one| (*one).to_owned()));
        }
        Ok(lacking)
    }
}
