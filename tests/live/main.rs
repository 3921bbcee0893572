//! The built binary against clouds that we did not write: moto behind a front that writes CloudTrail down (`front.py`), and
//! ministack, whose IAM enforces what it is told. Nothing here knows the program's inside; it reads what stands in the cloud.
//!
//! `cargo test --features aws --test live`. Needs python3; installs the rest under `target/`. Without it a laptop skips and
//! says why, `CI=true` fails.

mod audit;
mod contain;
mod doctor;
mod faults;
mod front;
mod handover;
mod kinds;
mod more;
mod powers;
mod pty;
mod reach;
mod revoke;
#[path = "../shared/schemas.rs"]
mod schemas_shared;
mod second;
#[path = "../shared/secrets.rs"]
mod secrets_shared;
mod signin;
mod sources;
mod stand;
mod typed;
#[path = "../shared/typed.rs"]
mod typed_shared;
