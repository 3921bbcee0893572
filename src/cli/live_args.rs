//! What is typed about a live cloud: who we are there, where to look, and what stands in the way. Flattened into every command
//! that asks one.

use super::config::Config;
use crate::plan::Guard;
use anyhow::{Context, bail};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Live cloud")]
pub struct LiveArgs {
    /// Sign in with this AWS profile, whatever keys are in the environment.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Sign in here; default: the profile's or the environment's region, else us-east-1.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Look into these regions alone; default: all that an account has enabled.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub regions: Vec<String>,
    /// Look into these accounts besides our own: ids between commas, or a file of them.
    #[arg(long, value_name = "LIST|FILE")]
    pub accounts: Option<String>,
    /// Look into every account of the organization.
    #[arg(long)]
    pub org: bool,
    /// The role to take in other accounts: a name, or an ARN whose account may be `*`. Repeat it to try several, in order.
    #[arg(long, value_name = "ROLE")]
    pub role_name: Vec<String>,
    /// The external id that those roles ask for.
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Take credentials from instance metadata where there are no others; else it is not asked.
    #[arg(long)]
    pub imds: bool,
    /// Ask the provider what machines cost today, instead of the program's own dated table; what can't be had has the table's
    /// price. AWS: pricing:GetProducts; Google Cloud: the Cloud Billing API.
    #[arg(long)]
    pub live_prices: bool,
    /// Change things although an endpoint override is in force, so that what is changed may not be the cloud itself.
    #[arg(long)]
    pub allow_endpoint_override: bool,
    /// Google Cloud: look into these projects alone; default: everything that is visible.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub project: Vec<String>,
    /// Google Cloud: look into everything below these folders (numbers).
    #[arg(long = "folder", value_name = "LIST", value_delimiter = ',')]
    pub folders: Vec<String>,
    /// Google Cloud: look into everything below these organizations (numbers).
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub organization: Vec<String>,
    /// Google Cloud: look into every project of these billing accounts, too.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub billing_account: Vec<String>,
    /// Google Cloud: act as this service account.
    #[arg(long, value_name = "EMAIL")]
    pub impersonate_service_account: Option<String>,
    /// Google Cloud: whose quota is used; default: GOOGLE_CLOUD_QUOTA_PROJECT, else the credentials' own.
    #[arg(long, value_name = "PROJECT")]
    pub quota_project: Option<String>,
    /// The configuration; default: TRIAGE_CONFIG, else ~/.config/triage/config.toml where it exists.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl LiveArgs {
    /// Reads the configuration, which flags go before.
    pub fn config(&self) -> anyhow::Result<Config> {
        Config::read(self.config.as_deref(), &|name| std::env::var(name).ok())
    }

    /// Returns the accounts that were named, by flag or else by the configuration.
    pub fn named_accounts(&self, config: &Config) -> anyhow::Result<BTreeSet<Arc<str>>> {
        let Some(given) = &self.accounts else { return Ok(config.accounts.clone()) };
        let path = PathBuf::from(given);
        let is_list = given.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-' | ' '));
        let text = match is_list && !path.exists() {
            true => given.clone(),
            false => std::fs::read_to_string(&path).with_context(|| {
                format!("read --accounts {given:?}: neither ids of 12 digits between commas nor a file")
            })?,
        };
        let ids = read_ids(&text).map_err(|why| anyhow::anyhow!("read --accounts {given:?}: {why}"))?;
        if ids.is_empty() {
            bail!("read --accounts {given:?}: no account is in it");
        }
        Ok(ids)
    }

    /// Returns what must not be touched, given the names of what is ours.
    pub fn guard(config: &Config, ours: impl IntoIterator<Item = Arc<str>>) -> Guard {
        Guard {
            operator: ours.into_iter().collect(),
            never_touch: config.never_touch.clone(),
            break_glass: config.break_glass.clone(),
        }
    }

    /// The environment, as far as it is text.
    pub fn environment() -> BTreeMap<String, String> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }
}

#[cfg(feature = "aws")]
mod aws {
    use super::{Config, LiveArgs};
    use crate::cloud::aws::{AccountsAsked, Aws, Connect};
    use std::sync::Arc;

