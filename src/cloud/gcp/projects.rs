//! Which projects there are: the union of everything that can tell, each source named with what it could not see (gcp.md 2.4).

use super::Gcp;
use super::each::{at_time, name, text};
use super::endpoints::{BILLING, CLOUDASSET, RESOURCEMANAGER};
use super::rest::Ask;
use crate::cloud::CloudError;
use crate::model::gap::GapKind;
use crate::model::{Gap, Place, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the operator asked for; nothing means everything that is visible.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub projects: BTreeSet<Arc<str>>,
    /// Numbers.
    pub folders: BTreeSet<Arc<str>>,
    pub organizations: BTreeSet<Arc<str>>,
    /// `0X0X0X-0X0X0X-0X0X0X`.
    pub billing: BTreeSet<Arc<str>>,
    /// Whose bindings are looked for: e-mails.
    pub principals: BTreeSet<Arc<str>>,
    /// Where the principal is at home: asked first, whatever the lists say.
    pub home: Option<Arc<str>>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Project ids, candidates first: home, where the principal is bound, then the rest.
    pub projects: Vec<Arc<str>>,
    /// Of these, so many are candidates.
    pub candidates: usize,
    /// Folders, organizations and billing accounts: they have logs of their own.
    pub above: Vec<Arc<str>>,
    /// By project number: its id.
    pub numbers: BTreeMap<Arc<str>, Arc<str>>,
    /// Deleted and not yet gone: nothing runs there.
    pub deleted: BTreeSet<Arc<str>>,
    pub gaps: Vec<Gap>,
    /// What a project or folder lies in, and when that may have changed last; only where a list told both.
    pub(super) parents: BTreeMap<Arc<str>, (Arc<str>, Option<Time>)>,
}

impl Reach {
    /// All that has lain below an organization or folder since then, itself too.
    pub(super) fn below(&self, root: &Arc<str>, since: Time) -> BTreeSet<Arc<str>> {
        let lies_below = |of: &Arc<str>| {
            let mut here = of;
            for _ in 0..DEEPEST {
                match self.parents.get(here) {
                    _ if here == root => return true,
                    Some((parent, moved)) if moved.is_none_or(|at| at <= since) => here = parent,
                    Some(_) | None => return false,
                }
            }
            false
        };
        self.projects.iter().chain(&self.above).filter(|of| lies_below(of)).cloned().collect()
    }
}

/// Folders above one another: Google allows ten.
const DEEPEST: usize = 16;
/// More folders are no honest tree.
const MOST_FOLDERS: usize = 20_000;

impl Gcp {
    /// Asks everything that can tell which projects there are.
    pub async fn reach(&self, wanted: &Wanted) -> Reach {
        let mut found = Found::default();
        let is_all =
            wanted.projects.is_empty() && wanted.folders.is_empty() && wanted.organizations.is_empty();
        for id in &wanted.projects {
            found.named(id);
        }
        let mut roots: BTreeSet<Arc<str>> = BTreeSet::new();
        roots.extend(wanted.folders.iter().map(|id| format!("folders/{}", name(id)).into()));
        roots.extend(wanted.organizations.iter().map(|id| format!("organizations/{}", name(id)).into()));
        if is_all {
            self.search(&mut found).await;
            match self.organizations().await {
                Ok(organizations) => roots.extend(organizations),
                Err(error) => {
                    found.blind(error, "organizations that we can't see have projects that we don't know of")
                }
            }
        }
        for root in &roots {
            self.walk(root, &mut found).await;
            self.assets(root, &mut found).await;
            for principal in &wanted.principals {
                self.bound(root, principal, &mut found).await;
            }
        }
        for account in &wanted.billing {
            self.billed(account, &mut found).await;
        }
        found.into_reach(wanted)
    }

    /// Everything that we can see by name.
    async fn search(&self, found: &mut Found) {
        let call = "resourcemanager.projects.search";
        let at = Place::new("all projects", "");
        let Ok(ask) = Ask::get(call, &at, RESOURCEMANAGER, "v3/projects:search", &[]) else { return };
        match self.rest.list(ask.with("pageSize", 500), "projects").await {
            Ok(all) => all.iter().for_each(|one| found.project(one)),
            Err(error) => found.gaps.push(error.gap()),
        }
    }

