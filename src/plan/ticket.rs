//! The plan that files a ticket: one step, which consent is asked for as for any other.

use crate::model::Provider;
use crate::model::change::{Change, Undo};
use crate::model::plan::{Plan, PlanKind, SCHEMA, Step, Target};
use crate::model::report::Report;
use std::sync::Arc;

/// Returns the plan to file a ticket in an account, once.
pub fn ticket(report: &Report, account: &Arc<str>, subject: &Arc<str>, change: impl Into<Change>) -> Plan {
    let change = change.into();
    let spec = change.spec();
    let target = Target {
        kind: match report.principal.provider {
            Provider::Aws => "aws.support.case",
            Provider::Gcp => "gcp.support.case",
        },
        id: subject.clone(),
        name: None,
        account: account.clone(),
        region: "".into(),
        zone: None,
    };
    let step = Step {
        no: 1,
        target,
        because: Vec::new(),
        why: "What is said in it stands in this plan, and triage report --support-case prints it.".into(),
        before: "not filed",
        api: spec.api,
        expect: spec.expect,
        destroys: spec.destroys,
        undo: match spec.undo {
            Undo::Call(call) => call,
            Undo::None(why) => why,
        },
        change,
        after: Vec::new(),
        needs: Vec::new(),
        otherwise: Vec::new(),
        seen: None,
        lives_until: None,
        undoes: None,
    };
    Plan {
        schema: SCHEMA,
        kind: PlanKind::Ticket,
        principal: report.principal.clone(),
        window: report.window.clone(),
        steps: vec![step],
        withheld: Vec::new(),
    }
}
