//! The local environment: a store and a CDN on this machine's disk.

mod cdn;
mod lock;
mod object_file;
mod store;

pub use cdn::LocalCdn;
pub use lock::DeployLock;
pub use store::LocalStore;
