//! Tests that need no cloud SDK: pure rooms, recorded cases, invariants. One binary, one module per concern.

mod principal;
mod support;
