//! `plan`: what `deploy` would do.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::json;

use super::{
    Context, Environment, args,
    publish::{Options, Prepared},
};
use crate::{error::Result, report::Summary};

/// With `--detailed-exitcode`: there are changes.
const CHANGES: u8 = 2;

pub async fn run(context: &Context, args: &args::Plan) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config).await?;
    let options = Options { adopt: args.adopt, refresh: args.refresh, ..Options::default() };
    let prepared = Prepared::new(context, &config, &environment, &args.build, options).await?;
    context.print(&document(&prepared, &config.environment), || words(&prepared))?;
    let plan = &prepared.plan;
    context.summarize(&Summary::of_plan(&config.environment, plan, &prepared.notes));
    let changes = args.detailed_exitcode && !plan.is_empty();
    Ok(ExitCode::from(if changes { CHANGES } else { 0 }))
}

fn words(prepared: &Prepared) -> String {
    let mut text = String::new();
    if let Some(seen) = &prepared.seen {
        for key in &seen.lost {
            // Writing to a string does not fail.
            let _ = writeln!(text, "  ! {key} is gone: an earlier release that needs it cannot be rolled back to");
        }
        if !seen.foreign.is_empty() {
            let _ = writeln!(text, "  = {} objects of somebody else, which are left alone", seen.foreign.len());
        }
        if seen.drift.is_empty() {
            let _ = writeln!(text, "  = every object of the live release is as the ledger says");
        }
    }
    for note in &prepared.notes {
        let _ = writeln!(text, "  ! {note}");
    }
    text + &prepared.plan.to_string()
}

fn document(prepared: &Prepared, env: &str) -> serde_json::Value {
    let plan = &prepared.plan;
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
        "notes": prepared.notes,
        "drift": prepared.seen.as_ref().map(|seen| &seen.drift),
        "lost": prepared.seen.as_ref().map(|seen| &seen.lost),
    })
}
