//! What can keep the private database from starting.

use std::io;
use std::path::{Path, PathBuf};

/// Why there is no private database.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A file or a program cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the OS says.
        source: io::Error,
    },
    /// Another process has it.
    #[error("{} is in use by {holder}; stop that first, or start in another folder", folder.display())]
    Held {
        /// The state folder.
        folder: PathBuf,
        /// Who has it.
        holder: String,
    },
    /// Root cannot run PostgreSQL, and there is nobody else.
    #[error("PostgreSQL refuses to run as root, and there is no user {0} to run it as")]
    NoUser(&'static str),
    /// Neither installed nor to be had.
    #[error(
        "no PostgreSQL {least} or newer is installed, and the npm package cannot be used: {reason}; \
         install it with `apt-get install postgresql` or `brew install postgresql@17`",
        least = super::binaries::OLDEST
    )]
    NoPostgres {
        /// Why the package cannot be used.
        reason: String,
    },
    /// A program of PostgreSQL's failed.
    #[error("{program} failed: {reason}")]
    Failed {
        /// Which.
        program: &'static str,
        /// The end of its log.
        reason: String,
    },
    /// Socket paths are limited to about a hundred bytes by the OS.
    #[error("{} is too long for a socket's path; set TMPDIR to a shorter folder", .0.display())]
    PathTooLong(PathBuf),
    /// The database answers with an error.
    #[error("the private database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Names what was tried, and with what, when it fails.
pub trait Context<T> {
    /// `action` completes "cannot …".
    fn context(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io { action, path: path.to_owned(), source })
    }
}
