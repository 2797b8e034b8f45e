//! Range requests (RFC 9110, 14): a part of a representation.

use std::ops::Range;

/// What of a representation to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of it: no range was asked for, or one that is not understood, or several.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Nothing: the range begins behind the end.
    Unsatisfiable,
}

/// What a `Range` header selects of `size` bytes.
pub fn select(range: Option<&str>, size: u64) -> Selection {
    let Some((unit, spec)) = range.and_then(|range| range.trim().split_once('=')) else { return Selection::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Selection::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else { return Selection::Whole };
    let part = match (number(first), number(last)) {
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        (Some(first), None) if last.is_empty() => first..size,
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        _ => return Selection::Whole,
    };
    if part.is_empty() { Selection::Unsatisfiable } else { Selection::Part(part) }
}

/// Digits only: no sign, no space. A number that is too large is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Selection::*, *};

    #[test]
    fn ranges_select_what_the_rfc_says() {
        for (range, expected) in [
            ("bytes=0-0", Part(0..1)),
            ("bytes=2-5", Part(2..6)),
            ("bytes=2-", Part(2..10)),
            ("bytes=-3", Part(7..10)),
            ("bytes=-99", Part(0..10)),
            ("bytes=8-99999999999999999999999", Part(8..10)),
            ("Bytes=0-1", Part(0..2)),
            ("bytes=10-", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=99999999999999999999999-", Unsatisfiable),
            ("bytes=0-1,4-5", Whole),
            ("bytes=5-2", Whole),
            ("bytes=-", Whole),
            ("bytes=+1-2", Whole),
            ("bytes 0-1", Whole),
            ("lines=0-1", Whole),
        ] {
            assert_eq!(select(Some(range), 10), expected, "{range}");
        }
        assert_eq!(select(None, 10), Whole);
        assert_eq!(select(Some("bytes=0-"), 0), Unsatisfiable);
    }
}
