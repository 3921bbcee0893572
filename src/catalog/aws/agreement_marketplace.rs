//! AWS Marketplace agreements: purchases. The caller may be of type `Unknown`.

use crate::catalog::{Service, on};
use crate::model::report::FindingKind::Commitment;

pub static AGREEMENT_MARKETPLACE: Service = Service {
    source: "agreement-marketplace.amazonaws.com",
    rows: &[
        on("AcceptAgreementRequest|AcceptAgreementApprovalRequest")
            .creates("aws.marketplace.agreement", "responseElements.agreementId|requestParameters.agreementId|requestParameters.agreementRequestId")
            .finding_without_technique(Commitment, "Marketplace agreement {id} was accepted: a purchase that mostly only the seller or AWS Support can take back."),
        on("CancelAgreement").deletes("aws.marketplace.agreement", "requestParameters.agreementId"),
        on("CreateAgreementRequest").touches("aws.marketplace.agreement", "responseElements.agreementRequestId", "asked for"),
    ],
};
