//! What a build says while it works.

use std::sync::Arc;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A step begins, or was found unnecessary.
    Step(String),
    /// A line that `site.install` or `site.build` printed.
    Output(String),
    /// So many of the variants that no earlier build has left in the cache are done.
    Compressing {
        /// Finished ones.
        done: usize,
        /// All of them.
        total: usize,
    },
}

/// Hears what happens, from any thread.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;
