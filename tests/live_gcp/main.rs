//! The built binary against a Google Cloud that Google's own discovery documents drive (`stand.py`): what they do not know is
//! refused there as at Google. An attacker plays through Google's own Python client; what stands afterwards is judged.
//!
//! `cargo test --no-default-features --features gcp --test live_gcp`. Needs python3; installs the rest under `target/`.
//! Without it a laptop skips and says why, `CI=true` fails.

mod audit;
mod bigquery;
mod central;
mod contain;
mod faults;
mod handover;
mod pty;
mod revoke;
mod rungs;
#[path = "../shared/schemas.rs"]
mod schemas_shared;
mod signin;
mod stand;
mod tail;
mod tail_b;
mod typed;
#[path = "../shared/typed.rs"]
mod typed_shared;
mod ways;
mod world;
