//! Finds the frontend.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use walkdir::WalkDir;

use super::{
    Frontend,
    framework::{self, Framework},
};
use crate::error::{IoContext, Result};

/// Folders that tools write built sites to.
const BUILT: &[&str] = &["dist", "build", "out", "public", "_site", "www", "site"];

/// What a folder with a frontend is often called; these come first.
const USUAL: &[&str] = &["frontend", "web", "client", "app", "ui", "website", "webapp"];

/// Folders that hold no frontend of their own.
const IGNORED: &[&str] = &["node_modules", "target", "vendor"];

/// The frontend in `folder` or right below it. A known tool counts more than a build script,
/// and that more than a folder with an index.html.
pub fn detect(folder: &Path) -> Result<Option<Frontend>> {
    let mut candidates = vec![(".".to_owned(), folder.to_owned())];
    candidates.extend(subfolders(folder)?);
    let packages: Vec<_> = candidates
        .iter()
        .filter_map(|(root, path)| {
            let package: Value = serde_json::from_str(&fs::read_to_string(path.join("package.json")).ok()?).ok()?;
            Some((root, path, framework::of(&package), package))
        })
        .collect();
    let chosen = packages
        .iter()
        .find(|(_, _, framework, _)| framework.is_some())
        .or_else(|| packages.iter().find(|(_, _, _, package)| package["scripts"]["build"].is_string()));
    if let Some((root, path, framework, package)) = chosen {
        return Ok(Some(from_package(root, path, folder, *framework, package)));
    }
    Ok(candidates.iter().find_map(|(root, path)| from_files(root, path)))
}

/// Name and path of the folders in `folder`, the usual ones first.
fn subfolders(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).doing("read", folder)? {
        let entry = entry.doing("read", folder)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if entry.path().is_dir()
            && !name.starts_with('.')
            && !IGNORED.contains(&name.as_str())
            && !BUILT.contains(&name.as_str())
        {
            found.push((name, entry.path()));
        }
    }
    let rank = |name: &str| USUAL.iter().position(|usual| *usual == name).unwrap_or(USUAL.len());
    found.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    Ok(found)
}

fn from_package(
    root: &str,
    path: &Path,
    workspace: &Path,
    framework: Option<&'static Framework>,
    package: &Value,
) -> Frontend {
    let manager = Manager::of(path).or_else(|| Manager::of(workspace));
    let script = ["build", "generate"].into_iter().find(|script| package["scripts"][script].is_string());
    let script = if framework.is_some_and(|tool| tool.package == "nuxt") { Some("generate") } else { script };
    let output = framework.map_or_else(
        || built_folder(path).unwrap_or("dist").to_owned(),
        |framework| framework::output(framework, path),
    );
    let pages = html_files(path, 1).max(html_files(&path.join(&output), 4));
    Frontend {
        framework: framework.map(|framework| framework.name),
        root: root.to_owned(),
        install: Some(manager.map_or("npm install", |manager| manager.install).to_owned()),
        build: script.map(|script| format!("{} run {script}", manager.map_or("npm", |manager| manager.command))),
        output,
        spa: framework.and_then(|framework| framework.spa).unwrap_or_else(|| match framework {
            Some(tool) if tool.package == "@sveltejs/kit" => has_fallback(path),
            _ => pages <= 1,
        }),
        hashed: framework.map_or_else(|| vec!["assets/**"], |framework| framework.hashed.to_vec()),
        has_api: framework::vite_config(path).is_some_and(|text| text.contains("proxy") && text.contains("/api"))
            || package["proxy"].is_string(),
    }
}

/// A folder with an index.html, already built.
fn from_files(root: &str, path: &Path) -> Option<Frontend> {
    let output = built_folder(path).or_else(|| path.join("index.html").is_file().then_some("."))?;
    Some(Frontend {
        framework: None,
        root: root.to_owned(),
        install: None,
        build: None,
        output: output.to_owned(),
        spa: html_files(&path.join(output), 4) <= 1,
        hashed: vec!["assets/**"],
        has_api: false,
    })
}

fn built_folder(path: &Path) -> Option<&'static str> {
    BUILT.iter().copied().find(|folder| path.join(folder).join("index.html").is_file())
}

/// How many pages there are, error pages and fallbacks aside.
fn html_files(path: &Path, depth: usize) -> usize {
    WalkDir::new(path)
        .max_depth(depth)
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "node_modules")
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "html" || extension == "htm"))
        .filter(|entry| !matches!(entry.file_name().to_str(), Some("404.html" | "200.html" | "50x.html")))
        .count()
}

/// The static adapter of `SvelteKit` writes one page for all routes when it has a fallback.
fn has_fallback(path: &Path) -> bool {
    ["svelte.config.js", "svelte.config.ts"]
        .iter()
        .any(|name| fs::read_to_string(path.join(name)).is_ok_and(|text| text.contains("fallback:")))
}

/// A package manager, known by its lockfile.
#[derive(Clone, Copy)]
struct Manager {
    command: &'static str,
    install: &'static str,
}

impl Manager {
    fn of(folder: &Path) -> Option<Self> {
        let has = |name: &str| folder.join(name).is_file();
        let manager = |command, install| Some(Self { command, install });
        if has("pnpm-lock.yaml") {
            manager("pnpm", "pnpm install --frozen-lockfile")
        } else if has("bun.lock") || has("bun.lockb") {
            manager("bun", "bun install --frozen-lockfile")
        } else if has("yarn.lock") {
            // Yarn 2 and later renamed the flag.
            manager(
                "yarn",
                if has(".yarnrc.yml") { "yarn install --immutable" } else { "yarn install --frozen-lockfile" },
            )
        } else if has("package-lock.json") || has("npm-shrinkwrap.json") {
            manager("npm", "npm ci")
        } else {
            None
        }
    }
}
