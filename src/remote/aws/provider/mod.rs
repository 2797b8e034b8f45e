//! A site's resources on AWS: one file for each kind of them.

mod access_control;
mod bucket;
mod bucket_policy;
mod build;
mod cache_key;
mod cache_policy;
mod certificate;
mod creation;
mod distribution;
mod document;
mod failure;
mod function;
mod function_url;
mod lambda;
mod log_group;
mod response_headers;
mod role;
mod service;
mod statement;

use async_trait::async_trait;
use aws_config::{Region, SdkConfig};
use aws_smithy_types::{checksum_config::RequestChecksumCalculation, retry::RetryConfig};

use super::{
    Checksums, Connection,
    client::retries,
    fault::{Request, Target},
};
use crate::{
    error::Result,
    model::infrastructure::{Found, Issued, Kind, Known, Resource, Settings},
    remote::provider::Provider,
};

use self::{
    access_control::AccessControl, cache_policy::CachePolicy, distribution::Configuration, document::Document,
    failure::if_any, lambda::RetryBusy, response_headers::ResponseHeadersPolicy, service::Service,
};

/// Makes resources on AWS, or on a server that speaks its protocols.
#[derive(Debug, Clone)]
pub struct AwsProvider {
    s3: aws_sdk_s3::Client,
    cloudfront: aws_sdk_cloudfront::Client,
    acm: aws_sdk_acm::Client,
    /// Without retries, for creations: one whose answer was lost must not be asked for again unseen.
    s3_once: aws_sdk_s3::Client,
    once: aws_sdk_cloudfront::Client,
    lambda: Service<aws_sdk_lambda::Client>,
    /// What the function is asked with before viewers meet it.
    lambda_sdk: SdkConfig,
    iam: Service<aws_sdk_iam::Client>,
    logs: Service<aws_sdk_cloudwatchlogs::Client>,
    region: String,
    s3_endpoint: Option<String>,
    endpoint: Option<String>,
    acm_endpoint: Option<String>,
}

impl AwsProvider {
    pub(super) fn new(connection: &Connection) -> Self {
        let Connection { s3, cloudfront, acm, lambda, iam, logs, checksums } = connection;
        let endpoint = |sdk: &SdkConfig| sdk.endpoint_url().map(str::to_owned);
        let bucket = aws_sdk_s3::config::Builder::from(s3)
            .force_path_style(s3.endpoint_url().is_some())
            .request_checksum_calculation(match *checksums {
                Checksums::Auto => RequestChecksumCalculation::WhenSupported,
                Checksums::WhenRequired => RequestChecksumCalculation::WhenRequired,
            });
        let bucket_once = bucket.clone().retry_config(RetryConfig::disabled());
        let once = aws_sdk_cloudfront::config::Builder::from(cloudfront).retry_config(RetryConfig::disabled());
        // A change of a function takes Lambda some seconds, in which it refuses others: ten on average in all.
        let patient = lambda.clone().into_builder().retry_config(retries().with_max_attempts(10)).build();
        let certificates = aws_sdk_acm::config::Builder::from(acm).region(Region::new(certificate::REGION));
        Self {
            s3: aws_sdk_s3::Client::from_conf(bucket.build()),
            cloudfront: aws_sdk_cloudfront::Client::new(cloudfront),
            acm: aws_sdk_acm::Client::from_conf(certificates.build()),
            s3_once: aws_sdk_s3::Client::from_conf(bucket_once.build()),
            once: aws_sdk_cloudfront::Client::from_conf(once.build()),
            lambda: Service::new(&patient, |sdk| {
                let config = aws_sdk_lambda::config::Builder::from(sdk).retry_classifier(RetryBusy);
                aws_sdk_lambda::Client::from_conf(config.build())
            }),
            lambda_sdk: lambda.clone(),
            iam: Service::new(iam, aws_sdk_iam::Client::new),
            logs: Service::new(logs, aws_sdk_cloudwatchlogs::Client::new),
            region: s3.region().map_or_else(String::new, ToString::to_string),
            s3_endpoint: endpoint(s3),
            endpoint: endpoint(cloudfront),
            acm_endpoint: endpoint(acm),
        }
    }

