//! The built binary, as a script or a person runs it: own home, own folder, no environment, no network.

mod case;
mod doctor;
mod exit;
mod help;
mod hurt;
mod interrupt;
mod key_file;
mod logs;
mod pack;
mod principal;
mod pty;
mod readme;
mod report;
#[path = "../shared/schemas.rs"]
mod schemas_shared;
mod secrets;
#[path = "../shared/secrets.rs"]
mod secrets_shared;
mod startup;
mod support;
#[cfg(feature = "aws")]
mod sweep;
mod verify;
