//! The several spellings of one Google resource: link or path, project number or id, old or new form.
//!
//! Called by [`crate::catalog::Record::resources`] alone, so that a deletion or an inventory that spells a resource
//! otherwise still finds it. Adds names; never takes one away and never changes an id.

use crate::model::ResourceRef;
use std::sync::Arc;

/// Kinds of Cloud SQL; their names are unique in a project, whatever the region.
const CLOUD_SQL: &str = "gcp.sqladmin.";

/// Adds the other spellings of a resource's names, and takes its location from its own name where that tells: the
/// call's may be another (a snapshot is global, the disk it is taken of is not).
pub fn complete(resource: &mut ResourceRef) {
    let region = resource.all_names().find_map(|name| location(name)).map(Arc::<str>::from);
    if let Some(region) = region {
        resource.region = region;
    } else if resource.kind.starts_with(CLOUD_SQL) && matches!(&*resource.region, "us-central" | "global") {
        // Cloud SQL's label is `us-central` for us-central1, or empty, and not the same in one instance's entries.
        resource.region = "".into();
    }
    let mut more: Vec<Arc<str>> = resource
        .all_names()
        .flat_map(|name| spellings(name, &resource.account, &resource.region))
        .map(Into::into)
        .collect();
    more.append(&mut resource.names);
    more.retain(|name| *name != resource.id);
    more.sort();
    more.dedup();
    resource.names = more;
}

/// Returns the path in a link and the forms that newer versions of the same API use.
fn spellings(name: &str, account: &str, region: &str) -> Vec<String> {
    let path = match name.split_once("//") {
        Some((_, rest)) => rest.find("/projects/").map_or(name, |at| &rest[at + 1..]),
        None => name,
    };
    let mut found = Vec::new();
    if path != name {
        found.push(path.to_owned());
    }
    if account.is_empty() {
        return found;
    }
    let path = match path.strip_prefix("projects/").and_then(|rest| rest.split_once('/')) {
        // Service agents write the project number; everybody else the id.
        Some((project, rest)) if is_number(project) && !is_number(account) => {
            let path = format!("projects/{account}/{rest}");
            found.push(path.clone());
            path
        }
        _ => path.to_owned(),
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        // GKE's old form.
        ["projects", project, "zones" | "regions", place, "clusters", ref rest @ ..] => {
            found.push(format!("projects/{project}/locations/{place}/clusters/{}", rest.join("/")));
        }
        // Cloud Run's first API.
        ["namespaces", _, collection, name] if !region.is_empty() => {
            found.push(format!("projects/{account}/locations/{region}/{collection}/{name}"));
        }
        // Cloud SQL writes `instances/project:name`, and the project may have a domain in front.
        ["instances", full] => {
            let (project, name) = full.rsplit_once(':').unwrap_or((account, full));
            found.push(format!("projects/{project}/instances/{name}"));
        }
        ["managedZones" | "policies" | "responsePolicies", _] => {
            found.push(format!("projects/{account}/{path}"))
        }
        _ => {}
    }
    found
}

/// Returns the location that a resource path names; `global` for global collections.
fn location(name: &str) -> Option<&str> {
    let mut parts = name.split('/').skip_while(|part| *part != "projects").skip(2);
    match parts.next()? {
        "global" => Some("global"),
        "zones" | "regions" | "locations" => parts.next().filter(|place| !place.is_empty() && *place != "-"),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(id: &str, names: &[&str], expect: &[&str], region: &str) {
        let mut resource = ResourceRef {
            kind: "gcp.x.y",
            id: id.into(),
            names: names.iter().map(|name| Arc::from(*name)).collect(),
            account: "shop-prod".into(),
            region: "us-east1".into(),
            launcher: None,
        };
        complete(&mut resource);
        assert_eq!(&*resource.id, id);
        assert_eq!(resource.names.iter().map(|name| &**name).collect::<Vec<_>>(), expect);
        assert_eq!(&*resource.region, region);
    }

    #[test]
    fn a_label_that_says_nothing_keeps_no_database_apart() {
        for (label, region) in [("us-central", ""), ("global", ""), ("europe-west1", "europe-west1")] {
            let mut database = ResourceRef {
                kind: "gcp.sqladmin.instance",
                id: "instances/shop-prod:db".into(),
                names: Vec::new(),
                account: "shop-prod".into(),
                region: label.into(),
                launcher: None,
            };
            complete(&mut database);
            assert_eq!(&*database.region, region);
        }
    }

    #[test]
    fn one_resource_has_all_its_spellings() {
        let link = "https://www.googleapis.com/compute/beta/projects/1234/zones/us-east1-b/instances/vm";
        let paths = [
            "projects/1234/zones/us-east1-b/instances/vm",
            "projects/shop-prod/zones/us-east1-b/instances/vm",
        ];
        check("77", &[link], &[link, paths[0], paths[1]], "us-east1-b");
        let number = "projects/1234/global/snapshots/s";
        check(number, &[], &["projects/shop-prod/global/snapshots/s"], "global");
        let old = "projects/shop-prod/zones/us-east1-b/clusters/c/nodePools/n";
        check(old, &[], &["projects/shop-prod/locations/us-east1-b/clusters/c/nodePools/n"], "us-east1-b");
        check(
            "namespaces/1234/services/s",
            &[],
            &["projects/shop-prod/locations/us-east1/services/s"],
            "us-east1",
        );
        check("instances/example.com:shop:db", &[], &["projects/example.com:shop/instances/db"], "us-east1");
        check("instances/db", &[], &["projects/shop-prod/instances/db"], "us-east1");
        check("managedZones/z", &[], &["projects/shop-prod/managedZones/z"], "us-east1");
        check("projects/_/buckets/b", &[], &[], "us-east1");
        for hostile in
            ["", "/", "//", "projects", "projects/", "projects//", "https://", "\u{1b}[2J", "äöü//ß/project"]
        {
            check(hostile, &[], &[], "us-east1");
        }
    }
}
