//! The lease: who writes to a bucket now.
//!
//! It lies in the pointer, so that taking, renewing and losing it are conditional writes of one object.
//! Its age is judged by the store's clock alone: no two machines have to agree on the time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a lease holds after its last renewal.
pub const TERM: Duration = Duration::from_secs(30);

/// Stores give times in whole seconds, of two moments.
const ROUNDING: Duration = Duration::from_secs(2);

/// The process that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Random: the name of this one run of a command.
    pub run: String,
    /// The command: `deploy`.
    pub command: String,
    /// Name of the machine, for people.
    pub host: String,
    /// What tells this machine, and the process table that `pid` belongs to, from every other.
    pub machine: String,
    /// Process id on that machine.
    pub pid: u32,
    /// Address of the CI job that runs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// A holder's claim to be the only writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose it is.
    pub holder: Holder,
    /// Grows with every renewal, so that no two pointers are the same document.
    pub beat: u64,
}

impl Lease {
    /// Whether it has run out, `age` after the pointer was written.
    #[must_use]
    pub fn has_run_out(&self, age: Duration) -> bool {
        age > TERM + ROUNDING
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} on {}, process {}", self.command, self.host, self.pid)?;
        match &self.job {
            Some(job) => write!(f, " ({job})"),
            None => Ok(()),
        }
    }
}
