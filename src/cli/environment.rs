//! Opens what an environment's commands work on.

use std::sync::Arc;

use crate::{
    config::{Config, Target},
    error::{Class, Error, Result},
    remote::{
        cdn::Cdn,
        counting::CountingStore,
        local::{DeployLock, LocalCdn, LocalStore},
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
    /// Opens the environment of `config` to look at it.
    pub fn open(config: &Config) -> Result<Self> {
        Self::with(config, Ok)
    }

    /// Opens the environment of `config` to deploy to it: nobody else does until this is dropped and its writes are done.
    pub fn exclusive(config: &Config) -> Result<Self> {
        Self::with(config, |store| Ok(store.holding(DeployLock::acquire(&config.state_dir())?)))
    }

    fn with(config: &Config, prepare: impl FnOnce(LocalStore) -> Result<LocalStore>) -> Result<Self> {
        match &config.target {
            Target::Local => {
                let store = prepare(LocalStore::open(config.store_dir())?)?;
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
