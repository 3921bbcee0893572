//! Tests that need no cloud SDK: pure rooms, recorded cases, invariants. One binary, one module per concern.

mod aws_compute;
mod aws_control;
mod aws_edges;
mod breaks;
mod case;
mod closure;
mod cloudaudit;
mod cloudtrail;
mod cloudtrail_hostile;
mod containers;
mod evidence;
mod files;
mod gcp_catalog;
mod gcp_edges;
mod hostile;
mod inventory;
mod invictus;
mod key_file;
mod plan;
mod principal;
mod properties;
mod render;
mod scenarios;
mod support;
mod tidy;
mod told;
