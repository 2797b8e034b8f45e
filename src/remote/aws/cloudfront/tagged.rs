//! The distribution of a site, found by its tag when it is first needed.

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::CloudFront;
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Known, Resource, Settings},
    remote::{
        aws::Connection,
        cdn::{Cdn, Delivery, Invalidation},
        provider::Provider as _,
    },
};

/// The distribution that `provision` made for a bucket.
pub struct Tagged {
    connection: Connection,
    bucket: String,
    found: OnceCell<CloudFront>,
}

impl Tagged {
    pub(in crate::remote::aws) fn new(connection: &Connection, bucket: &str) -> Self {
        Self { connection: connection.clone(), bucket: bucket.to_owned(), found: OnceCell::new() }
    }

    async fn distribution(&self) -> Result<&CloudFront> {
        self.found.get_or_try_init(|| self.find()).await
    }

    async fn find(&self) -> Result<CloudFront> {
        let settings = Settings::Distribution(Box::default());
        let wanted = Resource { name: self.bucket.clone(), id: None, settings };
        let found = self.connection.provider().find(&wanted, &Known::default()).await?;
        found.map(|found| self.connection.cdn(&found.id)).ok_or_else(|| {
            let message = format!("there is no distribution for bucket {}", self.bucket);
            Error::new(Class::Config, "no-distribution", message).help(
                "run `treebeard-cdn provision`, or set distribution_id, or `cdn: none` for a bucket without a CDN",
            )
        })
    }
}

#[async_trait]
impl Cdn for Tagged {
    async fn invalidate(&self, paths: &[String], reference: &str) -> Result<Invalidation> {
        self.distribution().await?.invalidate(paths, reference).await
    }

    async fn finished(&self, id: &str) -> Result<bool> {
        self.distribution().await?.finished(id).await
    }

    async fn delivery(&self) -> Result<Delivery> {
        self.distribution().await?.delivery().await
    }

    async fn in_progress(&self) -> Result<Vec<Invalidation>> {
        self.distribution().await?.in_progress().await
    }
}
