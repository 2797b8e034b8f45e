//! What a verification found.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::{Failure, Timing};
use crate::error::{Class, Error, Result};

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The site, or the bucket.
    pub url: String,
    /// The distribution that was asked for there, where the server stands for more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Files that were checked.
    pub files: usize,
    /// Files of the release.
    pub files_total: usize,
    /// Requests that were made.
    pub responses: usize,
    /// Bytes that were received.
    pub bytes: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How long the home page takes; none for a bucket.
    pub timing: Option<Timing>,
    /// What is wrong, by path.
    pub failures: Vec<Failure>,
    /// What is worth knowing though no promise is broken.
    pub notes: Vec<String>,
}

impl Report {
    pub(super) fn new(url: String, files: usize, files_total: usize) -> Self {
        Self {
            url,
            host: None,
            files,
            files_total,
            responses: 0,
            bytes: 0,
            duration_ms: 0,
            timing: None,
            failures: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn finish(&mut self, elapsed: Duration) {
        self.duration_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        // Answers come in any order.
        self.failures
            .sort_by(|a, b| (&a.path, &a.accept_encoding, &a.what).cmp(&(&b.path, &b.accept_encoding, &b.what)));
    }

    /// Fails when a promise is broken, with the whole report in the details.
    pub fn check(&self) -> Result<()> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let count = self.failures.len();
        let plural = if count == 1 { "promise is" } else { "promises are" };
        let message = format!("{count} {plural} not kept at {}", self.url);
        Err(Error::new(Class::Verification, "verification-failed", message)
            .help("each line above says what to do; then run `treebeard-cdn verify` again")
            .details(serde_json::json!(self)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            let Failure { path, accept_encoding, what, expected, got, hint } = failure;
            writeln!(
                f,
                "✗ {path} ({accept_encoding}): {what}\n    expected  {expected}\n    got       {got}\n    hint      {hint}"
            )?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        let (files, total) = (self.files, self.files_total);
        let files = if files == total { format!("{files} files") } else { format!("{files} of {total} files") };
        let size = bytesize::ByteSize::b(self.bytes).display().si();
        let verdict =
            if self.failures.is_empty() { "as promised".to_owned() } else { format!("{} wrong", self.failures.len()) };
        let host = self.host.as_ref().map_or_else(String::new, |host| format!(" ({host})"));
        write!(
            f,
            "verified {}{host}: {files}, {} responses ({size}) in {} ms: {verdict}",
            self.url, self.responses, self.duration_ms
        )?;
        self.timing.map_or(Ok(()), |timing| write!(f, "\n{timing}"))
    }
}
