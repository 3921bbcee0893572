//! The credential chain as a picture: boxes and elbows, laid out here. Once from left to right, once from top to bottom for
//! narrow screens.

use crate::model::Time;
use crate::model::report::{Credential, Report};
use crate::render::View;
use crate::render::line::{At, Line};
use crate::render::markdown::{label, state};
use crate::render::table::chain::tree;
use crate::render::text::Text;
use crate::render::untrusted::Untrusted;
use serde::Serialize;

/// Boxes in a picture; the table below it has all.
const MOST: usize = 60;
/// With more hops than this the columns would be too small to read.
const MOST_COLUMNS: usize = 3;
/// Height of a line of text, and what a box has around its text.
const LINE: usize = 16;
const PAD: usize = 10;
/// A monospaced character at 12 pixels is 7.3 wide.
const CHAR_TENTHS: usize = 73;

#[derive(Serialize)]
pub(super) struct Picture {
    /// `wide` or `narrow`: the style shows the one that fits.
    class: &'static str,
    width: usize,
    height: usize,
    boxes: Vec<Card>,
    elbows: Vec<Elbow>,
    more: usize,
}

#[derive(Serialize)]
struct Card {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    tone: &'static str,
    rows: Vec<RowOf>,
}

#[derive(Serialize)]
struct RowOf {
    y: usize,
    class: &'static str,
    text: Text,
}

/// From the end of one box to the start of another, around one corner each.
#[derive(Serialize)]
struct Elbow {
    x1: usize,
    y1: usize,
    bend: usize,
    x2: usize,
    y2: usize,
}

struct Node {
    depth: usize,
    parent: Option<usize>,
    tone: &'static str,
    lines: Vec<(&'static str, Line)>,
}

/// Both pictures; none where there is only what was asked about.
pub(super) fn pictures(report: &Report, as_of: Option<Time>) -> Vec<Picture> {
    let rows = tree(report, &View::default(), as_of);
    if rows.len() <= 1 {
        return Vec::new();
    }
    let mut above: Vec<(usize, usize)> = Vec::new();
    let mut nodes = Vec::new();
    for (depth, group) in rows.iter().take(MOST) {
        above.truncate(above.partition_point(|(of, _)| of < depth));
        nodes.push(node(*depth, above.last().map(|(_, parent)| *parent), group, as_of));
        above.push((*depth, nodes.len() - 1));
    }
    let more = rows.iter().skip(MOST).map(|(_, group)| group.len()).sum();
    let hops = nodes.iter().map(|node| node.depth).max().unwrap_or(0);
    let broad =
        if hops <= MOST_COLUMNS { columns(&nodes, more) } else { indented("wide", 1040, 36, &nodes, more) };
    vec![broad, indented("narrow", 356, 14, &nodes, more)]
}

fn node(depth: usize, parent: Option<usize>, group: &[&Credential], as_of: Option<Time>) -> Node {
    let mut lines = Vec::new();
    if let Some((one, via)) = group.first().and_then(|one| Some((one, one.via?))) {
        let line = Line::new().put("by ").put(Untrusted(via));
        let line = one.issued_at.into_iter().fold(line, |line, at| line.put(" ").put(At(at)));
        lines.push(("small", line));
    }
    let mut rest = label(group, as_of).into_iter();
    lines.extend(rest.next().map(|line| ("name", line)));
    lines.extend(rest.map(|line| ("small", line)));
    let tone = match group.first().map(|one| state(one, as_of)) {
        Some("active" | "may work") => "bad",
        Some("deleted" | "inactive" | "expired") => "good",
        Some(_) | None => "doubtful",
    };
    Node { depth, parent, tone, lines }
}

/// A box whose texts are broken to its width; ids are never cut.
fn card(node: &Node, x: usize, y: usize, width: usize) -> Card {
    let columns = ((width - 2 * PAD) * 10 / CHAR_TENTHS).max(8);
    let mut rows = Vec::new();
    for (class, line) in &node.lines {
        for piece in line.pieces(columns) {
            rows.push(RowOf { y: y + PAD + LINE * (rows.len() + 1) - 4, class, text: piece.into() });
        }
    }
    let height = 2 * PAD + LINE * rows.len();
    Card { x, y, width, height, tone: node.tone, rows }
}

/// From left to right: a column for each hop, a row for each leaf.
fn columns(nodes: &[Node], more: usize) -> Picture {
    const BOX: usize = 236;
    const STEP: usize = BOX + 32;
    let tallest = nodes.iter().map(|node| card(node, 0, 0, BOX).height).max().unwrap_or(0);
    let step = tallest + 14;
    let is_parent = |n: usize| nodes.iter().any(|node| node.parent == Some(n));
    // Twice the row, so that a parent can stand between two rows.
    let mut rows = vec![0; nodes.len()];
    let mut next = 0;
    for (n, row) in rows.iter_mut().enumerate() {
        if !is_parent(n) {
            *row = next;
            next += 2;
        }
    }
    for n in (0..nodes.len()).rev().filter(|n| is_parent(*n)) {
        let of = || (0..nodes.len()).filter(|child| nodes[*child].parent == Some(n)).map(|child| rows[child]);
        let (first, last) = (of().min().unwrap_or(0), of().max().unwrap_or(0));
        rows[n] = (first + last) / 2;
    }
    let boxes: Vec<Card> = nodes
        .iter()
        .zip(&rows)
        .map(|(node, row)| card(node, 2 + node.depth * STEP, 2 + row * step / 2, BOX))
        .collect();
    let elbows = nodes.iter().zip(&boxes).filter_map(|(node, to)| {
        let from = &boxes[node.parent?];
        let x1 = from.x + from.width;
        Some(Elbow {
            x1,
            y1: from.y + from.height / 2,
            bend: (x1 + to.x) / 2,
            x2: to.x,
            y2: to.y + to.height / 2,
        })
    });
    let elbows = elbows.collect();
    done("wide", boxes, elbows, more)
}

/// From top to bottom, indented by hop.
fn indented(class: &'static str, width: usize, indent: usize, nodes: &[Node], more: usize) -> Picture {
    let mut boxes: Vec<Card> = Vec::new();
    let mut elbows = Vec::new();
    let mut y = 2;
    for node in nodes {
        let x = 2 + indent * node.depth.min(8);
        let one = card(node, x, y, width - x);
        if let Some(from) = node.parent.and_then(|parent| boxes.get(parent)) {
            let x1 = from.x + indent / 2;
            elbows.push(Elbow { x1, y1: from.y + from.height, bend: x1, x2: x, y2: y + one.height / 2 });
        }
        y += one.height + 10;
        boxes.push(one);
    }
    done(class, boxes, elbows, more)
}

fn done(class: &'static str, boxes: Vec<Card>, elbows: Vec<Elbow>, more: usize) -> Picture {
    let width = boxes.iter().map(|one| one.x + one.width).max().unwrap_or(0) + 2;
    let height = boxes.iter().map(|one| one.y + one.height).max().unwrap_or(0) + 2;
    Picture { class, width, height, boxes, elbows, more }
}
