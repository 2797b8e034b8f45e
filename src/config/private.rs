//! Values that may be secrets although they should not be there: what the API's function has in its environment, and
//! what stands under names that may be meant for that. Nothing that shows the file shows these.

use std::ops::Range;

use super::path::{KeyPath, Segment};

/// Names of the mappings whose values are private, as a line of a file that cannot be read has them.
const MAPPINGS: [&str; 2] = ["environment", "secrets"];

/// What is shown in the place of such a value.
pub const HIDDEN: &str = "(not shown)";

/// Whether the value at `path` is private; also under a key that was misspelled, or put in the wrong place.
pub fn is_private(path: &KeyPath) -> bool {
    let [Segment::Key(api), steps @ ..] = path.setting() else { return false };
    let (steps, mappings): (_, &[&str]) = match steps {
        [Segment::Key(lambda), rest @ ..] if lambda == "lambda" => (rest, &["vpc"]),
        all => (all, &["local", "smoke"]),
    };
    api == "api"
        && match steps {
            [Segment::Key(only)] => MAPPINGS.contains(&only.as_str()),
            [Segment::Key(first), ..] => !mappings.contains(&first.as_str()),
            _ => false,
        }
}

/// `text` with these ranges of its characters hidden. Everything else stays where it stands.
pub fn mask(text: &str, ranges: &[Range<usize>]) -> String {
    const MARK: usize = 3;
    let mut masked: Vec<char> = text.chars().collect();
    for range in ranges {
        let hidden = masked.iter_mut().take(range.end).skip(range.start).enumerate();
        for (number, c) in hidden.filter(|(_, c)| !matches!(c, '\n' | '\r')) {
            *c = if number < MARK { '*' } else { ' ' };
        }
    }
    masked.into_iter().collect()
}

/// What is private in a text that is no YAML: everything behind the names of such mappings, and in lines that are
/// indented below them.
pub fn ranges_of_unread(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut inside) = (0, None);
    for line in text.split_inclusive('\n') {
        let end = start + line.chars().count();
        let indentation = line.chars().take_while(|c| c.is_whitespace()).count();
        let is_blank = line.trim().is_empty();
        inside = inside.filter(|&outer| is_blank || indentation > outer);
        let named = MAPPINGS.iter().filter_map(|name| behind(line, name)).min();
        let from = match (named, inside) {
            (None, None) => None,
            // The key stays; of a line without one nothing does.
            (None, Some(_)) => Some(line.find(": ").map_or(indentation, |at| line[..at].chars().count() + 2)),
            (Some(at), None) => Some(at),
            (Some(at), Some(_)) => Some(at.min(indentation)),
        };
        inside = inside.or_else(|| named.map(|_| indentation));
        ranges.extend(from.map(|from| start + from..end));
        start = end;
    }
    ranges
}

/// Where in `line` the value of the key `name` begins, in characters.
fn behind(line: &str, name: &str) -> Option<usize> {
    let key = format!("{name}:");
    let (at, _) = line.match_indices(&key).find(|(at, _)| !line[..*at].ends_with(|c: char| c.is_alphanumeric()))?;
    Some(line[..at + key.len()].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_known_by_its_place() {
        for (path, expected) in [
            ("api.lambda.environment.A", true),
            ("api.lambda.environment", true),
            ("api.lambda.secrets.A", true),
            ("api.lambda.enviroment.A", true),
            ("api.environment.A", true),
            ("environments.production.api.lambda.environment.A", true),
            ("api.lambda.environment.A[0]", true),
            ("api.lambda.memory", false),
            ("api.lambda.vpc.subnets[0]", false),
            ("api.local.command", false),
            ("api.smoke[0]", false),
            ("secrets.allow[0]", false),
            ("environments.production.bucket", false),
        ] {
            assert_eq!(is_private(&KeyPath::from(path)), expected, "{path}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_shows_none_either() {
        let text = "api:\n  lambda:\n    environment:\n      A: hunter2: x\n\n      hunter2\n    memory: 1\n  x: { environment: { B: hunter2\n    , C: hunter2 } }\nenvironments: 1\n";
        let shown = mask(text, &ranges_of_unread(text));
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in ["      A: ***", "    memory: 1", "  x: { environment:***", "environments: 1"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert_eq!(shown.chars().count(), text.chars().count());
    }
}
