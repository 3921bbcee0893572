//! `triage doctor`: before the night, or at its beginning: who we are, whether our clock is right, where we get to, what we may
//! do there, which logs there are, and where we would be blind. Changes nothing; no plan, no case, no journal.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "gcp")]
mod gcp;

use super::Failure;
use super::exit;
#[cfg(any(feature = "aws", feature = "gcp"))]
use super::live_args::LiveArgs;
#[cfg(any(feature = "aws", feature = "gcp"))]
use super::permissions::Cloud;
use super::ui::{Color, Ui};
use crate::render::line::{Line, Style};
use anyhow::Context;
use clap::Args;

pub const EXAMPLES: &str = "\
Exit codes: 0 all could be asked and all is there; 1 signed in nowhere; 3 something is missing or could not be asked.

Examples:
  triage doctor
  triage doctor -q || echo 'the on-call can not act'";

#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// The cloud that you have (triage doctor gcp); default: every one that is built in, and one that you are not signed in to
    /// counts as missing.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[arg(value_enum)]
    pub provider: Option<Cloud>,
    /// Colour: NO_COLOR and CLICOLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors.
    #[arg(short, long)]
    pub quiet: bool,
    /// List everything instead of counts and examples.
    #[arg(short, long)]
    pub verbose: bool,
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(flatten)]
    pub live: LiveArgs,
}

/// What was found out, line by line.
#[derive(Default)]
struct Findings {
    lines: Vec<Line>,
    is_ill: bool,
}

impl Findings {
    /// Says something under a head; heads repeat where there is more than one line of a kind.
    fn say(&mut self, head: &'static str, line: Line) {
        self.lines.push(Line::new().styled(Style::Bold, head).join(line));
    }

    /// The same of something that is missing or could not be asked.
    fn ill(&mut self, head: &'static str, line: Line) {
        self.is_ill = true;
        self.lines.push(Line::new().styled(Style::Bold, head).join(line.all(Style::Yellow)));
    }

    #[cfg(any(feature = "aws", feature = "gcp"))]
    fn join(&mut self, other: Findings) {
        self.lines.extend(other.lines);
        self.is_ill |= other.is_ill;
    }

    fn tell(self, ui: &Ui) -> Result<u8, Failure> {
        let mut text = String::new();
        let view = ui.view(None);
        self.lines.iter().for_each(|line| line.write(&mut text, 0, INDENT, view.width, view.color));
        ui.result(text.as_bytes()).context("write the result")?;
        Ok(if self.is_ill { exit::INCOMPLETE } else { exit::SUCCESS })
    }
}

const INDENT: usize = 7;

/// What this program is, the same in every build.
fn this(found: &mut Findings) {
    let clouds = match (cfg!(feature = "aws"), cfg!(feature = "gcp")) {
        (true, true) => "AWS and Google Cloud are built in",
        (true, false) => "AWS is built in",
        (false, true) => "Google Cloud is built in",
        (false, false) => "no cloud is built in: exported logs (--logs) and recorded cases (--case) are read",
    };
    found.say("SELF   ", Line::new().put("triage ").put(env!("CARGO_PKG_VERSION")).put(", ").put(clouds));
}

#[cfg(not(any(feature = "aws", feature = "gcp")))]
pub fn run(_: &DoctorArgs, ui: &Ui) -> Result<u8, Failure> {
    let mut found = Findings::default();
    this(&mut found);
    let not = "can't be asked by this build";
    found.ill("WHO    ", Line::new().put("who you are in a cloud ").put(not));
    found.ill("CLOCK  ", Line::new().put("how far this host's clock is off ").put(not));
    found.ill("WHERE  ", Line::new().put("accounts, projects and regions that you reach ").put(not));
    found.ill("MAY    ", Line::new().put("what you may do there ").put(not));
    found.ill("LOGS   ", Line::new().put("which logs there are ").put(not));
    found.say("BLIND  ", Line::new().put("whatever the logs that you export do not hold: a report says which accounts, regions and kinds it saw"));
    found.tell(ui)
}

#[cfg(any(feature = "aws", feature = "gcp"))]
pub use live::run;

#[cfg(any(feature = "aws", feature = "gcp"))]
mod live {
    use super::{Cloud, DoctorArgs, Findings, this};
    use crate::cli::Failure;
    use crate::cli::ui::Ui;
    use crate::model::Gap;
    use crate::render::{Line, Untrusted};
    use clap::ValueEnum;

    /// What makes times in a case misleading.
    const MISLEADING: u64 = 5;
    /// What is named where not all of it is there; the rest is counted.
    pub const NAMED: usize = 6;

    pub fn run(args: &DoctorArgs, ui: &Ui) -> Result<u8, Failure> {
        let mut found = Findings::default();
        this(&mut found);
        let mut refused: Vec<Failure> = Vec::new();
        let asked = args.provider.as_ref().map_or(Cloud::value_variants(), std::slice::from_ref);
        for cloud in asked {
            let mut here = Findings::default();
            let done = match cloud {
                #[cfg(feature = "aws")]
                Cloud::Aws => super::aws::ask(args, ui, &mut here),
                #[cfg(feature = "gcp")]
                Cloud::Gcp => super::gcp::ask(args, ui, &mut here),
            };
            match done {
                Ok(()) => found.join(here),
                Err(failure) => {
                    // The hint below it is for one who meant this cloud.
                    let (Failure::Usage(error) | Failure::Refused(error) | Failure::Other(error)) = &failure;
                    let why = error.to_string();
                    let why = why.lines().next().unwrap_or_default();
                    found.ill("WHO    ", Line::new().put("could not ").put(Untrusted(why)));
                    refused.push(failure);
                }
            }
        }
        // Signed in nowhere: that is all there is to say.
        if refused.len() == asked.len()
            && let Some(first) = refused.into_iter().next()
        {
            return Err(first);
        }
        found.tell(ui)
    }

    /// How far our clock is from a cloud's, which refuses calls that are this many seconds off.
    pub fn clock(whose: &'static str, ahead: Option<i64>, refused: u64, found: &mut Findings) {
        let Some(ahead) = ahead else {
            return found
                .ill("CLOCK  ", Line::new().put("unknown: no answer of ").put(whose).put(" had a date"));
        };
        let off = ahead.unsigned_abs();
        let line = match ahead {
            0 => Line::new().put("as ").put(whose).put("'s, to the second"),
            1.. => Line::new().put(off).put(" s ahead of ").put(whose).put("'s"),
            ..0 => Line::new().put(off).put(" s behind ").put(whose).put("'s"),
        };
        match off {
            0..=MISLEADING => found.say("CLOCK  ", line),
            _ if off < refused => found.ill("CLOCK  ", line.put(": times in a case will mislead")),
            _ => found.ill("CLOCK  ", line.put(": that far off, calls are refused; set the clock")),
        }
    }

    pub fn told(gap: &Gap) -> Line {
        Line::new().put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why))
    }
}
