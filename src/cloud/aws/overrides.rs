//! What stands between us and AWS: endpoint overrides, proxies, partitions, and what the profile says. Told before anything is
//! asked, so that nobody revokes at a toy and takes it for AWS. Never a password of a proxy, never a secret of a profile.

use aws_config::SdkConfig;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;
use std::collections::{BTreeMap, BTreeSet};

/// Services that we call or sign in with, as a `services` section and `AWS_ENDPOINT_URL_…` name them.
const SERVICES: &[&str] = &[
    "Account",
    "AppRunner",
    "Athena",
    "Auto Scaling",
    "Batch",
    "CloudControl",
    "CloudFormation",
    "CloudTrail",
    "CodeBuild",
    "EC2",
    "ECS",
    "EKS",
    "EMR",
    "EventBridge",
    "Glue",
    "IAM",
    "Lambda",
    "Lightsail",
    "Organizations",
    "RolesAnywhere",
    "S3",
    "SESv2",
    "SFN",
    "SSM",
    "SSO",
    "SSO Admin",
    "SSO OIDC",
    "STS",
    "SageMaker",
    "Scheduler",
    "Signin",
    "identitystore",
];

/// How deep profiles may lean on each other.
const DEEP: usize = 10;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    /// One plain sentence each.
    pub lines: Vec<String>,
    /// Whether a call goes to an endpoint that is not the service's own.
    pub is_elsewhere: bool,
}

impl Overrides {
    pub fn new(
        env: &BTreeMap<String, String>,
        profile: &Profile,
        base: &SdkConfig,
        partition: &str,
    ) -> Overrides {
        let mut lines = Vec::new();
        let everywhere = base.endpoint_url();
        if let Some(url) = everywhere {
            let source = match value(env, "AWS_ENDPOINT_URL") {
                Some(_) => "AWS_ENDPOINT_URL".to_owned(),
                None => format!("endpoint_url of the profile {}", profile.name),
            };
            lines.push(format!("Calls go to {} ({source}), not to AWS's own endpoints.", shown(url)));
        }
        let services: Vec<(&str, String)> =
            SERVICES.iter().filter_map(|service| Some((*service, endpoint(base, service)?))).collect();
        for (service, url) in services.iter().filter(|(_, url)| Some(url.as_str()) != everywhere) {
            let name = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase().replace(' ', "_"));
            let source = match value(env, &name) {
                Some(_) => name,
                None => format!("services section of the profile {}", profile.name),
            };
            lines.push(format!(
                "Calls to {service} go to {} ({source}), not to AWS's own endpoint.",
                shown(url)
            ));
        }
        let is_elsewhere = !lines.is_empty();
        lines.extend(switches(env, base, partition));
        Overrides { lines, is_elsewhere }
    }
}

/// What does not lead elsewhere and still changes how AWS is reached.
fn switches(env: &BTreeMap<String, String>, base: &SdkConfig, partition: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
        let lower = name.to_lowercase();
        if let Some((name, proxy)) = [name, &lower].iter().find_map(|name| Some((*name, value(env, name)?))) {
            lines.push(format!("Calls go through the proxy {} ({name}).", shown(proxy)));
        }
    }
    if !lines.is_empty()
        && let Some(hosts) = value(env, "NO_PROXY").or_else(|| value(env, "no_proxy"))
    {
        lines.push(format!("Not through a proxy: {hosts} (NO_PROXY)."));
    }
    if partition != "aws" {
        lines.push(format!("This is the partition {partition}."));
    }
    if base.use_fips() == Some(true) {
        lines.push("FIPS endpoints are used.".to_owned());
    }
    if base.use_dual_stack() == Some(true) {
        lines.push("Dual-stack endpoints are used.".to_owned());
    }
    if value(env, "AWS_CA_BUNDLE").is_some() {
        lines.push(
            "AWS_CA_BUNDLE is set and is not used here: SSL_CERT_FILE or SSL_CERT_DIR name authorities to trust."
                .to_owned(),
        );
    }
    lines
}

fn value<'a>(env: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    env.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn endpoint(base: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    base.service_config()?.load_config(key).filter(|url| !url.trim().is_empty())
}

/// A URL without a user, a password and what follows its path.
fn shown(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    // A password may hold an `@` or a `/`: what is before the last `@` is never shown.
    let (host, path) = match rest.rfind('@') {
        Some(at) => (&rest[at + 1..], ""),
        None => (host, path),
    };
    match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}

