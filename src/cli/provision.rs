//! `provision`: what the site needs on AWS.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use serde::Serialize;

use super::{Context, Environment, args, infrastructure::Infrastructure};
use crate::{
    apply::provision::{self, Outcome, Workshop},
    config::{Aws, Config, Target},
    error::{Class, Error, Result},
    model::infrastructure::{Found, Kind, Known, OriginSecret},
    plan::infrastructure::{self as plan, Action, Step, Steps, removal},
    remote::{lease, local::DeployLock, refresh::refresh, state},
    report::Summary,
};

/// What is left where nobody waited for every edge.
const UNSETTLED: &str = "the API still accepts the earlier secret, and may what it might before, since edges may still \
                         rely on that: run `provision` again in a few minutes to take it away";

/// What is left of a function that was in a network.
const ROLE_STAYS: &str = "the function's role stays for now: Lambda needs it to remove the function's network interfaces, \
                          which takes up to 45 minutes. Run the command again then";

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
        context.print(&empty(&config, args), || {
            "the local environment needs nothing: `deploy`, then `serve`\n".to_owned()
        })?;
        return Ok(ExitCode::SUCCESS);
    };
    let environment = Environment::open(&config).await?;
    // Two of them at once would both find nothing and both begin to make it.
    let _one_at_a_time = if args.dry_run { None } else { Some(DeployLock::acquire(&config.state_dir())?) };
    if args.rotate_origin_secret && config.api.as_ref().is_none_or(|api| api.lambda.is_none()) {
        let message = "there is no secret between the distribution and the API: it is hosted elsewhere";
        return Err(Error::new(Class::Config, "no-origin-secret", message)
            .help("run `provision` without --rotate-origin-secret, or set `api.package: lambda`"));
    }
    let found = Infrastructure::look(&config, aws, &environment, args.rotate_origin_secret).await?;
    if args.destroy {
        return destroy(context, &config, aws, args, &environment, found).await;
    }
    let mut notes = found.notes.clone();
    notes.extend(found.check(aws)?);
    for note in &notes {
        context.say(format_args!("note: {note}"));
    }
    let Outcome { known, deferred } = if args.dry_run {
        Outcome::default()
    } else {
        if !found.steps.is_empty() {
            agree(context, args, &found.steps)?;
        }
        let workshop = workshop(context, &found, !args.no_wait)?;
        let _draining = context.drain();
        // With nothing to do, what an earlier run began may still be under way.
        provision::provision(&found.steps, &workshop).await?
    };
    if deferred {
        notes.push(UNSETTLED.to_owned());
        context.say(format_args!("note: {UNSETTLED}"));
    }
    report(context, &config, aws, args, &found.steps.done(&known, deferred), &notes)
}