    impl LiveArgs {
        /// Returns how to sign in. `changes` says whether roles that only read are of no use.
        pub fn connect(&self, config: &Config, case: &str, changes: bool) -> Connect {
            let given = !self.role_name.is_empty();
            Connect {
                profile: self.profile.clone(),
                region: self.region.clone(),
                role_names: if given { self.role_name.clone() } else { config.role_names.clone() },
                external_id: self.external_id.clone().or_else(|| config.external_id.clone()),
                imds: self.imds,
                changes,
                case: case.into(),
                env: LiveArgs::environment(),
            }
        }

        pub fn accounts_asked(&self, config: &Config) -> anyhow::Result<AccountsAsked> {
            Ok(AccountsAsked { org: self.org, named: self.named_accounts(config)? })
        }

        /// Says why nothing may be changed here, if so: calls would go to something that may not be AWS.
        pub fn refuses_change(&self, aws: &Aws) -> Option<String> {
            (aws.is_overridden() && !self.allow_endpoint_override).then(|| {
                format!(
                    "{} What would be changed may not be AWS: unset it, or say --allow-endpoint-override.",
                    aws.overrides().join(" ")
                )
            })
        }
    }

    /// Every name of what is ours, for a [`Guard`](crate::plan::Guard).
    pub fn ours(aws: &Aws) -> impl Iterator<Item = Arc<str>> {
        let own = aws.own();
        let ids = own.user_ids.into_iter().flat_map(|id| {
            // `AROA…:session` is told of sessions, `AROA…` of their role.
            let role = id.split(':').next().map(Arc::from);
            [Some(id), role].into_iter().flatten()
        });
        own.arns.into_iter().chain(own.access_keys).chain(ids)
    }
}
#[cfg(feature = "aws")]
pub use aws::ours;

/// Reads account ids out of a list or a file of them: between commas, blanks and lines; `#` begins a comment.
fn read_ids(text: &str) -> Result<BTreeSet<Arc<str>>, String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let words = lines
        .flat_map(|line| line.split([',', ' ', '\t', ';', '"', '\'']))
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            // People copy ids as the console shows them: 1111-2222-3333.
            let id: String = word.chars().filter(|c| *c != '-').collect();
            let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
            if is_id { Ok(id.into()) } else { Err(format!("{word:?} is no account id: it has 12 digits")) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_are_read_as_people_paste_them() {
        let text = "111122223333, 4444-5555-6666\n# the payer\n\"777788889999\" # prod\r\n\n";
        let ids = read_ids(text).unwrap();
        assert_eq!(
            ids.iter().map(|id| &**id).collect::<Vec<_>>(),
            ["111122223333", "444455556666", "777788889999"]
        );
        for text in ["11112222333", "prod", "1111222233334"] {
            assert!(read_ids(text).is_err(), "{text}");
        }
        assert!(read_ids("").unwrap().is_empty());
    }

    #[test]
    fn flags_go_before_the_configuration() {
        let config = Config { accounts: [Arc::from("777788889999")].into(), ..Config::default() };
        let args = |accounts: &str| LiveArgs { accounts: Some(accounts.to_owned()), ..LiveArgs::default() };
        assert_eq!(LiveArgs::default().named_accounts(&config).unwrap(), config.accounts);
        let named = args("111122223333,444455556666").named_accounts(&config).unwrap();
        assert_eq!(named.len(), 2);
        for wrong in ["1111", "does-not-exist.txt", ","] {
            let told = format!("{:#}", args(wrong).named_accounts(&config).unwrap_err());
            assert!(told.contains(wrong), "{told}");
        }
    }

    #[test]
    fn the_flags_are_consistent() {
        use clap::{CommandFactory, Parser};
        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            live: LiveArgs,
        }
        Only::command().debug_assert();
        let only = Only::parse_from([
            "x",
            "--regions",
            "eu-west-1,us-east-1",
            "--role-name",
            "A",
            "--role-name",
            "B",
        ]);
        assert_eq!(only.live.regions, ["eu-west-1", "us-east-1"]);
        assert_eq!(only.live.role_name, ["A", "B"]);
    }
}
