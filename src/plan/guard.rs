//! The branch we sit on, and what the operator forbids: never planned. Where a pattern could mean a thing, it does: one step too
//! few is mended by hand, one too many cuts.

use crate::model::plan::Target;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const OURS: &str =
    "It is the operator's own identity, or a role on its way: this would cut the branch that we sit on.";
const SPARED: &str = "It is on the list of things never to touch.";
const GLASS: &str = "It is a break-glass identity: the way in when all else is shut.";

/// Who the operator is and what must not be touched. Empty on recorded input, where nobody is signed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guard {
    /// ARNs, e-mails and key ids of the operator's own identity and of every role on its way.
    pub operator: BTreeSet<Arc<str>>,
    /// What the operator protects, see [`check`]: ids, ARNs with `*` and `?`, `tag:Key=Value`, accounts.
    pub never_touch: BTreeSet<Arc<str>>,
    /// Identities that let in when all else is shut: ARNs with `*` and `?`.
    pub break_glass: BTreeSet<Arc<str>>,
}

impl Guard {
    /// Returns why things of these names must not be touched.
    pub fn forbids<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
        names.into_iter().find_map(|name| {
            let is = |pattern: &str| matches(pattern, name) || matches(pattern, &bare(name));
            if self.operator.iter().any(|own| own.as_ref() == name || bare(own) == bare(name)) {
                Some(OURS)
            } else if self.break_glass.iter().any(|pattern| is(pattern)) {
                Some(GLASS)
            } else if self.never_touch.iter().any(|pattern| is(pattern)) {
                Some(SPARED)
            } else {
                None
            }
        })
    }

    /// Returns why this must not be touched: by name, by account, by what its ARN would be, or by the tags that the cloud showed
    /// of it (`tag:Key` among `details`). A thing whose tags nobody saw has none here.
    pub fn forbids_target(
        &self,
        target: &Target,
        details: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Option<&'static str> {
        let names = [Some(&target.id), target.name.as_ref()];
        let named = self.forbids(names.into_iter().flatten().map(|name| &**name));
        let covers = |pattern: &Arc<str>| {
            let account = pattern.strip_prefix("account:").unwrap_or(pattern);
            match pattern.strip_prefix("tag:") {
                Some(tag) => has_tag(tag, details),
                None => account == &*target.account || is_arn_of(pattern, target),
            }
        };
        named
            .or_else(|| self.break_glass.iter().any(|pattern| is_arn_of(pattern, target)).then_some(GLASS))
            .or_else(|| self.never_touch.iter().any(covers).then_some(SPARED))
    }

    /// Whether it must be known which tags a thing bears.
    pub fn asks_tags(&self) -> bool {
        self.never_touch.iter().any(|pattern| pattern.starts_with("tag:"))
    }
}

/// Says what is wrong with a pattern, if anything.
pub fn check(pattern: &str) -> Result<(), &'static str> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if pattern.trim() != pattern || pattern.is_empty() {
        return Err("it is empty, or has blanks around it");
    }
    if pattern.chars().all(|c| c == '*') {
        return Err("it forbids everything");
    }
    if let Some(tag) = pattern.strip_prefix("tag:") {
        return if tag.is_empty() || tag.starts_with('=') {
            Err("a tag is tag:Key or tag:Key=Value")
        } else {
            Ok(())
        };
    }
    if let Some(account) = pattern.strip_prefix("account:") {
        return if is_account(account) { Ok(()) } else { Err("an account is account: and 12 digits") };
    }
    if pattern.starts_with("arn:") && pattern.splitn(6, ':').count() < 6 {
        return Err("an ARN has six parts, arn:aws:ec2:*:*:instance/i-*");
    }
    Ok(())
}

fn has_tag(tag: &str, details: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
    let (key, value) = tag.split_once('=').unwrap_or((tag, "*"));
    details
        .iter()
        .filter_map(|(word, found)| Some((word.strip_prefix("tag:")?, found)))
        .any(|(word, found)| matches(key, word) && matches(value, found))
}

