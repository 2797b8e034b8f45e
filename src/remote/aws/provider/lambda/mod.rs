//! The function that runs the API: what viewers meet is the version that an alias names.

mod busy;
mod code;
mod make;
mod placeholder;
mod read;
mod trial;

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use aws_sdk_lambda::{
    operation::get_alias::GetAliasOutput,
    types::{FunctionConfiguration, LastUpdateStatus, State},
};

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
            Some(_) if qualifier.is_none() => self.function_tags(name, &config).await?,
            _ => found.tags.unwrap_or_default(),
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

    /// Where viewers are led.
    async fn alias(&self, name: &str) -> Result<Option<GetAliasOutput>> {
        let request = self.function("read", "lambda:GetAlias", name);
        let asked = self.lambda.client.get_alias().function_name(name).name(LIVE_ALIAS);
        if_any(asked.send().await.map_err(|failure| Failure::of(&request, &failure)))
    }

    /// What viewers meet; of a function that nobody can meet yet, what is being worked on.
    async fn met(&self, name: &str, wanted: &Lambda, known: &Known) -> Result<Option<Described>> {
        let Some(latest) = if_any(self.described(name, None, wanted, known).await)? else { return Ok(None) };
        let Some(alias) = self.alias(name).await? else { return Ok(Some(latest)) };
        let Some(live) = if_any(self.described(name, Some(LIVE_ALIAS), wanted, known).await)? else {
            return Ok(Some(latest));
        };
        let weights = alias.routing_config.and_then(|it| it.additional_version_weights).unwrap_or_default();
        let settings = Lambda {
            unpublished: latest.config.last_update_status == Some(LastUpdateStatus::Failed)
                || of_version(&latest.settings) != of_version(&live.settings),
            also_live: weights.into_keys().collect(),
            // These are the whole function's, and Lambda leaves them out where it is asked for a version.
            reserved_concurrency: latest.settings.reserved_concurrency,
            tags: latest.settings.tags,
            ..live.settings
        };
        Ok(Some(Described { settings, ..live }))
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

    /// What is being worked on, or a version, once no change of it is under way any more.
    async fn at_rest(
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
            if config.state != Some(State::Pending) && config.last_update_status != Some(LastUpdateStatus::InProgress) {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                return Err(unable(name, Some("it takes too long")).into());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The same, after a change that Lambda must have taken over.
    async fn ready(
        &self,
        name: &str,
        qualifier: Option<&str>,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<Described, Failure> {
        let found = self.at_rest(name, qualifier, wanted, known).await?;
        let config = &found.config;
        match (&config.state, &config.last_update_status) {
            (Some(State::Failed), _) => Err(unable(name, config.state_reason.as_deref()).into()),
            (_, Some(LastUpdateStatus::Failed)) => {
                Err(unable(name, config.last_update_status_reason.as_deref()).into())
            }
            _ => Ok(found),
        }
    }

    pub(super) async fn remove_lambda(&self, name: &str) -> Result<()> {
        let request = self.function("delete", "lambda:DeleteFunction", name);
        let removed = self.lambda.client.delete_function().function_name(name).send().await;
        if_any(removed.map(drop).map_err(|failure| Failure::of(&request, &failure))).map(drop)
    }
}

/// The failure of a function that Lambda does not run.
fn unable(name: &str, why: Option<&str>) -> Error {
    let why = why.unwrap_or("it does not say why");
    let message = format!("Lambda cannot run function {name} as it is configured: {why}");
    Error::new(Class::Remote, "function-failed", message)
        .help("correct `api.lambda` in cdn-config.yml, then run the command again")
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

/// What a version is published with, less its code.
fn of_version(settings: &Lambda) -> Lambda {
    Lambda {
        published: true,
        reserved_concurrency: None,
        tags: BTreeMap::new(),
        architecture: None,
        deployed: true,
        ..settings.clone()
    }
}
