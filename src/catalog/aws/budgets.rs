//! AWS Budgets, logged in us-east-1.

use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static BUDGETS: Service = Service {
    source: "budgets.amazonaws.com",
    rows: &[
        on("DeleteBudget")
            .deletes("aws.budgets.budget", NAME)
            .contain("budgets:CreateBudget")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Budget {id} was deleted: nobody is told when the bill grows.",
            )
            .pair("budgets:budget"),
        on("CreateBudget").creates(
            "aws.budgets.budget",
            "requestParameters.budget.budgetName|requestParameters.budgetName",
        ),
        on("CreateBudget")
            .about("aws.budgets.budget", "requestParameters.budget.budgetName|requestParameters.budgetName")
            .undoes("budgets:budget"),
        on("DeleteNotification|DeleteSubscriber")
            .touches("aws.budgets.budget", NAME, "no longer tells somebody")
            .contain("budgets:CreateNotification")
            .finding(
                DefenseEvasion,
                &DISABLE_TOOLS,
                "Budget {id} no longer tells somebody when the bill grows.",
            ),
        on("UpdateBudget").touches(
            "aws.budgets.budget",
            "requestParameters.newBudget.budgetName|requestParameters.budgetName",
            "changed",
        ),
    ],
};

const NAME: &str = "requestParameters.budgetName";
