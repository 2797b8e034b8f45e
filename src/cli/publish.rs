//! What `plan` and `deploy` share: build the site, read the ledger, plan.

use std::{process::Stdio, sync::Arc, time::SystemTime};

use super::{Context, Environment, args::BuildOptions};
use crate::{
    config::Config,
    error::Result,
    model::{asset::Site, ledger::Pointer, manifest::Manifest},
    plan::{self, Facts, Plan},
    remote::{ETag, state},
    site,
};

/// A plan, and what it was made from.
pub struct Prepared {
    /// What there is to do.
    pub plan: Plan,
    /// The pointer that it was planned from.
    pub pointer: Pointer,
    /// The pointer's tag.
    pub etag: Option<ETag>,
    /// What was left out of the site or looks odd.
    pub notes: Vec<String>,
}

impl Prepared {
    /// Builds the site and plans its way into the environment. Changes nothing there.
    pub async fn new(
        context: &Context,
        config: &Config,
        environment: &Environment,
        options: &BuildOptions,
        adopt: bool,
    ) -> Result<Self> {
        let site = build(context, config, options).await?;
        let store = environment.store.as_ref();
        let loaded = state::load_pointer(store).await?;
        let manifest = Manifest::of(&site);
        let digest = manifest.digest();
        let plan = if let Some(plan) = plan::unchanged(manifest, &digest, &loaded.pointer) {
            plan
        } else {
            let state = state::load(store, loaded.pointer.clone()).await?;
            let (commit, invalidation) = (commit(config).await, config.invalidation);
            plan::plan(&site, &state, &Facts { now: SystemTime::now(), commit, adopt, invalidation })?
        };
        Ok(Self { plan, pointer: loaded.pointer, etag: loaded.etag, notes: site.notes })
    }
}

/// Builds the site, and says what happens.
pub async fn build(context: &Context, config: &Config, options: &BuildOptions) -> Result<Site> {
    let reporter = Arc::clone(context.reporter());
    let listener: site::Listener = Arc::new(move |progress| reporter.site(&progress));
    let site = site::build(config, site::Options { run_commands: !options.no_build }, &listener).await?;
    for note in &site.notes {
        context.say(format_args!("note: {note}"));
    }
    Ok(site)
}

/// The source's git commit, where there is one.
async fn commit(config: &Config) -> Option<String> {
    let git = tokio::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(&config.root)
        .stderr(Stdio::null())
        .output()
        .await
        .ok()?;
    let commit = String::from_utf8(git.stdout).ok()?.trim().to_owned();
    (git.status.success() && !commit.is_empty()).then_some(commit)
}
