//! The built binary, as a script or a person runs it: own home, own folder, no environment, no network.

mod case;
mod doctor;
mod exit;
mod help;
mod hurt;
mod interrupt;
mod key_file;
mod logs;
#[cfg(feature = "aws")]
#[path = "../standin/lookup.rs"]
mod lookup;
mod pack;
mod principal;
mod progress;
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
#[path = "../shared/typed.rs"]
mod typed_shared;
mod verify;
