//! Where calls go: Google's own hosts, or where `CLOUDSDK_API_ENDPOINT_OVERRIDES_*` sends them. Told before anything is asked, so
//! that nobody revokes at a toy and takes it for Google. Never a password of a proxy.

use std::collections::BTreeMap;

/// An API, as gcloud's overrides name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Api {
    /// `COMPUTE`, the end of `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`.
    pub name: &'static str,
    /// Where it is by default: what paths are put behind, as gcloud's overrides mean it.
    pub base: &'static str,
}

macro_rules! apis {
    ($($it:ident = $name:literal at $base:literal),* $(,)?) => {
        $(pub(super) const $it: Api = Api { name: $name, base: $base };)*
        const APIS: &[Api] = &[$($it),*];
    };
}

apis! {
    AIPLATFORM = "AIPLATFORM" at "https://aiplatform.googleapis.com/",
    APIKEYS = "APIKEYS" at "https://apikeys.googleapis.com/",
    APPENGINE = "APPENGINE" at "https://appengine.googleapis.com/",
    BATCH = "BATCH" at "https://batch.googleapis.com/",
    BIGQUERY = "BIGQUERY" at "https://bigquery.googleapis.com/bigquery/v2/",
    BILLING = "CLOUDBILLING" at "https://cloudbilling.googleapis.com/",
    BUDGETS = "BILLINGBUDGETS" at "https://billingbudgets.googleapis.com/",
    CLOUDASSET = "CLOUDASSET" at "https://cloudasset.googleapis.com/",
    CLOUDBUILD = "CLOUDBUILD" at "https://cloudbuild.googleapis.com/",
    CLOUDFUNCTIONS = "CLOUDFUNCTIONS" at "https://cloudfunctions.googleapis.com/",
    COMPOSER = "COMPOSER" at "https://composer.googleapis.com/",
    COMPUTE = "COMPUTE" at "https://compute.googleapis.com/compute/v1/",
    CONTAINER = "CONTAINER" at "https://container.googleapis.com/",
    FILE = "FILE" at "https://file.googleapis.com/",
    CONTACTS = "ESSENTIALCONTACTS" at "https://essentialcontacts.googleapis.com/",
    DATAFLOW = "DATAFLOW" at "https://dataflow.googleapis.com/",
    DATAPROC = "DATAPROC" at "https://dataproc.googleapis.com/",
    IAM = "IAM" at "https://iam.googleapis.com/",
    IAMCREDENTIALS = "IAMCREDENTIALS" at "https://iamcredentials.googleapis.com/",
    LOGGING = "LOGGING" at "https://logging.googleapis.com/",
    NOTEBOOKS = "NOTEBOOKS" at "https://notebooks.googleapis.com/",
    OAUTH2 = "OAUTH2" at "https://www.googleapis.com/",
    ORGPOLICY = "ORGPOLICY" at "https://orgpolicy.googleapis.com/",
    POLICYANALYZER = "POLICYANALYZER" at "https://policyanalyzer.googleapis.com/",
    RESOURCEMANAGER = "CLOUDRESOURCEMANAGER" at "https://cloudresourcemanager.googleapis.com/",
    RUN = "RUN" at "https://run.googleapis.com/",
    SCHEDULER = "CLOUDSCHEDULER" at "https://cloudscheduler.googleapis.com/",
    SUPPORT = "CLOUDSUPPORT" at "https://cloudsupport.googleapis.com/",
    SQLADMIN = "SQLADMIN" at "https://sqladmin.googleapis.com/",
    SERVICEUSAGE = "SERVICEUSAGE" at "https://serviceusage.googleapis.com/",
    STORAGE = "STORAGE" at "https://storage.googleapis.com/storage/v1/",
    TPU = "TPU" at "https://tpu.googleapis.com/",
}

/// The hosts of every API that must be on to be called, sorted as they are listed. Who asks who they are asks no API of theirs, and
/// BigQuery is asked where the operator says so, in one project.
pub(super) fn hosts() -> impl Iterator<Item = &'static str> {
    APIS.iter().filter(|api| ![OAUTH2, BIGQUERY].contains(api)).map(|api| host(api.base))
}

const PREFIX: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// By API: where its calls go instead, with a `/` at the end.
    overrides: BTreeMap<&'static str, String>,
    /// One plain sentence each.
    pub lines: Vec<String>,
}

