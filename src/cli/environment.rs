//! Opens what an environment's commands work on.

use std::sync::Arc;

use crate::{
    config::{Config, Target},
    error::{Class, Error, Result},
    remote::{
        cdn::Cdn,
        counting::CountingStore,
        local::{LocalCdn, LocalStore},
    },
};

/// An environment's store and CDN.
pub struct Environment {
    /// The bucket; counts its requests.
    pub store: Arc<CountingStore>,
    /// What caches in front of it.
    pub cdn: Arc<dyn Cdn>,
}

impl Environment {
    /// Opens the environment of `config`.
    pub fn open(config: &Config) -> Result<Self> {
        match &config.target {
            Target::Local => {
                let store = LocalStore::open(config.store_dir())?;
                let cdn = LocalCdn::new(config.invalidation_log());
                Ok(Self { store: Arc::new(CountingStore::new(Arc::new(store))), cdn: Arc::new(cdn) })
            }
            Target::Aws(_) => {
                let message = format!(
                    "environment {} is on AWS, and this version publishes to local environments only",
                    config.environment
                );
                Err(Error::new(Class::Config, "target-unsupported", message)
                    .help("use an environment with `target: local`"))
            }
        }
    }
}
