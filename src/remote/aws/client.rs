//! How requests travel: connections, timeouts and retries.

use std::{
    env,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_config::SdkConfig;
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::service_config::ServiceConfigKey;

use crate::error::{Class, Error, Result};

/// Connections, made when the first request needs them: reading certificates takes longer than many a command.
#[derive(Debug)]
struct Connections {
    trust: TlsContext,
    proxy: ProxyConfig,
    /// By their timeouts, which are few.
    made: Mutex<Vec<(HttpConnectorSettings, SharedHttpConnector)>>,
}

impl HttpClient for Connections {
    fn http_connector(&self, settings: &HttpConnectorSettings, _components: &RuntimeComponents) -> SharedHttpConnector {
        let timeouts = |it: &HttpConnectorSettings| (it.connect_timeout(), it.read_timeout());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = made.iter().find(|(found, _)| timeouts(found) == timeouts(settings)) {
            return connector.clone();
        }
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(self.trust.clone())
            .proxy_config(self.proxy.clone())
            .connector_settings(settings.clone())
            .build();
        let connector = SharedHttpConnector::new(connector);
        made.push((settings.clone(), connector.clone()));
        connector
    }
}

/// Connections to an endpoint: with the certificates that this machine trusts, or with none where it has no TLS.
pub fn connections(endpoint: Option<&str>, proxy: &ProxyConfig) -> Result<SharedHttpClient> {
    let tls = !endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let trust = TlsContext::builder().with_trust_store(TrustStore::empty().with_native_roots(tls)).build();
    let trust = trust.map_err(|cause| Error::new(Class::Unexpected, "tls", cause.to_string()))?;
    Ok(SharedHttpClient::new(Connections { trust, proxy: proxy.clone(), made: Mutex::default() }))
}

/// The proxy for requests with TLS that the environment names. Those without, to servers nearby and to where
/// containers and instances get their credentials, go straight there.
pub fn proxy() -> Result<ProxyConfig> {
    let variable = |name: &str| env::var(name).or_else(|_| env::var(name.to_lowercase())).ok();
    let Some(url) = variable("HTTPS_PROXY").or_else(|| variable("ALL_PROXY")).filter(|url| !url.is_empty()) else {
        return Ok(ProxyConfig::disabled());
    };
    // The URL may have a password in it.
    let proxy = ProxyConfig::https(url).map_err(|_| {
        Error::new(Class::Config, "proxy-invalid", "the environment variable HTTPS_PROXY is no URL")
            .help("write it as http://proxy.example.com:8080")
    })?;
    Ok(proxy.no_proxy(variable("NO_PROXY").unwrap_or_default()))
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
