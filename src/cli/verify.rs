//! `verify`: is what is served what the live release promises?

use std::{borrow::Cow, fs, path::Path, process::ExitCode, sync::Arc};

use super::{Context, Environment, args};
use crate::{
    config::{Aws, Config, Target},
    edge::{Api, Edge, Listener, running},
    error::{Class, Error, IoContext, Result},
    model::manifest::Manifest,
    plan::distribution,
    remote::{
        cdn::Delivery,
        local::{LocalCdn, LocalStore},
        state,
    },
    verify::{Address, Options, Report, Server, verify, verify_stored},
};

pub async fn run(context: &Context, args: &args::Verify) -> Result<ExitCode> {
    let config = context.config()?;
    let url = args.url.as_deref().map(Address::parse).transpose()?;
    let report = if let Some(file) = &args.manifest {
        from_anywhere(&config, url, &read_manifest(file)?, args.all).await?
    } else {
        let environment = Environment::open(&config).await?;
        let (manifest, saving) = live(&config, &environment).await?;
        at_home(&config, &environment, url, Promised { manifest: &manifest, saving }, args.all).await?
    };
    if report.failures.is_empty() || !context.json() {
        context.print(&report, || report.to_string())?;
    }
    report.check()?;
    Ok(ExitCode::SUCCESS)
}

/// What was deployed.
#[derive(Debug, Clone, Copy)]
pub struct Promised<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Bytes that a first visit would save if the CDN chose among variants, where it does not.
    pub saving: Option<u64>,
}

/// Verifies what was deployed at `url`, else where the environment publishes it.
pub async fn at_home(
    config: &Config,
    environment: &Environment,
    url: Option<Address>,
    Promised { manifest, saving }: Promised<'_>,
    all: bool,
) -> Result<Report> {
    let aws = match (&config.target, &url) {
        (Target::Local, Some(url)) => return at(url, config, manifest, all, Server::Edge).await,
        (Target::Local, None) => return on_the_edge(config, manifest, all).await,
        (Target::Aws(aws), None) if !aws.cdn => {
            return verify_stored(&aws.bucket, environment.store.as_ref(), manifest, all).await;
        }
        (Target::Aws(aws), _) => aws,
    };
    let Delivery { domain, negotiates, encodings, adds_headers } = environment.delivery().await?.clone();
    let address = match url {
        Some(url) => Some(url),
        None => Address::of(aws, environment.endpoint.as_deref(), domain.as_deref())?,
    };
    let server = Server::Distribution { negotiates, adds_headers, saving };
    let met = if negotiates { manifest.chosen_among(&encodings) } else { Cow::Borrowed(manifest) };
    let mut report = at(&address.ok_or_else(|| no_url(config))?, config, &met, all, server).await?;
    if met.encodings() != manifest.encodings() && negotiates {
        let note = "the function does not choose every encoding that there are variants in: `treebeard-cdn provision` has it do so";
        report.notes.push(note.to_owned());
    }
    Ok(report)
}

/// Verifies `manifest` with nothing but the configuration: at `url`, else where that says visitors find the site.
async fn from_anywhere(config: &Config, url: Option<Address>, manifest: &Manifest, all: bool) -> Result<Report> {
    match &config.target {
        Target::Local => match url {
            Some(url) => at(&url, config, manifest, all, Server::Edge).await,
            None => on_the_edge(config, manifest, all).await,
        },
        Target::Aws(aws) => {
            let address = match url {
                Some(url) => Some(url),
                None => known_address(aws)?,
            };
            at(&address.ok_or_else(|| no_url(config))?, config, manifest, all, Server::of(manifest)).await
        }
    }
}

fn known_address(aws: &Aws) -> Result<Option<Address>> {
    if aws.cdn { Address::of(aws, None, None) } else { Ok(None) }
}

/// Verifies `manifest` at the running edge, or at one that runs for this only.
async fn on_the_edge(config: &Config, manifest: &Manifest, all: bool) -> Result<Report> {
    if let Some(edge) = running(config) {
        return at(&Address::parse(&edge.url)?, config, manifest, all, Server::Edge).await;
    }
    let store = Arc::new(LocalStore::open(config.store_dir())?);
    let cdn = LocalCdn::new(config.invalidation_log());
    let api = Api::absent("this edge runs for `verify` only, without the API");
    let edge = Edge::new(distribution::compile(config), store, cdn, api)?;
    let listener = Listener::bind(0).await?;
    let address = Address::parse(&listener.url())?;
    tokio::select! {
        // That this edge has no API is no news.
        report = at(&address, config, manifest, all, Server::Edge) => report.map(|report| Report { notes: Vec::new(), ..report }),
        () = listener.serve(Arc::new(edge)) => Err(Error::new(Class::Unexpected, "edge", "the edge ended")),
    }
}

async fn at(address: &Address, config: &Config, manifest: &Manifest, all: bool, server: Server) -> Result<Report> {
    let options = Options::new(&config.site, all, server);
    verify(address, manifest, &distribution::compile(config), options).await
}

fn no_url(config: &Config) -> Error {
    let message = format!("nothing says where visitors find environment {}", config.environment);
    Error::new(Class::Config, "no-url", message)
        .help("give the site's address, `verify URL`, or write it into the configuration: `viewer_url`")
}

/// The live release's manifest, and what a first visit to it would save.
async fn live(config: &Config, environment: &Environment) -> Result<(Manifest, Option<u64>)> {
    let store = environment.store.as_ref();
    let pointer = state::load_pointer(store).await?.pointer;
    let manifest = state::load_live(store, &pointer).await?.ok_or_else(|| {
        let message = format!("nothing is deployed in environment {}", config.environment);
        Error::new(Class::Config, "nothing-deployed", message).help("run `treebeard-cdn deploy` first")
    })?;
    Ok((manifest, pointer.live_release().and_then(|live| live.saving)))
}

fn read_manifest(file: &Path) -> Result<Manifest> {
    let bytes = fs::read(file).doing("read", file)?;
    serde_json::from_slice(&bytes).map_err(|cause| {
        Error::new(Class::Config, "bad-manifest", format!("{} is not a manifest: {cause}", file.display()))
            .help("give a release's manifest, as the bucket keeps it under _tb/ledger/manifests/")
    })
}
