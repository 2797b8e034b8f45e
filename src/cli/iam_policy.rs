//! `iam-policy`: the permissions that the tool needs.

use std::process::ExitCode;

use super::{Context, args};
use crate::{
    config::Target,
    error::{Class, Error, Result},
    plan::infrastructure::{Purpose, distribution_arn, iam_policy},
};

pub fn run(context: &Context, args: &args::IamPolicy) -> Result<ExitCode> {
    let config = context.config()?;
    let Target::Aws(aws) = &config.target else {
        let message = format!("environment {} is on this machine, and needs no permission of AWS", config.environment);
        return Err(Error::new(Class::Config, "no-aws", message).help("choose another one with --env"));
    };
    let purpose = match args.purpose {
        args::Purpose::Deploy => Purpose::Deploy,
        args::Purpose::Provision => Purpose::Provision,
        args::Purpose::Read => Purpose::Read,
    };
    // A policy is written before there are credentials to look anything up with.
    let arn = aws.distribution_id.as_ref().map(|id| distribution_arn(aws, id));
    let policy = iam_policy(&config, aws, purpose, arn.as_deref());
    context.print(&policy, || format!("{policy:#}"))?;
    Ok(ExitCode::SUCCESS)
}
