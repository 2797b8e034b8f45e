//! What people and machines are told: progress while a command runs, and its result.

pub mod annotations;
mod api;
mod deploy;
mod progress;
mod summary;

pub use api::ApiReport;
pub use deploy::{DeployReport, InvalidationReport, ObjectsReport, RequestsReport};
pub use progress::Reporter;
pub use summary::Summary;
