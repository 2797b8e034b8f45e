//! `status`: what is live, and what is unfinished.

use std::{fmt::Write as _, process::ExitCode};

use serde::Serialize;

use super::{Context, Environment, infrastructure::Glance};
use crate::{
    config::{Config, Target},
    error::Result,
    model::{
        api::ApiRecord,
        digest::Digest,
        history::{Action, Event},
        infrastructure::Kind,
        lease::Holder,
        ledger::{Owed, Pending, Release},
    },
    plan::infrastructure::{Change, Step, ledger_statement},
    remote::{
        cdn::{Cdn as _, Delivery, Invalidation},
        functions::Live,
        lease,
        local::DeployLock,
        state,
    },
    verify::{Address, ledger_is_open},
};

#[derive(Serialize)]
struct Status<'a> {
    env: &'a str,
    live: Option<&'a Release>,
    unfinished: &'a [Pending],
    lock: Option<Lock>,
    invalidations: Invalidations<'a>,
    /// How the CDN serves the site; none without a CDN.
    distribution: Option<Distribution<'a>>,
    /// What `provision` made, in that order; empty where it did not, or nobody may look at it.
    resources: Vec<Resource>,
    /// What runs as the API, where it is ours to publish.
    api: Option<Api<'a>>,
    /// What is worth knowing of them.
    notes: Vec<String>,
    /// What was made live, oldest first.
    history: &'a [Event],
    edge: Option<String>,
}

/// The API that viewers meet.
#[derive(Serialize)]
struct Api<'a> {
    version: String,
    digest: Digest,
    /// What the live release says of it.
    release: Option<&'a ApiRecord>,
    /// Whether that is what viewers meet.
    matches: bool,
}

/// A resource on AWS.
#[derive(Serialize)]
struct Resource {
    kind: Kind,
    /// AWS's name for it; none when it is not there.
    id: Option<String>,
    /// Fields that are not as the configuration says.
    drift: Vec<Change>,
}

/// A command that writes.
#[derive(Serialize)]
#[serde(untagged)]
enum Lock {
    /// It holds the lease.
    Lease(Holder),
    /// It has begun on this machine: it builds, or reads.
    Process { pid: u32 },
}

/// A distribution, as far as deploys depend on it.
#[derive(Serialize)]
struct Distribution<'a> {
    #[serde(flatten)]
    delivery: &'a Delivery,
    /// Whether anyone can read the ledger through it.
    ledger_is_open: bool,
    /// The statement that denies it, for the bucket's policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    statement: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Invalidations<'a> {
    in_progress: Vec<Invalidation>,
    owed: &'a [Owed],
}

pub async fn run(context: &Context) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config).await?;
    let (resources, notes) = resources(&config, &environment).await?;
    // Provision was not finished: there is a bucket, and nothing in front of it.
    let no_distribution = resources.iter().any(|it| it.kind == Kind::Distribution && it.id.is_none());
    let loaded = state::load_pointer(environment.store.as_ref()).await?;
    let function = function(&environment).await?;
    let in_progress = if no_distribution { Vec::new() } else { environment.cdn.in_progress().await? };
    let distribution = if no_distribution { None } else { distribution(&config, &environment).await? };
    let held = lease::refuse_held(&loaded).is_err();
    let lease = loaded.pointer.lease.clone().filter(|_| held).map(|lease| Lock::Lease(lease.holder));
    let pointer = loaded.pointer;
    let release = pointer.live_release().and_then(|live| live.api.as_ref());
    let api = function.map(|live| Api {
        matches: release.and_then(|it| it.digest).is_some_and(|code| live.is(&code)),
        version: live.version,
        digest: live.code,
        release,
    });
    let status = Status {
        env: &config.environment,
        live: pointer.live_release(),
        unfinished: &pointer.pending,
        lock: lease.or_else(|| DeployLock::holder(&config.state_dir()).map(|pid| Lock::Process { pid })),
        invalidations: Invalidations { in_progress, owed: &pointer.owed },
        distribution,
        resources,
        api,
        notes,
        history: &pointer.history,
        edge: crate::edge::running(&config).map(|edge| edge.url),
    };
    context.print(&status, || words(&status))?;
    Ok(ExitCode::SUCCESS)
}

