//! A function's configuration as Lambda wants it: made, and changed for whom viewers meet.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{
        Architecture, Environment, FunctionCode, LastUpdateStatus, LogFormat, LoggingConfig, Runtime, State, VpcConfig,
    },
};

use super::{Described, KIND, accepted, placeholder, read, unable};
use crate::{
    error::Result,
    model::infrastructure::{Found, Kind, Known, LIVE_ALIAS, Lambda},
    remote::aws::provider::{
        AwsProvider,
        failure::{Failure, Meaning, changed, repeated},
    },
};

/// Pauses until a role that was just made can be taken on: AWS says "a few seconds"
/// (IAM User Guide, "Changes that I make are not always immediately visible").
const PAUSES: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

impl AwsProvider {
    pub(in super::super) async fn make_lambda(
        &self,
        name: &str,
        wanted: &Lambda,
        known: &Known,
    ) -> Result<String, Failure> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match (self.create_function(name, wanted, known).await, pauses.next()) {
                // Refused before anything was made.
                (Err(failure), Some(pause)) if is_too_early(&failure) => tokio::time::sleep(pause).await,
                (other, _) => return other.map(|()| name.to_owned()),
            }
        }
    }

    async fn create_function(&self, name: &str, wanted: &Lambda, known: &Known) -> Result<(), Failure> {
        let request = self.function("create", "lambda:CreateFunction", name);
        let architecture = wanted.architecture.as_deref().map(|it| vec![Architecture::from(it)]);
        let asked = self.lambda.once.create_function().function_name(name).handler("bootstrap");
        let made = asked
            .code(FunctionCode::builder().zip_file(Blob::new(placeholder::zip()?)).build())
            .runtime(Runtime::from(wanted.runtime.as_str()))
            .set_architectures(architecture)
            .role(role(wanted, known))
            .memory_size(number(wanted.memory))
            .timeout(number(wanted.timeout))
            .set_vpc_config((!wanted.subnets.is_empty()).then(|| vpc(wanted)))
            .environment(environment(name, wanted, known)?)
            .logging_config(logging(wanted))
            .set_tags(Some(wanted.tags.clone().into_iter().collect()))
            .send()
            .await;
        made.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    /// Changes what is being worked on, publishes it with the code that viewers meet now, and has them meet that.
    pub(in super::super) async fn change_lambda(&self, found: &Found, wanted: &Lambda, known: &Known) -> Result<()> {
        let name = &found.id;
        let met = self.met(name, wanted, known).await?.filter(|met| met.config.version == found.version);
        let Some(mut met) = met else { return Err(changed(&format!("{KIND} {name}"))) };
        if !met.settings.published && met.config.state == Some(State::Failed) {
            met = self.remade(name, &met, wanted, known).await?;
        }
        let meets_one = met.settings.published && met.settings.also_live.is_empty();
        if !meets_one || met.settings.unpublished || !is_as_wanted(name, &met, wanted, known)? {
            self.reconfigure(name, wanted, known).await?;
            let latest = self.with_code_of(name, &met.config, wanted, known).await?;
            // Another run may have written its own settings since: those must not meet viewers as this one's.
            if !is_as_wanted(name, &latest, wanted, known)? {
                return Err(changed(&format!("{KIND} {name}")));
            }
            let version = self.publish(name, &latest.config, wanted, known).await?;
            if met.settings.deployed {
                self.try_out(name, &version, met.config.version.as_deref().unwrap_or(LIVE_ALIAS)).await?;
            }
            self.go_live(name, &version, &met).await?;
        }
        if met.settings.reserved_concurrency != wanted.reserved_concurrency {
            self.reserve(name, wanted.reserved_concurrency).await?;
        }
        let mut missing = wanted.tags.clone();
        missing.retain(|key, value| met.settings.tags.get(key) != Some(value));
        match met.config.function_arn {
            Some(arn) if !missing.is_empty() => {
                // Tags are the whole function's: `arn:aws:lambda:REGION:ACCOUNT:function:NAME`.
                let arn: Vec<_> = arn.split(':').take(7).collect();
                let request = self.function("tag", "lambda:TagResource", name);
                let asked = self.lambda.client.tag_resource().resource(arn.join(":"));
                let tagged = asked.set_tags(Some(missing.into_iter().collect())).send().await;
                tagged.map(drop).map_err(|failure| request.failed(&failure))
            }
            _ => Ok(()),
        }
    }

    /// Makes a function anew that nobody has met and that Lambda failed to make: nothing else mends it
    /// (AWS Lambda Developer Guide, "Lambda function states").
    async fn remade(&self, name: &str, failed: &Described, wanted: &Lambda, known: &Known) -> Result<Described> {
        self.remove_lambda(name).await?;
        let architecture = wanted.architecture.clone().or_else(|| failed.settings.architecture.clone());
        let whole = Lambda { architecture, ..wanted.clone() };
        repeated(|| self.make_lambda(name, &whole, known)).await?;
        self.met(name, wanted, known).await?.ok_or_else(|| changed(&format!("{KIND} {name}")))
    }

    /// Gives what is being worked on the configuration that is wanted. A change that failed is made again.
    async fn reconfigure(&self, name: &str, wanted: &Lambda, known: &Known) -> Result<(), Failure> {
        let request = self.function("change", "lambda:UpdateFunctionConfiguration", name);
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let latest = self.at_rest(name, None, wanted, known).await?;
            if latest.config.state == Some(State::Failed) {
                return Err(unable(name, latest.config.state_reason.as_deref()).into());
            }
            let failed = latest.config.last_update_status == Some(LastUpdateStatus::Failed);
            if !failed && is_as_wanted(name, &latest, wanted, known)? {
                return Ok(());
            }
            let joins = !wanted.subnets.is_empty() || !latest.settings.subnets.is_empty();
            let asked = self.lambda.client.update_function_configuration().function_name(name);
            let sent = asked
                .runtime(Runtime::from(wanted.runtime.as_str()))
                .role(role(wanted, known))
                .memory_size(number(wanted.memory))
                .timeout(number(wanted.timeout))
                .set_vpc_config(joins.then(|| vpc(wanted)))
                .environment(environment(name, wanted, known)?)
                .logging_config(logging(wanted))
                .set_revision_id(latest.config.revision_id)
                .send()
                .await;
            match (sent.map_err(|failure| Failure::of(&request, &failure)), pause) {
                (Ok(_), _) => return self.ready(name, None, wanted, known).await.map(drop),
                // A first attempt may have gone well, and its answer been lost: then it is as wanted now.
                (Err(Failure { meaning: Meaning::Stale, .. }), _) => {
                    let latest = self.ready(name, None, wanted, known).await?;
                    return if is_as_wanted(name, &latest, wanted, known)? {
                        Ok(())
                    } else {
                        Err(changed(&format!("{KIND} {name}")).into())
                    };
                }
                (Err(failure), Some(pause)) if is_too_early(&failure) => tokio::time::sleep(pause).await,
                (Err(failure), _) => return Err(failure),
            }
        }
        Ok(())
    }

    async fn reserve(&self, name: &str, executions: Option<u32>) -> Result<()> {
        let Some(executions) = executions else {
            let request = self.function("change", "lambda:DeleteFunctionConcurrency", name);
            let sent = self.lambda.client.delete_function_concurrency().function_name(name).send().await;
            return sent.map(drop).map_err(|failure| request.failed(&failure));
        };
        let request = self.function("change", "lambda:PutFunctionConcurrency", name);
        let asked = self.lambda.client.put_function_concurrency().function_name(name);
        let sent = asked.reserved_concurrent_executions(number(executions)).send().await;
        sent.map(drop).map_err(|failure| request.failed(&failure))
    }
}

