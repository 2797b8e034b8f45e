//! The values of `X-XSS-Protection`.

use std::{fmt, str::FromStr};

/// A value that CloudFront can send: it either blocks the page or reports to a URI, never both
/// (CloudFront Developer Guide, "Understand response headers policies").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XssProtection {
    /// `0`: the browser's filter is off.
    Off,
    /// `1`: it removes what it takes for an attack.
    On,
    /// `1; mode=block`: it shows nothing of the page.
    Block,
    /// `1; report=URI`: as [`Self::On`], and it tells the URI.
    Report(String),
}

/// Why a text is no [`XssProtection`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// It has another form.
    #[error("must be `0`, `1`, `1; mode=block` or `1; report=URI`")]
    Form,
    /// Both directives are there.
    #[error("`mode=block` and `report` exclude each other: CloudFront sends one of them")]
    Both,
}

impl FromStr for XssProtection {
    type Err = Unsendable;

    /// Spaces around `;` and `=`, and the case of directives, make no difference.
    fn from_str(text: &str) -> Result<Self, Unsendable> {
        let mut parts = text.split(';').map(str::trim);
        let first = parts.next();
        let directives: Vec<_> = parts
            .map(|part| part.split_once('=').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim())))
            .collect::<Option<_>>()
            .ok_or(Unsendable::Form)?;
        let is = |index: usize, name: &str| directives.get(index).is_some_and(|(found, _)| found == name);
        match (first, directives.as_slice()) {
            (Some("0"), []) => Ok(Self::Off),
            (Some("1"), []) => Ok(Self::On),
            (Some("1"), [(_, value)]) if is(0, "mode") && value.eq_ignore_ascii_case("block") => Ok(Self::Block),
            (Some("1"), [(_, uri)]) if is(0, "report") && is_uri(uri) => Ok(Self::Report((*uri).to_owned())),
            (Some("1"), [_, _]) if is(0, "mode") && is(1, "report") || is(0, "report") && is(1, "mode") => {
                Err(Unsendable::Both)
            }
            _ => Err(Unsendable::Form),
        }
    }
}

/// Characters of a URI (RFC 3986), less those that would end it here.
fn is_uri(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

impl fmt::Display for XssProtection {
    /// As CloudFront words it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("0"),
            Self::On => f.write_str("1"),
            Self::Block => f.write_str("1; mode=block"),
            Self::Report(uri) => write!(f, "1; report={uri}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_value_is_that_value() {
        for (spellings, value, canonical) in [
            (&["0", " 0 "][..], XssProtection::Off, "0"),
            (&["1"], XssProtection::On, "1"),
            (&["1; mode=block", "1;mode=block", "1 ; Mode = BLOCK"], XssProtection::Block, "1; mode=block"),
            (
                &["1; report=/xss?a=b", "1;report=/xss?a=b"],
                XssProtection::Report("/xss?a=b".into()),
                "1; report=/xss?a=b",
            ),
        ] {
            for spelling in spellings {
                assert_eq!(spelling.parse(), Ok(value.clone()), "{spelling}");
            }
            assert_eq!(value.to_string(), canonical);
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "2",
            "block",
            "0; mode=block",
            "1;",
            "1; mode=off",
            "1; report=",
            "1; report=a b",
            "1; mode=block; mode=block",
        ] {
            assert_eq!(text.parse::<XssProtection>(), Err(Unsendable::Form), "{text}");
        }
        for text in ["1; mode=block; report=/xss", "1; report=/xss; mode=block"] {
            assert_eq!(text.parse::<XssProtection>(), Err(Unsendable::Both), "{text}");
        }
    }
}
