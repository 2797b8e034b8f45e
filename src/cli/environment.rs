//! Opens what an environment's commands work on.

use std::sync::Arc;

use crate::{
    config::{Aws, Config, Target},
    error::Result,
    remote::{
        ObjectStore,
        aws::{Access, Checksums, Connection},
        cdn::Cdn,
        counting::CountingStore,
        local::{DeployLock, LocalCdn, LocalStore},
        no_cdn::NoCdn,
        unlocked::Unlocked,
    },
};

/// An environment's store and CDN.
pub struct Environment {
    /// The bucket; counts its requests.
    pub store: Arc<CountingStore>,
    /// What caches in front of it.
    pub cdn: Arc<dyn Cdn>,
    /// Whether anything caches in front of it.
    pub has_cdn: bool,
    /// Whether the store's conditions must be relied on, and were not yet tried.
    pub locking: bool,
    /// Address of the server that stands for AWS, where one does.
    pub endpoint: Option<String>,
}

impl Environment {
    /// Opens the environment of `config` to look at it.
    pub async fn open(config: &Config) -> Result<Self> {
        Self::with(config, Ok).await
    }

    /// Opens the environment of `config` to write to it. On this machine nobody else does until this is dropped and
    /// its writes are done; elsewhere the lease in the pointer sees to that.
    pub async fn exclusive(config: &Config) -> Result<Self> {
        Self::with(config, |store| Ok(store.holding(DeployLock::acquire(&config.state_dir())?))).await
    }

    async fn with(config: &Config, prepare: impl FnOnce(LocalStore) -> Result<LocalStore>) -> Result<Self> {
        match &config.target {
            Target::Local => {
                let store = prepare(LocalStore::open(config.store_dir())?)?;
                let cdn = LocalCdn::new(config.invalidation_log());
                Ok(Self {
                    store: Arc::new(CountingStore::new(Arc::new(store))),
                    cdn: Arc::new(cdn),
                    has_cdn: true,
                    locking: false,
                    endpoint: None,
                })
            }
            Target::Aws(aws) => Self::on_aws(aws).await,
        }
    }

    async fn on_aws(aws: &Aws) -> Result<Self> {
        let connection = Connection::open(&access(aws)).await?;
        let store: Arc<dyn ObjectStore> = Arc::new(connection.store(&aws.bucket));
        let store = if aws.locking { store } else { Arc::new(Unlocked(store)) };
        let cdn: Arc<dyn Cdn> = match &aws.distribution_id {
            _ if !aws.cdn => Arc::new(NoCdn),
            Some(id) => Arc::new(connection.cdn(id)),
            None => return Err(no_distribution(aws)),
        };
        Ok(Self {
            store: Arc::new(CountingStore::new(store)),
            cdn,
            has_cdn: aws.cdn,
            locking: aws.locking,
            endpoint: connection.endpoint().map(ToOwned::to_owned),
        })
    }
}

fn access(aws: &Aws) -> Access {
    Access {
        region: aws.region.clone(),
        endpoint_url: aws.endpoint_url.clone(),
        profile: aws.profile.clone(),
        role_arn: aws.role_arn.clone(),
        checksums: match aws.checksums {
            crate::config::Checksums::Auto => Checksums::Auto,
            crate::config::Checksums::WhenRequired => Checksums::WhenRequired,
        },
    }
}

fn no_distribution(aws: &Aws) -> crate::error::Error {
    let message = format!("no distribution is known for bucket {}", aws.bucket);
    crate::error::Error::new(crate::error::Class::Config, "no-distribution", message)
        .help("set distribution_id, or `cdn: none` for a bucket without a CDN")
}
