//! Opens what an environment's commands work on.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::args::DEFAULT_PORT;
use crate::{
    config::{self, Aws, Config, Target},
    error::Result,
    plan::infrastructure::Names,
    remote::{
        ObjectStore,
        aws::{Access, Checksums, Connection},
        cdn::{Cdn, Delivery},
        counting::{CountingCdn, CountingStore},
        functions::{Functions, Live},
        local::{DeployLock, LocalCdn, LocalStore},
        no_cdn::NoCdn,
        provider::Provider,
        unlocked::Unlocked,
    },
};

/// An environment's store and CDN.
pub struct Environment {
    /// The bucket; counts its requests.
    pub store: Arc<CountingStore>,
    /// What caches in front of it.
    pub cdn: Arc<CountingCdn>,
    delivery: OnceCell<Delivery>,
    provider: Option<Arc<dyn Provider>>,
    /// Where the API runs, where it is ours to publish.
    pub functions: Option<Arc<dyn Functions>>,
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

    /// How the CDN serves the site. Asked once.
    pub async fn delivery(&self) -> Result<&Delivery> {
        self.delivery.get_or_try_init(|| self.cdn.delivery()).await
    }

    /// Who makes the environment's resources.
    ///
    /// # Panics
    /// On this machine, where there are none.
    pub fn provider(&self) -> Arc<dyn Provider> {
        self.provider.clone().expect("asked for on AWS only")
    }

    /// The version of the API that viewers meet; none where it is not ours to publish, or was never provisioned.
    pub async fn live_api(&self) -> Result<Option<Live>> {
        let Some(functions) = &self.functions else { return Ok(None) };
        match functions.live().await {
            Err(error) if error.rule == "function-missing" => Ok(None),
            found => found.map(Some),
        }
    }

    /// Fails where the API is ours to publish, and there is nothing to publish it to.
    pub async fn require_function(&self) -> Result<()> {
        let Some(functions) = &self.functions else { return Ok(()) };
        functions.live().await.map(drop)
    }

    /// Where visitors find the site.
    pub async fn url(&self, config: &Config) -> Result<String> {
        let Target::Aws(aws) = &config.target else {
            let running = crate::edge::running(config);
            return Ok(running.map_or_else(|| format!("http://localhost:{DEFAULT_PORT}"), |edge| edge.url));
        };
        let named = aws.viewer_url.clone().or_else(|| aws.domains.first().map(|name| format!("https://{name}")));
        Ok(match named {
            Some(url) => url,
            None if self.has_cdn => {
                let domain = self.delivery().await?.domain.as_deref();
                domain.map_or_else(String::new, |domain| format!("https://{domain}"))
            }
            None => format!("s3://{}", aws.bucket),
        })
    }

    async fn with(config: &Config, prepare: impl FnOnce(LocalStore) -> Result<LocalStore>) -> Result<Self> {
        match &config.target {
            Target::Local => {
                let store = prepare(LocalStore::open(config.store_dir())?)?;
                let cdn = LocalCdn::new(config.invalidation_log());
                Ok(Self {
                    store: Arc::new(CountingStore::new(Arc::new(store))),
                    cdn: Arc::new(CountingCdn::new(Box::new(cdn))),
                    delivery: OnceCell::new(),
                    provider: None,
                    functions: None,
                    has_cdn: true,
                    locking: false,
                    endpoint: None,
                })
            }
            Target::Aws(aws) => Self::on_aws(config, aws).await,
        }
    }

    async fn on_aws(config: &Config, aws: &Aws) -> Result<Self> {
        let connection = Connection::open(&access(aws)).await?;
        let store: Arc<dyn ObjectStore> = Arc::new(connection.store(&aws.bucket));
        let store = if aws.locking { store } else { Arc::new(Unlocked(store)) };
        let cdn: Box<dyn Cdn> = match &aws.distribution_id {
            _ if !aws.cdn => Box::new(NoCdn),
            Some(id) => Box::new(connection.cdn(id)),
            None => Box::new(connection.tagged_cdn(&aws.bucket)),
        };
        let lambda = config.api.as_ref().and_then(|api| api.lambda.as_ref());
        let function = |_: &config::Lambda| -> Arc<dyn Functions> {
            Arc::new(connection.function(&Names::of(&aws.bucket).lambda(), &aws.bucket))
        };
        Ok(Self {
            store: Arc::new(CountingStore::new(store)),
            cdn: Arc::new(CountingCdn::new(cdn)),
            delivery: OnceCell::new(),
            functions: lambda.map(function),
            provider: Some(Arc::new(connection.provider())),
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
            config::Checksums::Auto => Checksums::Auto,
            config::Checksums::WhenRequired => Checksums::WhenRequired,
        },
    }
}
