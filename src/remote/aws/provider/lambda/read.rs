//! A function in our words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_lambda::types::FunctionConfiguration;

use super::placeholder::is_placeholder;
use crate::model::infrastructure::{HIDDEN, Kind, Known, Lambda, ORIGIN_SECRETS};

/// What one version of a function is like. What belongs to all of them is left out.
pub fn settings(config: &FunctionConfiguration, wanted: &Lambda, known: &Known) -> Lambda {
    let (environment, accepts) = environment(config);
    let vpc = config.vpc_config.as_ref();
    let ids = |ids: Option<&Vec<String>>| ids.into_iter().flatten().cloned().collect::<BTreeSet<_>>();
    let logging = config.logging_config.as_ref();
    let arn = config.role.clone().unwrap_or_default();
    let is_ours = known.get(Kind::Role, &wanted.role).and_then(|found| found.arn.as_ref()) == Some(&arn);
    Lambda {
        runtime: config.runtime.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default(),
        architecture: config.architectures.as_deref().and_then(|it| it.first()).map(|it| it.as_str().to_owned()),
        memory: config.memory_size.and_then(|it| it.try_into().ok()).unwrap_or_default(),
        timeout: config.timeout.and_then(|it| it.try_into().ok()).unwrap_or_default(),
        role: if is_ours { wanted.role.clone() } else { arn },
        subnets: ids(vpc.and_then(|it| it.subnet_ids.as_ref())),
        security_groups: ids(vpc.and_then(|it| it.security_group_ids.as_ref())),
        environment: shown(environment, wanted),
        accepts,
        log_group: logging.and_then(|it| it.log_group.clone()).unwrap_or_default(),
        log_format: logging.and_then(|it| it.log_format.as_ref()).map(|it| it.as_str().to_owned()).unwrap_or_default(),
        deployed: config.code_sha256.as_deref().is_some_and(|digest| !is_placeholder(digest)),
        ..Lambda::default()
    }
}

/// The variables, and the digests in the one that is ours.
fn environment(config: &FunctionConfiguration) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let variables = config.environment.as_ref().and_then(|it| it.variables.clone());
    let mut variables: BTreeMap<_, _> = variables.unwrap_or_default().into_iter().collect();
    let accepts = variables.remove(ORIGIN_SECRETS).unwrap_or_default();
    let accepts = accepts.split(',').filter(|digest| !digest.is_empty()).map(str::to_owned).collect();
    (variables, accepts)
}

/// Somebody may have put a secret where a reference should be, or beside what we know of: such values are not shown.
fn shown(found: BTreeMap<String, String>, wanted: &Lambda) -> BTreeMap<String, String> {
    let show = |(name, value): (String, String)| {
        let may_be_shown = wanted.plain.contains(&name) || wanted.environment.get(&name) == Some(&value);
        (name, if may_be_shown { value } else { HIDDEN.to_owned() })
    };
    found.into_iter().map(show).collect()
}

/// The variables as they are to be.
pub fn variables(wanted: &Lambda, accepts: &[String]) -> HashMap<String, String> {
    let secrets = (ORIGIN_SECRETS.to_owned(), accepts.join(","));
    wanted.environment.clone().into_iter().chain([secrets]).collect()
}
