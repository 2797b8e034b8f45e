//! Projects in temporary folders, and the command line run in them.

pub mod api;
pub mod aws_model;
pub mod distribution;
pub mod http;
mod node_api;
mod project;
pub mod proxy;
mod served;
pub mod servers;
pub mod victim;

pub use node_api::NodeApi;
pub use project::{Project, Run};
pub use served::Served;

/// How many cases a property is tried on: a sample, or what `PROPTEST_CASES` says.
pub fn cases(sample: u32) -> proptest::test_runner::Config {
    let mut config = proptest::test_runner::Config { failure_persistence: None, ..Default::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = sample;
    }
    config
}
