//! What was typed, and what it means: strings become types here and nowhere else.

#[cfg(feature = "gcp")]
use super::bigquery::BigQueryArgs;
#[cfg(any(feature = "aws", feature = "gcp"))]
use super::live_args::LiveArgs;
#[cfg(feature = "aws")]
use super::sources::SourceArgs;
use super::ui::Color;
use crate::model::report::Window;
use crate::model::{Principal, Time, time};
#[cfg(any(feature = "aws", feature = "gcp"))]
use crate::plan::Options;
use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// Finds what a leaked cloud credential did and became.
///
/// Without a command: audits, then prints the revoke and contain plans that it would propose and the next commands.
/// Nothing here changes a cloud.
#[derive(Debug, Parser)]
#[command(name = "triage", version, max_term_width = 110, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub audit: AuditArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what the principal did, what it became, what it launched, and what was not seen.
    #[command(after_help = AUDIT)]
    Audit(AuditArgs),
    /// End the principal's own credentials at once, then every credential that it became or made.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(after_help = REVOKE)]
    Revoke(RevokeArgs),
    /// Stop what the principal launched, launchers first, until two sweeps in a row find nothing new.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(after_help = CONTAIN)]
    Contain(ContainArgs),
    /// Take back what was done in a case, newest first.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(after_help = UNDO)]
    Undo(UndoArgs),
    /// Show a case again, in any format: what was found, proposed and done. Reads the case and nothing else.
    #[command(after_help = REPORT)]
    Report(super::report::ReportArgs),
    /// Print the JSON Schema of what this program writes.
    #[command(after_help = SCHEMA)]
    Schema(super::schema::SchemaArgs),
    /// Print the policy that a command needs, made from what the code calls.
    #[cfg(any(feature = "aws", feature = "gcp"))]
    #[command(after_help = PERMISSIONS)]
    Permissions(super::permissions::PermissionsArgs),
    /// Say who you are, where you get to, what you may do there, which logs there are, and where you would be blind.
    #[command(after_help = super::doctor::EXAMPLES)]
    Doctor(super::doctor::DoctorArgs),
    /// Check that a case is what it was: every file, and every line of its journal.
    #[command(after_help = super::verify::EXAMPLES)]
    Verify(super::verify::VerifyArgs),
    /// Make one archive of a case to hand over, and print the head that proves it unchanged.
    #[command(after_help = super::pack::EXAMPLES)]
    Pack(super::pack::PackArgs),
    /// Print what a shell needs to complete commands and flags.
    #[command(after_help = super::completions::EXAMPLES)]
    Completions(super::completions::CompletionsArgs),
    /// Print the manual page (roff) of the program, or of one command.
    #[command(after_help = super::man::EXAMPLES)]
    Man(super::man::ManArgs),
}

const REPORT: &str = "\
The same case gives the same bytes. Exit code 3: something could not be read, and the report says what.

Examples:
  triage report triage-20260314T050607Z-1f2e3d4c
  triage report triage-20260314T050607Z-1f2e3d4c -o html > report.html
  triage report fixtures/scenarios/aws-role-chain -o md
  triage report triage-20260314T050607Z-1f2e3d4c --support-case";

const SCHEMA: &str = "\
Examples:
  triage schema > triage.report.1.json";

/// Lines of help about a cloud that is built in, and nothing about another.
#[cfg(feature = "aws")]
macro_rules! on_aws {
    ($lines:literal) => {
        $lines
    };
}
#[cfg(all(not(feature = "aws"), feature = "gcp"))]
macro_rules! on_aws {
    ($lines:literal) => {
        ""
    };
}
#[cfg(feature = "gcp")]
macro_rules! on_gcp {
    ($lines:literal) => {
        $lines
    };
}
#[cfg(all(not(feature = "gcp"), feature = "aws"))]
macro_rules! on_gcp {
    ($lines:literal) => {
        ""
    };
}

