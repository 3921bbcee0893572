//! `triage pack CASE`: one archive to hand over, and the head that proves later that it is still the same.

use super::ui::{Color, Ui};
use super::verify;
use super::{Failure, exit};
use crate::case::{self, Case};
use crate::render::line::Count;
use crate::render::{Line, Untrusted, count};
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

pub const EXAMPLES: &str = "\
The archive is a BagIt bag: sha256sum -c manifest-sha256.txt checks it where triage is not at hand. The same case gives the
same bytes. It holds the evidence as received: keep it as private as the case.

Exit codes: 0 packed, and everything is as it was; 3 packed, but something was altered, is missing or could not be read.

Examples:
  triage pack triage-20260314T050607Z-1f2e3d4c
  triage pack triage-20260314T050607Z-1f2e3d4c --out incident-4711.tar.gz
  ssh-keygen -Y sign -n triage-evidence -f ~/.ssh/id_ed25519 incident-4711.tar.gz";

#[derive(Clone, Debug, Args)]
pub struct PackArgs {
    /// The case to pack.
    #[arg(value_name = "CASE")]
    pub folder: PathBuf,
    /// Write the archive here (must not exist); default: the case's name and .tar.gz, in the current folder.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Colour: NO_COLOR and CLICOLOR are honoured.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Only results and errors.
    #[arg(short, long)]
    pub quiet: bool,
}

pub fn run(args: &PackArgs, ui: &Ui) -> Result<u8, Failure> {
    let opened = Case::open(&args.folder)?;
    let looked = verify::look(&opened, None);
    let out = match &args.out {
        Some(out) => out.clone(),
        None => PathBuf::from(format!("{}.tar.gz", case::top(&args.folder)?)),
    };
    let notes: Vec<(&str, String)> = looked.head.iter().map(|head| ("Triage-Head", head.clone())).collect();
    let packed = case::pack(&args.folder, &out, &notes)?;
    looked.lines().into_iter().for_each(|line| ui.warn(line));
    for gap in &packed.gaps {
        ui.warn(
            Line::new().put("not packed: ").put(Untrusted(&gap.place)).put(": ").put(Untrusted(&gap.why)),
        );
    }
    let shown = out.to_string_lossy();
    let mut lines = vec![
        Line::new()
            .put("archive  ")
            .put(Untrusted(&shown))
            .put("  ")
            .join(count(packed.files, "file", "files"))
            .put(", ")
            .put(Count(packed.bytes))
            .put(" bytes"),
        Line::new().put("sha256   ").put(Untrusted(&packed.sha256)),
    ];
    lines.push(match &looked.head {
        Some(head) => Line::new().put("head     ").put(Untrusted(head)),
        None => Line::new().put("head     unknown: the case is not sealed"),
    });
    let mut text = String::new();
    lines.iter().for_each(|line| line.write(&mut text, 0, 2, None, false));
    ui.result(text.as_bytes()).context("write the result")?;
    ui.note(Line::new().put(
        "Post sha256 and head where others see them: triage verify CASE --head HEAD then proves that nothing changed.",
    ));
    let is_whole = looked.code() == exit::SUCCESS && packed.gaps.is_empty();
    Ok(if is_whole { exit::SUCCESS } else { exit::INCOMPLETE })
}
