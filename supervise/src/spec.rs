//! What to run, and how to end it.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Supervised;

/// A command and the way it ends. Start from [`Spec::new`] and name what differs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spec {
    /// The program: a path (relative to `cwd`), or a name to be found in `PATH`.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables beside the inherited ones. They are never part of a command line.
    #[serde(skip)]
    pub envs: Vec<(OsString, OsString)>,
    /// Its working directory; by default the caller's.
    #[serde(skip)]
    pub cwd: Option<PathBuf>,
    /// User and group id to run as; supplementary groups are dropped. Needs root.
    pub user: Option<(u32, u32)>,
    /// How it is asked to stop.
    pub stop: Stop,
    /// How long it may take to stop before it is killed.
    pub grace: Duration,
    /// Files and folders to remove when it has ended.
    pub remove_after: Vec<PathBuf>,
    /// Where its standard output and error go. Its standard input is always empty.
    pub output: Output,
    /// A program that calls [`run_if_supervisor`](crate::run_if_supervisor) first. By default the running one,
    /// which a test binary cannot be: its `main` belongs to the test harness.
    #[serde(skip)]
    pub supervisor: Option<PathBuf>,
}

/// The signal that asks a command to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// SIGTERM.
    Terminate,
    /// SIGINT.
    Interrupt,
}

/// Where a command's standard output and error go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// Where the parent's go.
    Inherit,
    /// Nowhere.
    Null,
    /// To the end of this file, which is created when missing.
    File(PathBuf),
}

impl Spec {
    /// `program` without arguments, as the caller's user, with inherited output; stopped by SIGTERM with ten seconds' grace.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            cwd: None,
            user: None,
            stop: Stop::Terminate,
            grace: Duration::from_secs(10),
            remove_after: Vec::new(),
            output: Output::Inherit,
            supervisor: None,
        }
    }

    /// Starts the command under a supervisor. Call it within a Tokio runtime; it blocks for the few milliseconds
    /// that starting takes, so that a command that cannot be started is an error here.
    ///
    /// # Errors
    /// What the OS says when the program is missing or may not be run, and `InvalidInput` for a path that is not UTF-8.
    pub fn spawn(self) -> io::Result<Supervised> {
        Supervised::start(self)
    }
}
