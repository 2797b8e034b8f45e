//! A Lambda function, its versions, and the alias that its function URL leads to.

mod exchange;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_lambda::{
    Client, Config,
    operation::{
        get_alias::GetAliasOutput as Alias, get_function_configuration::GetFunctionConfigurationOutput as Configuration,
    },
    primitives::Blob,
    types::{AliasRoutingConfiguration, LastUpdateStatus, State},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    client::bulk_timeouts,
    fault::{Request, Target},
    wire::Count,
};
use crate::{
    error::{Class, Error, Result},
    model::{api::Version, digest::Digest, infrastructure::LIVE_ALIAS, path::StorageKey},
    remote::functions::{Answer, Functions, Live},
};

/// How often a function is asked whether it is done.
const POLL: Duration = Duration::from_millis(500);

/// Taking code over is a matter of seconds; joining a network, of a minute or two.
const PATIENCE: Duration = Duration::from_mins(5);

/// The version that code and configuration are changed in.
const LATEST: &str = "$LATEST";

/// A function, through Lambda's control plane and `Invoke`.
#[derive(Debug, Clone)]
pub struct LambdaFunction {
    client: Client,
    count: Count,
    name: String,
    bucket: String,
    region: String,
    endpoint: Option<String>,
}

impl LambdaFunction {
    /// The function `name`, whose code lies in `bucket`.
    pub(super) fn new(sdk: &SdkConfig, name: &str, bucket: &str) -> Self {
        let count = Count::default();
        let config = aws_sdk_lambda::config::Builder::from(sdk).interceptor(count.clone()).build();
        Self {
            client: Client::from_conf(config),
            count,
            name: name.to_owned(),
            bucket: bucket.to_owned(),
            region: sdk.region().map_or_else(String::new, ToString::to_string),
            endpoint: sdk.endpoint_url().map(str::to_owned),
        }
    }

