//! Tests that need no cloud SDK: pure rooms, recorded cases, invariants. One binary, one module per concern.

mod case;
mod evidence;
mod key_file;
mod principal;
mod support;
