//! The terminal: the only place that prints, besides `main.rs`.
//!
//! stdout is the result, stderr the conversation. A pipe gets no colour, no wrapping and no spinner.

use crate::exec::Ask;
use crate::model::{Time, secret};
use crate::progress::{Asked, NAMED, Phase, Progress, Reached};
use crate::render::line::{Count, Line, Style};
use crate::render::{Untrusted, View};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How often the spinner moves on a terminal.
const TICK: Duration = Duration::from_millis(100);
/// How often a log (CI, a file) hears that we are alive.
const PLAIN: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Ui {
    out_color: bool,
    err_color: bool,
    quiet: bool,
    verbose: bool,
    err_is_terminal: bool,
    /// The spinner on screen, which has to step aside for a message.
    bar: Arc<Mutex<Option<ProgressBar>>>,
    /// When a log last heard that we are alive.
    said: Arc<Mutex<Instant>>,
}

impl Ui {
    /// Looks at the terminal and the environment once.
    pub fn new(color: Color, quiet: bool, verbose: bool) -> Ui {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let decide = |is_terminal| wants_color(color, is_terminal, &|name| std::env::var(name).ok());
        let err_is_terminal = io::stderr().is_terminal();
        Ui {
            out_color: decide(io::stdout().is_terminal()),
            err_color: decide(err_is_terminal),
            quiet,
            verbose,
            // A dumb terminal cannot take a line back.
            err_is_terminal: err_is_terminal && !is_dumb,
            bar: Arc::default(),
            said: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// How the result is to be shown on stdout.
    pub fn view(&self, now: Option<Time>) -> View {
        let stdout = io::stdout();
        let size = if stdout.is_terminal() { terminal_size::terminal_size_of(&stdout) } else { None };
        let ascii = !speaks_unicode(&|name| std::env::var(name).ok());
        let width = size.map(|(width, _)| width.0);
        View { width, color: self.out_color, now, detail: self.verbose, ascii }
    }

    /// Writes a result to stdout. A reader that has gone away (`| head`) is no failure of ours.
    pub fn result(&self, bytes: &[u8]) -> io::Result<()> {
        self.clear();
        deliver(&mut io::stdout().lock(), bytes)
    }

    /// Tells what goes on; not with `--quiet`.
    pub fn note(&self, line: Line) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Shows a text that somebody must read before they consent, beside a result that goes elsewhere.
    pub fn aside(&self, text: &str) {
        self.clear();
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Whether somebody is there to be asked: a question needs a terminal on both sides.
    pub fn can_ask(&self) -> bool {
        self.err_is_terminal && io::stdin().is_terminal()
    }

    /// Tells what the operator should know, also with `--quiet`.
    pub fn warn(&self, line: Line) {
        self.say(Line::new().styled(Style::Yellow, "warning: ").join(line));
    }

    /// Tells what could not be done, because of what, and what to do next: the hints that messages end with, else `next`.
    pub fn error(&self, error: &anyhow::Error, next: &'static str) {
        // Somebody may have typed a secret where none belongs.
        let chain: Vec<String> = format!("{error:#}").split('\n').map(secret::redact).collect();
        let chain = chain.join("\n");
        let mut lines = chain.split('\n');
        let first = lines.next().unwrap_or_default();
        let (what, because) = first.split_once(": ").unwrap_or((first, ""));
        self.say(Line::new().styled(Style::Red, "error: ").put(Untrusted(what)));
        if !because.is_empty() {
            self.say(Line::new().styled(Style::Bold, "because: ").put(Untrusted(because)));
        }
        let mut is_hinted = false;
        for line in lines {
            match line.trim().strip_prefix("hint: ") {
                Some(hint) => {
                    is_hinted = true;
                    self.hint(Line::new().put(Untrusted(hint)));
                }
                None => self.say(Line::new().put("  ").put(Untrusted(line))),
            }
        }
        if !is_hinted {
            self.hint(Line::new().put(next));
        }
    }

    /// Tells what an exit code means, to whoever has to act on it.
    pub fn code(&self, code: u8) {
        if let Some(meaning) = super::exit::explain(code) {
            self.say(Line::new().put(meaning).put(" (exit code ").put(Count(u64::from(code))).put(")"));
        }
    }

    /// Tells the next step after a warning or an error.
    pub fn hint(&self, line: Line) {
        self.say(Line::new().styled(Style::Bold, "do this next: ").join(line));
    }

    fn say(&self, line: Line) {
        let mut text = String::new();
        line.write(&mut text, 0, 2, None, self.err_color);
        let write = || {
            // There is nobody left to tell when stderr fails.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        };
        match self.bar.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    /// Shows progress until the result is dropped: a few lines on a terminal, elsewhere a plain one now and then. One at a time.
    pub fn watch(&self, progress: &Progress) -> Watch {
        if self.quiet {
            return Watch { stop: None, thread: None, bar: Arc::clone(&self.bar) };
        }
        if !self.err_is_terminal {
            let (said, since) = (Arc::clone(&self.said), Arc::clone(&self.said));
            let last = |said: &Mutex<Instant>| *said.lock().unwrap_or_else(PoisonError::into_inner);
            // Counted over all that is watched: phases may be short.
            let pause = move || PLAIN.saturating_sub(last(&since).elapsed());
            return self.every(pause, progress, move |reached| {
                *said.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                let mut text = String::new();
                plainly(&reached).write(&mut text, 0, 2, None, false);
                let _ = io::stderr().lock().write_all(text.as_bytes());
            });
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner());
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        let show = move |reached: Reached| {
            let size = terminal_size::terminal_size_of(io::stderr());
            bar.set_message(lines(&reached, size.map_or(NARROW, |(width, _)| width.0.into())));
            bar.tick();
        };
        // What takes but a moment is seen, too.
        show(progress.reached());
        self.every(|| TICK, progress, show)
    }

    fn every(
        &self,
        pause: impl Fn() -> Duration + Send + 'static,
        progress: &Progress,
        show: impl Fn(Reached) + Send + 'static,
    ) -> Watch {
        let (stop, stopped) = channel::<()>();
        let progress = progress.clone();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(pause()) == Err(RecvTimeoutError::Timeout) {
                show(progress.reached());
            }
        });
        Watch { stop: Some(stop), thread: Some(thread), bar: Arc::clone(&self.bar) }
    }
}

impl Ask for &Ui {
    fn confirm(&mut self, question: &str, expect: &str) -> io::Result<bool> {
        let line = Line::new()
            .put(Untrusted(question))
            .put(" Type ")
            .put(Untrusted(expect))
            .put(" to go on, anything else to stop:");
        self.clear();
        self.say(line);
        let mut answer = String::new();
        ASKS.store(true, Ordering::SeqCst);
        let read = io::stdin().lock().take(MOST_TYPED).read_line(&mut answer);
        ASKS.store(false, Ordering::SeqCst);
        // The end of input is no answer.
        Ok(read? > 0 && answer.trim() == expect)
    }
}

/// Whether somebody is being asked: nothing is on its way then, and Ctrl-C ends at once.
static ASKS: AtomicBool = AtomicBool::new(false);

pub fn is_asking() -> bool {
    ASKS.load(Ordering::SeqCst)
}

/// No word that is asked for is longer.
const MOST_TYPED: u64 = 4096;

/// Shows progress while it lives.
pub struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

/// The terminal's width where it does not tell.
const NARROW: usize = 80;
/// Columns that the spinner and the start of the second line take, and the last one, which some terminals wrap at.
const MARGIN: usize = 3;

/// What goes on, below it how many have answered, and who has not: as many names as fit.
fn lines(reached: &Reached, width: usize) -> String {
    let fits = |line: &Line| line.width() + MARGIN <= width;
    let mut out = (1..=NAMED).rev().filter_map(|named| still_out(reached, named));
    let out = out.find(fits).or_else(|| still_out(reached, 0));
    let lines = [Some(phrase(reached)), answers(reached), out];
    lines.into_iter().flatten().map(|line| line.plain()).collect::<Vec<_>>().join("\n  ")
}

/// The same for a log: one line, with all that is to be said.
fn plainly(reached: &Reached) -> Line {
    let lines = [Some(phrase(reached)), answers(reached), still_out(reached, NAMED)];
    Line::new().put("… ").list("; ", lines.into_iter().flatten())
}

/// `reading logs, pass 2: 120 of 400 files, 1,204,000 records`.
fn phrase(reached: &Reached) -> Line {
    let line = Line::new();
    match reached.phase {
        Phase::SigningIn => line.put("signing in"),
        Phase::Finding => line.put("finding out where to look"),
        Phase::Reading => {
            let line = line.put("reading logs");
            let line = if reached.pass > 1 { line.put(", pass ").put(reached.pass) } else { line };
            let line = line.put(": ");
            let line = match reached.of_parts {
                0 => line,
                of => {
                    let line = line.put(Count(reached.parts)).put(" of ").put(Count(of));
                    line.put(" ").put(reached.what_parts).put(", ")
                }
            };
            line.put(Count(reached.records)).put(" records")
        }
        Phase::Settling => line.put("waiting for records that come late"),
        Phase::Looking => line.put("looking at what lives"),
        Phase::Checking => line.put("holding the plan against the cloud"),
        Phase::Acting(plan) => {
            let line = line.put("carrying out the ").put(plan).put(" plan");
            let Some(steps) = reached.steps else { return line };
            let line = line.put(": ").put(steps.good).put(" of ").put(steps.of).put(" steps done");
            let line = match steps.bad {
                0 => line,
                bad => line.put(", ").put(bad).put(" failed or skipped"),
            };
            match steps.called {
                0 => line,
                called => line.put(", ").put(called).put(" called and read back"),
            }
        }
        Phase::Watching => line.put("looking whether what was done stays so"),
        Phase::Pausing => line.put("waiting before the next sweep"),
    }
}

/// Who is asked, while they are.
fn asked(reached: &Reached) -> Option<&Asked> {
    reached.asked.as_ref().filter(|_| reached.phase == Phase::Reading)
}

/// `14 of 17 regions have answered, 1 gave no answer`.
fn answers(reached: &Reached) -> Option<Line> {
    let asked = asked(reached)?;
    let line = Line::new().put(asked.answered).put(" of ").put(asked.of).put(" ").put(asked.what);
    let line = line.put(" have answered");
    Some(match asked.silent {
        0 => line,
        silent => line.put(", ").put(silent).put(" gave no answer"),
    })
}

/// `still out: eu-west-3 of 111122223333 and 1 more`, at most so many named.
fn still_out(reached: &Reached, named: usize) -> Option<Line> {
    let asked = asked(reached).filter(|asked| asked.open() > 0)?;
    let names = asked.out.iter().take(named);
    let more = asked.open().saturating_sub(names.len());
    let line = Line::new().put("still out: ");
    if names.len() == 0 {
        return Some(line.put(more));
    }
    let line = line.list(", ", names.map(|name| Line::new().put(Untrusted(name))));
    Some(if more > 0 { line.put(" and ").put(more).put(" more") } else { line })
}

fn deliver(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Whether to colour: the flag, then `NO_COLOR`, `CLICOLOR_FORCE`, `TERM=dumb`, `CLICOLOR=0`, then the terminal.
///
/// <https://no-color.org>, <https://bixense.com/clicolors>; an empty variable counts as unset.
fn wants_color(color: Color, is_terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name| env(name).filter(|value| !value.is_empty());
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR").is_some() => false,
        Color::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Color::Auto if set("TERM").is_some_and(|value| value == "dumb") => false,
        Color::Auto if set("CLICOLOR").is_some_and(|value| value == "0") => false,
        Color::Auto => is_terminal,
    }
}

/// Whether the locale can show more than ASCII; where none is set, as in a container, it can.
fn speaks_unicode(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
        let check = |color, is_terminal, env: &[(&str, &str)], expect| {
            let look =
                |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
            assert_eq!(wants_color(color, is_terminal, &look), expect, "{color:?} {is_terminal} {env:?}");
        };
        check(Color::Auto, true, &[], true);
        check(Color::Auto, false, &[], false);
        check(Color::Always, false, &[("NO_COLOR", "1")], true);
        check(Color::Never, true, &[("CLICOLOR_FORCE", "1")], false);
        check(Color::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false);
        check(Color::Auto, true, &[("NO_COLOR", "")], true);
        check(Color::Auto, false, &[("CLICOLOR_FORCE", "1")], true);
        check(Color::Auto, false, &[("CLICOLOR_FORCE", "0")], false);
        check(Color::Auto, true, &[("TERM", "dumb")], false);
        check(Color::Auto, true, &[("CLICOLOR", "0")], false);
        check(Color::Auto, false, &[("CLICOLOR", "1")], false);
    }

    #[test]
    fn only_a_locale_that_says_so_gets_ascii() {
        let check = |env: &[(&str, &str)], expect| {
            let look =
                |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
            assert_eq!(speaks_unicode(&look), expect, "{env:?}");
        };
        check(&[], true);
        check(&[("LANG", "C")], false);
        check(&[("LANG", "C.UTF-8")], true);
        check(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "POSIX")], false);
        check(&[("LANG", "C"), ("LC_CTYPE", "en_US.utf8")], true);
        check(&[("LC_ALL", ""), ("LANG", "en_US.ISO-8859-1")], false);
    }

