//! `deploy`: build → plan → apply → publish → invalidate → verify.

use std::{process::ExitCode, sync::Arc, time::Instant};

use super::{Context, Environment, args, publish::Prepared};
use crate::{
    apply::{Ports, apply},
    config::Config,
    error::{Class, Error, Result},
    plan::Plan,
    report::{DeployReport, InvalidationReport, RequestsReport},
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
    if let Some(place) = place {
        return super::serve::serve(context, &config, place).await;
    }
    Ok(ExitCode::SUCCESS)
}

async fn dry_run(context: &Context, config: &Config, args: &args::Deploy) -> Result<DeployReport> {
    let started = Instant::now();
    let environment = Environment::open(config)?;
    let prepared = Prepared::new(context, config, &environment, &args.build, args.adopt).await?;
    context.say(&prepared.plan);
    Ok(report(&prepared, &environment, config, started))
}

async fn deploy(context: &Context, config: &Config, args: &args::Deploy) -> Result<DeployReport> {
    let started = Instant::now();
    let environment = Environment::exclusive(config)?;
    let prepared = Prepared::new(context, config, &environment, &args.build, args.adopt).await?;
    if prepared.plan.is_empty() || context.global.verbose {
        context.say(&prepared.plan);
    }
    let reporter = Arc::clone(context.reporter());
    let ports = Ports {
        store: environment.store.clone(),
        cdn: Arc::clone(&environment.cdn),
        listener: Arc::new(move |event| reporter.apply(&event)),
    };
    let applied = apply(&prepared.plan, &prepared.pointer, prepared.etag.as_ref(), &ports).await?;
    let mut report = report(&prepared, &environment, config, started);
    report.live = true;
    report.requests.cloudfront = applied.cdn_requests;
    report.invalidation = InvalidationReport::accepted(&applied.invalidations);
    verify(context, config, &prepared.plan).await?;
    report.duration_ms = elapsed_ms(started);
    Ok(report)
}

/// Requests what was published as a browser would. A deploy that had nothing to do has nothing to prove.
async fn verify(context: &Context, config: &Config, plan: &Plan) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    let report = super::verify::environment(config, &plan.manifest, false).await?;
    if !report.failures.is_empty() || !report.notes.is_empty() || context.global.verbose {
        context.say(&report);
    }
    report.check()
}

fn report(prepared: &Prepared, environment: &Environment, config: &Config, started: Instant) -> DeployReport {
    let edge = crate::edge::running(config);
    let served = edge.is_some();
    let url = edge.map_or_else(|| format!("http://localhost:{}", args::DEFAULT_PORT), |edge| edge.url);
    let mut report = DeployReport::of(&prepared.plan, &config.environment, url);
    report.served = served;
    report.requests = RequestsReport { s3: environment.store.requests(), cloudfront: 0 };
    report.duration_ms = elapsed_ms(started);
    report.notes.clone_from(&prepared.notes);
    report
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