    async fn organizations(&self) -> Result<Vec<Arc<str>>, CloudError> {
        let call = "resourcemanager.organizations.search";
        let at = Place::new("all organizations", "");
        let ask = Ask::get(call, &at, RESOURCEMANAGER, "v3/organizations:search", &[])?;
        let all = self.rest.list(ask.with("pageSize", 500), "organizations").await?;
        Ok(all.iter().filter_map(|one| text(one, "name")).map(Arc::from).collect())
    }

    /// Folder by folder, with what was deleted there.
    async fn walk(&self, root: &Arc<str>, found: &mut Found) {
        let mut left = vec![root.clone()];
        let mut seen = BTreeSet::new();
        while let Some(parent) = left.pop() {
            if !seen.insert(parent.clone()) || seen.len() > MOST_FOLDERS {
                continue;
            }
            found.above.insert(parent.clone());
            let at = Place::new(parent.clone(), "");
            for (call, template, items) in [
                ("resourcemanager.projects.list", "v3/projects", "projects"),
                ("resourcemanager.folders.list", "v3/folders", "folders"),
            ] {
                let Ok(ask) = Ask::get(call, &at, RESOURCEMANAGER, template, &[]) else { continue };
                let ask = ask.with("parent", &parent).with("showDeleted", true).with("pageSize", 500);
                match self.rest.list(ask, items).await {
                    Ok(all) if items == "projects" => all.iter().for_each(|one| found.project(one)),
                    Ok(all) => {
                        all.iter().for_each(|one| found.lies(text(one, "name"), one));
                        left.extend(all.iter().filter_map(|one| text(one, "name")).map(Arc::from));
                    }
                    Err(error) => found.gaps.push(error.gap()),
                }
            }
        }
    }

    /// What the asset inventory has, hidden ones too.
    async fn assets(&self, root: &str, found: &mut Found) {
        let call = "cloudasset.searchAllResources";
        let at = Place::new(root, "");
        let Ok(ask) = Ask::get(call, &at, CLOUDASSET, "v1/{+}:searchAllResources", &[root]) else { return };
        let ask = ask.with("assetTypes", "cloudresourcemanager.googleapis.com/Project").with("pageSize", 500);
        match self.rest.list(ask, "results").await {
            Ok(all) => {
                for one in &all {
                    let id = text(&one["additionalAttributes"], "projectId")
                        .or_else(|| text(one, "name").map(name))
                        .filter(|id| !id.is_empty());
                    let Some(id) = id else { continue };
                    found.add(
                        id,
                        text(one, "project").map(name),
                        text(one, "state") == Some("DELETE_REQUESTED"),
                    );
                }
            }
            Err(error) => found.blind(error, "projects that are hidden from lists are not known"),
        }
    }

    /// Where a principal is bound directly: those projects are asked first.
    async fn bound(&self, root: &str, principal: &str, found: &mut Found) {
        let call = "cloudasset.searchAllIamPolicies";
        let at = Place::new(root, "");
        let Ok(ask) = Ask::get(call, &at, CLOUDASSET, "v1/{+}:searchAllIamPolicies", &[root]) else { return };
        // What is quoted is one value: a principal's name can't end it.
        let plain: String = principal.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        let ask = ask.with("query", format!("policy:\"{plain}\"")).with("pageSize", 500);
        match self.rest.list(ask, "results").await {
            Ok(all) => {
                for one in &all {
                    match text(one, "project").map(name) {
                        Some(number) => drop(found.bound.insert(number.into())),
                        None => found.is_bound_above = true,
                    }
                }
            }
            Err(error) => found
                .blind(error, "where the principal is bound is not known, so all projects are asked alike"),
        }
    }