/// Whether a pattern of an ARN means a thing that is known by its id: part by part, because records seldom tell ARNs.
fn is_arn_of(pattern: &str, target: &Target) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, service, region, account, resource] = parts[..] else { return false };
    let Some((of, kind)) = target.kind.strip_prefix("aws.").and_then(|kind| kind.split_once('.')) else {
        return false;
    };
    let (begin, last) = match resource.rsplit_once(['/', ':']) {
        Some((begin, last)) => (begin, last),
        None => ("*", resource),
    };
    // The type is what stands before the first separator; `Service/cluster/name` has more between.
    let typed = begin.split(['/', ':']).next().unwrap_or("*");
    pattern.starts_with("arn:")
        && matches(service, called(of))
        && (region.is_empty() || target.region.is_empty() || matches(region, &target.region))
        && (account.is_empty() || target.account.is_empty() || matches(account, &target.account))
        && is_type(typed, kind)
        && [Some(&target.id), target.name.as_ref()].into_iter().flatten().any(|name| {
            let short = name.rsplit(['/', ':']).next().unwrap_or(name);
            matches(last, name) || matches(last, short)
        })
}

/// A service as ARNs spell it, where we spell it otherwise.
fn called(service: &str) -> &str {
    match service {
        "cognito_idp" => "cognito-idp",
        "elbv2" => "elasticloadbalancing",
        "emr" => "elasticmapreduce",
        "emr_serverless" => "emr-serverless",
        "eventbridge" => "events",
        "opensearch" => "es",
        "redshift_serverless" => "redshift-serverless",
        "stepfunctions" => "states",
        service => service,
    }
}

/// Whether an ARN's type means a kind: `autoScalingGroup` is `group`, `spot-instances-request` is `spot_request`.
fn is_type(typed: &str, kind: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    if typed.contains(['*', '?']) {
        return matches(&typed.to_lowercase(), &kind.replace('_', "-")) || matches(typed, kind);
    }
    let (typed, kind) = (plain(typed), plain(kind));
    match kind.as_str() {
        "spotrequest" => typed == "spotinstancesrequest",
        "spotfleet" => typed == "spotfleetrequest",
        "function" | "group" | "role" | "user" | "instance" | "cluster" => {
            typed == kind || typed == format!("autoscaling{kind}")
        }
        _ => typed.contains(&kind) || kind.contains(&typed),
    }
}

/// An identity's ARN without the path before its name, which sessions do not tell, and a session's as its role's.
fn bare(arn: &str) -> String {
    let Some((head, rest)) = arn.split_once('/').filter(|_| arn.starts_with("arn:")) else {
        return arn.to_owned();
    };
    if let Some(head) = head.strip_suffix(":assumed-role") {
        let role = rest.split('/').next().unwrap_or(rest);
        return format!("{}:role/{role}", head.replacen(":sts:", ":iam:", 1));
    }
    if !arn.contains(":iam:") {
        return arn.to_owned();
    }
    format!("{head}/{}", rest.rsplit('/').next().unwrap_or(rest))
}

