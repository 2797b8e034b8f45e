//! Starts a program that ends when its parent does, however the parent dies.
//!
//! No operating system offers this portably: `PR_SET_PDEATHSIG` is Linux only and follows a thread, and a handler never
//! runs on SIGKILL. What always happens is that the kernel closes a dead process's descriptors. So:
//!
//! ```text
//! parent ──socket──▶ supervisor (the parent's own program, started again) ──▶ command (a process group of its own)
//! ```
//!
//! When the supervisor reads end-of-file, the parent is gone or has asked to stop. It then sends the stop signal to the
//! command's process group, waits for the grace period, kills what is left, and removes the paths that it was given.
//! The supervisor is in a process group of its own, so Ctrl-C in a terminal reaches the parent only.
//!
//! Processes that leave the command's process group (daemons) are not followed.
//!
//! ```no_run
//! fn main() -> std::io::Result<()> {
//!     supervise::run_if_supervisor(); // first: before threads, arguments and runtimes
//!     tokio::runtime::Runtime::new()?.block_on(async {
//!         let mut server = supervise::Spec { args: vec!["60".into()], ..supervise::Spec::new("sleep") }.spawn()?;
//!         server.stop().await
//!     })
//! }
//! ```

#![forbid(unsafe_code)]

mod spec;
mod supervised;
mod supervisor;

pub use spec::{Output, Spec, Stop};
pub use supervised::Supervised;

/// The hidden first argument that turns a program into a supervisor.
const ARGUMENT: &str = "__supervise";

/// Becomes the supervisor when this process was started as one, and then never returns.
///
/// Call it first in `main`, before any runtime or thread starts.
pub fn run_if_supervisor() {
    if std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT) {
        supervisor::run();
    }
}

/// What the supervisor tells the parent, one JSON document a line.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    /// The command runs, under this process id, which is also its group's.
    Started(i32),
    /// The command could not be started: an OS error number when there is one, and the words.
    Failed(Option<i32>, String),
    /// The command and its group are gone; the wait status as the OS gave it.
    Exited(i32),
}