    async fn billed(&self, account: &str, found: &mut Found) {
        // Its budgets are changed in its own log.
        found.above.insert(format!("billingAccounts/{}", name(account)).into());
        let call = "cloudbilling.billingAccounts.projects.list";
        let at = Place::new(account, "");
        match Ask::get(call, &at, BILLING, "v1/billingAccounts/{}/projects", &[name(account)]) {
            Ok(ask) => match self.rest.list(ask.with("pageSize", 100), "projectBillingInfo").await {
                Ok(all) => all
                    .iter()
                    .filter_map(|one| text(one, "projectId"))
                    .for_each(|id| found.add(id, None, false)),
                Err(error) => found.gaps.push(error.gap()),
            },
            Err(error) => found.gaps.push(error.gap()),
        }
    }
}

#[derive(Default)]
struct Found {
    /// By id: number, and whether it is deleted.
    projects: BTreeMap<Arc<str>, (Option<Arc<str>>, bool)>,
    above: BTreeSet<Arc<str>>,
    /// Numbers of projects where the principal is bound.
    bound: BTreeSet<Arc<str>>,
    is_bound_above: bool,
    parents: BTreeMap<Arc<str>, (Arc<str>, Option<Time>)>,
    gaps: Vec<Gap>,
}

impl Found {
    fn named(&mut self, id: &str) {
        self.add(id, None, false);
    }

    fn project(&mut self, one: &Value) {
        let Some(id) = text(one, "projectId") else { return };
        let number = text(one, "name").map(name);
        self.add(id, number, text(one, "state") == Some("DELETE_REQUESTED"));
        self.lies(Some(id), one);
    }

    /// Notes what something lies in; what was never changed since it was made was never moved.
    fn lies(&mut self, id: Option<&str>, one: &Value) {
        let (Some(id), Some(parent), Some(updated)) = (id, text(one, "parent"), at_time(&one["updateTime"]))
        else {
            return;
        };
        let moved = Some(updated).filter(|_| at_time(&one["createTime"]) != Some(updated));
        self.parents.insert(id.into(), (parent.into(), moved));
    }

    fn add(&mut self, id: &str, number: Option<&str>, is_deleted: bool) {
        let known = self.projects.entry(id.into()).or_default();
        known.1 |= is_deleted;
        if let Some(number) = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            known.0.get_or_insert_with(|| number.into());
        }
    }

    /// A source that did not answer, where another may have.
    fn blind(&mut self, error: CloudError, so: &str) {
        let gap = error.gap();
        self.gaps.push(Gap::new(GapKind::NotFollowed, gap.place.clone(), format!("{}: {so}", gap.why)));
    }

    fn into_reach(mut self, wanted: &Wanted) -> Reach {
        let numbers: BTreeMap<Arc<str>, Arc<str>> = self
            .projects
            .iter()
            .filter_map(|(id, (number, _))| Some((number.clone()?, id.clone())))
            .collect();
        let mut first: Vec<Arc<str>> = Vec::new();
        if let Some(home) = wanted.home.as_ref().filter(|_| wanted.projects.is_empty()) {
            let home = numbers.get(home).unwrap_or(home).clone();
            self.projects.entry(home.clone()).or_default();
            first.push(home);
        }
        for number in &self.bound {
            let id = numbers.get(number).unwrap_or(number).clone();
            // An own list of projects is meant as it is.
            if !first.contains(&id) && (wanted.projects.is_empty() || self.projects.contains_key(&id)) {
                self.projects.entry(id.clone()).or_default();
                first.push(id);
            }
        }
        let candidates = first.len();
        let rest = self.projects.keys().filter(|id| !first.contains(*id)).cloned().collect::<Vec<_>>();
        first.extend(rest);
        let deleted = self
            .projects
            .iter()
            .filter(|(_, (_, is_deleted))| *is_deleted)
            .map(|(id, _)| id.clone())
            .collect();
        self.gaps.sort();
        self.gaps.dedup();
        Reach {
            projects: first,
            candidates,
            above: self.above.into_iter().collect(),
            numbers,
            deleted,
            gaps: self.gaps,
            parents: self.parents,
        }
    }
}
