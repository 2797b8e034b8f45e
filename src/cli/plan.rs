//! `plan`: what `deploy` and `provision` would do.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::json;

use super::{
    Context, Environment,
    args::{self, Part},
    infrastructure::{Glance, Infrastructure},
    publish::{Options, Prepared},
};
use crate::{
    config::{Config, Target},
    error::Result,
    model::infrastructure::Kind,
    report::Summary,
};

/// With `--detailed-exitcode`: there are changes.
const CHANGES: u8 = 2;

pub async fn run(context: &Context, args: &args::Plan) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config).await?;
    let (infrastructure, mut notes) = infrastructure(&config, &environment, args).await?;
    let site = if wants_site(args, infrastructure.as_ref()) {
        let options = Options { adopt: args.adopt, refresh: args.refresh, ..Options::default() };
        Some(Prepared::new(context, &config, &environment, &args.build, options).await?)
    } else {
        None
    };
    if site.is_none() && args.only.is_none() {
        notes.push("the site comes after that: run `treebeard-cdn provision`, then `deploy`".to_owned());
    }
    notes.extend(site.iter().flat_map(|site| site.notes.clone()));
    let steps = infrastructure.as_ref().map(|it| &it.steps);
    let changes = site.as_ref().is_some_and(|it| !it.is_empty()) || steps.is_some_and(|steps| !steps.is_empty());
    let mut document = site.as_ref().map_or_else(|| json!({}), site_document);
    document["env"] = json!(config.environment);
    document["api"] = json!(site.as_ref().and_then(|site| site.api.report()));
    document["changes"] = json!(changes);
    document["infrastructure"] = json!(steps);
    document["notes"] = json!(notes);
    context.print(&document, || {
        let infrastructure = steps.map(ToString::to_string).unwrap_or_default();
        infrastructure + &words(site.as_ref(), &notes)
    })?;
    if let Some(site) = &site {
        context.summarize(&Summary::of_plan(&config.environment, &site.plan, site.api.report().as_ref(), &notes));
    }
    Ok(ExitCode::from(if args.detailed_exitcode && changes { CHANGES } else { 0 }))
}

/// What `provision` would do, where it was run before or has to be, or is asked for by name. Where it is not, not being
/// allowed to look is no failure.
async fn infrastructure(
    config: &Config,
    environment: &Environment,
    args: &args::Plan,
) -> Result<(Option<Infrastructure>, Vec<String>)> {
    let Target::Aws(aws) = &config.target else { return Ok((None, Vec::new())) };
    if args.only == Some(Part::Content) {
        return Ok((None, Vec::new()));
    }
    let found = if args.only == Some(Part::Infra) {
        Infrastructure::look(config, aws, environment, false).await?
    } else {
        match Glance::at(config, aws, environment).await? {
            Glance::Ours(found) => *found,
            Glance::SomebodyElses => return Ok((None, Vec::new())),
            Glance::Hidden(note) => return Ok((None, vec![note])),
        }
    };
    let notes = [found.notes.clone(), found.news(aws)].concat();
    Ok((Some(found), notes))
}

/// Whether there is a place for the site to be planned into.
fn wants_site(args: &args::Plan, infrastructure: Option<&Infrastructure>) -> bool {
    let is_there = |kind: Kind| {
        infrastructure
            .is_none_or(|it| !it.steps.0.iter().any(|step| step.wanted.kind() == kind && step.found.is_none()))
    };
    args.only != Some(Part::Infra) && [Kind::Bucket, Kind::Lambda, Kind::Distribution].into_iter().all(is_there)
}

fn words(site: Option<&Prepared>, notes: &[String]) -> String {
    let mut text = String::new();
    if let Some(seen) = site.and_then(|site| site.seen.as_ref()) {
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
    for note in notes {
        let _ = writeln!(text, "  ! {note}");
    }
    text + &site.map(ToString::to_string).unwrap_or_default()
}

fn site_document(prepared: &Prepared) -> serde_json::Value {
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
        "release": plan.outcome.release().id,
        "writes": writes,
        "removals": removals,
        "preserved": plan.preserve.len(),
        "unchanged": plan.unchanged,
        "invalidate": invalidate,
        "drift": prepared.seen.as_ref().map(|seen| &seen.drift),
        "lost": prepared.seen.as_ref().map(|seen| &seen.lost),
    })
}
