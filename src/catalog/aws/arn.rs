//! ARNs taken apart and put together. Knows the grammar alone; what the parts mean is the callers' business.

use std::sync::Arc;

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    /// What follows the account, separators included: `role/path/name`, `function:name`, `root`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Option<Arn<'a>> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        Some(Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }

    /// The last segment of a path: `role/team/ci` is named `ci`.
    pub fn name(&self) -> &'a str {
        self.resource.rsplit('/').next().unwrap_or(self.resource)
    }
}

/// Returns the partition that a region belongs to.
pub fn partition_of(region: &str) -> &'static str {
    const OTHERS: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("eusc-", "aws-eusc"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
    ];
    OTHERS.iter().find(|(begin, _)| region.starts_with(begin)).map_or("aws", |(_, partition)| partition)
}

/// Returns the account id that a principal names (`111122223333`, any ARN); `None` for services, `*` and identity
/// providers.
pub fn account_of(principal: &str) -> Option<&str> {
    let account = if principal.starts_with("arn:") { Arn::parse(principal)?.account } else { principal };
    (!account.is_empty() && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
}

/// Returns the ARN of a role's session; sessions drop the role's path.
pub fn session_of(role: &str, session: &str) -> Option<Arc<str>> {
    let role = Arn::parse(role)?;
    let (partition, account, name) = (role.partition, role.account, role.name());
    Some(format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_name_their_account() {
        assert_eq!(account_of("444455556666"), Some("444455556666"));
        assert_eq!(account_of("arn:aws:iam::444455556666:root"), Some("444455556666"));
        for nobody in ["events.amazonaws.com", "*", "", "arn:", "arn:aws:s3:::b", "accounts.google.com"] {
            assert_eq!(account_of(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn a_session_drops_the_path_of_its_role() {
        let session = session_of("arn:aws-cn:iam::111122223333:role/team/ci", "build");
        assert_eq!(session.as_deref(), Some("arn:aws-cn:sts::111122223333:assumed-role/ci/build"));
        assert_eq!(session_of("ci", "build"), None);
        let function = Arn::parse("arn:aws:lambda:eu-west-1:111122223333:function:f:7").unwrap();
        assert_eq!((function.account, function.resource), ("111122223333", "function:f:7"));
    }
}
