//! `triage doctor` says what it can't ask, and leaves nothing behind; the ticket comes out of a case.

use crate::support::{Bench, scenario};

#[test]
fn what_can_not_be_asked_is_said() {
    let bench = Bench::new();
    let done = bench.run(&["doctor"]);
    if cfg!(any(feature = "aws", feature = "gcp")) {
        // Nobody is signed in here.
        let done = done.exits(1);
        let first = if cfg!(feature = "aws") { "AWS" } else { "Google Cloud" };
        assert!(done.err.contains(&format!("error: sign in to {first}\nbecause: ")), "{}", done.err);
        assert!(done.err.contains("do this next: "), "{}", done.err);
    } else {
        let done = done.exits(3);
        for head in ["SELF   ", "WHO    ", "CLOCK  ", "WHERE  ", "MAY    ", "LOGS   ", "BLIND  "] {
            assert!(done.text().lines().any(|line| line.starts_with(head)), "{head}: {}", done.text());
        }
        assert!(done.text().contains("can't be asked by this build"), "{}", done.text());
    }
    assert!(bench.files("").is_empty(), "doctor leaves nothing behind");
}

#[test]
fn a_case_tells_the_ticket_of_its_provider() {
    let bench = Bench::new();
    for (name, subject, part) in [
        (
            "aws-role-chain",
            "\nSubject: Compromised access key AKIARTX3GSDSTEXAMPLE of user/ci-deployer in account 111122223333\n",
            "COMMITMENTS THAT ONLY AWS CAN TAKE BACK",
        ),
        (
            "gcp-cryptojacking",
            "\nSubject: Compromised service account builder@shop-prod-4821.iam.gserviceaccount.com in project shop-prod-4821\n",
            "WHERE IT LEAKED (Google's own notices)",
        ),
    ] {
        let case = scenario(name);
        let done = bench.run(&["report", &case, "--support-case"]).exits(3);
        assert!(done.text().contains(subject) && done.text().contains(part), "{}", done.text());
        // A recorded case was no response: nothing is said to have been done, or to have begun.
        assert!(done.text().contains("Nothing yet with this tool."), "{}", done.text());
        assert!(!done.text().contains("the response with this tool began"), "{}", done.text());
        assert!(bench.run(&["report", &case, "--support-case"]).exits(3).out == done.out, "the same again");
        bench.run(&["report", &case, "--support-case", "-o", "json"]).exits(2);
    }
}
