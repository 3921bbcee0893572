//! Consent on a real terminal: what will happen is shown first, whole; the right word alone lets it happen.
#![cfg(unix)]

use crate::stand::{MEANT, Stand};
use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;

/// No run here takes longer, milliseconds.
const LONGEST: u64 = 300_000;
/// The question, and the word that it asks for.
const QUESTION: &str =
    r"Carry out the revoke plan of \d+ steps?\? Type (\S+) to go on, anything else to stop:";

/// What is asked about plans of more steps than are usual here.
const MANY: &str = r"These are \d+ steps, more than 1\. Type \d+ to go on, anything else to stop:";

fn revoke(stand: &Stand, case: &str, more: &[&str]) -> PtySession {
    let (accounts, regions) = (stand.list("accounts").join(","), stand.list("regions").join(","));
    let args = [
        "revoke",
        "--principal",
        stand.leaked(),
        "--own-only",
        "--accounts",
        &accounts,
        "--regions",
        &regions,
        "--case-dir",
        case,
        MEANT,
    ];
    let mut command = stand.command(&[&args, more].concat());
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    spawn_command(command, Some(LONGEST)).expect("a terminal can be made")
}

fn ended(mut session: PtySession) -> (String, i32) {
    let text = session.exp_eof().expect("it ends");
    match session.process_mut().wait().expect("it is ours") {
        WaitStatus::Exited(_, code) => (text, code),
        other => panic!("it ended by {other:?}: {text}"),
    }
}

/// What was shown before the question, and the word that it asks for.
fn asked(session: &mut PtySession) -> (String, String) {
    let (before, question) = session.exp_regex(QUESTION).expect("it asks");
    let word = question.split(" Type ").nth(1).and_then(|rest| rest.split(' ').next());
    (before, word.expect("a word").to_owned())
}

#[test]
fn only_the_right_word_consents_and_all_that_happens_was_shown() {
    let Some(stand) = Stand::attacked() else { return };
    let mark = stand.mark();

    let mut session = revoke(&stand, "declined", &[]);
    let (_, word) = asked(&mut session);
    assert_eq!(word, stand.text("/accounts/management"), "the operator's account, which has no alias");
    session.send_line("yes").expect("the terminal takes it");
    let (text, code) = ended(session);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("the operator declined") && text.contains("do this next: "), "{text}");
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "a wrong answer changes nothing");

    stand.add("alias");
    let mark = stand.mark();
    let mut session = revoke(&stand, "interrupted", &[]);
    let (_, word) = asked(&mut session);
    assert_eq!(word, "corp-main", "its alias, once it has one");
    session.send_control('c').expect("the terminal takes it");
    let (text, code) = ended(session);
    assert_eq!(code, 130, "{text}");
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "Ctrl-C at the question changes nothing");

    // Many steps are asked about twice, and the second word is not the first.
    let config = stand.config("max_steps = 1\n");
    let many = |case: &str| {
        let mut session = revoke(&stand, case, &["--config", &config]);
        let (before, word) = asked(&mut session);
        session.send_line(&word).expect("the terminal takes it");
        let (_, question) = session.exp_regex(MANY).expect("it asks again");
        let steps = question.split(' ').find_map(|word| word.parse::<usize>().ok()).expect("how many");
        (session, before, steps)
    };
    let (mut session, _, _) = many("twice");
    session.send_line("corp-main").expect("the terminal takes it");
    let (text, code) = ended(session);
    assert_eq!(code, 4, "{text}");
    assert_eq!(stand.changes(mark), Vec::<String>::new(), "the second question declined changes nothing");

    let (mut session, before, asked_about) = many("done");
    let mark = stand.mark();
    session.send_line(&asked_about.to_string()).expect("the terminal takes it");
    session.exp_regex(r"carrying out the revoke plan: \d+ of \d+ steps done").expect("how far it is");
    let (text, code) = ended(session);
    assert!(matches!(code, 0 | 3), "{code}: {text}");
    assert!(text.contains("Done and seen: "), "{text}");
    // Between consent and the first change there is one look at each step, and nothing else is waited for.
    let calls = stand.calls(mark);
    let first = calls.iter().position(|call| call["mutating"] == true).expect("a change");
    assert!(
        first <= 4 * asked_about,
        "{first} calls before the first change of {asked_about} steps: {calls:#?}"
    );
    // A terminal wraps between words; an id stays whole.
    let shown: String = before.split_whitespace().collect::<Vec<_>>().join(" ");
    let plan = std::fs::read(stand.path("done/plan-revoke.json")).expect("the plan is in the case");
    let plan: Value = serde_json::from_slice(&plan).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), asked_about);
    for step in steps {
        for part in [&step["api"], &step["target"]["id"]] {
            let part = part.as_str().expect("text");
            assert!(shown.contains(part), "{part} was not shown before it was asked about: {shown}");
        }
    }
}
