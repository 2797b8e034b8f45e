//! `${NAME}` and `${NAME:-default}` in values; `$${` stands for `${`.

use std::borrow::Cow;

/// Looks a variable up.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Why a text cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// This variable is not set and has no default.
    Unset(String),
    /// This is neither `${NAME}` nor `${NAME:-default}`.
    Syntax(String),
}

/// A stretch of text, or a variable with its default.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str, Option<&'a str>),
}

/// Whether `text` has a variable, right or wrong.
pub fn has_variable(text: &str) -> bool {
    pieces(text).map_or(true, |pieces| pieces.iter().any(|piece| matches!(piece, Piece::Variable(..))))
}

/// Puts the values of variables in their places.
pub fn resolve<'a>(text: &'a str, lookup: Lookup<'_>) -> Result<Cow<'a, str>, Unresolved> {
    if !text.contains("${") {
        return Ok(text.into());
    }
    let mut resolved = String::new();
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => resolved.push_str(text),
            Piece::Variable(name, None) => {
                resolved.push_str(&lookup(name).ok_or_else(|| Unresolved::Unset(name.to_owned()))?);
            }
            // As in a shell, an empty variable gets the default too.
            Piece::Variable(name, Some(default)) => match lookup(name) {
                Some(value) if !value.is_empty() => resolved.push_str(&value),
                _ => resolved.push_str(default),
            },
        }
    }
    Ok(resolved.into())
}

/// Checks that every `${` of `text` starts a variable.
pub fn check(text: &str) -> Result<(), Unresolved> {
    pieces(text).map(drop)
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unresolved> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            pieces.extend([Piece::Text(before), Piece::Text("${")]);
            rest = &rest[at + 2..];
            continue;
        }
        let body = &rest[at + 2..];
        let wrong = |end: usize| Unresolved::Syntax(rest[at..end].to_owned());
        let end = body.find('}').ok_or_else(|| wrong(rest.len()))?;
        let (name, default) = match body[..end].split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (&body[..end], None),
        };
        if !is_name(name) {
            return Err(wrong(at + 2 + end + 1));
        }
        pieces.extend([Piece::Text(&rest[..at]), Piece::Variable(name, default)]);
        rest = &body[end + 1..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "SET" => Some("value".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_where_they_stand() {
        for (text, expected) in [
            ("plain $5 {x}", "plain $5 {x}"),
            ("${SET}", "value"),
            ("a-${SET}-${SET:-x}-b", "a-value-value-b"),
            ("${UNSET:-default}", "default"),
            ("${UNSET:-}", ""),
            ("${EMPTY}", ""),
            ("${EMPTY:-default}", "default"),
            ("echo $${SET} ${SET}", "echo ${SET} value"),
        ] {
            assert_eq!(resolve(text, &lookup).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_resolved_is_named() {
        assert_eq!(resolve("x${UNSET}", &lookup), Err(Unresolved::Unset("UNSET".into())));
        for wrong in ["${", "${}", "${A", "${A-b}", "${A:?b}", "${1}", "${A B}"] {
            assert_eq!(resolve(wrong, &lookup), Err(Unresolved::Syntax(wrong.into())), "{wrong}");
        }
    }

    #[test]
    fn an_escaped_variable_is_none() {
        assert!(has_variable("a${B}") && !has_variable("a$${B}") && !has_variable("a$B"));
    }
}
