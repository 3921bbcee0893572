//! What single tests add to the attacked world (`more.py`): things given away, machines that only look alike, roles of machines,
//! policies without room, regions that are off or no regions at all, tags that protect.

use crate::audit::gaps;
use crate::revoke::{denied, fine};
use crate::stand::{Done, MEANT, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn texts<'a>(list: &'a Value, name: &str) -> BTreeSet<&'a str> {
    list.as_array().expect("a list").iter().filter_map(|one| one[name].as_str()).collect()
}

#[test]
fn what_was_given_away_is_taken_back_and_the_thiefs_keys_go_in_every_region() {
    let Some(stand) = Stand::attacked() else { return };
    let made = stand.add("shared");
    let shop = stand.text("/accounts/shop");
    let (before, keys) = (stand.state(), stand.add("keys"));
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).goes_through();

    let report = stand.read_json("case/report.json");
    let pairs: Value = report["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["kind"] == "aws.ec2.key_pair" && one["name"] == "cache")
        .cloned()
        .collect();
    let wanted: BTreeSet<&str> =
        made["pairs"].as_object().expect("pairs").values().filter_map(Value::as_str).collect();
    assert_eq!(texts(&pairs, "id"), wanted, "the thief's, and not the owners' of that name");
    assert_eq!(texts(&pairs, "region"), ["eu-west-1", "sa-east-1", "us-east-1"].into());

    let (state, left) = (stand.state(), stand.add("keys"));
    for region in ["us-east-1", "eu-west-1", "sa-east-1"] {
        assert_eq!(left[region].get("cache"), None, "{region}");
    }
    assert_eq!(left["eu-central-1"], keys["eu-central-1"], "the owners' own key pair of that name");

    let (there, was) = (&state[shop]["eu-west-1"], &before[shop]["eu-west-1"]);
    let id = |name: &str| made[name].as_str().expect("an id");
    assert_eq!(there["snapshots"][id("snapshot")], json!([]), "it was everybody's");
    assert_eq!(there["images"][id("own")], json!([]), "the thief's own image was everybody's");
    let sister = json!([json!({"UserId": stand.text("/accounts/data")}).to_string().replace(":", ": ")]);
    assert_eq!(there["images"][id("golden")], sister, "what its owners shared stays shared");
    assert_eq!(there["images"][id("backup")], was["images"][id("backup")]);

    let all = json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true});
    for bucket in ["shop-assets", "shop-invoices"] {
        assert_eq!(before[shop]["buckets"][bucket]["block"], Value::Null, "{bucket} was open");
        assert_eq!(state[shop]["buckets"][bucket]["block"], all, "{bucket} is shut");
    }
    for bucket in ["shop-quiet", "shop-trail-bucket"] {
        assert_eq!(state[shop]["buckets"][bucket], before[shop]["buckets"][bucket], "{bucket}");
    }

    let mark = stand.mark();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");
    stand.run(&mut stand.command(&["undo", "case", "--yes", MEANT])).exits(0);
    assert_eq!(stand.state(), before, "as it was");
    assert_eq!(stand.add("keys"), keys, "key pairs are there again with the same public halves");
}

#[test]
fn what_only_looks_like_the_thiefs_is_told_and_never_touched() {
    let Some(stand) = Stand::attacked() else { return };
    let made = stand.add("siblings");
    let before = stand.state();
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "case"]).goes_through();
    let report = stand.read_json("case/report.json");
    let alike = made["alike"].as_object().expect("machines");
    let similar = report["similar"].as_array().expect("a list");
    for (by, id) in alike {
        let told: Vec<&Value> = similar.iter().filter(|one| one["id"] == *id).collect();
        let [told] = told.as_slice() else { panic!("{by} {id}: {similar:#?}") };
        let shares = told["shares"].as_array().expect("a list");
        assert!(
            shares.len() == 1 && shares[0].as_str().is_some_and(|text| text.starts_with(by)),
            "{by}: {told}"
        );
    }
    // An image that the owners' machines run anyway says nothing.
    let machines: BTreeSet<&str> = similar
        .iter()
        .filter(|one| one["kind"] == "aws.ec2.instance")
        .filter_map(|one| one["id"].as_str())
        .collect();
    assert_eq!(machines, alike.values().filter_map(Value::as_str).collect(), "and nothing else");
    let attributed = texts(&report["resources"], "id");
    assert!(attributed.contains(made["bait"].as_str().expect("an id")));
    let state = stand.state();
    let at = |state: &Value, id: &str| {
        let accounts = state.as_object().expect("accounts").values();
        let places = accounts.flat_map(|account| account.as_object().expect("regions").values());
        places.filter_map(|place| place["instances"].get(id)).next().cloned()
    };
    for id in alike.values().chain([&made["unlike"]]).filter_map(Value::as_str) {
        assert!(!attributed.contains(id), "{id} is not the thief's");
        let now = at(&state, id).expect("it is there");
        assert_eq!((Some(&now), &now["state"]), (at(&before, id).as_ref(), &json!("running")), "{id}");
    }
    assert_eq!(at(&state, made["bait"].as_str().expect("an id")).expect("it is there")["state"], "stopped");
    let plans = std::fs::read_dir(stand.path("case")).expect("the case").flatten();
    for plan in plans.filter(|file| file.file_name().to_string_lossy().starts_with("plan-")) {
        let text = std::fs::read_to_string(plan.path()).expect("a plan");
        assert!(alike.values().all(|id| !text.contains(id.as_str().expect("an id"))), "{:?}", plan.path());
    }
}