#[cfg(any(feature = "aws", feature = "gcp"))]
const REVOKE: &str = concat!(
    "\
Wave 1 (keys, sessions, console of the principal itself) is planned and asked about before any log is read; wave 2 follows the
logs. Denies, never detaches; deactivates, never deletes. A second run changes nothing.

Examples:
",
    on_aws!(
        "  triage revoke --principal AKIAIOSFODNN7EXAMPLE --profile responder
  triage revoke --principal AKIAIOSFODNN7EXAMPLE --own-only --yes     # the first minute of a runbook
"
    ),
    on_gcp!("  triage revoke --key-file leaked.json --organization 482100000000 --soft\n"),
    "  triage revoke --case triage-20260314T050607Z-1f2e3d4c --dry-run"
);

#[cfg(any(feature = "aws", feature = "gcp"))]
const CONTAIN: &str = concat!(
    "\
The default rung can be taken back: stop, suspend, disable, scale to zero. --destroy is needed for anything else.

Examples:
",
    on_aws!("  triage contain --principal AKIAIOSFODNN7EXAMPLE --org\n"),
    on_gcp!("  triage contain --principal builder@shop-prod-4821 --project shop-prod-4821\n"),
    "  triage contain --case triage-20260314T050607Z-1f2e3d4c --isolate --snapshot --yes"
);

#[cfg(any(feature = "aws", feature = "gcp"))]
const UNDO: &str = "\
From the journal alone. What would give a thief a live session back waits until it has ended; a key that leaked stays off
unless --rearm-leaked-key says otherwise.

Examples:
  triage undo triage-20260314T050607Z-1f2e3d4c --dry-run
  triage undo triage-20260314T050607Z-1f2e3d4c";

#[cfg(any(feature = "aws", feature = "gcp"))]
const PERMISSIONS: &str = concat!(
    "\
Each policy is the least that the command needs; audit's is needed with each of the others.

Examples:",
    on_aws!(
        "
  triage permissions aws --for audit > audit.json
  triage permissions aws --for contain > contain.json"
    ),
    on_gcp!("\n  triage permissions gcp --for audit > audit.yaml")
);

/// What every command that acts takes.
#[cfg(any(feature = "aws", feature = "gcp"))]
#[derive(Clone, Debug, Args)]
pub struct ActArgs {
    #[command(flatten)]
    pub audit: AuditArgs,
    /// Consent to the plans as they are shown, without being asked.
    #[arg(long)]
    pub yes: bool,
    /// Stop after the plans.
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Look again for what comes late, and whether what was done stays so (15 minutes and more).
    #[arg(long)]
    pub watch: bool,
}

#[cfg(any(feature = "aws", feature = "gcp"))]
#[derive(Clone, Debug, Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    pub act: ActArgs,
    /// Wave 1 alone: the principal's own credentials.
    #[arg(long)]
    pub own_only: bool,
    /// Deny the principal's role everything, not only the sessions until now: whoever works with it is cut off.
    #[arg(long)]
    pub deny_role: bool,
    /// Google Cloud: leave the principal's service account enabled, because others work with it: its keys are disabled, and it is
    /// denied to create, launch and give rights away. Tokens that are out live on.
    #[arg(long)]
    pub soft: bool,
    /// Deny it by an organization's policy first, which no administrator of the account can take away.
    #[arg(long)]
    pub scp: bool,
}

#[cfg(any(feature = "aws", feature = "gcp"))]
#[derive(Clone, Debug, Args)]
pub struct ContainArgs {
    #[command(flatten)]
    pub act: ActArgs,
    /// Plan what destroys, too; disks are kept as snapshots first.
    #[arg(long)]
    pub destroy: bool,
    /// With --destroy: keep no snapshots.
    #[arg(long, requires = "destroy")]
    pub no_snapshot: bool,
    /// Snapshot disks before they are touched.
    #[arg(long, conflicts_with = "no_snapshot")]
    pub snapshot: bool,
    /// Cut machines off the network before they are stopped.
    #[arg(long)]
    pub isolate: bool,
    /// Seconds between sweeps.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub pause: u64,
}

