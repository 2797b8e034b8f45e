//! Values that the environment names instead of holding: `ssm:<parameter>` and `secretsmanager:<secret>` are read from
//! AWS when the process starts. Everything else is taken as it is.
//!
//! One signed request a reference, with the credentials of the SDK's usual places. AWS's client for Systems Manager
//! has 140 operations, and takes longer to compile than all of this service; this needs one.

use std::env;
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::body::SdkBody;
use axum::http::Request;
use futures_util::future::try_join_all;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long to wait before the second and the third attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A service that keeps secrets: what its requests look like, which are all of AWS's JSON 1.1 protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// Parameters of Systems Manager.
    Ssm,
    /// Secrets Manager.
    SecretsManager,
}

impl Keeper {
    /// The service and the name in it, when a value is a reference.
    fn of(value: &str) -> Option<(Self, &str)> {
        let ssm = value.strip_prefix("ssm:").map(|name| (Self::Ssm, name));
        ssm.or_else(|| value.strip_prefix("secretsmanager:").map(|name| (Self::SecretsManager, name)))
    }

    /// The name in host names and signatures.
    const fn service(self) -> &'static str {
        match self {
            Self::Ssm => "ssm",
            Self::SecretsManager => "secretsmanager",
        }
    }

    /// The variable by which the SDKs take another endpoint.
    const fn endpoint_variable(self) -> &'static str {
        match self {
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        }
    }

    fn question(self, name: &str) -> (&'static str, Value) {
        match self {
            Self::Ssm => ("AmazonSSM.GetParameters", json!({ "Names": [name], "WithDecryption": true })),
            Self::SecretsManager => ("secretsmanager.GetSecretValue", json!({ "SecretId": name })),
        }
    }

    fn value(self, answer: &Value) -> Option<&str> {
        match self {
            Self::Ssm => answer["Parameters"][0]["Value"].as_str(),
            Self::SecretsManager => answer["SecretString"].as_str(),
        }
    }
}

/// Replaces the values that are references by what they refer to. Each comes with its variable's name.
///
/// # Errors
/// A sentence that names the variable and the reference, never a value.
pub async fn resolve(values: Vec<(&'static str, &mut Option<String>)>) -> Result<(), String> {
    let mut references = values.into_iter().filter(|(_, value)| value.as_deref().and_then(Keeper::of).is_some());
    let Some(first) = references.next() else { return Ok(()) };
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(tls.clone()).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let connector = SharedHttpConnector::new(Connector::builder().tls_provider(tls).build());
    let reads = std::iter::once(first).chain(references).map(|(variable, value)| {
        let (config, connector) = (&config, &connector);
        async move {
            let reference = value.clone().unwrap_or_default();
            let Some((keeper, name)) = Keeper::of(&reference) else { return Ok(()) };
            let read = read(keeper, name, config, connector).await;
            *value = Some(read.map_err(|e| format!("{variable} is {reference}, which cannot be read: {e}"))?);
            Ok(())
        }
    });
    try_join_all(reads).await.map(|_| ())
}

/// Asks up to three times, where asking again may help.
async fn read(
    keeper: Keeper,
    name: &str,
    config: &SdkConfig,
    connector: &SharedHttpConnector,
) -> Result<String, Failure> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let attempt = timeout(ATTEMPT, ask(keeper, name, config, connector)).await;
        let (status, answer) = match (attempt, pauses.next()) {
            (Ok(Ok((status, answer))), pause) => match pause {
                Some(pause) if status >= 500 || kind(&answer).contains("Throttl") => {
                    sleep(pause).await;
                    continue;
                }
                _ => (status, answer),
            },
            (_, Some(pause)) => {
                sleep(pause).await;
                continue;
            }
            (Ok(Err(error)), None) => return Err(error),
            (Err(_), None) => return Err(format!("no answer within {ATTEMPT:?}").into()),
        };
        if status == 200 {
            let value = keeper.value(&answer).map(ToOwned::to_owned);
            return value.ok_or_else(|| "there is no text under that name".into());
        }
        let words = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or("no reason given");
        return Err(format!("{} ({status}): {words}", kind(&answer)).into());
    }
}

/// The name of an error, which may come with its namespace.
fn kind(answer: &Value) -> &str {
    let kind = answer["__type"].as_str().unwrap_or("error");
    kind.rsplit('#').next().unwrap_or(kind)
}

/// One request, and what was answered.
async fn ask(
    keeper: Keeper,
    name: &str,
    config: &SdkConfig,
    connector: &SharedHttpConnector,
) -> Result<(u16, Value), Failure> {
    let region = config.region().ok_or("set AWS_REGION")?.as_ref();
    let credentials = config.credentials_provider().ok_or("there are no AWS credentials")?;
    let identity: Identity =
        aws_credential_types::provider::ProvideCredentials::provide_credentials(&credentials).await?.into();
    let (service, (target, body)) = (keeper.service(), keeper.question(name));
    let own = || {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{service}.{region}.{suffix}/")
    };
    let endpoint = env::var(keeper.endpoint_variable()).ok().or_else(|| config.endpoint_url().map(str::to_owned));
    let (url, body) = (endpoint.unwrap_or_else(own), body.to_string());

    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
    let settings = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?;
    let signable =
        SignableRequest::new("POST", url.as_str(), headers.into_iter(), SignableBody::Bytes(body.as_bytes()))?;
    let (signature, _) = sign(signable, &settings.into())?.into_parts();
    let [content_type, target] = headers;
    let mut request = Request::post(&url)
        .header(content_type.0, content_type.1)
        .header(target.0, target.1)
        .body(SdkBody::from(body.as_str()))?;
    signature.apply_to_request_http1x(&mut request);

    let response = connector.call(request.try_into()?).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_values() {
        assert_eq!(Keeper::of("ssm:/treebeard/url"), Some((Keeper::Ssm, "/treebeard/url")));
        assert_eq!(Keeper::of("secretsmanager:treebeard/jwt"), Some((Keeper::SecretsManager, "treebeard/jwt")));
        for plain in ["postgres://ssm:5432/x", "SSM:/x", "", "a secret of 32 bytes at the very least"] {
            assert_eq!(Keeper::of(plain), None, "{plain}");
        }
    }

    #[tokio::test]
    async fn values_are_taken_as_they_are_without_asking_anybody() {
        let (mut plain, mut unset) = (Some("postgres://localhost/x".to_owned()), None);
        resolve(vec![("DATABASE_URL", &mut plain), ("REDIS_URL", &mut unset)]).await.unwrap();
        assert_eq!((plain.as_deref(), unset), (Some("postgres://localhost/x"), None));
    }
}
