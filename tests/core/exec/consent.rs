//! Consent.

use super::fake::{cancel, stop};
use super::*;
use std::io;
use triage::exec::{Ask, Refused};

/// Answers with these, and remembers what it was asked.
struct Answers(Vec<&'static str>, Vec<String>);

impl Ask for Answers {
    fn confirm(&mut self, question: &str, expect: &str) -> io::Result<bool> {
        self.1.push(question.into());
        match self.0.is_empty() {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(self.0.remove(0) == expect),
        }
    }
}

fn many(steps: u32) -> Plan {
    plan((1..=steps).map(|no| step(no, "eu-west-3", &stop(&format!("i-{no}")))).collect())
}

fn ask(plan: Plan, answers: &mut Answers) -> Result<Approved, Refused> {
    let terms = Terms { most: 50, forbids: &|_| None };
    gate::approve(plan, Consent::Asked { ask: answers, expect: "shop-prod" }, &terms)
}

#[test]
fn consent_is_typed_or_given_beforehand_and_never_assumed() {
    let terms = Terms { most: 50, forbids: &|_| None };
    assert!(matches!(gate::approve(many(2), Consent::Nobody, &terms), Err(Refused::Nobody)));
    assert_eq!(gate::approve(many(2), Consent::Given, &terms).unwrap().plan(), &many(2));
    assert!(gate::approve(many(0), Consent::Nobody, &terms).is_ok(), "nothing to consent to");

    let mut answers = Answers(vec!["shop-prod"], vec![]);
    assert!(ask(many(2), &mut answers).is_ok());
    assert_eq!(answers.1, ["Carry out the contain plan of 2 steps?"]);
    assert!(matches!(ask(many(2), &mut Answers(vec!["yes"], vec![])), Err(Refused::Declined)));
    assert!(matches!(ask(many(2), &mut Answers(vec![], vec![])), Err(Refused::Ask(_))));
    let mut answers = Answers(vec!["shop-prod"], vec![]);
    let lost = Step { destroys: true, ..step(1, "eu-west-3", &cancel("sir-1")) };
    assert!(ask(plan(vec![lost]), &mut answers).is_ok());
    assert_eq!(answers.1, ["Carry out the contain plan of 1 step, of which 1 destroys something?"]);
}

#[test]
fn many_steps_are_asked_about_twice() {
    assert!(ask(many(50), &mut Answers(vec!["shop-prod"], vec![])).is_ok());
    let mut answers = Answers(vec!["shop-prod", "51"], vec![]);
    assert!(ask(many(51), &mut answers).is_ok());
    assert_eq!(answers.1[1], "These are 51 steps, more than 50.");
    assert!(matches!(
        ask(many(51), &mut Answers(vec!["shop-prod", "shop-prod"], vec![])),
        Err(Refused::Declined)
    ));
}

#[test]
fn what_a_planner_let_through_the_gate_does_not() {
    let forbids = |step: &Step| (&*step.target.id == "i-2").then(|| "It is the operator's own.".to_owned());
    let terms = Terms { most: 50, forbids: &forbids };
    let refused = gate::approve(many(3), Consent::Given, &terms).unwrap_err();
    assert!(matches!(refused, Refused::Forbidden { step: 2, .. }));
    assert_eq!(
        refused.to_string(),
        "carry out the plan: step 2 must not be taken: It is the operator's own."
    );
}
