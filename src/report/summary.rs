//! A page about a run, in Markdown, where a code host shows one: `$GITHUB_STEP_SUMMARY`.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions#adding-a-job-summary>

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{self, Write as _},
};

use bytesize::ByteSize;

use super::{ApiReport, DeployReport, deploy::counted};
use crate::{error::Error, plan::Plan};

/// Lines of a plan that are shown. A page holds 1 MiB, of all steps together.
const SHOWN_LINES: usize = 200;

/// A page about one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary(String);

impl Summary {
    /// A page with a title and a table of names and values; values are Markdown.
    #[must_use]
    pub fn new(title: &str, rows: &[(&str, String)]) -> Self {
        let mut page = format!("### {}\n\n", text(title));
        if !rows.is_empty() {
            page.push_str("| | |\n|---|---|\n");
        }
        for (name, value) in rows {
            // A `String` takes everything that is written to it.
            let _ = writeln!(page, "| {name} | {value} |");
        }
        Self(page)
    }

    /// What `deploy` or `rollback` did, or would do.
    #[must_use]
    pub fn of_deploy(report: &DeployReport) -> Self {
        let DeployReport { env, release, live, objects, api, invalidation, requests, duration_ms, url, .. } = report;
        let title = if *live { format!("✓ Live in {env}") } else { format!("Would be live in {env}") };
        let size = ByteSize::b(objects.bytes_uploaded).display().si();
        let (uploaded, unchanged, deleted) = (objects.uploaded, objects.unchanged, objects.deleted);
        let invalidation = invalidation.as_ref().map_or_else(
            || "none".to_owned(),
            |it| {
                let id = it.id.as_ref().map_or_else(String::new, |id| format!(" ({})", code(id)));
                counted(it.paths.len(), "path") + &id
            },
        );
        let lambda = if requests.lambda == 0 { String::new() } else { format!(", {} Lambda", requests.lambda) };
        let mut rows = vec![
            ("Release", code(release)),
            ("URL", link(url)),
            ("Objects", format!("{uploaded} written ({size}), {unchanged} unchanged, {deleted} removed")),
            ("Invalidation", invalidation),
            ("Requests", format!("{} S3, {} CloudFront{lambda}", requests.s3, requests.cloudfront)),
            ("Duration", format!("{}.{} s", duration_ms / 1000, duration_ms % 1000 / 100)),
        ];
        if let Some(api) = api {
            rows.insert(2, ("API", text(&api.to_string())));
        }
        let mut page = Self::new(&title, &rows);
        page.notes(&report.notes);
        page
    }

    /// What `plan` found: what becomes of the pages, and of the API where there is one.
    #[must_use]
    pub fn of_plan(env: &str, plan: &Plan, api: Option<&ApiReport>, notes: &[String]) -> Self {
        let api_alone = plan.is_empty() && api.is_some_and(|api| api.published);
        let nothing = plan.is_empty() && !api_alone;
        let title = if nothing { format!("✓ Nothing to do in {env}") } else { format!("Plan for {env}") };
        let mut rows = vec![("Release", code(plan.outcome.release().id.as_str()))];
        rows.extend(api.map(|api| ("API", text(&api.to_string()))));
        let mut page = Self::new(&title, &rows);
        if !api_alone {
            page.0.push('\n');
            page.block(&plan.to_string());
        }
        page.notes(notes);
        page
    }

    /// That `command` failed, and what to do.
    #[must_use]
    pub fn of_failure(command: &str, env: &str, error: &Error) -> Self {
        let code = format!("{}, exit code {}", code(error.rule), error.exit_code());
        let mut page = Self::new(&format!("✗ {command} failed in {env}"), &[("Error", code)]);
        page.0.push('\n');
        page.block(&error.message);
        if let Some(help) = &error.help {
            let _ = writeln!(page.0, "\n**Help:** {}", text(help));
        }
        page
    }

