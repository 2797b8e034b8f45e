//! Whether `site.install` has anything to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    config::Site,
    error::{IoContext, Result},
    model::digest::Digest,
};

/// Files that say which dependencies there are. Without one of the lock files nothing is certain.
const LOCK_FILES: &[&str] =
    &["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
const OTHER_INPUTS: &[&str] = &["package.json", ".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"];

/// What the last successful installation was made from, compared with what there is now.
#[derive(Debug)]
pub struct Memory {
    /// Holds the digest of the last installation's inputs.
    file: PathBuf,
    /// Digest of the inputs now; none when they do not determine the outcome.
    inputs: Option<Digest>,
    /// Where dependencies are installed.
    modules: PathBuf,
}

impl Memory {
    /// Reads the inputs of `command`.
    pub fn of(site: &Site, command: &str, cache: &Path) -> Self {
        let root = Digest::of(site.root.as_os_str().as_encoded_bytes());
        let file = cache.join(format!("installed-{}", root.short()));
        Self { file, inputs: inputs(site, command), modules: site.root.join("node_modules") }
    }

    /// Whether the same command has already installed the same dependencies, and they are still there.
    pub fn is_unchanged(&self) -> bool {
        let recorded = fs::read_to_string(&self.file).ok().and_then(|text| text.trim().parse().ok());
        self.inputs.is_some() && self.inputs == recorded && self.modules.is_dir()
    }

    /// Forgets the last installation: the next one may fail half-way.
    pub fn forget(&self) -> Result<()> {
        if self.file.exists() { fs::remove_file(&self.file).doing("remove", &self.file) } else { Ok(()) }
    }

    /// Remembers an installation that succeeded.
    pub fn remember(&self) -> Result<()> {
        let Some(inputs) = self.inputs else { return Ok(()) };
        if let Some(parent) = self.file.parent() {
            fs::create_dir_all(parent).doing("create", parent)?;
        }
        fs::write(&self.file, inputs.to_string()).doing("write", &self.file)
    }
}

fn inputs(site: &Site, command: &str) -> Option<Digest> {
    let digest_of = |name: &&str| Some(((*name).to_owned(), Digest::of(&fs::read(site.root.join(name)).ok()?)));
    let locks: Vec<_> = LOCK_FILES.iter().filter_map(digest_of).collect();
    let others: Vec<_> = OTHER_INPUTS.iter().filter_map(digest_of).collect();
    if locks.is_empty() {
        return None;
    }
    serde_json::to_vec(&(command, &site.env, locks, others)).ok().map(|text| Digest::of(&text))
}
