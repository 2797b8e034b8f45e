//! Problems where a code host shows them, beside the lines of a file: GitHub's workflow commands.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::{fmt::Write as _, path::Path};

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

/// A problem of the configuration, as `--json` shows it.
#[derive(Deserialize)]
struct Problem {
    rule: String,
    severity: String,
    line: usize,
    column: usize,
    message: String,
    help: String,
}

/// Whether this is a workflow that looks for annotations.
#[must_use]
pub fn are_wanted() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// A line for each problem of the configuration in `file`, if that is what `error` is about; else one for itself.
/// The lines belong on standard error: workflows read both streams, and one JSON document may be all of the other.
#[must_use]
pub fn of_error(error: &Error, file: &Path) -> String {
    match error.details.as_ref().map(|details| of_problems(details, file)) {
        Some(lines) if !lines.is_empty() => lines,
        _ => {
            let text = error.help.as_ref().map_or_else(|| error.message.clone(), |help| told(&error.message, help));
            format!("::error title={}::{}\n", property(error.rule), data(&text))
        }
    }
}

/// A line for each of the `problems` of the configuration in `file`, in the form of `check --json`.
#[must_use]
pub fn of_problems(problems: &Value, file: &Path) -> String {
    let Ok(problems) = Vec::<Problem>::deserialize(&problems["problems"]) else { return String::new() };
    let file = property(&in_repository(file));
    problems.iter().fold(String::new(), |mut lines, problem| {
        let Problem { rule, severity, line, column, message, help } = problem;
        let level = if severity == "warning" { "warning" } else { "error" };
        let (title, text) = (property(rule), data(&told(message, help)));
        // A `String` takes everything that is written to it.
        let _ = writeln!(lines, "::{level} file={file},line={line},col={column},title={title}::{text}");
        lines
    })
}

fn told(message: &str, help: &str) -> String {
    format!("{message}\n{help}")
}

/// The file's path from the repository's root, which is not always where commands run.
fn in_repository(file: &Path) -> String {
    let root = std::env::var_os("GITHUB_WORKSPACE");
    let absolute = std::path::absolute(file).ok();
    let relative = root.as_ref().and_then(|root| absolute.as_ref()?.strip_prefix(root).ok());
    relative.unwrap_or(file).display().to_string()
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of one of its properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{of_error, of_problems};
    use crate::error::{Class, Error};
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn nothing_in_a_problem_ends_its_line_or_its_property() {
        let problem = json!({
            "rule": "a,b:c", "severity": "warning", "line": 3, "column": 7, "path": "x",
            "message": "100% wrong,\r\n::error::forged", "help": "a: b",
        });
        assert_eq!(
            of_problems(&json!({ "problems": [problem] }), Path::new("a,b: c%.yml")),
            "::warning file=a%2Cb%3A c%25.yml,line=3,col=7,title=a%2Cb%3Ac::\
             100%25 wrong,%0D%0A::error::forged%0Aa: b\n"
        );
    }

    #[test]
    fn other_errors_have_a_line_of_their_own() {
        let error = Error::new(Class::Remote, "access-denied", "s3:PutObject\nis denied").help("grant it");
        let line = "::error title=access-denied::s3:PutObject%0Ais denied%0Agrant it\n";
        assert_eq!(of_error(&error, Path::new("x.yml")), line);
        let detailed = error.details(json!({ "failures": [] }));
        assert_eq!(of_error(&detailed, Path::new("x.yml")), line);
    }
}