    fn notes(&mut self, notes: &[String]) {
        if !notes.is_empty() {
            self.0.push('\n');
        }
        for note in notes {
            let _ = writeln!(self.0, "- {}", text(note));
        }
    }

    /// Lines as they are, fenced by more backticks than stand in a row inside.
    fn block(&mut self, lines: &str) {
        let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(self.0, "{fence}text");
        for line in lines.lines().take(SHOWN_LINES) {
            let _ = writeln!(self.0, "{line}");
        }
        let left = lines.lines().count().saturating_sub(SHOWN_LINES);
        if left > 0 {
            let _ = writeln!(self.0, "… and {left} lines more");
        }
        let _ = writeln!(self.0, "{fence}");
    }

    /// Adds the page to the code host's, if this runs on one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&self) -> io::Result<()> {
        match std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
            Some(path) => {
                OpenOptions::new().create(true).append(true).open(path)?.write_all(format!("{self}\n").as_bytes())
            }
            None => Ok(()),
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `plain` as Markdown shows it as it is, within one line.
fn text(plain: &str) -> String {
    plain.chars().fold(String::new(), |mut text, c| {
        match c {
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => text.extend(['\\', c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
        text
    })
}

/// A word of ours, in type.
fn code(word: &str) -> String {
    format!("`{}`", word.replace('`', "'").replace('|', "\\|"))
}

fn link(url: &str) -> String {
    if url.starts_with("http") { format!("<{url}>") } else { code(url) }
}

#[cfg(test)]
mod tests {
    use super::Summary;
    use crate::{
        error::{Class, Error},
        model::api::ApiRecord,
        report::{ApiReport, DeployReport, InvalidationReport, ObjectsReport, RequestsReport},
    };

    #[test]
    fn a_deploy_is_a_table() {
        let report = DeployReport {
            env: "production".into(),
            release: "20260131T235959123Z-4f3c2b1a".into(),
            live: true,
            objects: ObjectsReport { uploaded: 12, unchanged: 348, deleted: 1, bytes_uploaded: 1_234_567 },
            api: Some(ApiReport {
                record: ApiRecord { version: Some("8".into()), ..ApiRecord::default() },
                published: true,
                replaced: Some("7".into()),
            }),
            invalidation: Some(InvalidationReport { id: Some("I2J".into()), paths: vec!["/".into()] }),
            requests: RequestsReport { s3: 20, cloudfront: 2, lambda: 9 },
            duration_ms: 1_250,
            url: "https://www.example.com".into(),
            served: true,
            notes: vec!["a_b | <c>".into()],
        };
        insta::assert_snapshot!(Summary::of_deploy(&report), @r"
        ### ✓ Live in production

        | | |
        |---|---|
        | Release | `20260131T235959123Z-4f3c2b1a` |
        | URL | <https://www.example.com> |
        | API | version 8 went live instead of version 7 |
        | Objects | 12 written (1.2 MB), 348 unchanged, 1 removed |
        | Invalidation | 1 path (`I2J`) |
        | Requests | 20 S3, 2 CloudFront, 9 Lambda |
        | Duration | 1.2 s |

        - a\_b \| &lt;c>
        ");
    }

    #[test]
    fn a_failure_says_what_to_do_and_nothing_in_it_breaks_out() {
        let error = Error::new(Class::Brake, "secret", "a secret:\n```\nkey <b>").help("remove `it`\nor *allow* it");
        insta::assert_snapshot!(Summary::of_failure("deploy", "production", &error), @r"
        ### ✗ deploy failed in production

        | | |
        |---|---|
        | Error | `secret`, exit code 8 |

        ````text
        a secret:
        ```
        key <b>
        ````

        **Help:** remove \`it\` or \*allow\* it
        ");
    }

    #[test]
    fn a_long_plan_is_cut() {
        let error = Error::new(Class::Unexpected, "x", "line\n".repeat(500));
        let page = Summary::of_failure("plan", "local", &error).to_string();
        assert_eq!(page.matches("line\n").count(), 200);
        assert!(page.contains("… and 300 lines more"), "{page}");
    }
}
