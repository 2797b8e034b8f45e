//! The frontend's build output → [`Site`]: what a release is made of.
//!
//! ```text
//! install, build → scan → inspect (hash, text, secrets) → fingerprint → compress → Site
//! ```

mod cache;
mod command;
mod compress;
mod file;
mod fingerprint;
mod inspect;
mod install;
mod names;
mod notes;
mod parallel;
mod progress;
mod scan;
mod secrets;
pub mod shell;
pub mod table;
mod types;
mod variants;
mod vite;
mod words;

use crate::{
    config::Config,
    error::Result,
    model::asset::{Asset, Site},
};
use cache::Cache;
use file::File;
use parallel::Cancel;

pub use progress::{Listener, Progress};

/// How to build.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether to run `site.install` and `site.build`, or to use the output folder as it is.
    pub run_commands: bool,
}

/// Builds the site: runs the frontend's commands, then reads, checks and compresses their output.
///
/// Dropping the future stops everything: the commands with their child processes, and our own threads at their next
/// block of input.
pub async fn build(config: &Config, options: Options, listener: &Listener) -> Result<Site> {
    if options.run_commands {
        command::run_all(config, listener).await?;
    }
    let cancel = Cancel::default();
    let _stop_threads = cancel.on_drop();
    let work = {
        let (config, listener) = (config.clone(), listener.clone());
        tokio::task::spawn_blocking(move || publishable(&config, &Job { listener, cancel }))
    };
    match work.await {
        Ok(site) => site,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// What every stage needs beside its input.
struct Job {
    listener: Listener,
    cancel: Cancel,
}

impl Job {
    fn report(&self, progress: Progress) {
        (self.listener)(progress);
    }
}

/// Turns the output folder into a site.
fn publishable(config: &Config, job: &Job) -> Result<Site> {
    let scan::Scan { found, leaked, mut notes } = scan::scan(config)?;
    let vite = vite::hashed_files(&config.site.output);
    let inspected = parallel::map(&found, &job.cancel, inspect::window, |window, found| {
        let facts = inspect::inspect(&found.file, window, &job.cancel)?;
        let secrets = facts.secrets.clone();
        Ok((File::new(config, found, facts, &vite), secrets))
    })?;
    secrets::refuse(&leaked, &inspected, &config.secrets_allow)?;
    let files = inspected.into_iter().map(|(file, _)| file).collect();
    let cache = Cache::open(&config.cache_dir())?;
    let mut files = fingerprint::apply(config, files, &cache, job, &mut notes)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let variants = variants::prepare(&files, &config.compression, &cache, job)?;
    let assets: Vec<Asset> = files.into_iter().map(|file| file.into_asset(&config.compression, &variants)).collect();
    cache.trim()?;
    Ok(Site { assets, notes })
}
