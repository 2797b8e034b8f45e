//! Real servers, one PostgreSQL for the whole run with a database a test, networks that fail, and the ways to call the API.

mod app;
mod client;
mod logs;
mod ministack;
mod node;
mod process;
mod proxy;
mod redis;

pub use app::{App, Reply, SECRET, database};
pub use client::json_request;
pub use logs::Logs;
pub use ministack::{Function, Ministack};
pub use node::{Database, Node, key, within};
pub use process::{Folder, Process, answer, until};
pub use proxy::{Proxy, Weather};
pub use redis::{Cluster, Redis};

/// The program under test, which is also the supervisor of the tests' PostgreSQL.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_treebeard-api");