async fn distribution<'a>(config: &Config, environment: &'a Environment) -> Result<Option<Distribution<'a>>> {
    let Target::Aws(aws) = &config.target else { return Ok(None) };
    if !environment.has_cdn {
        return Ok(None);
    }
    let delivery = environment.delivery().await?;
    let address = Address::of(aws, environment.endpoint.as_deref(), delivery.domain.as_deref())?;
    let ledger_is_open = match address {
        Some(address) => ledger_is_open(&address).await?,
        None => false,
    };
    let statement = ledger_is_open.then(|| ledger_statement(aws));
    Ok(Some(Distribution { delivery, ledger_is_open, statement }))
}

/// What runs as the API; none where it is not there yet, or nobody may look.
async fn function(environment: &Environment) -> Result<Option<Live>> {
    match environment.live_api().await {
        Err(error) if error.rule == "access-denied" => Ok(None),
        found => found,
    }
}

/// The resources, and what is worth knowing of them.
async fn resources(config: &Config, environment: &Environment) -> Result<(Vec<Resource>, Vec<String>)> {
    let Target::Aws(aws) = &config.target else { return Ok(Default::default()) };
    let found = match Glance::at(config, aws, environment).await? {
        Glance::Ours(found) => found,
        Glance::SomebodyElses => return Ok(Default::default()),
        Glance::Hidden(note) => return Ok((Vec::new(), vec![note])),
    };
    let resource =
        |step: Step| Resource { kind: step.wanted.kind(), id: step.found.map(|found| found.id), drift: step.changes };
    let notes = found.news(aws);
    Ok((found.steps.0.into_iter().map(resource).collect(), notes))
}

impl std::fmt::Display for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lease(holder) => holder.fmt(f),
            Self::Process { pid } => write!(f, "a command is running, process {pid}"),
        }
    }
}

fn words(status: &Status) -> String {
    let mut text = format!("environment  {}\n", status.env);
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<24} {value}");
    };
    match status.live {
        Some(it) => line("live", &format!("{} ({} objects, since {})", it.id, it.objects, it.created_at)),
        None => line("live", "nothing yet: run `treebeard-cdn deploy`"),
    }
    if let Some(last) = status.history.last() {
        let how = if last.action == Action::Deploy { "deployed" } else { "rolled back to" };
        line("history", &format!("{how} {} at {}", last.release, last.at));
    }
    if let Some(lock) = &status.lock {
        line("lock", &lock.to_string());
    }
    for pending in status.unfinished.iter().filter(|_| status.lock.is_none()) {
        line("unfinished", &format!("{}: its deploy ended early; the next deploy mends it", pending.release));
    }
    for owed in status.invalidations.owed {
        line("owed", &format!("invalidation of {} paths; the next deploy asks for it", owed.paths.len()));
    }
    for invalidation in &status.invalidations.in_progress {
        line("in progress", &format!("invalidation {} of {} paths", invalidation.id, invalidation.paths.len()));
    }
    if let Some(it) = &status.distribution {
        let runs = if it.delivery.negotiates { "runs our function" } else { "does not run our function" };
        let adds = if it.delivery.adds_headers { "adds security headers" } else { "adds no security headers" };
        line("distribution", &format!("{}: {runs}, {adds}", it.delivery.domain.as_deref().unwrap_or("-")));
    }
    if let Some(statement) = status.distribution.as_ref().and_then(|it| it.statement.as_ref()) {
        line("ledger", &format!("anyone can read it; add to the bucket's policy: {statement}"));
    }
    if let Some(Api { version, digest, matches, .. }) = &status.api {
        let how = match (matches, status.live) {
            (true, _) | (false, None) => "",
            (false, Some(_)) => {
                "; the live release has another one, or some viewers meet another one: run the deploy or rollback again"
            }
        };
        line("API", &format!("version {version}, code {}{how}", digest.short()));
    }
    for Resource { kind, id, drift } in &status.resources {
        let state = match (id, drift.len()) {
            (None, _) => "not there: run `treebeard-cdn provision`".to_owned(),
            (Some(id), 0) => id.clone(),
            (Some(id), count) => format!("{id}: {count} settings differ; `treebeard-cdn plan --only infra` shows them"),
        };
        line(&kind.to_string(), &state);
    }
    for note in &status.notes {
        line("note", note);
    }
    line("edge", status.edge.as_deref().unwrap_or("not running: `treebeard-cdn serve` starts it"));
    text
}
