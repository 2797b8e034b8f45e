//! `serve`: the local environment, the edge with the API behind it, until Ctrl-C.

use std::{process::ExitCode, sync::Arc};

use super::{Context, args};
use crate::{
    config::{Config, Target},
    edge::{Api, Edge, Listener, LocalApi, Registration, Running},
    error::{Class, Error, Result},
    plan::distribution,
    remote::local::{LocalCdn, LocalStore},
};

pub async fn run(context: &Context, args: &args::Serve) -> Result<ExitCode> {
    let config = context.config()?;
    let place = claim(&config, args.port).await?;
    serve(context, &config, place).await
}

/// The right to serve an environment, and the port to do it on: nothing answers there yet.
pub struct Place {
    registration: Registration,
    listener: Listener,
}

impl Place {
    /// The address that will be served.
    pub fn url(&self) -> String {
        self.listener.url()
    }
}

/// Claims the environment of `config` and binds `port`, so that what would keep it from being served shows at once.
pub async fn claim(config: &Config, port: u16) -> Result<Place> {
    if config.target != Target::Local {
        let message = format!("environment {} is not local: CloudFront serves it", config.environment);
        return Err(Error::new(Class::Config, "not-local", message).help("serve an environment with `target: local`"));
    }
    Ok(Place { registration: Registration::claim(config)?, listener: Listener::bind(port).await? })
}

/// Serves the environment of `config` until the future is dropped, which stops everything that it started.
pub async fn serve(context: &Context, config: &Config, place: Place) -> Result<ExitCode> {
    let Place { mut registration, listener } = place;
    let running = Running { url: listener.url(), pid: std::process::id(), port: listener.port() };
    registration.announce(&running)?;
    context.say(format_args!("serving environment {} at {} (Ctrl-C ends it)", config.environment, running.url));
    if context.json() {
        context.print(&running, String::new)?;
    }
    let api = start_api(context, config)?;
    let proxy = api
        .as_ref()
        .map_or_else(|| Api::absent("the configuration says no api.local.command"), |api| Api::new(api.availability()));
    let store = Arc::new(LocalStore::open(config.store_dir())?);
    let edge = Edge::new(distribution::compile(config), store, LocalCdn::new(config.invalidation_log()), proxy)?;
    listener.serve(Arc::new(edge)).await;
    Ok(ExitCode::SUCCESS)
}

fn start_api(context: &Context, config: &Config) -> Result<Option<LocalApi>> {
    let Some(command) = config.api.as_ref().and_then(|api| api.local.as_ref()) else { return Ok(None) };
    context.say(format_args!("starting the API: {}", command.command));
    let quiet = context.global.quiet;
    let say = move |line: &str| {
        if !quiet {
            anstream::eprintln!("{line}");
        }
    };
    LocalApi::start(command, &config.root, Box::new(say)).map(Some)
}
