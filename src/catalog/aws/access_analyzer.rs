//! IAM Access Analyzer.

use crate::catalog::technique::DISABLE_TOOLS;
use crate::catalog::{Service, on};
use crate::model::report::FindingKind::DefenseEvasion;

pub static ACCESS_ANALYZER: Service = Service {
    source: "access-analyzer.amazonaws.com",
    rows: &[
        on("CreateAnalyzer").creates("aws.access_analyzer.analyzer", "requestParameters.analyzerName").names("responseElements.arn"),
        on("DeleteAnalyzer")
            .deletes("aws.access_analyzer.analyzer", "requestParameters.analyzerName")
            .contain("accessanalyzer:CreateAnalyzer")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Access analyzer {id} in {awsRegion} was deleted: what is opened to outsiders is no longer reported."),
        on("CreateArchiveRule")
            .touches("aws.access_analyzer.analyzer", "requestParameters.analyzerName", "given archive rule {requestParameters.ruleName}")
            .contain("accessanalyzer:DeleteArchiveRule")
            .finding(DefenseEvasion, &DISABLE_TOOLS, "Access analyzer {id} hides what rule {requestParameters.ruleName} matches.")
            .pair("access-analyzer:rule {awsRegion} {requestParameters.ruleName}"),
        on("DeleteArchiveRule").touches("aws.access_analyzer.analyzer", "requestParameters.analyzerName", "lost archive rule {requestParameters.ruleName}").undoes("access-analyzer:rule {awsRegion} {requestParameters.ruleName}"),
    ],
};
