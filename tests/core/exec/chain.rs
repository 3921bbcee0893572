//! The journal: append-only, one writer, every altered line is named, a torn one too.

use super::fake::{deny, stop};
use super::*;
use std::fs;
use triage::exec::run::About;
use triage::exec::{Entry, Halt, Verdict, journal};

/// A case in which something was done and undone.
fn lived() -> (Lab, Vec<String>) {
    let lab = Lab::new();
    let mut things = Things::new();
    instance(&mut things, "eu-west-3", "i-0");
    user(&mut things, "builder");
    let fake = lab.cloud(things);
    lab.run(&fake, plan(vec![step(1, "", &deny("builder")), step(2, "eu-west-3", &stop("i-0"))]));
    lab.undo(&fake);
    let lines = fs::read_to_string(lab.path()).unwrap().lines().map(str::to_owned).collect();
    (lab, lines)
}

fn write(lab: &Lab, lines: &[String]) {
    fs::write(lab.path(), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

fn fault(lab: &Lab) -> String {
    let fault = journal::verify(&lab.path()).unwrap_err().to_string();
    assert!(journal::read(&lab.path()).is_err(), "what was altered is not read");
    let open = format!("{:#}", Journal::open(&lab.case).unwrap_err());
    assert!(open.contains("hint: keep this case as evidence"), "{open}");
    fault.split_once("journal.ndjson: ").unwrap().1.to_owned()
}

#[test]
fn every_line_is_versioned_numbered_and_read_back_as_it_was_meant() {
    let (lab, lines) = lived();
    assert_eq!(journal::verify(&lab.path()).unwrap(), lines.len() as u64);
    let (read, _) = journal::read(&lab.path()).unwrap();
    for (at, (line, text)) in read.iter().zip(&lines).enumerate() {
        assert_eq!((line.no, &*line.schema), (at as u64 + 1, "triage.journal/1"));
        let plain = serde_json::to_string(line).unwrap();
        assert!(text.starts_with(&plain[..plain.len() - 1]), "{text}\n{plain}");
    }
    let Entry::Started(run) = &read[0].entry else { panic!("{:?}", read[0]) };
    assert_eq!((run.steps, &*run.principal.id, run.plan.len()), (2, "AKIAIOSFODNN7EXAMPLE", 64));
    assert!(matches!(read[1].entry, Entry::Intent(_)));
}

#[test]
fn the_line_that_was_altered_is_named() {
    let (lab, lines) = lived();
    for at in 0..lines.len() {
        let no = at + 1;
        let mut altered = lines.clone();
        altered[at] = altered[at].replacen("\"at\":\"2026", "\"at\":\"2025", 1);
        write(&lab, &altered);
        assert_eq!(fault(&lab), format!("line {no} was altered: its checksum is another"));
        // Cut off in the middle of the journal, which no crash does without a trace.
        let mut cut = lines.clone();
        cut[at].truncate(40);
        write(&lab, &cut);
        if no < lines.len() {
            assert_eq!(fault(&lab), format!("line {no} was altered: it is cut off"));
            // Taken out, or twice: what follows does not follow.
            let mut gone = lines.clone();
            gone.remove(at);
            write(&lab, &gone);
            assert!(fault(&lab).starts_with(&format!("line {no} was altered, or what stood before it")));
            let mut twice = lines.clone();
            twice.insert(at, lines[at].clone());
            write(&lab, &twice);
            assert!(fault(&lab).starts_with(&format!("line {} was altered, or what", no + 1)));
        }
    }
    write(&lab, &lines);
    assert!(journal::verify(&lab.path()).is_ok());
}

#[test]
fn a_line_of_another_version_is_not_guessed_at() {
    let (lab, _) = lived();
    fs::write(lab.path(), "not ours\n{}\n").unwrap();
    assert_eq!(
        journal::verify(&lab.path()).map_err(|error| error.to_string()),
        Ok(2),
        "cut off, as far as it looks"
    );
    let journal = Journal::open(&lab.case).unwrap();
    drop(journal);
    assert!(
        fs::read_to_string(lab.path()).unwrap().starts_with("not ours\n{}\n{\"schema\""),
        "kept as it was"
    );
}

#[test]
fn a_torn_line_is_kept_and_noted() {
    let (lab, lines) = lived();
    let last = lines.len();
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // Three crashes, one after the other: in a line, in the note about it, and in its line break.
    for (cut, torn) in [(60, last), (75, last), (2, last)] {
        text.truncate(text.len() - cut);
        fs::write(lab.path(), &text).unwrap();
        let before = text.clone();
        drop(Journal::open(&lab.case).unwrap());
        text = fs::read_to_string(lab.path()).unwrap();
        assert!(text.starts_with(&before), "nothing is taken out");
        assert!(text.ends_with("\n"));
        let (read, _) = journal::read(&lab.path()).unwrap();
        let noted = read.iter().rev().find_map(|line| match &line.entry {
            Entry::Torn { line } => Some(*line as usize),
            _ => None,
        });
        assert_eq!(noted, Some(torn), "{text}");
    }
}

#[test]
fn one_run_at_a_time_holds_a_journal() {
    let lab = Lab::new();
    let held = Journal::open(&lab.case).unwrap();
    let error = format!("{:#}", Journal::open(&lab.case).unwrap_err());
    assert!(error.contains("another run holds it"), "{error}");
    let other = Case::reopen(lab.case.dir()).unwrap();
    assert!(Journal::open(&other).is_err(), "whoever asks");
    drop(held);
    Journal::open(&other).unwrap();
}

#[cfg(unix)]
#[test]
fn a_journal_is_private_and_no_link_is_followed() {
    use std::os::unix::fs::PermissionsExt;
    let (lab, _) = lived();
    assert_eq!(fs::metadata(lab.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let elsewhere = lab.case.dir().join("elsewhere");
    fs::rename(lab.path(), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, lab.path()).unwrap();
    let before = fs::read(&elsewhere).unwrap();
    assert!(Journal::open(&lab.case).is_err());
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
}

#[test]
fn no_secret_goes_in() {
    let secret = crate::key_file::SECRET;
    let lab = Lab::new();
    let mut things = Things::new();
    user(&mut things, "builder");
    let fake = lab.cloud(things);
    let journal = Journal::open(&lab.case).unwrap();
    let about = About {
        command_line: vec!["triage".into(), format!("--secret={secret}")],
        operator: Some("arn:aws:sts::111122223333:assumed-role/responder/alice".into()),
        endpoints: vec![format!("http://proxy:hunter2@127.0.0.1:5000/{secret}")],
    };
    let means = Means {
        inventory: &fake,
        mutator: &fake,
        journal: &journal,
        clock: &lab.clock,
        tell: &|_| {},
        stop: &lab.stop,
    };
    let plan = approved(plan(vec![step(1, "", &deny("builder"))]));
    lab.clock.run(triage::exec::run::run(plan, &about, means, options()));
    let text = fs::read_to_string(lab.path()).unwrap();
    assert!(!text.contains(secret) && !text.contains("hunter2"), "{text}");
    assert!(
        text.contains("assumed-role/responder/alice") && text.contains("http://127.0.0.1:5000"),
        "{text}"
    );
}

#[test]
fn without_a_journal_nothing_is_called() {
    let lab = Lab::new();
    let mut things = Things::new();
    user(&mut things, "builder");
    let fake = lab.fake(World { things, ..World::default() });
    // Every write fails.
    fs::write(lab.path(), "").unwrap();
    let journal = Journal::on(fs::File::open(lab.path()).unwrap(), lab.path()).unwrap();
    let steps = || plan(vec![step(1, "", &deny("builder"))]);
    let done = lab.clock.run(lab.carry_out(&fake, steps(), &journal, options()));
    let Some(Halt::Journal(why)) = &done.halted else { panic!("{:?}", done.halted) };
    assert!(why.starts_with("write ") && why.contains("journal.ndjson"), "{why}");
    assert_eq!((done.verdict(), ends(&done)), (Verdict::Nothing, vec![&End::NotStarted]));
    assert_eq!(fake.world().calls, []);
}
