//! S3, CloudFront and what else a site needs of AWS, through its SDK. No type of the SDK leaves this folder.

mod client;
mod cloudfront;
mod fault;
mod lambda;
mod pace;
mod provider;
mod s3;
mod target;
mod wire;

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig, sts::AssumeRoleProvider};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};

pub use cloudfront::{CloudFront, Tagged};
pub use lambda::LambdaFunction;
pub use provider::AwsProvider;
pub use s3::S3Store;

use crate::error::{Class, Error, Result};

/// Where to connect, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The bucket's region.
    pub region: String,
    /// Endpoint of an S3-compatible server or an emulator, for every service alike; none for AWS, or for what
    /// `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_S3`, `…_CLOUDFRONT` and so on, or the profile say.
    pub endpoint_url: Option<String>,
    /// Profile of the shared AWS configuration; none for what `AWS_PROFILE` says.
    pub profile: Option<String>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// Whether bodies are sent with checksums of their own.
    pub checksums: Checksums,
}

/// When bodies are sent with `x-amz-checksum-sha256`. What is signed covers them in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksums {
    /// Always: the bucket keeps them, and vouches for them in [`ObjectInfo::sha256`](crate::remote::ObjectInfo).
    #[default]
    Auto,
    /// Only where S3 insists, for servers that refuse them.
    WhenRequired,
}

/// Credentials and connections that all adapters share.
#[derive(Debug, Clone)]
pub struct Connection {
    /// For each service its own: the endpoint decides how it is connected to.
    s3: SdkConfig,
    cloudfront: SdkConfig,
    acm: SdkConfig,
    lambda: SdkConfig,
    iam: SdkConfig,
    logs: SdkConfig,
    checksums: Checksums,
}

impl Connection {
    /// Reads the shared AWS configuration. Credentials are looked for when the first request needs them, in the SDK's
    /// order: environment, profile (SSO, process and assumed roles included), web identity, container, instance.
    pub async fn open(access: &Access) -> Result<Self> {
        Self::load(access, aws_config::defaults(BehaviorVersion::latest())).await
    }

    /// As [`open`](Self::open), with an access key instead of what the environment has.
    pub async fn with_keys(access: &Access, id: &str, secret: &str, token: Option<String>) -> Result<Self> {
        let keys = Credentials::new(id, secret, token, None, "given");
        Self::load(access, aws_config::defaults(BehaviorVersion::latest()).credentials_provider(keys)).await
    }

    async fn load(access: &Access, loader: ConfigLoader) -> Result<Self> {
        let proxy = client::proxy()?;
        let mut loader = loader
            .region(Region::new(access.region.clone()))
            .http_client(client::connections(None, &proxy)?)
            .retry_config(client::retries())
            .timeout_config(client::timeouts());
        if let Some(url) = &access.endpoint_url {
            let valid = url.parse::<http::Uri>().is_ok_and(|uri| uri.authority().is_some() && uri.scheme().is_some());
            if !valid {
                return Err(Error::new(Class::Config, "endpoint-invalid", format!("endpoint_url {url:?} is no URL"))
                    .help("write it with its scheme, such as http://localhost:8333"));
            }
            loader = loader.endpoint_url(url);
        }
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        let mut sdk = loader.load().await;
        if let Some(role) = &access.role_arn {
            let assumed = AssumeRoleProvider::builder(role).session_name("treebeard-cdn").configure(&sdk).build().await;
            sdk = sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build();
        }
        let connected = |service| {
            let endpoint = client::endpoint(&sdk, service);
            let http = client::connections(endpoint.as_deref(), &proxy)?;
            let mut builder = sdk.clone().into_builder();
            builder.set_endpoint_url(endpoint);
            Ok::<_, Error>(builder.http_client(http).build())
        };
        Ok(Self {
            s3: connected("S3")?,
            cloudfront: connected("CloudFront")?,
            acm: connected("ACM")?,
            lambda: connected("Lambda")?,
            iam: connected("IAM")?,
            logs: connected("CloudWatch Logs")?,
            checksums: access.checksums,
        })
    }

    /// The store in `bucket`.
    #[must_use]
    pub fn store(&self, bucket: &str) -> S3Store {
        S3Store::new(&self.s3, bucket, self.checksums)
    }

    /// The distribution `id`.
    #[must_use]
    pub fn cdn(&self, id: &str) -> CloudFront {
        CloudFront::new(&self.cloudfront, id)
    }

    /// The Lambda function `name`, whose code lies in `bucket`.
    #[must_use]
    pub fn function(&self, name: &str, bucket: &str) -> LambdaFunction {
        LambdaFunction::new(&self.lambda, name, bucket)
    }

    /// Who makes and keeps a site's resources.
    #[must_use]
    pub fn provider(&self) -> AwsProvider {
        AwsProvider::new(self)
    }

    /// The distribution that `provision` made for `bucket`, looked for when it is first needed.
    #[must_use]
    pub fn tagged_cdn(&self, bucket: &str) -> Tagged {
        Tagged::new(self, bucket)
    }

    /// The S3 endpoint in force when it is not AWS's own: the one configured, the environment's or the profile's.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.s3.endpoint_url()
    }
}
