//! Clients of a service.

use aws_config::SdkConfig;
use aws_smithy_types::retry::RetryConfig;

/// A service's clients, and where they send requests when not to AWS.
#[derive(Debug, Clone)]
pub struct Service<C> {
    /// With retries.
    pub client: C,
    /// Without, for creations: one whose answer was lost must not be asked for again unseen.
    pub once: C,
    /// Where requests are sent.
    pub endpoint: Option<String>,
}

impl<C> Service<C> {
    /// Clients that `made` makes.
    pub fn new(sdk: &SdkConfig, made: impl Fn(&SdkConfig) -> C) -> Self {
        let once = sdk.clone().into_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: made(sdk), once: made(&once), endpoint: sdk.endpoint_url().map(str::to_owned) }
    }
}
