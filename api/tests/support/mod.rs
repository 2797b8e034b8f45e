//! One PostgreSQL for the whole run, one database a test, and the two ways to call the API.

mod app;
mod client;
mod process;

pub use app::{App, Reply, SECRET, database};
pub use client::json_request;
pub use process::{Folder, Process, until};

/// The program under test, which is also the supervisor of the tests' PostgreSQL.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_treebeard-api");
