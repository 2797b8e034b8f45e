//! `rollback`: an earlier release made live again.

use std::{process::ExitCode, time::Instant};

use super::{
    Context, Environment,
    api::{self, Half},
    args, deploy,
    publish::{self, Prepared},
};
use crate::{
    config::Config,
    error::Result,
    plan::{self, Facts},
    remote::{lease, state},
    report::{DeployReport, Summary},
};

pub async fn run(context: &Context, args: &args::Rollback) -> Result<ExitCode> {
    let config = context.config()?;
    let report = Box::pin(rollback(context, &config, args)).await?;
    context.print(&report, || report.to_string())?;
    context.summarize(&Summary::of_deploy(&report));
    Ok(ExitCode::SUCCESS)
}

async fn rollback(context: &Context, config: &Config, args: &args::Rollback) -> Result<DeployReport> {
    let started = Instant::now();
    let environment =
        if args.dry_run { Environment::open(config).await? } else { Environment::exclusive(config).await? };
    let prepared = prepare(config, &environment, args).await?;
    for note in &prepared.notes {
        context.say(format_args!("note: {note}"));
    }
    let mut report = if args.dry_run {
        context.say(&prepared);
        deploy::report(&prepared, &environment, config, started).await?
    } else {
        if !prepared.is_empty() {
            context.confirm(config, args.yes, &prepared, "roll back")?;
        }
        deploy::finish(context, config, &environment, "rollback", !args.no_wait, &prepared, started).await?
    };
    report.notes = prepared.notes;
    Ok(report)
}

async fn prepare(config: &Config, environment: &Environment, args: &args::Rollback) -> Result<Prepared> {
    let store = environment.store.as_ref();
    let loaded = state::load_pointer(store).await?;
    if !args.dry_run {
        lease::refuse_held(&loaded)?;
    }
    let half_done = match args.release {
        None => api::half_done(environment, &loaded.pointer).await?,
        Some(_) => None,
    };
    let release = match half_done {
        Some(live) => live,
        None => plan::target(&loaded.pointer, args.release.as_deref())?,
    };
    let (api, delivery, state, manifest) = futures_util::try_join!(
        Half::of_rollback(config, environment, &loaded.pointer, release),
        environment.delivery(),
        state::load(store, loaded.pointer.clone()),
        state::load_manifest(store, &release.manifest)
    )?;
    let facts = Facts {
        commit: release.commit.clone(),
        negotiates: delivery.negotiates,
        encodings: delivery.encodings.clone(),
        ..publish::facts(config, environment, args.max_deletes)
    };
    let plan = plan::rollback(release, manifest, &state, &facts)?;
    let notes = Half::left_alone(environment, release).into_iter().collect();
    Ok(Prepared { plan, api, loaded, notes, seen: None })
}
