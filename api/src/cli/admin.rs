//! Asking the running service, through its admin listener.

use axum::body::Bytes;
use axum::http::{Method, Request, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Failure;
use crate::config::ADMIN_ADDR;

/// Where the running service is.
#[derive(Debug, Clone, Args)]
pub struct AdminOptions {
    /// The running service's admin listener [default: `http://$ADMIN_ADDR`]
    #[arg(long)]
    pub url: Option<String>,
    /// Its address, where there is no --url
    #[arg(long, env = "ADMIN_ADDR", default_value = ADMIN_ADDR, hide = true)]
    pub admin_addr: String,
}

impl AdminOptions {
    /// Sends a request and reads the JSON of its answer.
    ///
    /// # Errors
    /// When nothing answers there, and what the service refuses.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let base = self.url.clone().unwrap_or_else(|| format!("http://{}", self.admin_addr));
        let base = base.trim_end_matches('/');
        let uri: Uri = format!("{base}{path}").parse().map_err(|_| Failure::usage(format!("{base} is not a URL")))?;
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))
            .map_err(|_| Failure::usage(format!("{base} is not a URL")))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let silent =
            |_| Failure::new(format!("no service answers at {base}: start it, or name its admin listener with --url"));
        let response = client.request(request).await.map_err(silent)?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|_| Failure::new(format!("{base} is not an admin listener")));
        }
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let message = answer["error"]["message"].as_str();
        let message = message.map_or_else(|| format!("{base} is not an admin listener: {status}"), ToOwned::to_owned);
        if status.is_client_error() { Err(Failure::usage(message)) } else { Err(Failure::new(message)) }
    }
}
