//! The closed list of ways to fail, and the exit code of each.
//!
//! A message is a lowercase fragment that says what failed and names the file, key or address;
//! the help says what to do next. `rule` is a stable id for machines.

use std::{fmt, io, path::Path};

/// What kind of failure it is. Each class has one documented exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Unexpected: a bug, an unreadable disk, a full disk.
    Unexpected,
    /// Wrong usage or configuration.
    Config,
    /// The build failed, or its output cannot be published.
    Build,
    /// AWS, or a server that stands for it, refused.
    Remote,
    /// Somebody else deploys, the remote changed under us, or the ledger is corrupt.
    Conflict,
    /// What is served is not what was promised.
    Verification,
    /// A brake that protects the user: secrets, immutable conflicts, foreign objects, limits.
    Brake,
    /// Ended by a signal (its number: 2 or 15).
    Interrupted(u8),
}

impl Class {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Unexpected => 1,
            Self::Config => 3,
            Self::Build => 4,
            Self::Remote => 5,
            Self::Conflict => 6,
            Self::Verification => 7,
            Self::Brake => 8,
            Self::Interrupted(signal) => 128 + signal,
        }
    }
}

/// A failure that a person can act on.
#[derive(Debug, Clone)]
pub struct Error {
    /// Decides the exit code.
    pub class: Class,
    /// Stable id, e.g. `output-missing`.
    pub rule: &'static str,
    /// What failed.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// Structured details for `--json`, e.g. every problem of a configuration.
    pub details: Option<serde_json::Value>,
}

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of `class` named `rule`.
    pub fn new(class: Class, rule: &'static str, message: impl Into<String>) -> Self {
        Self { class, rule, message: message.into(), help: None, details: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds structured details for `--json`.
    #[must_use]
    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }

    /// The process exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.class.exit_code()
    }

    /// The document that `--json` prints for a failure.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut error = serde_json::json!({
            "rule": self.rule,
            "message": self.message,
            "help": self.help,
            "exit_code": self.exit_code(),
        });
        if let Some(details) = &self.details {
            error["details"] = details.clone();
        }
        serde_json::json!({ "error": error })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Gives an I/O error the verb and the path that it lacks.
pub trait IoContext<T> {
    /// Fails with "failed to {verb} {path}: {cause}".
    fn doing(self, verb: &str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn doing(self, verb: &str, path: &Path) -> Result<T> {
        self.map_err(|cause| {
            let message = format!("failed to {verb} {}: {cause}", path.display());
            let error = Error::new(Class::Unexpected, "io", message);
            match cause.kind() {
                io::ErrorKind::StorageFull => error.help("free some disk space and run the command again"),
                io::ErrorKind::PermissionDenied => error.help("check who owns the file and who runs this command"),
                _ => error,
            }
        })
    }
}
