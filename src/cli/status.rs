//! `status`: what is live, and what is unfinished.

use std::{fmt::Write as _, process::ExitCode};

use serde::Serialize;

use super::{Context, Environment};
use crate::{
    error::Result,
    model::ledger::{Owed, Pending, Release},
    remote::{cdn::Invalidation, local::DeployLock, state},
};

#[derive(Serialize)]
struct Status<'a> {
    env: &'a str,
    live: Option<&'a Release>,
    unfinished: &'a [Pending],
    lock: Option<Lock>,
    invalidations: Invalidations<'a>,
    edge: Option<String>,
}

/// A deploy that runs.
#[derive(Serialize)]
struct Lock {
    pid: u32,
}

#[derive(Serialize)]
struct Invalidations<'a> {
    in_progress: Vec<Invalidation>,
    owed: &'a [Owed],
}

pub async fn run(context: &Context) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config)?;
    let pointer = state::load_pointer(environment.store.as_ref()).await?.pointer;
    let in_progress = environment.cdn.in_progress().await?;
    let status = Status {
        env: &config.environment,
        live: pointer.live_release(),
        unfinished: &pointer.pending,
        lock: DeployLock::holder(&config.state_dir()).map(|pid| Lock { pid }),
        invalidations: Invalidations { in_progress, owed: &pointer.owed },
        edge: crate::edge::running(&config).map(|edge| edge.url),
    };
    context.print(&status, || words(&status))?;
    Ok(ExitCode::SUCCESS)
}

fn words(status: &Status) -> String {
    let mut text = format!("environment  {}\n", status.env);
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<12} {value}");
    };
    match status.live {
        Some(it) => line("live", &format!("{} ({} objects, since {})", it.id, it.objects, it.created_at)),
        None => line("live", "nothing yet: run `treebeard-cdn deploy`"),
    }
    if let Some(lock) = &status.lock {
        line("lock", &format!("a deploy is running, process {}", lock.pid));
    }
    for pending in status.unfinished.iter().filter(|_| status.lock.is_none()) {
        line("unfinished", &format!("{}: its deploy ended early; the next deploy mends it", pending.release));
    }
    for owed in status.invalidations.owed {
        line("owed", &format!("invalidation of {} paths; the next deploy asks for it", owed.paths.len()));
    }
    line("edge", status.edge.as_deref().unwrap_or("not running: `treebeard-cdn serve` starts it"));
    text
}