#[cfg(any(feature = "aws", feature = "gcp"))]
#[derive(Clone, Debug, Args)]
pub struct UndoArgs {
    /// The case whose changes are taken back.
    #[arg(value_name = "CASE")]
    pub folder: PathBuf,
    #[command(flatten)]
    pub act: ActArgs,
    /// Give back access keys that leaked, too: whoever holds one can use it again.
    #[arg(long)]
    pub rearm_leaked_key: bool,
}

const AUDIT: &str = "\
Exit codes: 0 success; 1 failure; 2 usage; 3 incomplete (a result, but something could not be read);
6 findings present (only with --fail-on-findings); 130 interrupted.

Examples:
  triage audit --principal builder@shop-prod-4821 --logs exported-logs/
  triage audit --key-file leaked.json --logs logs/ --leaked-at 2026-03-14T02:00Z -o json
  triage audit --principal AKIAIOSFODNN7EXAMPLE --logs logs/ --case incident    # again: reads what is new
  triage audit -v --case triage-20260314T050607Z-1f2e3d4c";

const EXIT_CODES: &str = "\
Exit codes: 0 success; 1 failure; 2 usage; 3 incomplete (a result, but something could not be read);
4 refused; 5 partly done; 6 findings present (only with --fail-on-findings); 130 interrupted.

Examples:
  triage --principal builder@shop-prod-4821 --logs exported-logs/
  triage audit --key-file leaked.json --logs logs/ --leaked-at 2026-03-14T02:00Z -o json
  triage --case fixtures/scenarios/gcp-cryptojacking";

#[derive(Clone, Debug, Args)]
pub struct AuditArgs {
    /// Who leaked: sa@project, a service account's e-mail or numeric id, a user's e-mail, principal://…, AKIA…/ASIA…,
    /// AIDA…/AROA…, or the ARN of a user, role, session, federated user or root.
    #[arg(long, value_name = "P")]
    pub principal: Option<String>,
    /// Take the ids out of a leaked key file, a text with an AWS key, or a provider's notification e-mail; `-` is stdin.
    /// The secret is never used and never kept.
    #[arg(long, value_name = "FILE", conflicts_with = "principal")]
    pub key_file: Option<PathBuf>,
    /// Exported logs: files, folders or globs, any mix of providers and containers.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub logs: Vec<String>,
    /// Open a recorded case again: its evidence, inventory, principal and window. With --logs, add these to it (it is made where
    /// there is none): only what is new is read, also after a run that was cut off, and what changed is said.
    #[arg(long, value_name = "DIR")]
    pub case: Option<PathBuf>,
    /// Count from here on: a time (UTC unless it says otherwise), a date, or how long ago (24h, 7d).
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Count until here.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// When it leaked: what came before is marked, and where it was used from before is taken for its owners'.
    #[arg(long, value_name = "TIME")]
    pub leaked_at: Option<String>,
    /// What stdout gets.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Write the case here (must not exist, or be empty); default: a new folder in the current one.
    #[arg(long, value_name = "DIR")]
    pub case_dir: Option<PathBuf>,
    /// Exit with 6 when there are findings.
    #[arg(long)]
    pub fail_on_findings: bool,
    /// Exit with 0 although something could not be read; the report says so all the same.
    #[arg(long)]
    pub allow_gaps: bool,
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
    #[cfg(feature = "aws")]
    #[command(flatten)]
    pub further: SourceArgs,
    #[cfg(feature = "gcp")]
    #[command(flatten)]
    pub bigquery: BigQueryArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One screen (with -v, all of it).
    Table,
    /// One document, by the schema that `triage schema report` prints.
    Json,
    /// One object a line.
    Jsonl,
    /// One row for each thing, safe in a spreadsheet.
    Csv,
    /// For GitHub, Jira and Slack, the chain as Mermaid.
    Md,
    /// One self-contained page.
    Html,
    /// OCSF 1.5.0 events, one a line.
    Ocsf,
    /// A timeline for Timesketch, one event a line.
    Timesketch,
    /// Addresses, user agents, keys, images, hashes and accounts to look for elsewhere.
    Iocs,
}

