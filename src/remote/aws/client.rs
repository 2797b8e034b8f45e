//! How requests travel: connections, timeouts and retries.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::service_config::ServiceConfigKey;

/// A client that trusts the certificates that this machine trusts.
pub fn https() -> SharedHttpClient {
    Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// A client for an endpoint without TLS, which spends no time on reading certificates.
pub fn http() -> SharedHttpClient {
    let context = TlsContext::builder().with_trust_store(TrustStore::empty()).build();
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match context {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(_) => builder.build_https(),
    }
}

/// Up to seven attempts, with jittered and doubling pauses: three seconds on average, six at most, in all.
/// How many requests are under way is [`super::pace`]'s business.
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(7)
        .with_initial_backoff(Duration::from_millis(100))
        .with_max_backoff(Duration::from_secs(5))
}

/// Limits of a request that carries little: nothing may hang.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(BULK)
        .operation_attempt_timeout(Duration::from_secs(30))
        .build()
}

/// Limits of a request that may take its time: a body of megabytes on a slow line, or a copy within S3.
/// A body that makes no progress at all is ended much earlier, by the SDK's stalled stream protection.
/// Timeouts of a connection are the same as above, so that both share their connections.
pub fn bulk_timeouts() -> TimeoutConfig {
    timeouts().into_builder().operation_attempt_timeout(BULK).build()
}

const BULK: Duration = Duration::from_mins(10);

/// The endpoint that the SDK will use for a service (`S3`, `CloudFront`) when it is not AWS's own, by the SDK's own
/// order: what was configured, the variable or profile entry of the service, the general one.
pub fn endpoint(sdk: &SdkConfig, service: &str) -> Option<String> {
    let general = || sdk.endpoint_url().map(str::to_owned);
    if sdk.get_origin("endpoint_url").is_client_config() {
        return general();
    }
    let key = ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = sdk.service_config().and_then(|config| config.load_config(key.ok()?));
    own.or_else(general)
}
