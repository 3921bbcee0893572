//! Tests that need no cloud SDK: pure rooms, recorded cases, invariants. One binary, one module per concern.

mod containers;
mod files;
mod hostile;
mod support;
