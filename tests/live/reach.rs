//! How accounts and regions are reached: which roles in which order and under which name, what is asked where a question is
//! refused, which accounts are met on the way, and what the operator is told that they may not do.

use crate::audit::gaps;
use crate::stand::{Done, MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[track_caller]
fn doctor(stand: &Stand, more: &[&str]) -> Done {
    stand.run(&mut stand.command(&[&["doctor"], more].concat()))
}

/// What was asked of STS for roles, without those that only the way in leads to.
fn taken(calls: &[Value]) -> Vec<&Value> {
    calls.iter().filter(|call| call["action"] == "AssumeRole").map(|call| &call["asked"]).collect()
}

fn names<'a>(taken: &[&'a Value]) -> Vec<&'a str> {
    taken.iter().filter_map(|asked| asked["RoleArn"].as_str()?.rsplit('/').next()).collect()
}

#[test]
fn accounts_are_entered_by_the_roles_asked_for_under_the_cases_name() {
    let Some(stand) = Stand::attacked() else { return };
    let (shop, data) = (stand.text("/accounts/shop"), stand.text("/accounts/data"));
    let near = ["--accounts", data, "--regions", "us-east-1"];
    let mark = stand.mark();
    let roles =
        ["--role-name", "Nobody", "--role-name", "OrganizationAccountAccessRole", "--external-id", "corp-7"];
    let done = doctor(&stand, &[&near[..], &roles].concat());
    assert!(
        done.out.contains(&format!("as arn:aws:iam::{data}:role/OrganizationAccountAccessRole")),
        "{}",
        done.out
    );
    let calls = stand.calls(mark);
    let asked = taken(&calls);
    // Refused with a source identity, a role is tried without one: its trust policy may not allow to set it.
    assert_eq!(names(&asked), ["Nobody", "Nobody", "OrganizationAccountAccessRole"], "in their order");
    for asked in &asked {
        assert_eq!(asked["ExternalId"], "corp-7");
        assert!(asked["RoleSessionName"].as_str().is_some_and(|name| name.starts_with("triage-")), "{asked}");
    }
    assert_eq!(asked[0]["SourceIdentity"], asked[0]["RoleSessionName"]);
    assert_eq!(asked[1]["SourceIdentity"], Value::Null);
    assert_eq!(asked[2]["SourceIdentity"], asked[2]["RoleSessionName"]);
    let agents = calls.iter().filter_map(|call| call["agent"].as_str());
    assert!(agents.clone().count() > 3 && agents.clone().all(|agent| agent.contains("app/triage-")));

    // Names that organizations have by default; a trust policy that lets nobody set a source identity.
    stand.faults(
        json!([{"kind": "denied", "service": "sts", "action": "AssumeRole", "contains": "SourceIdentity"}]),
    );
    let mark = stand.mark();
    let done = doctor(&stand, &near);
    stand.faults(json!([]));
    assert!(done.out.contains("OrganizationAccountAccessRole"), "{}{}", done.out, done.err);
    let calls = stand.calls(mark);
    let mut tried = names(&taken(&calls));
    tried.dedup();
    assert_eq!(tried, ["TriageAudit", "TriageContain", "OrganizationAccountAccessRole"]);

    // Regions: the account's own list, else EC2's, else those that every account has, with a word about it.
    let refused =
        |service: &str, action: &str| json!({"kind": "denied", "service": service, "action": action});
    stand.faults(json!([refused("account", "ListRegions")]));
    let mark = stand.mark();
    let done = doctor(&stand, &["--accounts", data]);
    assert!(done.out.contains(&format!("{data}: ")) && !done.out.contains("not known"), "{}", done.out);
    assert!(stand.calls(mark).iter().any(|call| call["action"] == "DescribeRegions"));
    stand.faults(json!([refused("account", "ListRegions"), refused("ec2", "DescribeRegions")]));
    let done = doctor(&stand, &["--accounts", data]).exits(3);
    stand.faults(json!([]));
    let told: Vec<&str> = done.out.lines().filter(|line| line.starts_with("WHERE  ")).collect();
    assert!(told.iter().any(|line| line.contains(data) && line.contains("17 regions")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("only those that every account has")), "{told:?}");

    // An account that is suspended can't be entered, which is said and not tried.
    let management = stand.text("/accounts/management");
    let account = |id: &str, state: &str| json!({"Id": id, "Status": state, "State": state, "Name": "x", "Email": "x@example.com"});
    let members = [account(management, "ACTIVE"), account(shop, "ACTIVE"), account(data, "SUSPENDED")];
    let listed = json!({"kind": "answer", "service": "organizations", "action": "ListAccounts", "answer": {"Accounts": members}});
    stand.faults(json!([listed]));
    let mark = stand.mark();
    let done = doctor(&stand, &["--org", "--regions", "us-east-1"]).exits(3);
    stand.faults(json!([]));
    assert!(done.out.lines().any(|line| line.contains(data) && line.contains("SUSPENDED")), "{}", done.out);
    assert!(done.out.lines().any(|line| line.starts_with("WHERE  ") && line.contains(shop)), "{}", done.out);
    let calls = stand.calls(mark);
    assert!(taken(&calls).iter().all(|asked| !asked.to_string().contains(data)), "{data} was not tried");

    // Accounts that nobody named, and that the chain leads to.
    let args =
        ["audit", "--principal", stand.leaked(), "--regions", "us-east-1,eu-west-1,us-west-2,eu-west-2"];
    let done = stand.run(stand.command(&args).args(["--accounts", shop, "--case-dir", "case", "-o", "json"]));
    let report = done.json();
    let found: BTreeSet<&str> = report["credentials"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["id"].as_str())
        .collect();
    for name in ["build", "deploy", "billing"] {
        let id = stand.text(&format!("/credentials/{name}"));
        assert!(found.contains(id), "{name} {id} is not in {found:?}: {:?}", gaps(&report));
    }
    // Our own sessions there are no part of it.
    let case = stand.read_json("case/case.json")["id"].as_str().expect("an id").to_owned();
    assert!(!report["credentials"].to_string().contains(&case), "{}", report["credentials"]);
}

#[test]
fn who_may_not_do_it_is_told_before_anything_starts() {
    let Some(stand) = Stand::attacked() else { return };
    let junior = stand.add("junior");
    let args = ["revoke", "--principal", stand.leaked(), "--own-only", "--regions", "us-east-1", MEANT];
    let as_junior = |case: &str| {
        let mut command = stand.command(&[&args[..], &["--case-dir", case]].concat());
        for (name, part) in
            [("AWS_ACCESS_KEY_ID", "AccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey")]
        {
            command.env(name, junior[part].as_str().expect("text"));
        }
        stand.run(&mut command)
    };
    let mark = stand.mark();
    let done = as_junior("told").exits(4);
    let shop = stand.text("/accounts/shop");
    assert!(done.err.contains(&format!("In {shop} you lack ")), "{}", done.err);
    for action in ["iam:PutUserPolicy", "iam:UpdateAccessKey"] {
        assert!(done.err.contains(action), "{action}: {}", done.err);
    }
    // Whoever can't be asked is no yes.
    stand.faults(json!([{"kind": "denied", "service": "iam", "action": "SimulatePrincipalPolicy"}]));
    let done = as_junior("dark").exits(4);
    assert!(done.err.contains("could not be asked") && !done.err.contains("you lack"), "{}", done.err);
    assert_eq!(stand.changes(mark), Vec::<String>::new());
}
