//! Hostile text in every format: it shows, it is not obeyed, and it can be read back.

use super::*;
use crate::render::{hostile, is_dangerous};
use proptest::prelude::*;
use triage::render::Line;
use triage::render::untrusted::{Prose, Shell, Untrusted};

/// Strings for formats rather than terminals, besides the fourteen.
fn more() -> Vec<String> {
    let more = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</title></style><svg onload=alert(1)>",
        "' onmouseover='alert(1)",
        "{{ 7 * 7 }}{% raw %}",
        "&lt;b&gt;&#x27;",
        "javascript:alert(1)",
        "]]><!--",
        "`code` ``` | cell | <!channel> @here",
        "| a | b |",
        "[link](https://example.com) ![i](https://example.com/x.png)",
        "@acme/security #1 GH-12 :tada:",
        "**bold** _i_ ~~s~~ # h - l 1. n > q",
        "%%{init: {\"theme\": \"dark\"}}%%",
        "\"]; click c0 href \"https://example.com\"",
        "end\"] --> c9",
        "=HYPERLINK(\"https://example.com\",\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "＝1+1",
        "a;=1+1",
        "a; \"=1+1",
        "'quoted",
        "\t=1",
        "$(id) `id` ${IFS} ; rm -rf / && x | y > z",
        "it's",
        "!history",
        "~root",
    ];
    more.map(String::from).into_iter().chain(hostile()).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The tags of a page, without what stands in their attributes.
fn tags(page: &str) -> Vec<String> {
    let tag = |rest: &str| {
        rest.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default().to_owned()
    };
    page.split('<').skip(1).map(tag).collect()
}

#[test]
fn a_page_gets_no_tag_from_hostile_text() {
    let known: BTreeSet<String> = tags(&text(html::dossier(&filled_dossier("benign")))).into_iter().collect();
    for hostile in more() {
        let page = text(html::dossier(&filled_dossier(&hostile)));
        let all: BTreeSet<String> = tags(&page).into_iter().collect();
        let foreign: Vec<&String> = all.difference(&known).collect();
        assert!(foreign.is_empty(), "{hostile:?} made {foreign:?}");
        assert!(!page.chars().any(|c| c != '\n' && is_dangerous(c)), "{hostile:?}");
        assert!(
            !page.contains("49") || hostile.contains("49") || !hostile.contains("7 * 7"),
            "a template ran"
        );
        for attribute in ["onerror=", "onload=", "onmouseover="] {
            for (at, _) in page.match_indices(attribute) {
                let before = &page[..at];
                assert!(before.rfind('>') > before.rfind('<'), "{hostile:?} is in a tag");
            }
        }
    }
}

#[test]
fn markdown_keeps_its_lines_cells_and_diagram() {
    let benign = text(markdown::dossier(&filled_dossier("benign")));
    let pipes = |line: &str| line.matches('|').count();
    for hostile in more().into_iter().filter(|text| !text.is_empty()) {
        let page = text(markdown::dossier(&filled_dossier(&hostile)));
        assert_eq!(page.lines().count(), benign.lines().count(), "{hostile:?}\n{page}");
        for (line, plain) in page.lines().zip(benign.lines()) {
            assert_eq!(pipes(line), pipes(plain), "{hostile:?}: {line}");
            assert_eq!(line.matches('`').count() % 2, usize::from(line.starts_with("```")), "{line}");
            assert!(!line.chars().any(is_dangerous), "{line}");
            if line.starts_with("  c") {
                assert_eq!(line.matches('"').count(), 2, "{line}");
                assert!(!line.contains("%%") && !line.contains('{'), "{line}");
            } else {
                check_outside_code(line);
            }
        }
    }
}

/// Outside code spans no mention, link, tag or emphasis of somebody else's is left.
fn check_outside_code(line: &str) {
    let outside: String = line.split('`').step_by(2).collect();
    for banned in ["<", ">", "@", "[", "]", "://", "~", "_", "#1", ":tada", "www."] {
        assert!(!outside.contains(banned) || outside.starts_with("# "), "{banned} in {line}");
    }
    assert_eq!(outside.matches("**").count() * 2, outside.matches('*').count(), "{line}");
}

#[test]
fn no_field_is_a_formula_and_every_field_can_be_read_back() {
    for hostile in more() {
        for table in [csv::dossier(&filled_dossier(&hostile)), iocs::dossier(&filled_dossier(&hostile))] {
            let mut reader = ::csv::Reader::from_reader(&table[..]);
            for row in reader.records() {
                for field in row.unwrap().iter() {
                    let starts = field.starts_with(['=', '+', '-', '@', '＝', '\t', '\r', '\0', '|', '%']);
                    assert!(!starts, "{hostile:?} gives {field:?}");
                    assert!(!field.chars().any(is_dangerous), "{field:?}");
                }
            }
        }
        let table = csv::dossier(&filled_dossier(&hostile));
        let names = column(&table, "account");
        let shown = names.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
        let bare = shown.strip_prefix('\'').unwrap_or(&shown);
        assert_eq!(crate::render::unescape(bare), hostile);
    }
}

#[test]
fn lines_for_machines_are_exact() {
    for hostile in more() {
        let dossier = filled_dossier(&hostile);
        for lines in [text(ocsf::dossier(&dossier)), text(timesketch::dossier(&dossier))] {
            assert!(!lines.chars().any(|c| c != '\n' && is_dangerous(c)), "{hostile:?}");
            assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{hostile:?}");
        }
        let lines = text(timesketch::dossier(&dossier));
        let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert!(rows.into_iter().any(|row| row["user_agent"] == *hostile), "{hostile:?}");
        check_ocsf(&dossier);
    }
}

#[test]
fn a_shell_gets_the_very_text() {
    if std::process::Command::new("bash").arg("--version").output().is_err() {
        return eprintln!("skipped: there is no bash");
    }
    for hostile in more().into_iter().filter(|text| !text.contains('\0') && text.len() < 10_000) {
        let quoted = Line::new().put(Shell(&hostile)).plain();
        assert!(!quoted.chars().any(is_dangerous), "{quoted}");
        let command = format!("printf %s {quoted}");
        let mut bash = std::process::Command::new("bash");
        let out = bash.env("LC_ALL", "C.UTF-8").args(["--norc", "-c", &command]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stdout), hostile, "{command}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_text_stays_text(any in any::<String>(), mixed in "[ -~\n\r\t`|<>@=+;'\"\\\\\u{202e}\u{7f}-\u{9f}]{0,40}") {
        for hostile in [any, mixed] {
            let name = Line::new().put(Untrusted(&hostile));
            let prose = Line::new().put(Prose(&hostile));
            let plain = name.plain();
            prop_assert!(!plain.chars().any(is_dangerous));
            let dossier = filled_dossier(&hostile);
            let page = text(html::dossier(&dossier));
            let known: BTreeSet<String> = tags(&text(html::dossier(&filled_dossier("benign")))).into_iter().collect();
            prop_assert!(tags(&page).into_iter().collect::<BTreeSet<_>>().is_subset(&known));
            for line in text(markdown::dossier(&dossier)).lines().filter(|line| !line.starts_with("  c")) {
                check_outside_code(line);
            }
            for field in column(&csv::dossier(&dossier), "note") {
                prop_assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']));
            }
            drop(prose);
        }
    }
}