    struct Fails(ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        assert!(deliver(&mut Fails(ErrorKind::BrokenPipe), b"x").is_ok());
        assert!(deliver(&mut Fails(ErrorKind::StorageFull), b"x").is_err());
    }

    #[test]
    fn progress_is_said_while_watched_and_never_after() {
        let ui = Ui {
            out_color: false,
            err_color: false,
            quiet: false,
            verbose: false,
            err_is_terminal: false,
            bar: Arc::default(),
            said: Arc::new(Mutex::new(Instant::now())),
        };
        let progress = Progress::default();
        let (send, said) = channel();
        let watch = ui.every(
            || Duration::from_millis(1),
            &progress,
            move |reached| {
                let _ = send.send(plainly(&reached).plain());
            },
        );
        assert_eq!(said.recv().as_deref(), Ok("… reading logs: 0 records"));
        progress.pass(400, "files");
        progress.pass(400, "files");
        (0..120).for_each(|_| progress.part());
        progress.records(1_204_000);
        let last = "… reading logs, pass 2: 120 of 400 files, 1,204,000 records";
        assert!(said.iter().any(|line| line == last));
        drop(watch);
        // The thread is gone and its sender with it: this ends.
        assert!(said.iter().all(|line| line == last));
    }

    #[test]
    fn who_is_asked_is_said_safely_and_as_wide_as_there_is_room() {
        let progress = Progress::default();
        progress.pass(20, "questions");
        let regions = ["eu-west-1", "eu-west-3", "me-south-1", "sa-east-1", "us-east-1"];
        let mut who: Vec<Arc<str>> =
            regions.iter().map(|one| format!("{one} of 111122223333").into()).collect();
        // A name that a cloud gave us.
        who.push("\x1b[2J\nwhat\u{202e}".into());
        progress.asks("regions", who.into_iter().collect());
        let plain = |progress: &Progress| plainly(&progress.reached()).plain();
        let first = plain(&progress);
        assert!(!first.contains(['\x1b', '\n', '\u{202e}']) && first.contains("what"), "{first}");
        progress.ended("\x1b[2J\nwhat\u{202e}", true);
        progress.ended("me-south-1 of 111122223333", false);
        let said = "reading logs: 0 of 20 questions, 0 records";
        let below = "1 of 6 regions have answered, 1 gave no answer";
        let names = "eu-west-1 of 111122223333, eu-west-3 of 111122223333, sa-east-1 of 111122223333";
        assert_eq!(plain(&progress), format!("… {said}; {below}; still out: {names} and 1 more"));
        let reached = progress.reached();
        assert_eq!(lines(&reached, 120), format!("{said}\n  {below}\n  still out: {names} and 1 more"));
        let two = "eu-west-1 of 111122223333, eu-west-3 of 111122223333 and 2 more";
        assert_eq!(lines(&reached, 80), format!("{said}\n  {below}\n  still out: {two}"), "ids stay whole");
        assert_eq!(lines(&reached, 30), format!("{said}\n  {below}\n  still out: 4"));
        regions.iter().for_each(|one| progress.ended(&format!("{one} of 111122223333"), true));
        assert_eq!(plain(&progress), format!("… {said}; 5 of 6 regions have answered, 1 gave no answer"));
        progress.phase(Phase::Looking);
        assert_eq!(plain(&progress), "… looking at what lives");
    }

    #[test]
    fn steps_are_counted_as_they_go() {
        let progress = Progress::at(Phase::Acting("revoke"));
        progress.steps(12);
        let said = || lines(&progress.reached(), 80);
        assert_eq!(said(), "carrying out the revoke plan: 0 of 12 steps done");
        progress.step_called(1);
        assert_eq!(said(), "carrying out the revoke plan: 0 of 12 steps done, 1 called and read back");
        progress.step_ended(1, true);
        progress.step_ended(2, false);
        assert_eq!(said(), "carrying out the revoke plan: 1 of 12 steps done, 1 failed or skipped");
    }
}