    fn request<'a>(&'a self, verb: &'static str, action: &'static str, target: Target<'a>) -> Request<'a> {
        let endpoint = match action.split_once(':').map_or(action, |(service, _)| service) {
            "s3" => &self.s3_endpoint,
            "lambda" => &self.lambda.endpoint,
            "iam" => &self.iam.endpoint,
            "logs" => &self.logs.endpoint,
            _ => &self.endpoint,
        };
        Request { verb, action, target, region: &self.region, endpoint: endpoint.as_deref() }
    }

    /// A request about what CloudFront keeps.
    fn kept<'a>(
        &'a self,
        verb: &'static str,
        action: &'static str,
        kind: Kind,
        name: &'a str,
        id: Option<&'a str>,
    ) -> Request<'a> {
        let target = match (kind, id) {
            (Kind::Distribution, Some(id)) => Target::Distribution(id),
            _ => Target::Kept { kind, name, id },
        };
        self.request(verb, action, target)
    }

    fn access_control<'a>(&'a self, name: &'a str, id: &'a str) -> AccessControl<'a> {
        AccessControl { provider: self, name, id }
    }

    fn response_headers<'a>(&'a self, name: &'a str, id: &'a str) -> ResponseHeadersPolicy<'a> {
        ResponseHeadersPolicy { provider: self, name, id }
    }

    fn cache_policy<'a>(&'a self, name: &'a str, id: &'a str) -> CachePolicy<'a> {
        CachePolicy { provider: self, name, id }
    }

    /// AWS's name for a resource; of what is found by its name, that.
    async fn id(&self, wanted: &Resource) -> Result<Option<String>> {
        let name = &wanted.name;
        match (wanted.kind(), &wanted.id) {
            (Kind::Distribution, Some(id)) => Ok(Some(id.clone())),
            (Kind::Distribution, None) => self.distribution_id(name).await,
            (Kind::OriginAccessControl, _) => self.access_control_id(name).await,
            (Kind::ResponseHeadersPolicy, _) => self.response_headers_id(name).await,
            (Kind::CachePolicy, _) => self.cache_policy_id(name).await,
            (
                Kind::Bucket
                | Kind::BucketPolicy
                | Kind::Function
                | Kind::Role
                | Kind::LogGroup
                | Kind::Lambda
                | Kind::FunctionUrl,
                _,
            ) => Ok(Some(name.clone())),
        }
    }

    /// The resource of that id, if there is one.
    async fn look(&self, wanted: &Resource, id: &str, known: &Known) -> Result<Option<Found>> {
        let name = &wanted.name;
        match &wanted.settings {
            Settings::Bucket(_) => self.find_bucket(name).await,
            Settings::OriginAccessControl(_) => {
                found(&self.access_control(name, id), id, access_control::settings).await
            }
            Settings::ResponseHeadersPolicy(_) => {
                let settings = |config: &_| Settings::ResponseHeadersPolicy(response_headers::settings(config));
                found(&self.response_headers(name, id), id, settings).await
            }
            Settings::CachePolicy(_) => {
                let settings = |config: &_| Settings::CachePolicy(cache_policy::settings(config));
                found(&self.cache_policy(name, id), id, settings).await
            }
            Settings::Function(_) => self.find_function(name).await,
            Settings::Role(it) => self.find_role(name, it).await,
            Settings::LogGroup(_) => self.find_log_group(name).await,
            Settings::Lambda(it) => self.find_lambda(name, it, known).await,
            Settings::FunctionUrl(it) => self.find_function_url(name, it).await,
            Settings::Distribution(it) => self.distribution(id, it, known).await.map(Some),
            Settings::BucketPolicy(it) => self.find_bucket_policy(name, it, known).await,
        }
    }
}

