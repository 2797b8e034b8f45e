//! `provision`: what the site needs on AWS.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use serde::Serialize;

use super::{Context, Environment, args, infrastructure::Infrastructure};
use crate::{
    apply::provision::{self, Workshop},
    config::{Aws, Config, Target},
    error::{Class, Error, Result},
    model::infrastructure::{Kind, Known},
    plan::infrastructure::{Steps, removal},
    remote::{local::DeployLock, state},
    report::Summary,
};

/// A DNS record that the user has to create.
#[derive(Debug, Serialize)]
struct Record {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Report<'a> {
    env: &'a str,
    /// What was done, or would be with `--dry-run`.
    resources: &'a Steps,
    changes: bool,
    dry_run: bool,
    distribution: Option<Distribution>,
    dns: Vec<Record>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Distribution {
    id: String,
    domain: Option<String>,
}

pub async fn run(context: &Context, args: &args::Provision) -> Result<ExitCode> {
    let config = context.config()?;
    let Target::Aws(aws) = &config.target else {
        let nothing = Steps(Vec::new());
        let report = Report { resources: &nothing, ..empty(&config, args) };
        context.print(&report, || "the local environment needs nothing: `deploy`, then `serve`\n".to_owned())?;
        return Ok(ExitCode::SUCCESS);
    };
    let environment = Environment::open(&config).await?;
    // Two of them at once would both find nothing and both begin to make it.
    let _one_at_a_time = if args.dry_run { None } else { Some(DeployLock::acquire(&config.state_dir())?) };
    let found = Infrastructure::look(&config, aws, &environment).await?;
    if args.destroy {
        return destroy(context, &config, aws, args, &environment, found).await;
    }
    found.check(aws)?;
    for note in &found.notes {
        context.say(format_args!("note: {note}"));
    }
    if args.dry_run || found.steps.is_empty() {
        let known = known(&found.steps);
        return report(context, &config, aws, args, &found, &known);
    }
    agree(context, args, &found.steps)?;
    let workshop = workshop(context, &found, !args.no_wait);
    let known = {
        let _draining = context.drain();
        provision::provision(&found.steps, &workshop).await?
    };
    report(context, &config, aws, args, &found, &known)
}

fn workshop(context: &Context, found: &Infrastructure, wait: bool) -> Workshop {
    let reporter = Arc::clone(context.reporter());
    Workshop {
        provider: Arc::clone(&found.provider),
        listener: Arc::new(move |event| reporter.provision(&event)),
        stop: context.stop(),
        wait,
    }
}

/// Asks on a terminal; elsewhere it must have been said beforehand.
fn agree(context: &Context, args: &args::Provision, steps: &Steps) -> Result<()> {
    if args.yes {
        return Ok(());
    }
    context.say(steps);
    context.ask_or_refuse("provision changes your AWS account", "provision --dry-run", "do this?")
}

async fn destroy(
    context: &Context,
    config: &Config,
    aws: &Aws,
    args: &args::Provision,
    environment: &Environment,
    found: Infrastructure,
) -> Result<ExitCode> {
    if let Some(adopted) = found.steps.found(Kind::Distribution).filter(|it| it.is_adopted()) {
        let message = format!("distribution {} was there before this tool", adopted.id);
        return Err(Error::new(Class::Brake, "adopted", message)
            .help("remove it yourself if nothing else needs it, then take `distribution_id` out of cdn-config.yml"));
    }
    let bucket = found.steps.found(Kind::Bucket).cloned();
    if bucket.is_some() && !args.with_content {
        let releases = state::load_pointer(environment.store.as_ref()).await?.pointer.releases.len();
        if releases > 0 {
            let message = format!("bucket {} holds {releases} releases", aws.bucket);
            return Err(Error::new(Class::Brake, "content", message).help("--with-content deletes them, too, for good"));
        }
    }
    let steps = removal(found.steps.clone());
    if !args.dry_run && !steps.0.is_empty() {
        context.say(&steps);
        if !args.yes {
            context.ask_for_name(&aws.bucket)?;
        }
        let workshop = workshop(context, &found, true);
        let _draining = context.drain();
        if let Some(bucket) = bucket.filter(|_| args.with_content) {
            let count = found.provider.empty(&bucket).await?;
            context.say(format_args!("deleted {count} objects and versions of bucket {}", aws.bucket));
        }
        provision::destroy(&steps, &workshop).await?;
    }
    let report = Report { resources: &steps, changes: !steps.0.is_empty(), ..empty(config, args) };
    let done = if args.dry_run { steps.to_string() } else { format!("{} resources removed\n", steps.0.len()) };
    context.print(&report, || done)?;
    Ok(ExitCode::SUCCESS)
}

fn empty<'a>(config: &'a Config, args: &args::Provision) -> Report<'a> {
    const NOTHING: &Steps = &Steps(Vec::new());
    Report {
        env: &config.environment,
        resources: NOTHING,
        changes: false,
        dry_run: args.dry_run,
        distribution: None,
        dns: Vec::new(),
        notes: &[],
    }
}

fn known(steps: &Steps) -> Known {
    let mut known = Known::default();
    for step in &steps.0 {
        if let Some(found) = &step.found {
            known.insert(&step.wanted.name, found.clone());
        }
    }
    known
}

fn report(
    context: &Context,
    config: &Config,
    aws: &Aws,
    args: &args::Provision,
    found: &Infrastructure,
    known: &Known,
) -> Result<ExitCode> {
    let made = known.get(Kind::Distribution, &aws.bucket);
    let domain = made.and_then(|found| found.domain.clone());
    let report = Report {
        resources: &found.steps,
        changes: !found.steps.is_empty(),
        distribution: made.map(|found| Distribution { id: found.id.clone(), domain: found.domain.clone() }),
        dns: domain.iter().flat_map(|domain| records(aws, domain)).collect(),
        notes: &found.notes,
        ..empty(config, args)
    };
    context.print(&report, || words(&report))?;
    let mut rows = vec![("Changes", found.steps.to_string().replace('\n', "<br>"))];
    rows.extend(report.distribution.as_ref().map(|it| ("Distribution", it.id.clone())));
    context.summarize(&Summary::new(&format!("Provisioned {}", config.environment), &rows));
    Ok(ExitCode::SUCCESS)
}

/// What leads the domains to the distribution. At a zone's apex DNS allows no CNAME: Route 53 has alias records, and
/// others call theirs ALIAS, ANAME or CNAME flattening.
fn records(aws: &Aws, domain: &str) -> Vec<Record> {
    let record = |name: &String| {
        let kind = if name.split('.').count() == 2 { "ALIAS" } else { "CNAME" };
        Record { name: name.clone(), kind, value: domain.to_owned() }
    };
    aws.domains.iter().map(record).collect()
}

fn words(report: &Report<'_>) -> String {
    let mut text = report.resources.to_string();
    if let Some(Distribution { id, domain }) = &report.distribution {
        // Writing to a string does not fail.
        let _ = writeln!(text, "distribution {id}: https://{}", domain.as_deref().unwrap_or("-"));
    }
    if !report.dns.is_empty() {
        text.push_str("DNS records to create, unless they are there:\n");
        for Record { name, kind, value } in &report.dns {
            let _ = writeln!(text, "  {name:<32} {kind:<6} {value}");
        }
    }
    text
}
