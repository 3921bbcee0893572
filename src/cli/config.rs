//! The operator's standing wishes, written down before the night that they are needed: what is never touched, who breaks the
//! glass, which roles open accounts.

use crate::plan::guard;
use anyhow::{Context, bail};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Nobody writes a megabyte of this.
const LARGEST: usize = 1 << 20;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What is never changed: ids, ARNs with `*` and `?`, `tag:Key=Value`, `account:111122223333`.
    pub never_touch: BTreeSet<Arc<str>>,
    /// Identities that let in when all else is shut: ARNs with `*` and `?`.
    pub break_glass: BTreeSet<Arc<str>>,
    /// Accounts to look into, as with `--accounts`.
    pub accounts: BTreeSet<Arc<str>>,
    /// Roles to take in other accounts, in this order, as with `--role-name`.
    pub role_names: Vec<String>,
    /// As with `--external-id`.
    pub external_id: Option<String>,
    /// More steps than this are asked about again.
    pub max_steps: Option<u32>,
    /// With `--watch`: so many seconds after it was done, what was done is looked at again; default: 1, 5 and 15 minutes.
    pub look_again_after: Option<Vec<u32>>,
    /// With `--watch`: so many seconds after the first sweep, events that come late are asked for again, until two rounds in a
    /// row bring nothing; default: 5, 15, 30, 60 and 120 minutes.
    pub ask_again_after: Option<Vec<u32>>,
}

impl Config {
    /// Reads the file that was asked for by flag or `TRIAGE_CONFIG`, which must be there, else the usual one, which need not.
    pub fn read(flag: Option<&Path>, env: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Config> {
        let named = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let asked = flag.map(Path::to_owned).or_else(|| named("TRIAGE_CONFIG"));
        let usual = || {
            let folder = named("XDG_CONFIG_HOME").or_else(|| Some(named("HOME")?.join(".config")));
            folder.map(|folder| folder.join("triage").join("config.toml"))
        };
        let (path, must) = match asked {
            Some(path) => (path, true),
            None => match usual() {
                Some(path) => (path, false),
                None => return Ok(Config::default()),
            },
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if !must && error.kind() == ErrorKind::NotFound => return Ok(Config::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("read the configuration {}", path.display()));
            }
        };
        Config::parse(&text).with_context(|| format!("read the configuration {}", path.display()))
    }

    /// When what was done is looked at again with `--watch`.
    pub fn looks_again(&self) -> Vec<Duration> {
        seconds(self.look_again_after.as_deref().unwrap_or(&[60, 300, 900]))
    }

    /// When late events are asked for again with `--watch`, where the operator says so.
    pub fn asks_again(&self) -> Option<Vec<Duration>> {
        self.ask_again_after.as_deref().map(seconds)
    }

    fn parse(text: &str) -> anyhow::Result<Config> {
        if text.len() > LARGEST {
            bail!("it is larger than 1 MiB");
        }
        let config: Config = toml::from_str(text)?;
        for (list, patterns) in [("never_touch", &config.never_touch), ("break_glass", &config.break_glass)] {
            for pattern in patterns {
                guard::check(pattern).map_err(|why| anyhow::anyhow!("{list} {pattern:?}: {why}"))?;
            }
        }
        for pattern in &config.break_glass {
            if !pattern.starts_with("arn:") {
                bail!("break_glass {pattern:?}: an identity is named by its ARN");
            }
        }
        for account in &config.accounts {
            if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
                bail!("accounts {account:?}: an account has 12 digits");
            }
        }
        if config.role_names.iter().any(|role| role.trim().is_empty()) {
            bail!("role_names: a name is empty");
        }
        if config.max_steps == Some(0) {
            bail!("max_steps: nothing could be done");
        }
        for (list, times) in
            [("look_again_after", &config.look_again_after), ("ask_again_after", &config.ask_again_after)]
        {
            let Some(times) = times else { continue };
            if times.is_empty() || times.contains(&0) || !times.is_sorted() {
                bail!("{list}: expected seconds, the shortest first");
            }
        }
        Ok(config)
    }
}

fn seconds(all: &[u32]) -> Vec<Duration> {
    all.iter().map(|one| Duration::from_secs((*one).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        format!("{:#}", Config::parse(text).expect_err(text))
    }

    #[test]
    fn wishes_are_read() {
        let text = r#"
            never_touch = ["tag:env=prod", "arn:aws:ec2:*:*:instance/i-0*"]
            break_glass = ["arn:aws:iam::*:user/glass"]
            accounts = ["111122223333"]
            role_names = ["IR", "arn:aws:iam::*:role/x/IR"]
            external_id = "x"
            max_steps = 40
            look_again_after = [5, 60]
            ask_again_after = [300]
        "#;
        let config = Config::parse(text).unwrap();
        assert_eq!(config.looks_again(), [5, 60].map(Duration::from_secs));
        assert_eq!(config.asks_again(), Some(vec![Duration::from_secs(300)]));
        assert_eq!(Config::default().looks_again(), [60, 300, 900].map(Duration::from_secs));
        assert_eq!(config.never_touch.len(), 2);
        assert_eq!(config.max_steps, Some(40));
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn what_is_misspelt_is_never_passed_over() {
        assert!(refused("never_tuch = []").contains("never_tuch"));
        assert!(refused("never_touch = [\"*\"]").contains("forbids everything"));
        assert!(refused("break_glass = [\"glass\"]").contains("by its ARN"));
        assert!(refused("accounts = [\"1111-2222-3333\"]").contains("12 digits"));
        assert!(refused("accounts = [111122223333]").contains("accounts"));
        assert!(refused("look_again_after = [60, 5]").contains("the shortest first"));
        assert!(refused("ask_again_after = []").contains("ask_again_after"));
        assert!(refused("max_steps = 0").contains("nothing"));
        assert!(refused("max_steps = -1").contains("max_steps"));
    }

    #[test]
    fn a_file_that_was_asked_for_must_be_there_and_is_named() {
        let nowhere = |_: &str| None;
        assert_eq!(Config::read(None, &nowhere).unwrap(), Config::default());
        let path = Path::new("does-not-exist/triage.toml");
        let told = format!("{:#}", Config::read(Some(path), &nowhere).unwrap_err());
        assert!(told.contains("does-not-exist/triage.toml"), "{told}");
        let by_env = |name: &str| (name == "TRIAGE_CONFIG").then(|| "does-not-exist/e.toml".to_owned());
        assert!(Config::read(None, &by_env).is_err());
        let at_home = |name: &str| (name == "HOME").then(|| "does-not-exist".to_owned());
        assert_eq!(Config::read(None, &at_home).unwrap(), Config::default());
    }
}
