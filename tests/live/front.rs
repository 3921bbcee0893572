//! The stand-in itself, before anything is believed that was tested with it.

use crate::stand::{Stand, script};
use serde_json::json;

#[test]
fn the_front_does_what_aws_would() {
    let Some(stand) = Stand::empty() else { return };
    print!("{}", script(stand.python, &["test_front.py", &stand.url], &json!({})));
}
