//! Configuration → what the site needs on AWS, and what has to be done about what is there.

mod bucket;
mod diff;
mod distribution;
mod iam;
mod names;
mod policies;
mod steps;

pub use diff::Change;
pub use iam::{Purpose, distribution_arn, policy as iam_policy};
pub use names::Names;
pub use steps::{Action, Step, Steps, plan, removal};

use std::collections::BTreeSet;

use crate::{
    config::{Aws, Config},
    model::{encoding::Encoding, infrastructure::Resource},
    plan::distribution as description,
};

/// What of the world decides what is wanted.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The distribution was there before this tool: what the configuration does not speak of is left alone.
    pub adopted: bool,
    /// ARN of the distribution, once there is one.
    pub distribution_arn: Option<String>,
    /// Encodings that the live release has variants in; none when nothing is live. The function must not ask for
    /// others: viewers would get 404s.
    pub live: Option<BTreeSet<Encoding>>,
}

/// Everything that `config`'s site needs, in the order in which it is made.
#[must_use]
pub fn compile(config: &Config, aws: &Aws, facts: &Facts) -> Vec<Resource> {
    let names = Names::of(&aws.bucket);
    let mut wanted = vec![bucket::bucket(config, aws)];
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
