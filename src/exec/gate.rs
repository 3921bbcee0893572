//! Consent: nothing is carried out that did not pass here, and what passes is what was shown.
//!
//! Decides, and asks through [`Ask`]; knows no terminal. The CLI shows the plan first, in full.

use crate::model::plan::{Plan, Step};
use std::fmt;
use std::io;

/// A plan that may be carried out. Made here alone.
#[derive(Debug)]
pub struct Approved(Plan);

impl Approved {
    pub fn plan(&self) -> &Plan {
        &self.0
    }

    pub(super) fn into_plan(self) -> Plan {
        self.0
    }
}

/// Puts a question to the operator.
pub trait Ask {
    /// Whether the operator answered with `expect`.
    fn confirm(&mut self, question: &str, expect: &str) -> io::Result<bool>;
}

/// How the operator can consent.
pub enum Consent<'a> {
    /// Given beforehand: `--yes`.
    Given,
    /// On a terminal, by typing `expect`: the account's alias or id, or a word.
    Asked { ask: &'a mut dyn Ask, expect: &'a str },
    /// Nobody is there to ask.
    Nobody,
}

/// What a gate goes by.
pub struct Terms<'a> {
    /// More steps than these are asked about once more: a plan of hundreds is read less well than one of ten.
    pub most: usize,
    /// Why a step must not be taken, if so: the guard, once more. A planner that forgot it must not cut off the operator.
    pub forbids: &'a dyn Fn(&Step) -> Option<String>,
}

/// More steps than these are asked about once more, unless the operator says otherwise.
pub const MOST_STEPS: usize = 50;

/// Why a plan is not carried out. Nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// No terminal to ask on, and no `--yes`.
    Nobody,
    /// The operator answered something else.
    Declined,
    Forbidden {
        step: u32,
        why: String,
    },
    Ask(io::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Nobody => to.write_str(
                "carry out the plan: nobody consented\nhint: read the plan, then run it on a terminal or with --yes",
            ),
            Refused::Declined => to.write_str("carry out the plan: the operator declined"),
            Refused::Forbidden { step, why } => {
                write!(to, "carry out the plan: step {step} must not be taken: {why}")
            }
            Refused::Ask(error) => write!(to, "carry out the plan: ask for consent: {error}"),
        }
    }
}

impl std::error::Error for Refused {}

/// Lets a plan pass, or says why not. A plan without steps needs no consent.
pub fn approve(plan: Plan, consent: Consent<'_>, terms: &Terms<'_>) -> Result<Approved, Refused> {
    for step in &plan.steps {
        if let Some(why) = (terms.forbids)(step) {
            return Err(Refused::Forbidden { step: step.no, why });
        }
    }
    if plan.steps.is_empty() {
        return Ok(Approved(plan));
    }
    match consent {
        Consent::Given => Ok(Approved(plan)),
        Consent::Nobody => Err(Refused::Nobody),
        Consent::Asked { ask, expect } => {
            let mut agrees = |question: &str, expect: &str| match ask.confirm(question, expect) {
                Ok(true) => Ok(()),
                Ok(false) => Err(Refused::Declined),
                Err(error) => Err(Refused::Ask(error)),
            };
            agrees(&question(&plan), expect)?;
            if plan.steps.len() > terms.most {
                let many = plan.steps.len().to_string();
                agrees(&format!("These are {many} steps, more than {}.", terms.most), &many)?;
            }
            Ok(Approved(plan))
        }
    }
}

fn question(plan: &Plan) -> String {
    let steps = plan.steps.len();
    let destroys = plan.steps.iter().filter(|step| step.destroys).count();
    let lost = match destroys {
        0 => String::new(),
        1 => ", of which 1 destroys something".into(),
        n => format!(", of which {n} destroy something"),
    };
    let plural = if steps == 1 { "step" } else { "steps" };
    format!("Carry out the {} plan of {steps} {plural}{lost}?", plan.kind.name())
}