#[test]
fn roles_are_taken_from_machines_that_the_thief_gave_them_to_and_given_back() {
    let Some(stand) = Stand::attacked() else { return };
    let made = stand.add("profile");
    let shop = stand.text("/accounts/shop");
    let profile = |state: &Value, name: &str| {
        let id = made[name].as_str().expect("an id");
        state[shop]["eu-west-1"]["instances"][id]["profile"].clone()
    };
    let before = stand.state();
    for name in ["own", "house", "given"] {
        assert_eq!(profile(&before, name), made["arn"], "{name}");
    }
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    let state = stand.state();
    assert_eq!(profile(&state, "own"), Value::Null, "the machine that the thief launched");
    assert_eq!(profile(&state, "given"), Value::Null, "the owners' machine that had none");
    assert_eq!(profile(&state, "house"), made["arn"], "the owners' own");
    let mark = stand.mark();
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "again"]).goes_through();
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a second run has nothing to do");

    stand.age("case");
    stand.run(stand.command(&["undo", "case", "--yes", MEANT, "--rearm-leaked-key"]).args(["-q"])).exits(0);
    let end = stand.state();
    for name in ["own", "house", "given"] {
        assert_eq!(profile(&end, name), made["arn"], "{name}");
    }
}

#[test]
fn where_nothing_else_has_room_the_deny_takes_the_place_of_the_thiefs_own_policy() {
    let Some(stand) = Stand::attacked() else { return };
    let made = stand.add("full");
    let shop = stand.text("/accounts/shop");
    let policies = |state: &Value| state[shop]["iam"]["users"]["ci-runner"]["inline"].clone();
    let before = stand.state();
    assert_eq!(policies(&before)["padding"], made["document"]);
    let full = |action: &str| {
        json!({"kind": "code", "service": "iam", "action": action, "code": "LimitExceeded", "status": 409, "contains": "ci-runner",
               "message": "a quota is exhausted"})
    };
    let mut faults =
        vec![full("AttachUserPolicy"), full("PutUserPermissionsBoundary"), full("AddUserToGroup")];
    // Whatever is written beside the thief's policy finds no room; written over it, there is some.
    let mut beside = full("PutUserPolicy");
    beside["unless"] = json!("PolicyName=padding");
    faults.push(beside);
    stand.faults(json!(faults));
    stand.triage("revoke", &["--yes", MEANT, "--case-dir", "case"]).goes_through();
    let met = stand.faults(json!([]));
    assert!(met.as_array().expect("a list").iter().take(3).all(|fault| fault["hit"].is_number()), "{met}");
    let deny =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
    assert_eq!(policies(&stand.state()), json!({"padding": deny}));
    assert_eq!(stand.tries(&["token"])["token"], denied(), "a session of the user");
    assert_eq!(stand.tries(&["alice"])["alice"], fine());

    stand.age("case");
    stand.run(stand.command(&["undo", "case", "--yes", MEANT, "--rearm-leaked-key"]).args(["-q"])).exits(0);
    assert_eq!(
        policies(&stand.state()),
        json!({"padding": made["document"]}),
        "the document before, exactly"
    );
}

#[test]
fn a_region_that_is_off_and_one_that_is_not_there_are_a_gap_each() {
    let Some(stand) = Stand::attacked() else { return };
    let accounts = stand.list("accounts").join(",");
    let args =
        ["audit", "--principal", stand.leaked(), "--accounts", &accounts, "--case-dir", "case", "-o", "json"];
    let done = stand.run(stand.command(&args).args(["--regions", "us-east-1,me-south-1,eu-west-9"])).exits(3);
    let report = done.json();
    let told: Vec<String> = gaps(&report).iter().map(|gap| gap.to_string()).collect();
    for region in ["me-south-1", "eu-west-9"] {
        assert!(told.iter().any(|gap| gap.contains(region)), "{region}: {told:#?}");
    }
    let (off, none) = ("me-south-1", "eu-west-9");
    let of = |region: &str| told.iter().find(|gap| gap.contains(region)).expect("told").clone();
    assert_ne!(of(off).replace(off, ""), of(none).replace(none, ""), "each has its own reason");
    assert!(
        texts(&report["credentials"], "id").contains(stand.text("/credentials/token")),
        "what could be seen is told"
    );
}

