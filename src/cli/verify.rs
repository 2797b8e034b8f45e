//! `verify`: is what is served what the live release promises?

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use super::{Context, Environment, args};
use crate::{
    config::{Config, Target},
    edge::{Api, Edge, Listener, running},
    error::{Class, Error, IoContext, Result},
    model::manifest::Manifest,
    plan::distribution,
    remote::{
        local::{LocalCdn, LocalStore},
        state,
    },
    verify::{Options, Report, verify},
};

pub async fn run(context: &Context, args: &args::Verify) -> Result<ExitCode> {
    let config = context.config()?;
    let manifest = match &args.manifest {
        Some(file) => read_manifest(file)?,
        None => live_manifest(&config).await?,
    };
    let report = match &args.url {
        Some(url) => at(url, &config, &manifest, Options::new(&config.site, args.all)).await?,
        None => environment(&config, &manifest, args.all).await?,
    };
    if report.failures.is_empty() || !context.json() {
        context.print(&report, || report.to_string())?;
    }
    report.check()?;
    Ok(ExitCode::SUCCESS)
}

/// Verifies `manifest` at the environment's own address: the running edge, or one that runs for this only.
pub async fn environment(config: &Config, manifest: &Manifest, all: bool) -> Result<Report> {
    let options = Options::new(&config.site, all);
    if let Some(edge) = running(config) {
        return at(&edge.url, config, manifest, options).await;
    }
    if config.target != Target::Local {
        let message = format!("environment {} is not local", config.environment);
        return Err(Error::new(Class::Config, "no-url", message).help("give the site's address: `verify URL`"));
    }
    let store = Arc::new(LocalStore::open(config.store_dir())?);
    let cdn = LocalCdn::new(config.invalidation_log());
    let api = Api::absent("this edge runs for `verify` only, without the API");
    let edge = Edge::new(distribution::compile(config), store, cdn, api)?;
    let listener = Listener::bind(0).await?;
    let url = listener.url();
    tokio::select! {
        // That this edge has no API is no news.
        report = at(&url, config, manifest, options) => report.map(|report| Report { notes: Vec::new(), ..report }),
        () = listener.serve(Arc::new(edge)) => Err(Error::new(Class::Unexpected, "edge", "the edge ended")),
    }
}

async fn at(url: &str, config: &Config, manifest: &Manifest, options: Options) -> Result<Report> {
    verify(url, manifest, &distribution::compile(config), options).await
}

async fn live_manifest(config: &Config) -> Result<Manifest> {
    let store = Environment::open(config)?.store;
    let pointer = state::load_pointer(store.as_ref()).await?.pointer;
    state::load_live(store.as_ref(), &pointer).await?.ok_or_else(|| {
        let message = format!("nothing is deployed in environment {}", config.environment);
        Error::new(Class::Config, "nothing-deployed", message).help("run `treebeard-cdn deploy` first")
    })
}

fn read_manifest(file: &Path) -> Result<Manifest> {
    let bytes = fs::read(file).doing("read", file)?;
    serde_json::from_slice(&bytes).map_err(|cause| {
        Error::new(Class::Config, "bad-manifest", format!("{} is not a manifest: {cause}", file.display()))
            .help("give a release's manifest, as the bucket keeps it under _tb/ledger/releases/")
    })
}
