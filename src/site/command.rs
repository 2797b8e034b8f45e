//! Runs the frontend's own commands.

use super::{
    Listener, Progress, install,
    shell::{self, Shell},
};
use crate::{
    config::{Config, Site},
    error::{Class, Error, Result},
};

/// Runs `site.install` and `site.build`.
pub async fn run_all(config: &Config, listener: &Listener) -> Result<()> {
    let site = &config.site;
    if !site.root.is_dir() {
        let message = format!("the frontend's folder {} does not exist", site.root.display());
        return Err(Error::new(Class::Config, "site-root-missing", message).help("correct site.root"));
    }
    if let Some(command) = &site.install {
        let memory = install::Memory::of(site, command, &config.cache_dir());
        if memory.is_unchanged() {
            listener(Progress::Step("dependencies unchanged".into()));
        } else {
            memory.forget()?;
            run(site, "install-failed", command, listener).await?;
            memory.remember()?;
        }
    }
    if let Some(command) = &site.build {
        run(site, "build-failed", command, listener).await?;
    }
    Ok(())
}

async fn run(site: &Site, rule: &'static str, command: &str, listener: &Listener) -> Result<()> {
    let env: Vec<_> = site.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let ended = shell::run(&Shell { command, folder: &site.root, env: &env }, listener).await?;
    let help = "run it in site.root to see it fail; to install dependencies afresh, remove node_modules";
    ended.success().map_err(|ended| ended.failure(rule, help))
}