/// What the profile in use says about how it signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub name: String,
    /// Roles that it takes on the way.
    pub roles: BTreeSet<String>,
    /// Ids of the keys that it starts from.
    pub keys: BTreeSet<String>,
    is_known: bool,
    needs_mfa: bool,
    is_sso: bool,
    is_login: bool,
}

impl Profile {
    /// What the operator may do when signing in failed.
    pub fn hint(&self) -> String {
        let name = &self.name;
        if self.is_sso {
            format!("sign in with: aws sso login --profile {name}")
        } else if self.is_login {
            format!("sign in with: aws login --profile {name}")
        } else if self.needs_mfa {
            format!(
                "the profile {name} asks for an MFA code, which is not asked for here: sign in with aws login, or hand over a session of \
                 aws sts get-session-token"
            )
        } else if self.is_known {
            "use --profile NAME, or sign in with aws login; instance metadata is only asked with --imds"
                .to_owned()
        } else {
            format!(
                "there is no profile {name}: use --profile NAME, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws login; \
                 instance metadata is only asked with --imds"
            )
        }
    }
}

/// Reads the profile in use and those that it leans on. One that can't be read says nothing here; signing in tells of it.
pub(super) async fn profile(name: Option<&str>) -> Profile {
    let asked = name.map(|name| name.to_owned().into());
    let loaded = aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), asked).await;
    let Ok(profiles) = loaded else {
        let name = name.unwrap_or("default").to_owned();
        return Profile { name, is_known: true, ..Profile::default() };
    };
    let mut found = Profile { name: profiles.selected_profile().to_owned(), ..Profile::default() };
    let mut next = Some(found.name.clone());
    for _ in 0..DEEP {
        let Some(profile) = next.as_deref().and_then(|name| profiles.get_profile(name)) else { break };
        found.is_known = true;
        found.roles.extend(profile.get("role_arn").map(str::to_owned));
        found.keys.extend(profile.get("aws_access_key_id").map(str::to_owned));
        found.needs_mfa |= profile.get("mfa_serial").is_some();
        found.is_sso |= profile.get("sso_session").or(profile.get("sso_start_url")).is_some();
        found.is_login |= profile.get("login_session").is_some();
        next = profile.get("source_profile").filter(|source| *source != profile.name()).map(str::to_owned);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_a_proxy_is_never_shown() {
        for (given, expect) in [
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("http://user:secret@proxy.example:3128/x?y=z", "http://proxy.example:3128/x"),
            ("http://user:se/cr@et@proxy.example:3128", "http://proxy.example:3128"),
            ("user:secret@proxy.example:3128", "proxy.example:3128"),
            (
                "https://vpce-1.sts.us-east-1.vpce.amazonaws.com/",
                "https://vpce-1.sts.us-east-1.vpce.amazonaws.com/",
            ),
        ] {
            let told = shown(given);
            assert!(!told.contains("cr"), "{told}");
            assert!(told.trim_end_matches("/x") == expect.trim_end_matches("/x"), "{given}: {told}");
        }
    }

    fn told(env: &[(&str, &str)], base: &SdkConfig, partition: &str) -> Overrides {
        let env = env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Overrides::new(&env, &Profile::default(), base, partition)
    }

    #[test]
    fn what_stands_between_is_told_and_only_endpoints_lead_elsewhere() {
        let plain = SdkConfig::builder().build();
        assert_eq!(told(&[], &plain, "aws"), Overrides::default());
        let proxied = told(&[("https_proxy", "http://a:b@proxy:1"), ("NO_PROXY", "x")], &plain, "aws-cn");
        assert_eq!(
            proxied.lines,
            [
                "Calls go through the proxy http://proxy:1 (https_proxy).",
                "Not through a proxy: x (NO_PROXY).",
                "This is the partition aws-cn."
            ]
        );
        assert!(!proxied.is_elsewhere);
        let moved = SdkConfig::builder().endpoint_url("http://127.0.0.1:5000").build();
        let overridden = told(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")], &moved, "aws");
        assert_eq!(
            overridden.lines,
            ["Calls go to http://127.0.0.1:5000 (AWS_ENDPOINT_URL), not to AWS's own endpoints."]
        );
        assert!(overridden.is_elsewhere);
    }
}
