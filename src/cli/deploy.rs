//! `deploy`: build → plan → apply → publish → invalidate → verify.

use std::{process::ExitCode, time::Instant};

use super::{
    Context, Environment, args,
    publish::{self, Options, Prepared},
    verify::Promised,
};
use crate::{
    config::{Config, Target},
    error::{Class, Error, Result},
    plan::Plan,
    remote::state,
    report::{DeployReport, InvalidationReport, RequestsReport, Summary},
};

pub async fn run(context: &Context, args: &args::Deploy) -> Result<ExitCode> {
    if args.serve && context.json() {
        let message = "--json promises one document at the end, and --serve has no end";
        return Err(Error::new(Class::Config, "usage", message).help("deploy with --json, then run `serve`"));
    }
    let config = context.config()?;
    // A port in use must not come out after the publication.
    let place = if args.serve { Some(super::serve::claim(&config, args.port).await?) } else { None };
    let mut report =
        if args.dry_run { dry_run(context, &config, args).await? } else { deploy(context, &config, args).await? };
    if let Some(place) = &place {
        report.url = place.url();
        report.served = true;
    }
    context.print(&report, || report.to_string())?;
    context.summarize(&Summary::of_deploy(&report));
    if let Some(place) = place {
        return super::serve::serve(context, &config, place).await;
    }
    Ok(ExitCode::SUCCESS)
}

fn options(args: &args::Deploy) -> Options {
    Options {
        adopt: args.adopt,
        refresh: args.repair,
        writes: !args.dry_run,
        max_deletes: args.max_deletes,
        migration: args.migration,
    }
}

async fn dry_run(context: &Context, config: &Config, args: &args::Deploy) -> Result<DeployReport> {
    let started = Instant::now();
    let environment = Environment::open(config).await?;
    let prepared = Prepared::new(context, config, &environment, &args.build, options(args)).await?;
    context.say(&prepared);
    let mut report = report(&prepared, &environment, config, started).await?;
    report.notes = prepared.notes;
    Ok(report)
}

async fn deploy(context: &Context, config: &Config, args: &args::Deploy) -> Result<DeployReport> {
    let started = Instant::now();
    let environment = Environment::exclusive(config).await?;
    let prepared = Prepared::new(context, config, &environment, &args.build, options(args)).await?;
    if prepared.is_empty() || context.global.verbose {
        context.say(&prepared);
    }
    if !prepared.is_empty() {
        context.confirm(config, args.yes, &prepared, "deploy")?;
    }
    let mut report = finish(context, config, &environment, "deploy", !args.no_wait, &prepared, started).await?;
    report.notes = prepared.notes;
    Ok(report)
}

/// Applies a plan, verifies what is served then, and reports.
pub async fn finish(
    context: &Context,
    config: &Config,
    environment: &Environment,
    command: &str,
    wait: bool,
    prepared: &Prepared,
    started: Instant,
) -> Result<DeployReport> {
    let plan = &prepared.plan;
    let applied = publish::apply(context, environment, command, wait, prepared).await?;
    let mut report = report(prepared, environment, config, started).await?;
    report.live = true;
    if let (Some(api), Some(record)) = (&mut report.api, applied.api) {
        api.record = record;
    }
    report.invalidation = InvalidationReport::accepted(&applied.invalidations);
    verify(context, config, environment, plan, applied.finished).await?;
    if applied.finished && !prepared.is_empty() {
        super::warm::warm(context, config, environment).await?;
    }
    report.duration_ms = elapsed_ms(started);
    Ok(report)
}

/// Requests what was published as a browser would. A deploy that had nothing to do has nothing to prove.
async fn verify(
    context: &Context,
    config: &Config,
    environment: &Environment,
    plan: &Plan,
    finished: bool,
) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    if !finished && environment.has_cdn && config.target != Target::Local {
        context
            .say("not verified: the CDN may still answer with the release before; `treebeard-cdn verify` looks later");
        return Ok(());
    }
    let promised = Promised { manifest: &plan.manifest, saving: plan.outcome.release().saving };
    let report = super::verify::at_home(config, environment, None, promised, false).await?;
    if !report.failures.is_empty() || !report.notes.is_empty() || context.global.verbose {
        context.say(&report);
    }
    if !report.failures.is_empty() && !is_live(environment, plan).await? {
        context.say("not verified: another command has published since");
        return Ok(());
    }
    report.check()
}

/// Whether `plan` is what the bucket still holds: as soon as the lease is given back, others may go on.
async fn is_live(environment: &Environment, plan: &Plan) -> Result<bool> {
    let pointer = state::load_pointer(environment.store.as_ref()).await?.pointer;
    Ok(pointer.live.as_ref() == Some(&plan.outcome.release().id) && pointer.pending.is_empty())
}

/// The report on a plan, before anything else is known of it.
pub async fn report(
    prepared: &Prepared,
    environment: &Environment,
    config: &Config,
    started: Instant,
) -> Result<DeployReport> {
    let mut report = DeployReport::of(&prepared.plan, &config.environment, environment.url(config).await?);
    report.api = prepared.api.report();
    report.served = config.target != Target::Local || crate::edge::running(config).is_some();
    // A version that is about to go live is not live, whatever the pages are.
    report.live &= !prepared.api.goes_live();
    report.requests = RequestsReport {
        s3: environment.store.requests(),
        cloudfront: environment.cdn.requests(),
        lambda: environment.functions.as_ref().map_or(0, |functions| functions.requests()),
    };
    report.duration_ms = elapsed_ms(started);
    Ok(report)
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