/// Whether a version is as wanted, as far as a version can be.
fn is_as_wanted(name: &str, there: &Described, wanted: &Lambda, known: &Known) -> Result<bool> {
    let there = &there.settings;
    let wanted = Lambda {
        accepts: accepted(name, wanted, known)?.into_iter().collect(),
        // These are not a version's.
        published: there.published,
        also_live: there.also_live.clone(),
        unpublished: there.unpublished,
        reserved_concurrency: there.reserved_concurrency,
        tags: there.tags.clone(),
        architecture: there.architecture.clone(),
        deployed: there.deployed,
        plain: there.plain.clone(),
        ..wanted.clone()
    };
    Ok(*there == wanted)
}

/// What Lambda says, in words only, where a role, or what it may do, is not known everywhere yet, to EC2 and KMS among
/// others, or EC2 is too busy to look. The key encrypts the environment; the role is to be let use it.
const TOO_EARLY: [&str; 4] = [
    "cannot be assumed by Lambda",
    "does not have permissions to call",
    "KMS key is invalid for CreateGrant",
    "throttled by EC2",
];

fn is_too_early(failure: &Failure) -> bool {
    TOO_EARLY.iter().any(|words| failure.error.message.contains(words))
}

fn role(wanted: &Lambda, known: &Known) -> String {
    let arn = known.get(Kind::Role, &wanted.role).and_then(|found| found.arn.clone());
    arn.unwrap_or_else(|| wanted.role.clone())
}

fn environment(name: &str, wanted: &Lambda, known: &Known) -> Result<Environment> {
    let variables = read::variables(wanted, &accepted(name, wanted, known)?);
    Ok(Environment::builder().set_variables(Some(variables)).build())
}

/// Empty lists leave the network.
fn vpc(wanted: &Lambda) -> VpcConfig {
    let ids = |ids: &BTreeSet<String>| Some(ids.iter().cloned().collect());
    let vpc = VpcConfig::builder().set_subnet_ids(ids(&wanted.subnets));
    vpc.set_security_group_ids(ids(&wanted.security_groups)).build()
}

fn logging(wanted: &Lambda) -> LoggingConfig {
    let logging = LoggingConfig::builder().log_format(LogFormat::from(wanted.log_format.as_str()));
    logging.log_group(&wanted.log_group).build()
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
