//! Configuration → what the site needs on AWS, and what has to be done about what is there.

mod api;
mod bucket;
mod check;
mod diff;
mod distribution;
mod iam;
mod iam_api;
mod names;
mod policies;
mod secret;
mod steps;

pub use bucket::ledger_statement;
pub use check::check;
pub use diff::Change;
pub use iam::{Purpose, distribution_arn, policy as iam_policy};
pub use names::Names;
pub use steps::{Action, Step, Steps, outliving, plan, removal};

use std::collections::BTreeSet;

use crate::{
    config::{Aws, Config},
    model::{
        encoding::Encoding,
        infrastructure::{Distribution, Found, Resource, Settings},
    },
    plan::distribution as description,
};

/// What of the world decides what is wanted.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The bucket, once there is one.
    pub bucket: Option<Found>,
    /// The role of the API's function, once there is one.
    pub role: Option<Found>,
    /// The API's function, once there is one.
    pub lambda: Option<Found>,
    /// The URL that leads to it, once there is one.
    pub url: Option<Found>,
    /// The distribution, once there is one.
    pub distribution: Option<Found>,
    /// Whether the secret that the distribution sends to the API is to be another one.
    pub rotate: bool,
    /// Encodings that the live release has variants in; none when nothing is live. The function must not ask for
    /// others: viewers would get 404s.
    pub live: Option<BTreeSet<Encoding>>,
}

impl Facts {
    /// The settings of a distribution that was there before this tool.
    fn adopted(&self) -> Option<&Distribution> {
        let adopted = self.distribution.as_ref().filter(|found| found.is_adopted())?;
        match &adopted.settings {
            Settings::Distribution(it) => Some(it),
            _ => None,
        }
    }

    fn distribution_arn(&self) -> Option<&str> {
        self.distribution.as_ref().and_then(|found| found.arn.as_deref())
    }
}

/// Everything that `config`'s site needs, in the order in which it is made.
#[must_use]
pub fn compile(config: &Config, aws: &Aws, facts: &Facts) -> Vec<Resource> {
    let names = Names::of(&aws.bucket);
    let mut wanted = vec![bucket::bucket(config, aws, facts)];
    if !aws.cdn {
        return wanted;
    }
    let mut described = description::compile(config);
    if let Some(live) = &facts.live {
        described.function = description::function(config, |encoding| live.contains(encoding));
    }
    wanted.push(policies::access_control(&names));
    wanted.extend(policies::response_headers(&names, &described));
    wanted.push(policies::cache(&names, &described));
    wanted.push(policies::function(&names, &described));
    let lambda = config.api.as_ref().and_then(|api| api.lambda.as_ref());
    wanted.extend(lambda.into_iter().flat_map(|it| api::resources(config, aws, it, facts, &names)));
    wanted.push(distribution::distribution(config, aws, facts, &names, &described));
    wanted.push(bucket::policy(aws, facts));
    wanted.extend(lambda.into_iter().flat_map(|it| api::narrowed(config, aws, it, facts, &names)));
    wanted
}

/// Where requests for the API go for now, if that is not where the configuration would have them.
#[must_use]
pub fn kept_api(config: &Config, facts: &Facts) -> Option<String> {
    secret::keeps_api(config, facts).map(|(domain, _)| domain.to_owned())
}

/// What else may have been made for `config`'s site, when it was another one: to be looked for when all is removed.
#[must_use]
pub fn left_over(config: &Config, aws: &Aws) -> Vec<Resource> {
    if !aws.cdn {
        return Vec::new();
    }
    let names = Names::of(&aws.bucket);
    let headers = config.api.is_none().then(|| policies::api_headers(&names));
    let ships = config.api.as_ref().is_some_and(|api| api.lambda.is_some());
    let function = if ships { Vec::new() } else { api::by_name(&names) };
    headers.into_iter().chain(function).collect()
}
