//! The terminal: the only place that prints, besides `main.rs`.
//!
//! stdout is the result, stderr the conversation. A pipe gets no colour, no wrapping and no spinner.

use crate::exec::Ask;
use crate::model::{Time, secret};
use crate::progress::{Progress, Reached};
use crate::render::line::{Count, Line, Style};
use crate::render::{Untrusted, View};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

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

    /// Shows progress until the result is dropped: a spinner on a terminal, elsewhere a plain line now and then.
    pub fn watch(&self, progress: &Progress) -> Watch {
        if self.quiet {
            return Watch { stop: None, thread: None, bar: Arc::clone(&self.bar) };
        }
        if !self.err_is_terminal {
            let shown = |reached: Reached| {
                let mut text = String::new();
                phrase(reached).write(&mut text, 0, 2, None, false);
                let _ = io::stderr().lock().write_all(text.as_bytes());
            };
            return self.every(PLAIN, progress, shown);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner());
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        self.every(TICK, progress, move |reached| {
            bar.set_message(phrase(reached).plain());
            bar.tick();
        })
    }

    fn every(&self, pause: Duration, progress: &Progress, show: impl Fn(Reached) + Send + 'static) -> Watch {
        let (stop, stopped) = channel::<()>();
        let progress = progress.clone();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
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

/// `… 120 of 400 files, 1,204,000 records, pass 2`.
fn phrase(reached: Reached) -> Line {
    let mut line = Line::new().put("… ");
    if reached.of_files > 0 {
        line = line.put(Count(reached.files)).put(" of ").put(Count(reached.of_files)).put(" files, ");
    }
    line = line.put(Count(reached.records)).put(" records");
    if reached.pass > 1 { line.put(", pass ").put(reached.pass) } else { line }
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
        };
        let progress = Progress::default();
        let (send, said) = channel();
        let watch = ui.every(Duration::from_millis(1), &progress, move |reached| {
            let _ = send.send(phrase(reached).plain());
        });
        assert_eq!(said.recv().as_deref(), Ok("… 0 records"));
        progress.pass(400);
        progress.pass(400);
        (0..120).for_each(|_| progress.file());
        progress.records(1_204_000);
        let last = "… 120 of 400 files, 1,204,000 records, pass 2";
        assert!(said.iter().any(|line| line == last));
        drop(watch);
        // The thread is gone and its sender with it: this ends.
        assert!(said.iter().all(|line| line == last));
    }
}
