//! Small phrases of reasons: times, counts, short lists. Pure text.

use crate::model::Time;

pub(super) fn when(at: Time) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// "1 session", "3 sessions".
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A sentence stays a sentence when there are a thousand names.
const MOST: usize = 5;

/// "a, b and 3 more".
pub(super) fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(MOST).map(AsRef::as_ref).collect();
    match names.len() {
        n if n > MOST => format!("{} and {} more", shown.join(", "), n - MOST),
        _ => shown.join(", "),
    }
}
