//! Budgets: the alerts on cost.

use super::common::within;
use crate::catalog::technique::*;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::*;

const BUDGET: &str = "gcp.billingbudgets.budget";
const ID: &str = concat!(within!("budgets"), "|protoPayload.request.budget.name~/budgets/");

pub static BILLINGBUDGETS: Service = Service {
    source: "billingbudgets.googleapis.com",
    rows: &[
        on("BudgetService.CreateBudget").creates(BUDGET, ID),
        on("BudgetService.UpdateBudget")
            .touches(BUDGET, ID, "changed")
            .contain("billingbudgets.budgets.patch")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Budget {id} was changed; see at what cost it still warns, and whom.",
            ),
        on("BudgetService.DeleteBudget").deletes(BUDGET, ID).finding(
            DefenseEvasion,
            &DISABLE_TOOLS,
            "Budget {id} was deleted: nobody is warned of its costs any more.",
        ),
    ],
};