/// Parses a point in time as people type it, in UTC unless it says otherwise.
pub fn point_in_time(flag: &str, text: &str, now: Time) -> anyhow::Result<Time> {
    let text = text.trim();
    if let Some(time) = time::parse(text).or_else(|| short_time(text)) {
        return Ok(time);
    }
    if let Ok(span) = text.trim_end_matches(" ago").parse::<jiff::Span>() {
        // Days and weeks have 24 hours here: log windows know no calendar.
        let ago = span.abs().to_duration(jiff::SpanRelativeTo::days_are_24_hours());
        return ago
            .and_then(|ago| now.checked_sub(ago))
            .with_context(|| format!("read {flag} {text:?}: too long ago"));
    }
    bail!("read {flag} {text:?}: expected 2026-03-14T02:00Z, 2026-03-14, or a duration such as 24h or 7d")
}

/// `2026-03-14` and `2026-03-14T02:00Z`.
fn short_time(text: &str) -> Option<Time> {
    let with_seconds = text.strip_suffix(['Z', 'z']).map(|head| format!("{head}:00Z"));
    if let Some(time) = with_seconds.and_then(|text| time::parse(&text)) {
        return Some(time);
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

impl AuditArgs {
    pub fn is_table(&self) -> bool {
        self.output == Output::Table
    }

    /// Whether a cloud itself is to be asked: nothing recorded was named.
    pub fn is_live(&self) -> bool {
        self.logs.is_empty() && self.case.is_none()
    }

    /// The case that logs are added to, if they are.
    pub fn added_to(&self) -> Option<&Path> {
        self.case.as_deref().filter(|_| !self.logs.is_empty())
    }

    /// Returns the window that was typed; what was not typed stays open.
    pub fn window(&self, now: Time) -> anyhow::Result<Window> {
        let read = |flag: &str, text: &Option<String>| {
            text.as_deref().map(|text| point_in_time(flag, text, now)).transpose()
        };
        let window = Window {
            since: read("--since", &self.since)?,
            until: read("--until", &self.until)?,
            leaked_at: read("--leaked-at", &self.leaked_at)?,
        };
        if let (Some(since), Some(until)) = (window.since, window.until)
            && since >= until
        {
            bail!("use --since {since} with --until {until}: the window is empty");
        }
        Ok(window)
    }

    /// Returns the principal that was typed, if any. Reading the key file is the caller's.
    pub fn principal(&self) -> Result<Option<Principal>, crate::model::principal::ParsePrincipalError> {
        self.principal.as_deref().map(Principal::parse).transpose()
    }
}

#[cfg(any(feature = "aws", feature = "gcp"))]
impl RevokeArgs {
    pub fn options(&self) -> Options {
        Options { full_deny: self.deny_role, scp: self.scp, soft: self.soft, ..Options::default() }
    }
}

#[cfg(any(feature = "aws", feature = "gcp"))]
impl ContainArgs {
    pub fn options(&self) -> Options {
        Options {
            destroy: self.destroy,
            snapshot: self.snapshot,
            no_snapshot: self.no_snapshot,
            isolate: self.isolate,
            ..Options::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let now: Time = "2026-03-15T00:00:00Z".parse().unwrap();
        for (text, expect) in [
            ("2026-03-14T02:00:00Z", "2026-03-14T02:00:00Z"),
            ("2026-03-14T02:00Z", "2026-03-14T02:00:00Z"),
            ("2026-03-14 02:00", "2026-03-14T02:00:00Z"),
            ("2026-03-14T02:00+01:00", "2026-03-14T01:00:00Z"),
            ("2026-03-14", "2026-03-14T00:00:00Z"),
            ("24h", "2026-03-14T00:00:00Z"),
            ("7d", "2026-03-08T00:00:00Z"),
            ("90m ago", "2026-03-14T22:30:00Z"),
        ] {
            assert_eq!(point_in_time("--since", text, now).unwrap().to_string(), expect, "{text}");
        }
        for text in ["yesterday", "", "14.03.2026", "9999999999999d"] {
            assert!(point_in_time("--since", text, now).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
