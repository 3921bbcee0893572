//! Which accounts to look into: the organization's, those that the operator names, or our own alone.

use super::error::failed;
use super::{Aws, client};
use crate::cloud::{CloudError, Refusal};
use crate::model::Place;
use crate::model::gap::{Gap, GapKind};
use aws_sdk_organizations::types::AccountState;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// IAM actions that [`Aws::accounts`] and [`Aws::alias`] ask for.
pub(super) const READS: &[&str] =
    &["iam:ListAccountAliases", "organizations:DescribeOrganization", "organizations:ListAccounts"];

/// Most pages that an honest answer has: 20 accounts a page, empty pages between.
const PAGES: usize = 10_000;

/// Which accounts the operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsAsked {
    /// All of the organization.
    pub org: bool,
    /// These, with or without the organization.
    pub named: BTreeSet<Arc<str>>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub id: Arc<str>,
    /// As the organization calls it; its owner chose it.
    pub name: Option<Arc<str>>,
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, …; absent where nobody was asked.
    pub state: Option<Arc<str>>,
    /// Whether it is the organization's management account, which no SCP holds and no default role opens.
    pub is_management: bool,
}

impl Account {
    fn new(id: impl Into<Arc<str>>) -> Account {
        Account { id: id.into(), name: None, state: None, is_management: false }
    }

    /// Whether it can be entered. A suspended or closed one can't, and runs nothing.
    pub fn is_open(&self) -> bool {
        self.state.as_deref().is_none_or(|state| matches!(state, "ACTIVE" | "PENDING_ACTIVATION"))
    }
}

/// An organization, as any member sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: Arc<str>,
    pub management: Arc<str>,
}

impl Organization {
    /// What the operator hears who did not ask for the organization: no gap, for our own account is all that was asked for.
    pub fn note(&self, own: &str) -> String {
        format!(
            "{own} is a member of the organization {}, whose other accounts are not looked into: --org does that, from its management \
             account {} or a delegated administrator.",
            self.id, self.management
        )
    }
}

impl Aws {
    /// Returns the accounts to look into, by id, closed ones too; our own is always one of them.
    pub async fn accounts(&self, asked: &AccountsAsked) -> (Vec<Account>, Vec<Gap>) {
        let mut gaps = Vec::new();
        let mut accounts: BTreeMap<Arc<str>, Account> = BTreeMap::new();
        for id in asked.named.iter().chain([&self.identity.account]) {
            accounts.insert(id.clone(), Account::new(id.clone()));
        }
        let organization = self.organization().await;
        if asked.org {
            match self.members().await {
                Ok(members) => accounts.extend(members.into_iter().map(|one| (one.id.clone(), one))),
                Err(error) => {
                    let hint = match &organization {
                        Ok(Some(known)) => format!("; its management account is {}", known.management),
                        Ok(None) | Err(_) => String::new(),
                    };
                    let why = format!("the accounts of the organization are not known: {error}{hint}");
                    gaps.push(Gap::new(GapKind::Denied, "the organization", why));
                }
            }
        }
        if let Ok(Some(known)) = &organization
            && let Some(account) = accounts.get_mut(&known.management)
        {
            account.is_management = true;
        }
        for account in accounts.values().filter(|account| !account.is_open()) {
            let state = account.state.as_deref().unwrap_or("closed");
            let why = format!("the account is {state}: it can't be entered");
            gaps.push(Gap::new(GapKind::Denied, &*account.id, why));
        }
        (accounts.into_values().collect(), gaps)
    }

    /// Returns the organization that we are in; any member may ask. `None`: we are in none.
    pub async fn organization(&self) -> Result<Option<Organization>, CloudError> {
        const CALL: &str = "organizations:DescribeOrganization";
        let at = Place::new(self.identity.account.clone(), "");
        let client = client!(self, &at, aws_sdk_organizations)?;
        let answer = match client.describe_organization().send().await {
            Ok(answer) => answer,
            Err(error) => {
                let error = failed(CALL, &at, error);
                let is_alone =
                    error.code.as_deref().is_some_and(|code| code.starts_with("AWSOrganizationsNotInUse"));
                return if is_alone { Ok(None) } else { Err(error) };
            }
        };
        Ok(answer.organization.and_then(|found| {
            Some(Organization { id: found.id?.into(), management: found.master_account_id?.into() })
        }))
    }

    async fn members(&self) -> Result<Vec<Account>, CloudError> {
        const CALL: &str = "organizations:ListAccounts";
        let at = Place::new(self.identity.account.clone(), "");
        let client = client!(self, &at, aws_sdk_organizations)?;
        let mut members = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let page = client.list_accounts().set_next_token(token.clone()).send().await;
            let page = page.map_err(|error| failed(CALL, &at, error))?;
            for account in page.accounts.unwrap_or_default() {
                let Some(id) = account.id else { continue };
                // `Status` is retired since 2026-09-09 and may still be all that an older answer has.
                #[allow(deprecated)]
                let status = account.status.map(|status| status.as_str().to_owned());
                let state = account.state.map(|state: AccountState| state.as_str().to_owned()).or(status);
                members.push(Account {
                    name: account.name.map(Into::into),
                    state: state.map(Into::into),
                    ..Account::new(id)
                });
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                None => return Ok(members),
                next if next == token => break,
                next => token = next,
            }
        }
        Err(CloudError::new(Refusal::Failed, CALL, &at, None, "its pages have no end"))
    }

    /// Returns the alias of an account, which people know it by; `None` when it has none.
    pub async fn alias(&self, account: &str) -> Result<Option<String>, CloudError> {
        const CALL: &str = "iam:ListAccountAliases";
        let at = Place::new(account, "");
        let client = client!(self, &at, aws_sdk_iam)?;
        let answer = client.list_account_aliases().send().await.map_err(|error| failed(CALL, &at, error))?;
        Ok(answer.account_aliases.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_account_is_not_open() {
        for (state, is_open) in [
            (None, true),
            (Some("ACTIVE"), true),
            (Some("SUSPENDED"), false),
            (Some("PENDING_CLOSURE"), false),
        ] {
            let account = Account { state: state.map(Into::into), ..Account::new("111122223333") };
            assert_eq!(account.is_open(), is_open, "{state:?}");
        }
    }
}
