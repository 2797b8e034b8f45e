//! Buckets: made, found and removed.

mod empty;
mod oddities;
mod read;
mod write;

use std::time::Duration;

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::{
    AwsProvider,
    failure::{Failure, Meaning, if_any},
};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Bucket, Found, Settings},
    remote::aws::fault::{Request, Target},
};

/// Where buckets are when nothing is said, which must not be said.
/// (S3 API Reference, `CreateBucket`: `LocationConstraint`.)
const NOWHERE_ELSE: &str = "us-east-1";

/// A new bucket answers within seconds; until then some of S3 does not know it.
const PATIENCE: u32 = 60;

impl AwsProvider {
    fn about_bucket<'a>(&'a self, verb: &'static str, action: &'static str, name: &'a str) -> Request<'a> {
        self.request(verb, action, Target::Bucket(name))
    }

    /// The region that a bucket is in, if there is one.
    async fn bucket_region(&self, name: &str) -> Result<Option<String>> {
        let request = self.about_bucket("look at", "s3:ListBucket", name);
        match self.s3.head_bucket().bucket(name).send().await {
            Ok(found) => Ok(Some(found.bucket_region.unwrap_or_else(|| self.region.clone()))),
            // An answer to HEAD has no code: whose the bucket is cannot be told.
            Err(failure) if failure.raw_response().is_some_and(|it| it.status().as_u16() == 403) => {
                let error = request.failed(&failure);
                if error.rule != "access-denied" {
                    return Err(error);
                }
                let message =
                    format!("bucket {name} is somebody else's, or you lack the permission s3:ListBucket on it");
                let help = error.help.unwrap_or_default();
                Err(Error::new(Class::Remote, "access-denied", message).help(format!(
                    "choose another name for `bucket` in cdn-config.yml if it is not yours; else {help}"
                )))
            }
            Err(failure) => if_any(Err(Failure::of(&request, &failure))),
        }
    }

    pub(super) async fn find_bucket(&self, name: &str) -> Result<Option<Found>> {
        let Some(region) = self.bucket_region(name).await? else { return Ok(None) };
        let read = self.read_bucket(name, region).await?;
        let oddities = self.bucket_oddities(name, &read).await?;
        let settings = Settings::Bucket(read.settings);
        Ok(Some(Found { id: name.to_owned(), arn: None, domain: None, version: None, settings, oddities }))
    }

    pub(super) async fn make_bucket(&self, name: &str, wanted: &Bucket) -> Result<String, Failure> {
        let request = self.about_bucket("create", "s3:CreateBucket", name);
        let place = (wanted.region != NOWHERE_ELSE).then(|| {
            let place = BucketLocationConstraint::from(wanted.region.as_str());
            CreateBucketConfiguration::builder().location_constraint(place).build()
        });
        let made = self.s3_once.create_bucket().bucket(name).set_create_bucket_configuration(place).send().await;
        made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(name.to_owned())
    }

    /// Waits for a bucket that was just made, and gives it its settings.
    pub(super) async fn furnish_bucket(&self, name: &str, wanted: &Bucket) -> Result<()> {
        for _ in 0..PATIENCE {
            if self.bucket_region(name).await?.is_some() {
                return self.change_bucket(name, wanted).await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(self.about_bucket("look at", "s3:ListBucket", name).no_bucket())
    }

    pub(super) async fn remove_bucket(&self, name: &str) -> Result<()> {
        let request = self.about_bucket("delete", "s3:DeleteBucket", name);
        let removed = self.s3.delete_bucket().bucket(name).send().await;
        match removed.map_err(|failure| Failure::of(&request, &failure)) {
            Ok(_) | Err(Failure { meaning: Meaning::Missing, .. }) => Ok(()),
            Err(failure) => Err(failure.error),
        }
    }
}