impl Endpoints {
    /// Reads the environment; an override that can't be meant is an error, never Google's own host after all.
    pub fn new(env: &BTreeMap<String, String>) -> Result<Endpoints, String> {
        let mut found = Endpoints::default();
        for api in APIS {
            let name = format!("{PREFIX}{}", api.name);
            let Some(url) = env.get(&name).map(|url| url.trim()).filter(|url| !url.is_empty()) else {
                continue;
            };
            check(url).map_err(|why| format!("{name}: {why}"))?;
            let url = if url.ends_with('/') { url.to_owned() } else { format!("{url}/") };
            found.lines.push(format!(
                "Calls to {} go to {} ({name}), not to Google's own endpoint.",
                host(api.base),
                shown(&url)
            ));
            found.overrides.insert(api.name, url);
        }
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
            let lower = name.to_lowercase();
            let set = [name, &lower].into_iter().find_map(|name| Some((name, env.get(name)?)));
            if let Some((name, proxy)) = set.filter(|(_, proxy)| !proxy.trim().is_empty()) {
                found.lines.push(format!("Calls go through the proxy {} ({name}).", shown(proxy)));
            }
        }
        Ok(found)
    }

    /// Whether calls go to something that may not be Google.
    pub fn is_elsewhere(&self) -> bool {
        !self.overrides.is_empty()
    }

    /// What paths of an API are put behind; ends with `/`.
    pub fn base(&self, api: Api) -> &str {
        self.overrides.get(api.name).map_or(api.base, String::as_str)
    }

    /// The same for one path: Vertex AI answers for the things of a region only there, at `REGION-aiplatform.googleapis.com`.
    pub fn base_of(&self, api: Api, path: &str) -> String {
        let base = self.base(api);
        let region = path.split("/locations/").nth(1).and_then(|rest| rest.split(['/', ':']).next());
        // It becomes part of a host's name: nothing but a region's own letters may.
        let is_plain = |region: &&str| {
            !region.is_empty()
                && region.len() < 40
                && region.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == b'-')
        };
        match region.filter(is_plain).filter(|region| *region != "global") {
            Some(region) if api == AIPLATFORM && !self.overrides.contains_key(api.name) => {
                base.replacen("https://", &format!("https://{region}-"), 1)
            }
            Some(_) | None => base.to_owned(),
        }
    }
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or(url)
}

/// Only TLS, save on this very machine: a token is never sent in the clear.
fn check(url: &str) -> Result<(), String> {
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("no URL: {error}"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        return Err("a URL with a user, a password or a query is not taken".into());
    }
    let is_here = match parsed.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    };
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        _ => Err(format!("{} is not https, and plain http is taken on loopback alone", shown(url))),
    }
}

/// A URL without a user, a password and what follows its path.
fn shown(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Endpoints, String> {
        Endpoints::new(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn an_override_is_taken_told_and_never_in_the_clear() {
        let found = of(&[
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", "http://127.0.0.1:8080/compute/v1"),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", "http://[::1]:8080/"),
            ("https_proxy", "http://user:secret@proxy.example:3128"),
        ])
        .unwrap();
        assert_eq!(found.base(COMPUTE), "http://127.0.0.1:8080/compute/v1/");
        assert_eq!(found.base(IAM), "http://[::1]:8080/");
        assert_eq!(found.base(LOGGING), "https://logging.googleapis.com/");
        assert_eq!(found.lines.len(), 3);
        assert!(found.is_elsewhere() && !found.lines.iter().any(|line| line.contains("secret")));
        assert!(!of(&[("HTTPS_PROXY", "http://p.example")]).unwrap().is_elsewhere());
        let plain = of(&[]).unwrap();
        for (api, path, expect) in [
            (
                AIPLATFORM,
                "v1/projects/p/locations/us-east1/endpoints/7:undeployModel",
                "https://us-east1-aiplatform.googleapis.com/",
            ),
            (AIPLATFORM, "v1/projects/p/locations/global/endpoints/7", "https://aiplatform.googleapis.com/"),
            (
                AIPLATFORM,
                "v1/projects/p/locations/evil.example%23/endpoints/7",
                "https://aiplatform.googleapis.com/",
            ),
            (BATCH, "v1/projects/p/locations/us-east1/jobs/j", "https://batch.googleapis.com/"),
        ] {
            assert_eq!(plain.base_of(api, path), expect, "{path}");
        }
        for url in [
            "http://192.0.2.1/",
            "ftp://127.0.0.1/",
            "nonsense",
            "https://u:p@x.example/",
            "http://localhost.example/",
        ] {
            assert!(of(&[("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM", url)]).is_err(), "{url}");
        }
    }
}
