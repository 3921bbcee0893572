//! What the README's `live` blocks and the examples of `--help` say about Google Cloud is typed as it stands there, on a terminal,
//! at an attacked organization: nothing is misunderstood, and each line ends as the exit codes say.
#![cfg(unix)]

use crate::stand::Stand;
use crate::typed_shared::{CASES, Needs, Typed, Typist, help, readme};
use serde_json::json;

/// The responder at a terminal. Names of the documentation stand for those of the world; what is not here is called alike there.
fn typist(stand: &Stand) -> Typist {
    let of = |pointer: &str, name: &'static str| (name, stand.text(pointer).to_owned());
    let names = vec![
        ("482100000000", stand.organization().to_owned()),
        ("482100000001", stand.text("/folder").to_owned()),
        ("0X0X0X-0X0X0X-0X0X0X", stand.text("/billing").to_owned()),
        of("/projects/stage", "shop-dev-4821"),
    ];
    // Time is short here, and quotas are the pacing's own tests.
    stand.door("knobs", json!({"quota": 100_000}));
    Typist::new(stand.command(&[]), names)
}

fn types_all(stand: &Stand, mut typist: Typist, lines: Vec<Typed>) {
    for typed in lines {
        let ran = typist.types(&typed.line);
        typed.ends_well(&ran);
        stand.holds_no_secret(&ran.text);
        typist.takes_up(&CASES);
    }
    assert_eq!(stand.door("bad", json!({})), json!([]), "every answer is one that the documents know");
}

#[test]
fn the_readme_does_what_it_says() {
    let Some(stand) = Stand::attacked() else { return };
    types_all(&stand, typist(&stand), readme(Needs::Google));
}

#[test]
fn the_examples_of_every_help_do_what_they_say() {
    let Some(stand) = Stand::attacked() else { return };
    types_all(&stand, typist(&stand), help(Needs::Google));
}
