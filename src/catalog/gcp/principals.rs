//! Who Google's principals are: a subject's plain name, a service account's home project, and which accounts are
//! Google's own agents.
//!
//! Pure text; used by `read`, by rows and by `analyze`.

/// Returns the name that events and policies share: `user:` and `serviceAccount:` fall away, so do `deleted:` and
/// `?uid=…`; `principal://…`, `group:…`, `domain:…` and `allUsers` stay as they are.
pub fn plain(subject: &str) -> &str {
    let subject = subject.strip_prefix("deleted:").unwrap_or(subject);
    let name = ["user:", "serviceAccount:"].iter().find_map(|kind| subject.strip_prefix(kind));
    let name = name.unwrap_or(subject);
    match name.split_once("?uid=") {
        Some((name, _)) => name,
        None => name,
    }
}

/// Returns the `?uid=` of a deleted principal's subject.
pub fn uid(subject: &str) -> Option<&str> {
    subject.split_once("?uid=").map(|(_, uid)| uid).filter(|uid| !uid.is_empty())
}

/// Returns what kind of principal it is, as `Actor.kind` wants it; empty when the text does not tell.
pub fn kind_of(subject: Option<&str>, name: &str) -> &'static str {
    if is_agent(name) {
        return "service";
    }
    let subject = subject.map(|subject| subject.strip_prefix("deleted:").unwrap_or(subject)).unwrap_or(name);
    if subject.starts_with("principal://") || subject.starts_with("principalSet://") {
        "principal"
    } else if subject.starts_with("serviceAccount:") || name.ends_with(".gserviceaccount.com") {
        "serviceAccount"
    } else if subject.starts_with("user:") || (name.contains('@') && !name.contains(':')) {
        "user"
    } else {
        ""
    }
}

/// Returns the project that a service account lives in: id for `sa@PROJECT.iam…` and `PROJECT@appspot…`, number for
/// Google-named accounts (`NUMBER-compute@developer…`, `service-NUMBER@…`).
pub fn home_project(email: &str) -> Option<String> {
    let (local, domain) = email.split_once('@')?;
    let number = |text: &str| is_number(text).then(|| text.to_owned());
    if let Some(number) = local.strip_prefix("service-").and_then(number).filter(|_| is_agent(email)) {
        return Some(number);
    }
    match domain {
        "appspot.gserviceaccount.com" => scoped(local),
        "developer.gserviceaccount.com" => number(local.split('-').next()?),
        "cloudservices.gserviceaccount.com" | "cloudbuild.gserviceaccount.com" => number(local),
        _ if is_agent(email) => None,
        _ => scoped(domain.strip_suffix(".iam.gserviceaccount.com")?),
    }
}

/// `proj` → `proj`; `proj.example.com` → `example.com:proj`, a project of the old domain-scoped kind.
fn scoped(project: &str) -> Option<String> {
    match project.split_once('.') {
        _ if project.is_empty() => None,
        Some((name, domain)) => Some(format!("{domain}:{name}")),
        None => Some(project.to_owned()),
    }
}

/// Projects of Google's that host per-customer agents (`service-NUMBER@PROJECT.iam.gserviceaccount.com`), besides
/// `gcp-sa-…`. By project, because a customer may well name an account `service-123456789012`.
const AGENT_PROJECTS: &[&str] = &[
    "cloud-filer",
    "cloud-memcache-sa",
    "cloud-ml.google.com",
    "cloud-redis",
    "cloud-tpu",
    "cloudcomposer-accounts",
    "compute-system",
    "container-engine-robot",
    "containeranalysis",
    "containerregistry",
    "dataflow-service-producer-prod",
    "dataproc-accounts",
    "dlp-api",
    "endpoints-portal",
    "firebase-rules",
    "gae-api-prod.google.com",
    "gcf-admin-robot",
    "gcp-gae-service",
    "genomics-api",
    "gs-project-accounts",
    "monitoring-notification",
    "remotebuildexecution",
    "security-center-api",
    "serverless-robot-prod",
    "service-consumer-management",
    "service-networking",
    "sourcerepo-service-accounts",
    "storage-transfer-service",
];

/// Whether this is an account of Google's own that acts for a customer, or Google itself: no person and no credential
/// that a customer could leak.
pub fn is_agent(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else { return email.starts_with("system:") };
    match domain {
        "cloudservices.gserviceaccount.com" => is_number(local),
        "system.gserviceaccount.com" | "prod.google.com" => true,
        "google.com" => local == "system",
        _ => domain.strip_suffix(".iam.gserviceaccount.com").is_some_and(|project| {
            project.starts_with("gcp-sa-") || AGENT_PROJECTS.binary_search(&project).is_ok()
        }),
    }
}

/// Whether a delegation through this account means that the token came from a virtual machine's metadata server.
pub fn is_metadata_server(email: &str) -> bool {
    email.ends_with("@compute-system.iam.gserviceaccount.com")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_kinds_and_homes() {
        for (subject, name, kind, home) in [
            ("user:a@example.com", "a@example.com", "user", None),
            (
                "serviceAccount:ci@shop.iam.gserviceaccount.com",
                "ci@shop.iam.gserviceaccount.com",
                "serviceAccount",
                Some("shop"),
            ),
            (
                "ci@shop.example.com.iam.gserviceaccount.com",
                "ci@shop.example.com.iam.gserviceaccount.com",
                "serviceAccount",
                Some("example.com:shop"),
            ),
            (
                "shop@appspot.gserviceaccount.com",
                "shop@appspot.gserviceaccount.com",
                "serviceAccount",
                Some("shop"),
            ),
            (
                "123-compute@developer.gserviceaccount.com",
                "123-compute@developer.gserviceaccount.com",
                "serviceAccount",
                Some("123"),
            ),
            (
                "123@cloudservices.gserviceaccount.com",
                "123@cloudservices.gserviceaccount.com",
                "service",
                Some("123"),
            ),
            (
                "service-123@compute-system.iam.gserviceaccount.com",
                "service-123@compute-system.iam.gserviceaccount.com",
                "service",
                Some("123"),
            ),
            (
                "service-123@gcp-sa-cloudbatch.iam.gserviceaccount.com",
                "service-123@gcp-sa-cloudbatch.iam.gserviceaccount.com",
                "service",
                Some("123"),
            ),
            // A customer's account that only looks like an agent.
            (
                "service-123@shop.iam.gserviceaccount.com",
                "service-123@shop.iam.gserviceaccount.com",
                "serviceAccount",
                Some("shop"),
            ),
            (
                "deleted:serviceAccount:ci@shop.iam.gserviceaccount.com?uid=42",
                "ci@shop.iam.gserviceaccount.com",
                "serviceAccount",
                Some("shop"),
            ),
            (
                "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
                "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
                "principal",
                None,
            ),
            ("system:node:n1", "system:node:n1", "service", None),
            ("system@google.com", "system@google.com", "service", None),
            ("group:ops@example.com", "group:ops@example.com", "", None),
            ("", "", "", None),
            ("@", "@", "user", None),
        ] {
            assert_eq!(plain(subject), name, "{subject}");
            assert_eq!(kind_of(Some(subject), name), kind, "{subject}");
            assert_eq!(home_project(name).as_deref(), home, "{subject}");
        }
        assert_eq!(uid("deleted:serviceAccount:x?uid=42"), Some("42"));
        assert!(AGENT_PROJECTS.is_sorted());
        assert!(is_metadata_server("service-1@compute-system.iam.gserviceaccount.com"));
    }
}