fn workshop(context: &Context, found: &Infrastructure, wait: bool) -> Result<Workshop> {
    let reporter = Arc::clone(context.reporter());
    let mut random = [0; 32];
    getrandom::fill(&mut random)
        .map_err(|cause| Error::new(Class::Unexpected, "random", format!("no random numbers: {cause}")))?;
    Ok(Workshop {
        provider: Arc::clone(&found.provider),
        listener: Arc::new(move |event| reporter.provision(&event)),
        stop: context.stop(),
        wait,
        new_secret: Some(OriginSecret::new(random)),
    })
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
    let bucket = found.steps.found(Kind::Bucket).cloned();
    if let Some(adopted) = found.steps.found(Kind::Distribution).filter(|it| it.is_adopted()) {
        let message = format!("distribution {} was there before this tool", adopted.id);
        return Err(Error::new(Class::Brake, "adopted", message)
            .help("remove it yourself if nothing else needs it, then take `distribution_id` out of cdn-config.yml"));
    }
    match bucket.as_ref() {
        Some(bucket) if bucket.is_adopted() && args.with_content => {
            let message = format!("bucket {} was there before this tool", aws.bucket);
            return Err(Error::new(Class::Brake, "adopted", message)
                .help("without --with-content, all but the bucket is removed; empty it yourself"));
        }
        Some(bucket) if !bucket.is_adopted() => may_go(aws, args, environment, &found, bucket).await?,
        _ => {}
    }
    let mut everything = found.steps.clone();
    for left in plan::left_over(config, aws) {
        let there = match found.provider.find(&left, &Known::default()).await {
            // Nothing of an API was made where nobody may even look for it.
            Err(error) if matches!(error.rule, "access-denied" | "not-implemented") => {
                context.say(format_args!("note: {} {} was not looked for: {error}", left.kind(), left.name));
                None
            }
            other => other?,
        };
        everything.0.push(Step {
            action: Action::Keep,
            wanted: left,
            found: there,
            changes: Vec::new(),
            narrows: false,
        });
    }
    let notes: Vec<_> = plan::outliving(&everything).is_some().then(|| ROLE_STAYS.to_owned()).into_iter().collect();
    let steps = removal(everything);
    for note in &notes {
        context.say(format_args!("note: {note}"));
    }
    let mut emptied = 0;
    if !args.dry_run && !steps.0.is_empty() {
        context.say(&steps);
        if !args.yes {
            context.ask_for_name(&aws.bucket)?;
        }
        let workshop = workshop(context, &found, true)?;
        let _draining = context.drain();
        emptied = provision::destroy(&steps, &workshop, args.with_content).await?;
    }
    let report = Report { resources: &steps, changes: !steps.0.is_empty(), notes: &notes, ..empty(config, args) };
    context.print(&report, || match (args.dry_run, emptied) {
        (true, _) => steps.to_string(),
        (false, 0) => format!("{} resources removed\n", steps.0.len()),
        (false, emptied) => format!("{} resources removed, and {emptied} objects and versions\n", steps.0.len()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses to remove a bucket that somebody writes to, or that holds what nobody agreed to lose.
async fn may_go(
    aws: &Aws,
    args: &args::Provision,
    environment: &Environment,
    found: &Infrastructure,
    bucket: &Found,
) -> Result<()> {
    let store = environment.store.as_ref();
    let loaded = state::load_pointer(store).await?;
    lease::refuse_held(&loaded)?;
    if !args.with_content {
        if !found.provider.holds_anything(bucket).await? {
            return Ok(());
        }
        let message = match loaded.pointer.releases.len() {
            0 => format!("bucket {} is not empty", aws.bucket),
            count => format!("bucket {} holds {count} releases", aws.bucket),
        };
        return Err(Error::new(Class::Brake, "content", message).help("--with-content deletes what it holds, for good"));
    }
    let state = state::load(store, loaded.pointer).await?;
    let foreign: Vec<_> = if state.pointer.generation == 0 {
        state.foreign.into_iter().collect()
    } else {
        refresh(store, &state).await?.foreign.into_iter().collect()
    };
    let Some(first) = foreign.first() else { return Ok(()) };
    let message = format!("{} objects of bucket {} are somebody else's, {first} among them", foreign.len(), aws.bucket);
    Err(Error::new(Class::Brake, "foreign-object", message)
        .help("move or delete them yourself, then run the command again"))
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

fn report(
    context: &Context,
    config: &Config,
    aws: &Aws,
    args: &args::Provision,
    steps: &Steps,
    notes: &[String],
) -> Result<ExitCode> {
    let made = steps.found(Kind::Distribution);
    let domain = made.and_then(|found| found.domain.clone());
    let report = Report {
        resources: steps,
        changes: !steps.is_empty(),
        distribution: made.map(|found| Distribution { id: found.id.clone(), domain: found.domain.clone() }),
        dns: domain.iter().flat_map(|domain| records(aws, domain)).collect(),
        notes,
        ..empty(config, args)
    };
    context.print(&report, || words(&report))?;
    let mut rows = vec![("Changes", steps.to_string().replace('\n', "<br>"))];
    rows.extend(report.distribution.as_ref().map(|it| ("Distribution", it.id.clone())));
    context.summarize(&Summary::new(&format!("Provisioned {}", config.environment), &rows));
    Ok(ExitCode::SUCCESS)
}

/// What leads the domains to the distribution. At a zone's apex DNS allows no CNAME: Route 53 has alias records, and
/// others call theirs ALIAS, ANAME or CNAME flattening.
fn records(aws: &Aws, domain: &str) -> Vec<Record> {
    let is_below = |name: &str| {
        aws.domains.iter().any(|zone| name.strip_suffix(zone.as_str()).is_some_and(|it| it.ends_with('.')))
    };
    let record = |name: &String| {
        let kind = match name.split('.').count() {
            2 => "ALIAS",
            _ if is_below(name) => "CNAME",
            // Whether `example.co.uk` is a zone's apex, its name does not tell.
            _ => "CNAME, at a zone's apex ALIAS",
        };
        Record { name: name.clone(), kind, value: domain.to_owned() }
    };
    aws.domains.iter().map(record).collect()
}

fn words(report: &Report<'_>) -> String {
    let mut text = if report.dry_run {
        report.resources.to_string()
    } else {
        report.resources.summary(["created", "changed", "removed"])
    };
    if let Some(Distribution { id, domain }) = &report.distribution {
        // Writing to a string does not fail.
        let _ = writeln!(text, "distribution {id}: https://{}", domain.as_deref().unwrap_or("-"));
    }
    if !report.dns.is_empty() {
        text.push_str("DNS records to create, unless they are there:\n");
        for Record { name, kind, value } in &report.dns {
            let _ = writeln!(text, "  {name:<32} {value} ({kind})");
        }
    }
    text
}