/// Whether a text is what a pattern means: `*` is anything, `?` one character, all else itself.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands and what it holds by now: on a misfit it takes one more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, held)) => {
                    star = Some((at, held + 1));
                    p = at + 1;
                    t = held + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_mean_what_they_mean_in_arns() {
        for (pattern, text, expect) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a:b/c", true),
            ("a*", "a", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("*b*c", "abcbc", true),
            ("?", "", false),
            ("a?c", "aäc", true),
            ("a?c", "ac", false),
            ("**a**", "bab", true),
            ("arn:aws:iam::*:role/prod-*", "arn:aws:iam::111122223333:role/prod-a/b", true),
            ("arn:aws:iam::*:role/prod-*", "arn:aws:iam::111122223333:user/prod-a", false),
            ("A", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expect, "{pattern} {text}");
        }
        // No text makes it slow.
        assert!(!matches(&"*a".repeat(200), &"b".repeat(20_000)));
    }

    fn target(kind: &'static str, id: &str, name: Option<&str>, region: &str) -> Target {
        Target {
            kind,
            id: id.into(),
            name: name.map(Into::into),
            account: "111122223333".into(),
            region: region.into(),
            zone: None,
        }
    }

    fn check_one(pattern: &str, target: &Target, details: &[(&str, &str)], expect: bool) {
        let details = details.iter().map(|(word, text)| ((*word).into(), (*text).into())).collect();
        let guard = Guard { never_touch: [pattern.into()].into(), ..Guard::default() };
        assert_eq!(
            guard.forbids_target(target, &details).is_some(),
            expect,
            "{pattern} {target:?} {details:?}"
        );
    }

    #[test]
    fn a_thing_is_spared_by_id_arn_account_and_tag() {
        let machine = target("aws.ec2.instance", "i-0abc", Some("web-1"), "eu-west-3");
        for (pattern, expect) in [
            ("i-0abc", true),
            ("i-0*", true),
            ("i-1*", false),
            ("web-?", true),
            ("111122223333", true),
            ("account:111122223333", true),
            ("account:444455556666", false),
            ("arn:aws:ec2:*:*:instance/i-0abc", true),
            ("arn:aws:ec2:eu-west-3:111122223333:instance/*", true),
            ("arn:aws:ec2:eu-west-1:*:instance/*", false),
            ("arn:aws:ec2:*:444455556666:instance/*", false),
            ("arn:aws:ec2:*:*:volume/*", false),
            ("arn:aws:ec2:*:*:*/*", true),
            ("arn:aws:ec2:*:*:*", true),
            ("arn:aws:lambda:*:*:function:*", false),
            ("tag:env=prod", true),
            ("tag:env=p*", true),
            ("tag:env", true),
            ("tag:env=dev", false),
            ("tag:owner", false),
        ] {
            check_one(pattern, &machine, &[("type", "m5.large"), ("tag:env", "prod")], expect);
        }
        check_one("tag:env=prod", &machine, &[], false);
        let group = target("aws.autoscaling.group", "batch", None, "eu-west-3");
        check_one("arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/batch", &group, &[], true);
        let function = target(
            "aws.lambda.function",
            "arn:aws:lambda:eu-west-3:111122223333:function:pay",
            None,
            "eu-west-3",
        );
        check_one("arn:aws:lambda:*:*:function:pay*", &function, &[], true);
        check_one("arn:aws:lambda:*:*:function:bill*", &function, &[], false);
        let spot = target("aws.ec2.spot_request", "sir-1", None, "eu-west-3");
        check_one("arn:aws:ec2:*:*:spot-instances-request/*", &spot, &[], true);
        check_one("arn:aws:ec2:*:*:instance/*", &spot, &[], false);
        let user = target("aws.iam.user", "AIDAIOSFODNN7EXAMPLE", Some("glass"), "");
        check_one("arn:aws:iam::*:user/glass", &user, &[], true);
        check_one("arn:aws:iam::*:role/glass", &user, &[], false);
    }

    #[test]
    fn who_we_are_and_who_breaks_the_glass_are_known_behind_any_path() {
        let guard = Guard {
            operator: ["arn:aws:iam::111122223333:role/Ops", "arn:aws:sts::111122223333:assumed-role/Sso/me"]
                .map(Into::into)
                .into(),
            break_glass: [Arc::from("arn:aws:iam::*:user/glass-*")].into(),
            never_touch: BTreeSet::new(),
        };
        for (name, expect) in [
            ("arn:aws:iam::111122223333:role/team/Ops", Some(OURS)),
            ("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Sso", Some(OURS)),
            ("arn:aws:sts::111122223333:assumed-role/Ops/other", Some(OURS)),
            ("arn:aws:iam::444455556666:role/Ops", None),
            ("arn:aws:iam::111122223333:user/Ops", None),
            ("arn:aws:iam::111122223333:user/it/glass-1", Some(GLASS)),
            ("glass-1", None),
        ] {
            assert_eq!(guard.forbids([name]), expect, "{name}");
        }
        let user = target("aws.iam.user", "AIDAIOSFODNN7EXAMPLE", Some("glass-1"), "");
        assert_eq!(guard.forbids_target(&user, &BTreeMap::new()), Some(GLASS));
    }

    #[test]
    fn a_pattern_that_can_mean_nothing_or_everything_is_refused() {
        for pattern in ["", " i-1", "*", "**", "tag:", "tag:=x", "account:1", "arn:aws:ec2"] {
            assert!(check(pattern).is_err(), "{pattern:?}");
        }
        for pattern in [
            "i-1",
            "tag:env",
            "tag:env=prod",
            "account:111122223333",
            "111122223333",
            "arn:aws:ec2:*:*:instance/*",
        ] {
            assert_eq!(check(pattern), Ok(()), "{pattern:?}");
        }
    }
}
