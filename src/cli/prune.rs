//! `prune`: removes what no retained release needs.

use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode, time::SystemTime};

use bytesize::ByteSize;
use serde_json::json;

use super::{Context, Environment, args, publish};
use crate::{
    apply,
    config::Config,
    error::Result,
    model::{ledger::Pointer, path::StorageKey},
    plan::retention::{self, Needs, Prune, Rules},
    remote::{
        ObjectStore,
        lease::{self, Tenure},
        state,
    },
};

pub async fn run(context: &Context, args: &args::Prune) -> Result<ExitCode> {
    let config = context.config()?;
    let prune = if args.dry_run {
        let environment = Environment::open(&config).await?;
        let pointer = state::load_pointer(environment.store.as_ref()).await?.pointer;
        plan(&config, &environment, args, pointer).await?
    } else {
        context.confirm_prune(&config, args.yes)?;
        Box::pin(execute(context, &config, args)).await?
    };
    context.print(&document(&prune, &config.environment, args.dry_run), || words(&prune, args.dry_run))?;
    Ok(ExitCode::SUCCESS)
}

/// What is deleted is decided while nobody else can write.
async fn execute(context: &Context, config: &Config, args: &args::Prune) -> Result<Prune> {
    let environment = Environment::exclusive(config).await?;
    let loaded = state::load_pointer(environment.store.as_ref()).await?;
    lease::refuse_held(&loaded)?;
    let mut decided = plan(config, &environment, args, loaded.pointer.clone()).await?;
    if decided.is_empty() {
        return Ok(decided);
    }
    let ports = publish::ports(context, &environment, "prune", false);
    publish::require_conditions(&environment, &loaded, &ports.holder).await?;
    let _draining = context.drain();
    let tenure = Tenure::begin(ports.store.clone(), ports.holder.clone(), &decided.taken, loaded.etag.as_ref()).await?;
    let api = environment.functions.as_deref();
    let staying = Box::pin(apply::prune(&decided, api, &tenure, &ports)).await?;
    decided.versions.retain(|version| !staying.contains(version));
    Ok(decided)
}

async fn plan(config: &Config, environment: &Environment, args: &args::Prune, pointer: Pointer) -> Result<Prune> {
    let store: &dyn ObjectStore = environment.store.as_ref();
    let state = state::load(store, pointer).await?;
    let releases = &config.releases;
    let rules = Rules {
        keep: releases.keep,
        grace: releases.grace,
        max_deletes: args.max_deletes.unwrap_or(releases.max_deletes),
    };
    let now = SystemTime::now();
    let mut needs = Needs::default();
    needs.add(&state.live);
    for (_, manifest) in &state.pending {
        needs.add(manifest);
    }
    // One at a time: a site's manifest may be large.
    for release in retention::part(&state.pointer, &rules, now).0 {
        needs.add(&state::load_manifest(store, &release.manifest).await?);
    }
    let api = environment.functions.as_ref().zip(environment.live_api().await?);
    if let Some((_, live)) = &api {
        needs.add_code(live.code);
    }
    let mut listed: BTreeMap<StorageKey, u64> = BTreeMap::new();
    for prefix in StorageKey::prunable() {
        listed.extend(store.list(&prefix).await?.into_iter().map(|it| (it.key, it.size)));
    }
    let prune = retention::prune(&state, &needs, &listed, &rules, now)?;
    Ok(match api {
        Some((functions, live)) => prune.with_versions(&functions.versions().await?, &live.version),
        None => prune,
    })
}

fn document(prune: &Prune, env: &str, dry_run: bool) -> serde_json::Value {
    json!({
        "env": env,
        "dry_run": dry_run,
        "releases": prune.dropped.iter().map(|release| &release.id).collect::<Vec<_>>(),
        "deleted": prune.deletions.iter().map(|it| &it.key).collect::<Vec<_>>(),
        "versions": prune.versions,
        "documents": prune.documents.len(),
        "bytes": prune.bytes(),
    })
}

fn words(prune: &Prune, dry_run: bool) -> String {
    if prune.is_empty() {
        return "nothing to prune: every object is needed by a retained release".into();
    }
    let mut text = String::new();
    for release in &prune.dropped {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  - release {} of {}", release.id, release.created_at);
    }
    for deletion in prune.deletions.iter().filter(|_| dry_run) {
        let _ = writeln!(text, "  - {} ({})", deletion.key, ByteSize::b(deletion.size).display().si());
    }
    for version in &prune.versions {
        let _ = writeln!(text, "  - version {version} of the API");
    }
    let verb = if dry_run { "would be deleted" } else { "deleted" };
    let (objects, documents) = (prune.deletions.len(), prune.documents.len());
    let size = ByteSize::b(prune.bytes()).display().si();
    let _ = write!(text, "{objects} objects ({size}) and {documents} documents of the ledger {verb}");
    text
}
