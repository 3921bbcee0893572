//! Tests that need no cloud SDK: pure rooms, recorded cases, invariants. One binary, one module per concern.

mod cloudaudit;
mod gcp_catalog;
mod gcp_edges;
mod support;
