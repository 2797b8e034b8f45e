//! The function that runs the API: what viewers meet is the version that an alias names.

mod busy;
mod code;
mod make;
mod placeholder;
mod read;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use aws_sdk_lambda::types::{FunctionConfiguration, LastUpdateStatus, State};

pub use busy::RetryBusy;

use super::{
    AwsProvider,
    failure::{Failure, changed, if_any},
};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Found, Kind, Known, LIVE_ALIAS, Lambda, NEW_SECRET, Settings},
    remote::aws::fault::{Request, Target},
};

const KIND: Kind = Kind::Lambda;

/// How often a function is asked whether its change is done.
const POLL: Duration = Duration::from_millis(500);

/// Joining a network takes a minute or two.
const PATIENCE: Duration = Duration::from_mins(5);

/// A function, or one version of it.
struct Described {
    config: FunctionConfiguration,
    settings: Lambda,
}

impl AwsProvider {
    pub(super) fn function<'a>(&'a self, verb: &'static str, action: &'static str, name: &'a str) -> Request<'a> {
        self.request(verb, action, Target::Lambda(name))
    }

    /// What `qualifier` names, less what is the whole function's; or what is being worked on, with that.
    async fn described(
        &self,
        name: &str,
        qualifier: Option<&str>,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<Described, Failure> {
        let request = self.function("read", "lambda:GetFunction", name);
        let asked = self.lambda.client.get_function().function_name(name).set_qualifier(qualifier.map(str::to_owned));
        let found = asked.send().await.map_err(|failure| Failure::of(&request, &failure))?;
        let config = request.answered(found.configuration)?;
        let concurrency = found.concurrency.and_then(|it| it.reserved_concurrent_executions);
        let tags = match found.tags_error {
            // Lambda leaves out tags that the caller may not list, and does not fail.
            Some(_) => self.function_tags(name, &config).await?,
            None => found.tags.unwrap_or_default(),
        };
        let settings = Lambda {
            published: qualifier.is_some(),
            reserved_concurrency: concurrency.and_then(|it| it.try_into().ok()),
            tags: tags.into_iter().collect(),
            ..read::settings(&config, wanted, known)
        };
        Ok(Described { config, settings })
    }

    async fn function_tags(
        &self,
        name: &str,
        config: &FunctionConfiguration,
    ) -> Result<HashMap<String, String>, Failure> {
        let request = self.function("read the tags of", "lambda:ListTags", name);
        let arn = request.answered(config.function_arn.as_deref())?;
        let found = self.lambda.client.list_tags().resource(arn).send().await;
        Ok(found.map_err(|failure| Failure::of(&request, &failure))?.tags.unwrap_or_default())
    }

    /// What viewers meet; of a function that nobody can meet yet, what is being worked on.
    async fn met(&self, name: &str, wanted: &Lambda, known: &Known) -> Result<Option<Described>> {
        let Some(whole) = if_any(self.described(name, None, wanted, known).await)? else { return Ok(None) };
        let Some(live) = if_any(self.described(name, Some(LIVE_ALIAS), wanted, known).await)? else {
            return Ok(Some(whole));
        };
        // Of a version, Lambda tells neither of these: they are the whole function's.
        let Lambda { reserved_concurrency, tags, .. } = whole.settings;
        Ok(Some(Described { settings: Lambda { reserved_concurrency, tags, ..live.settings }, ..live }))
    }

    pub(super) async fn find_lambda(&self, name: &str, wanted: &Lambda, known: &Known) -> Result<Option<Found>> {
        let Some(found) = self.met(name, wanted, known).await? else { return Ok(None) };
        Ok(Some(Found {
            id: name.to_owned(),
            arn: found.config.function_arn,
            domain: None,
            version: found.config.version,
            settings: Settings::Lambda(Box::new(found.settings)),
            oddities: Vec::new(),
        }))
    }

    /// What is being worked on, once Lambda has taken over the last change of it.
    async fn ready(
        &self,
        name: &str,
        qualifier: Option<&str>,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<Described, Failure> {
        let began = Instant::now();
        loop {
            let found = self.described(name, qualifier, wanted, known).await?;
            let config = &found.config;
            let failed = match (&config.state, &config.last_update_status) {
                (Some(State::Failed), _) => config.state_reason.as_deref(),
                (_, Some(LastUpdateStatus::Failed)) => config.last_update_status_reason.as_deref(),
                (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(POLL).await;
                    continue;
                }
                (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => Some("it takes too long"),
                _ => return Ok(found),
            };
            let why = failed.unwrap_or("it does not say why");
            let message = format!("Lambda cannot run function {name} as it is configured: {why}");
            let error = Error::new(Class::Remote, "function-failed", message);
            return Err(error.help("correct `api.lambda` in cdn-config.yml, then run the command again").into());
        }
    }

    pub(super) async fn remove_lambda(&self, name: &str) -> Result<()> {
        let request = self.function("delete", "lambda:DeleteFunction", name);
        let removed = self.lambda.client.delete_function().function_name(name).send().await;
        if_any(removed.map(drop).map_err(|failure| Failure::of(&request, &failure))).map(drop)
    }
}

/// The digests of the secrets that it accepts.
fn accepted(name: &str, wanted: &Lambda, known: &Known) -> Result<Vec<String>> {
    let digest = |digest: &String| match &known.new_secret {
        Some(secret) if digest == NEW_SECRET => Ok(secret.digest()),
        None if digest == NEW_SECRET => Err(changed(&format!("{KIND} {name}"))),
        _ => Ok(digest.clone()),
    };
    wanted.accepts.iter().map(digest).collect()
}