    fn request(&self, verb: &'static str, action: &'static str) -> Request<'_> {
        let target = Target::Lambda(&self.name);
        Request { verb, action, target, region: &self.region, endpoint: self.endpoint.as_deref() }
    }

    async fn configuration(&self, qualifier: &str) -> Result<Configuration> {
        let asked = self.client.get_function_configuration().function_name(&self.name).qualifier(qualifier);
        match asked.send().await {
            Err(failure) if is(&failure, &["ResourceNotFoundException"]) => Err(self.missing()),
            Err(failure) => Err(self.request("look at", "lambda:GetFunctionConfiguration").failed(&failure)),
            Ok(found) => Ok(found),
        }
    }

    async fn alias(&self) -> Result<Alias> {
        let asked = self.client.get_alias().function_name(&self.name).name(LIVE_ALIAS);
        match asked.send().await {
            Err(failure) if is(&failure, &["ResourceNotFoundException"]) => Err(self.missing()),
            Err(failure) => Err(self.request("look at the alias of", "lambda:GetAlias").failed(&failure)),
            Ok(found) => Ok(found),
        }
    }

    fn missing(&self) -> Error {
        let message = format!("{} does not exist, or has no alias {LIVE_ALIAS}", Target::Lambda(&self.name));
        Error::new(Class::Config, "function-missing", message)
            .help("run `treebeard-cdn provision`: it makes the function that the API is deployed to")
    }

    /// The version, once no change of it is under way any more.
    async fn settled(&self, version: &str) -> Result<Configuration> {
        let begun = Instant::now();
        loop {
            let found = self.configuration(version).await?;
            let busy =
                found.last_update_status == Some(LastUpdateStatus::InProgress) || found.state == Some(State::Pending);
            if !busy {
                return Ok(found);
            }
            if begun.elapsed() > PATIENCE {
                return Err(self.stuck("a change of it is still under way"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn stuck(&self, why: &str) -> Error {
        let after = humantime::format_duration(PATIENCE);
        Error::new(Class::Remote, "function-busy", format!("{}: {why} after {after}", Target::Lambda(&self.name)))
            .help("viewers meet the version that they met before; run the command again in a few minutes")
    }

    /// What was taken over is not what was to be published.
    fn other_code(&self, code: &Digest) -> Error {
        let message = format!("{} has other code than {}", Target::Lambda(&self.name), StorageKey::package(code));
        Error::new(Class::Conflict, "api-changed", message)
            .help("somebody else changes the function, or that object is not what was stored there: delete it, then deploy again")
    }

    /// Lambda took the code, and cannot run it.
    fn refused(&self, version: &str, reason: Option<&str>) -> Error {
        let reason = reason.unwrap_or("Lambda gives no reason");
        let message = format!("version {version} of {} cannot run: {reason}", Target::Lambda(&self.name));
        Error::new(Class::Remote, "function-failed", message)
            .help("viewers meet the version that they met before; `treebeard-cdn plan --only infra` shows the function's settings")
    }

    /// Has `$LATEST` run the code. None when somebody else is changing the function at the moment.
    async fn take_code(&self, code: &Digest, architecture: &str) -> Result<Option<()>> {
        let key = StorageKey::package(code);
        let asked = self.client.update_function_code().function_name(&self.name);
        let asked = asked.architectures(architecture.into());
        match asked.s3_bucket(&self.bucket).s3_key(key.as_str()).send().await {
            Ok(_) => Ok(Some(())),
            Err(failure) if is(&failure, MEANWHILE) => Ok(None),
            Err(failure) => Err(self.request("change the code of", "lambda:UpdateFunctionCode").failed(&failure)),
        }
    }

    /// Publishes `$LATEST` as it was `found`. None when it is not that any more.
    async fn publish_version(&self, found: &Configuration) -> Result<Option<String>> {
        let request = self.request("publish a version of", "lambda:PublishVersion");
        let asked = self.client.publish_version().function_name(&self.name);
        let asked = asked.set_code_sha256(found.code_sha256.clone()).set_revision_id(found.revision_id.clone());
        match asked.send().await {
            Ok(published) => request.answered(published.version).map(Some),
            Err(failure) if is(&failure, MEANWHILE) => Ok(None),
            Err(failure) => Err(request.failed(&failure)),
        }
    }
}

/// The function is not what it was when it was looked at, or is changing (Lambda API Reference, `PublishVersion`).
const MEANWHILE: &[&str] = &["PreconditionFailedException", "ResourceConflictException"];

fn is<E: ProvideErrorMetadata>(failure: &SdkError<E, HttpResponse>, codes: &[&str]) -> bool {
    let code = failure.as_service_error().and_then(ProvideErrorMetadata::code);
    code.is_some_and(|code| codes.contains(&code))
}

/// What `CodeSha256` says: the zip's digest in Base64.
fn digest(sha256: Option<&str>) -> Option<Digest> {
    let bytes = BASE64_STANDARD.decode(sha256?).ok()?;
    Some(<[u8; 32]>::try_from(bytes).ok()?.into())
}

#[async_trait]
impl Functions for LambdaFunction {
    async fn live(&self) -> Result<Live> {
        let alias = self.alias().await?;
        let split = is_split(&alias);
        let version = self.request("look at the alias of", "lambda:GetAlias").answered(alias.function_version)?;
        let found = self.configuration(&version).await?;
        let request = self.request("look at", "lambda:GetFunctionConfiguration");
        Ok(Live { version, code: request.answered(digest(found.code_sha256()))?, split })
    }

    /// A version that equals the one published last is that one: whoever lost the answer publishes nothing twice.
    async fn publish(&self, code: &Digest, architecture: &str) -> Result<String> {
        let begun = Instant::now();
        let mut taken = false;
        let version = loop {
            let latest = self.settled(LATEST).await?;
            let has_code = digest(latest.code_sha256()) == Some(*code);
            // An update that failed before this one may be what this one mends.
            let failed = latest.last_update_status == Some(LastUpdateStatus::Failed);
            if taken && failed {
                return Err(self.refused(LATEST, latest.last_update_status_reason()));
            }
            if taken && !has_code {
                return Err(self.other_code(code));
            }
            if has_code && !failed {
                if let Some(version) = self.publish_version(&latest).await? {
                    break version;
                }
            } else if self.take_code(code, architecture).await?.is_some() {
                taken = true;
                continue;
            }
            if begun.elapsed() > PATIENCE {
                return Err(self.stuck("somebody else keeps changing it"));
            }
            tokio::time::sleep(POLL).await;
        };
        let published = self.settled(&version).await?;
        if published.state == Some(State::Failed) {
            return Err(self.refused(&version, published.state_reason()));
        }
        Ok(version)
    }

    async fn ask(&self, version: &str, path: &str) -> Result<Answer> {
        let request = self.request("invoke", "lambda:InvokeFunction");
        let event = serde_json::to_vec(&exchange::event(path))
            .map_err(|cause| Error::new(Class::Unexpected, "json", cause.to_string()))?;
        let asked = self.client.invoke().function_name(&self.name).qualifier(version).payload(Blob::new(event));
        // A function may take a minute.
        let patient = asked.customize().config_override(Config::builder().timeout_config(bulk_timeouts()));
        let answer = patient.send().await.map_err(|failure| request.failed(&failure))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        Ok(if answer.function_error.is_some() {
            Answer { status: 502, body: payload }
        } else {
            exchange::answer(payload)
        })
    }

    async fn go_live(&self, version: &str, before: &str) -> Result<()> {
        let found = self.alias().await?;
        match found.function_version() {
            Some(live) if live == version && !is_split(&found) => return Ok(()),
            Some(live) if live != version && live != before => return Err(changed(live, before)),
            _ => {}
        }
        let asked = self.client.update_alias().function_name(&self.name).name(LIVE_ALIAS);
        let whole = is_split(&found).then(unsplit);
        let asked = asked.function_version(version).set_routing_config(whole).set_revision_id(found.revision_id);
        let Err(failure) = asked.send().await else { return Ok(()) };
        let meanwhile = is(&failure, MEANWHILE);
        let failure = self.request("move the alias of", "lambda:UpdateAlias").failed(&failure);
        // Perhaps it was moved, and the answer got lost.
        match self.alias().await {
            Err(_) => Err(uncertain(failure, version, before)),
            Ok(now) => match now.function_version() {
                Some(live) if live == version && !is_split(&now) => Ok(()),
                live if meanwhile || live != Some(before) => Err(changed(live.unwrap_or("?"), before)),
                _ => Err(still(failure, before)),
            },
        }
    }

    async fn versions(&self) -> Result<Vec<Version>> {
        let request = self.request("list the versions of", "lambda:ListVersionsByFunction");
        let pages = self.client.list_versions_by_function().function_name(&self.name).into_paginator();
        let listed = pages.items().send().try_collect().await.map_err(|failure| request.failed(&failure))?;
        Ok(listed.iter().filter_map(|listed| Version::parse(listed.version()?)).collect())
    }

    /// Without a qualifier this would delete the function.
    async fn delete(&self, version: Version) -> Result<bool> {
        let asked = self.client.delete_function().function_name(&self.name).qualifier(version.to_string());
        match asked.send().await {
            Ok(_) => Ok(true),
            Err(failure) if is(&failure, &["ResourceNotFoundException"]) => Ok(true),
            Err(failure) if is(&failure, &["ResourceConflictException"]) => Ok(false),
            Err(failure) => {
                let versions = format!("{}:*", self.name);
                let request = self.request("delete a version of", "lambda:DeleteFunction");
                Err(Request { target: Target::Lambda(&versions), ..request }.failed(&failure))
            }
        }
    }

    fn requests(&self) -> u64 {
        self.count.so_far()
    }
}

/// Whether the alias sends some of its viewers to another version than its own.
fn is_split(alias: &Alias) -> bool {
    let weights = alias.routing_config().and_then(AliasRoutingConfiguration::additional_version_weights);
    weights.is_some_and(|weights| weights.values().any(|&share| share > 0.0))
}

/// All viewers meet the same version: weights that somebody gave others are taken away by an empty map, and by nothing
/// less.
pub(super) fn unsplit() -> AliasRoutingConfiguration {
    AliasRoutingConfiguration::builder().set_additional_version_weights(Some(HashMap::new())).build()
}

/// The failure of a move that did not take place.
fn still(failure: Error, before: &str) -> Error {
    Error { message: format!("{failure}; viewers meet version {before} of the API as before"), ..failure }
}

/// The failure of a move that may have taken place.
fn uncertain(failure: Error, version: &str, before: &str) -> Error {
    let message =
        format!("{failure}; whether viewers meet version {version} of the API or still {before} is not known");
    let help = "`treebeard-cdn status` says which; run the command again, and it goes on from there";
    Error { message, help: Some(help.to_owned()), ..failure }
}

fn changed(live: &str, before: &str) -> Error {
    let message = format!("viewers meet version {live} of the API, and not version {before} any more");
    Error::new(Class::Conflict, "api-changed", message)
        .help("somebody else moved the alias; look at `treebeard-cdn status`, then run the command again")
}
