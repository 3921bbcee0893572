//! What Markdown is written on: lines and our own words alone.

use crate::render::line::Line;

#[derive(Default)]
pub(super) struct Paper(String);

impl Paper {
    pub fn blank(&mut self) {
        self.0.push('\n');
    }

    pub fn head(&mut self, title: &'static str) {
        self.0.push_str("\n## ");
        self.0.push_str(title);
        self.0.push_str("\n\n");
    }

    pub fn line(&mut self, line: Line) {
        self.0.push_str(line.markdown().trim_end());
        self.0.push('\n');
    }

    pub fn item(&mut self, line: Line) {
        self.0.push_str("- ");
        self.line(line);
    }

    pub fn heads(&mut self, heads: &[&'static str]) {
        self.row(heads.iter().map(|head| Line::new().put(*head)));
        self.row(heads.iter().map(|_| Line::new().put("---")));
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        for cell in cells {
            self.0.push_str("| ");
            self.0.push_str(cell.markdown().trim());
            self.0.push(' ');
        }
        self.0.push_str("|\n");
    }

    pub fn more(&mut self, left: usize, what: &'static str) {
        if left > 0 {
            self.blank();
            self.line(
                Line::new().put("… and ").put(left).put(" more ").put(what).put(", all in report.json."),
            );
        }
    }

    /// Begins a flow chart; [`Paper::ended`] ends it.
    pub fn flow(&mut self) {
        self.0.push_str("```mermaid\nflowchart LR\n");
    }

    /// A box of several lines, and its class where it has one.
    pub fn card(&mut self, no: usize, lines: &[Line], class: &'static str) {
        let lines: Vec<String> = lines.iter().map(Line::mermaid).collect();
        self.0.push_str(&format!("  c{no}[\"{}\"]{class}\n", lines.join("<br/>")));
    }

    pub fn arrow(&mut self, from: usize, to: usize, via: &Line) {
        self.0.push_str(&format!("  c{from} -->|\"{}\"| c{to}\n", via.mermaid()));
    }

    pub fn ended(&mut self) {
        self.0.push_str("  classDef seed fill:#fde8e8,stroke:#b42318,color:#1f2328\n");
        self.0.push_str("  classDef works fill:#fff4e0,stroke:#b54708,color:#1f2328\n```\n");
    }

    pub fn done(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}
