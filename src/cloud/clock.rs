//! How far a host's clock is from a cloud's, by the `Date` of an answer. Pure.

use crate::model::Time;

/// Whole seconds that `now` is ahead of `Mon, 23 Nov 2026 16:15:05 GMT`, below zero behind.
pub(super) fn ahead(date: &str, now: Time) -> Option<i64> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(now.as_second() - theirs.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_held_against_our_clock() {
        let now: Time = "2026-11-23T16:15:05.900Z".parse().expect("a time");
        for (date, expect) in [
            ("Mon, 23 Nov 2026 16:15:05 GMT", Some(0)),
            ("Mon, 23 Nov 2026 16:15:08 GMT", Some(-3)),
            ("Mon, 23 Nov 2026 16:05:05 GMT", Some(600)),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(ahead(date, now), expect, "{date}");
        }
    }
}
