//! What people and machines are told: progress while a command runs, and its result.

mod deploy;
mod progress;

pub use deploy::{DeployReport, InvalidationReport, ObjectsReport, RequestsReport};
pub use progress::Reporter;