/// A document as it was found.
async fn found<D: Document>(
    document: &D,
    id: &str,
    settings: impl FnOnce(&D::Config) -> Settings + Send,
) -> Result<Option<Found>> {
    let Some((config, etag)) = if_any(document.read().await)? else { return Ok(None) };
    let settings = settings(&config);
    Ok(Some(Found { id: id.to_owned(), arn: None, domain: None, version: Some(etag), settings, oddities: Vec::new() }))
}

#[async_trait]
impl Provider for AwsProvider {
    async fn find(&self, wanted: &Resource, known: &Known) -> Result<Option<Found>> {
        match self.id(wanted).await? {
            Some(id) => self.look(wanted, &id, known).await,
            None => Ok(None),
        }
    }

    async fn create(&self, wanted: &Resource, known: &Known) -> Result<Found> {
        self.made(wanted, known).await
    }

    async fn update(&self, wanted: &Resource, found: &Found, known: &Known) -> Result<Found> {
        let (name, id, version) = (&wanted.name, &found.id, found.version.as_deref());
        match &wanted.settings {
            Settings::Bucket(it) => self.change_bucket(name, it).await?,
            Settings::OriginAccessControl(it) => {
                let lay = |config: &mut _| {
                    access_control::lay(it, config);
                    Ok(())
                };
                document::change(&self.access_control(name, id), version, lay).await?;
            }
            Settings::ResponseHeadersPolicy(it) => {
                let lay = |config: &mut _| response_headers::lay(it, config);
                document::change(&self.response_headers(name, id), version, lay).await?;
            }
            Settings::CachePolicy(it) => {
                let lay = |config: &mut _| cache_policy::lay(it, config);
                document::change(&self.cache_policy(name, id), version, lay).await?;
            }
            Settings::Function(it) => self.change_function(name, it, version).await?,
            Settings::Role(it) => self.change_role(found, it).await?,
            Settings::LogGroup(it) => self.change_log_group(name, it).await?,
            Settings::Lambda(it) => Box::pin(self.change_lambda(found, it, known)).await?,
            Settings::FunctionUrl(it) => self.change_function_url(name, it).await?,
            Settings::Distribution(it) => self.change_distribution(found, it, known).await?,
            Settings::BucketPolicy(it) => self.change_bucket_policy(name, it, known, version).await?,
        }
        let now = self.look(wanted, id, known).await?;
        now.ok_or_else(|| failure::changed(&format!("{} {name}", wanted.kind())))
    }

    async fn delete(&self, found: &Found) -> Result<()> {
        let id = &found.id;
        match found.settings.kind() {
            Kind::Bucket => self.remove_bucket(id).await,
            Kind::OriginAccessControl => document::remove(&self.access_control(id, id)).await,
            Kind::ResponseHeadersPolicy => document::remove(&self.response_headers(id, id)).await,
            Kind::CachePolicy => document::remove(&self.cache_policy(id, id)).await,
            Kind::Function => self.remove_function(id).await,
            Kind::Role => self.remove_role(id).await,
            Kind::LogGroup => self.remove_log_group(id).await,
            Kind::Lambda => self.remove_lambda(id).await,
            Kind::FunctionUrl => self.remove_function_url(id).await,
            Kind::Distribution => document::remove(&Configuration { provider: self, id }).await,
            Kind::BucketPolicy => self.remove_bucket_policy(id).await,
        }
    }

    async fn holds_anything(&self, bucket: &Found) -> Result<bool> {
        Ok(!self.versions(&bucket.id, 1).await?.is_empty())
    }

    async fn empty_some(&self, bucket: &Found) -> Result<u64> {
        self.empty_page(&bucket.id).await
    }

    async fn settled(&self, found: &Found) -> Result<bool> {
        match found.settings.kind() {
            Kind::Distribution => self.is_deployed(&found.id).await,
            _ => Ok(true),
        }
    }

    async fn certificate(&self, arn: &str) -> Result<Option<Issued>> {
        self.describe_certificate(arn).await
    }
}
