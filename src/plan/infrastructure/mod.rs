//! Configuration → what the site needs on AWS, and what has to be done about what is there.

mod bucket;
mod check;
mod diff;
mod distribution;
mod iam;
mod names;
mod policies;
mod steps;

pub use bucket::ledger_statement;
pub use check::check;
pub use diff::Change;
pub use iam::{Purpose, distribution_arn, policy as iam_policy};
pub use names::Names;
pub use steps::{Action, Step, Steps, plan, removal};

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
    /// The distribution, once there is one.
    pub distribution: Option<Found>,
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
    wanted.push(distribution::distribution(config, aws, facts, &names, &described));
    wanted.push(bucket::policy(aws, facts));
    wanted
}

/// What else may have been made for `config`'s site, when it was another one: to be looked for when all is removed.
#[must_use]
pub fn left_over(config: &Config, aws: &Aws) -> Vec<Resource> {
    if config.api.is_some() || !aws.cdn {
        return Vec::new();
    }
    vec![policies::api_headers(&Names::of(&aws.bucket))]
}
