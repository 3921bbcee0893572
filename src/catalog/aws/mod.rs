//! What we know of AWS: one file per service, one row per event.

pub mod arn;
pub mod cognito_identity;
pub mod ec2;
pub mod iam_credentials;
pub mod policy;
pub mod rolesanywhere;
pub mod signin;
pub mod sso;
pub mod sts;

use super::Service;

/// Every AWS service that we have rows for, alphabetical.
pub static SERVICES: &[&Service] = &[
    &cognito_identity::COGNITO_IDENTITY,
    &ec2::EC2,
    &iam_credentials::IAM_CREDENTIALS,
    &rolesanywhere::ROLESANYWHERE,
    &signin::SIGNIN,
    &sso::SSO,
    &sso::SSO_OAUTH,
    &sts::STS,
];
