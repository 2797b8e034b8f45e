//! `plan`: what `deploy` would do.

use std::process::ExitCode;

use serde_json::json;

use super::{Context, Environment, args, publish::Prepared};
use crate::{error::Result, plan::Plan};

/// With `--detailed-exitcode`: there are changes.
const CHANGES: u8 = 2;

pub async fn run(context: &Context, args: &args::Plan) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config)?;
    let prepared = Prepared::new(context, &config, &environment, &args.build, args.adopt).await?;
    let plan = &prepared.plan;
    context.print(&document(plan, &config.environment), || plan.to_string())?;
    let changes = args.detailed_exitcode && !plan.is_empty();
    Ok(ExitCode::from(if changes { CHANGES } else { 0 }))
}

fn document(plan: &Plan, env: &str) -> serde_json::Value {
    let writes: Vec<_> = plan
        .waves
        .iter()
        .flat_map(|wave| wave.writes.iter().map(move |write| (wave.role, write)))
        .map(|(role, write)| {
            json!({
                "path": write.path, "key": write.stored.key, "role": role, "reason": write.reason,
                "size": write.stored.size, "sha256": write.stored.sha256, "headers": write.stored.headers.as_ref(),
            })
        })
        .collect();
    let removals: Vec<_> = plan.removals.iter().map(|it| json!({ "path": it.path, "key": it.key })).collect();
    let invalidate: Vec<_> = plan.invalidations.iter().flat_map(|owed| &owed.paths).collect();
    json!({
        "env": env,
        "release": plan.outcome.release().id,
        "changes": !plan.is_empty(),
        "writes": writes,
        "removals": removals,
        "preserved": plan.preserve.len(),
        "unchanged": plan.unchanged,
        "invalidate": invalidate,
    })
}
