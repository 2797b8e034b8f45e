//! What is wrong with a configuration, and how it is shown.

use std::{fmt::Write, path::Path};

use serde::Serialize;

use super::path::KeyPath;

/// Whether a problem keeps the configuration from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but somebody should look.
    Warning,
}

/// A place in the file. Both count from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

impl Position {
    /// Where the file starts.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable id: `unknown-key`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The key as it is written in the file: `environments.production.bucket`; empty for the file itself.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    /// An error at a place.
    pub fn error(
        rule: &'static str,
        path: &KeyPath,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            path: printable(&path.to_string()),
            line: at.line,
            column: at.column,
            message: printable(&message.into()),
            help: printable(&help.into()),
        }
    }
}

/// Every problem of a file, in its order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Problems {
    problems: Vec<Problem>,
}

impl Problems {
    /// Sorts by place and drops what several environments share.
    #[must_use]
    pub fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| {
            let key = |p: &Problem| (p.line, p.column, p.severity, p.rule);
            key(a).cmp(&key(b))
        });
        problems.dedup_by(|a, b| (a.line, a.column, a.rule, &a.path) == (b.line, b.column, b.rule, &b.path));
        Self { problems }
    }

    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter()
    }

    /// Whether the configuration cannot be used.
    #[must_use]
    pub fn any_error(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many problems there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.iter().filter(|problem| problem.severity == severity).count()
    }

    /// "2 errors, 1 warning"
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |severity, noun| match self.count(severity) {
            0 => None,
            1 => Some(format!("1 {noun}")),
            n => Some(format!("{n} {noun}s")),
        };
        let counts: Vec<_> =
            [count(Severity::Error, "error"), count(Severity::Warning, "warning")].into_iter().flatten().collect();
        if counts.is_empty() { "no problems".into() } else { counts.join(", ") }
    }

    /// A block for each: what, where, the line with a mark, and what to do; in colours, which a stream that is
    /// no terminal strips.
    #[must_use]
    pub fn blocks(&self, file: &Path, text: &str) -> String {
        let lines: Vec<_> = text.lines().collect();
        let mut out = String::new();
        for problem in self.iter() {
            if !out.is_empty() {
                out.push('\n');
            }
            problem.block(&mut out, file, &lines);
        }
        out
    }
}

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// As much of a line as fits a terminal.
const EXCERPT: usize = 120;

impl Problem {
    fn level(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }

    fn block(&self, out: &mut String, file: &Path, lines: &[&str]) {
        let (line, column) = (self.line, self.column);
        let margin = " ".repeat(line.to_string().len());
        // A `String` takes everything that is written to it.
        let colour = match self.severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
        };
        let _ = writeln!(out, "{colour}{}[{}]{PLAIN}{BOLD}: {}{PLAIN}", self.level(), self.rule, self.message);
        let _ = writeln!(out, "{margin}{BLUE}-->{PLAIN} {}:{line}:{column}", file.display());
        if let Some(text) = lines.get(line - 1) {
            // A window that holds the column; whatever is not printable would move the mark.
            let skipped = (column - 1).saturating_sub(EXCERPT - 20);
            let shown: String =
                text.chars().skip(skipped).take(EXCERPT).map(|c| if c.is_control() { ' ' } else { c }).collect();
            let mark = " ".repeat(column - 1 - skipped);
            let _ = writeln!(
                out,
                "{margin} {BLUE}|\n{line} |{PLAIN} {}\n{margin} {BLUE}|{PLAIN} {mark}{colour}^{PLAIN}",
                shown.trim_end()
            );
        }
        let _ = writeln!(out, "{margin} {BLUE}={PLAIN} {BOLD}help{PLAIN}: {}", self.help);
    }
}

/// `text` without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