#[test]
fn what_is_protected_by_its_tags_is_seen_where_tags_are_asked_for_by_a_call_of_their_own() {
    let Some(stand) = Stand::attacked() else { return };
    let shop = stand.text("/accounts/shop");
    let helper = stand.world["resources"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["kind"] == "aws.lambda.function")
        .expect("one")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let concurrency = |state: &Value| state[shop]["eu-west-1"]["functions"]["helper"]["concurrency"].clone();
    let config = stand.config("never_touch = [\"tag:keep=yes\"]\n");
    let guarded = ["--config", &config, MEANT, "--pause", "1", "--case-dir"];
    // Not readable is not absent.
    stand.faults(json!([{"kind": "denied", "service": "lambda", "action": "ListTags"}]));
    let dark =
        stand.triage("contain", &[&guarded[..], &["dark", "--dry-run", "-o", "json"]].concat()).exits(0);
    stand.faults(json!([]));
    let withheld = |done: &Done, why: &str| {
        let plan = &done.json()["runs"][0]["plan"];
        let all = plan["withheld"].as_array().expect("a list").clone();
        all.iter().any(|one| {
            one["target"]["id"] == *helper && one["why"].as_str().is_some_and(|is| is.contains(why))
        })
    };
    assert!(withheld(&dark, "the tags that it bears could not be seen"), "{:.3000}", dark.out);
    // The owners protect it.
    stand.add("tagged");
    let spared =
        stand.triage("contain", &[&guarded[..], &["spared", "--dry-run", "-o", "json"]].concat()).exits(0);
    assert!(withheld(&spared, "never to touch"), "{:.3000}", spared.out);
    stand.triage("contain", &[&guarded[..], &["kept", "--yes"]].concat()).exits(0);
    assert_eq!(concurrency(&stand.state()), Value::Null, "{helper} is let alone");
    stand.triage("contain", &["--yes", MEANT, "--pause", "1", "--case-dir", "free"]).goes_through();
    assert_eq!(concurrency(&stand.state()), json!(0), "without that wish it is held");
}

#[test]
fn who_signs_in_in_china_is_answered_from_there() {
    let Some(stand) = Stand::attacked() else { return };
    let (management, shop) = (stand.text("/accounts/management"), stand.text("/accounts/shop"));
    let own = json!({"Account": management, "UserId": "AIDAIOSFODNN7EXAMPLE", "Arn": format!("arn:aws-cn:iam::{management}:user/responder")});
    let regions = ["cn-north-1", "cn-northwest-1"]
        .map(|name| json!({"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"}));
    stand.faults(json!([
        {"kind": "answer", "service": "sts", "action": "GetCallerIdentity", "answer": own},
        {"kind": "answer", "service": "account", "action": "ListRegions", "answer": {"Regions": regions}},
    ]));
    let mark = stand.mark();
    let args = [
        "revoke",
        "--principal",
        stand.leaked(),
        "--accounts",
        shop,
        "--dry-run",
        MEANT,
        "--scp",
        "--case-dir",
        "case",
    ];
    let done = stand.run(stand.command(&args).env("AWS_REGION", "cn-north-1"));
    let calls = stand.calls(mark);
    let asked: BTreeSet<&str> = calls.iter().filter_map(|call| call["region"].as_str()).collect();
    assert_eq!(asked, ["cn-north-1", "cn-northwest-1"].into(), "{}", done.err);
    let taken: Vec<&str> = calls
        .iter()
        .filter(|call| call["action"] == "AssumeRole")
        .filter_map(|call| call["asked"]["RoleArn"].as_str())
        .collect();
    assert!(!taken.is_empty() && taken.iter().all(|role| role.starts_with("arn:aws-cn:iam::")), "{taken:?}");
    let said = calls.iter().map(|call| call["asked"].to_string()).find(|asked| asked.contains("arn:aws:"));
    // What the principal's own ARN is, the records told, which lie in the commercial partition here.
    assert!(said.as_ref().is_none_or(|said| said.contains("SimulatePrincipalPolicy")), "{said:?}");
    assert!(done.err.contains("arn:aws-cn:iam::"), "{}", done.err);
}
