//! A frontend in a temporary folder.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use treebeard_cdn::{
    config::{self, Config},
    error::Result,
    model::asset::{Asset, Site},
    site::{self, Listener, Options, Progress},
};

use crate::support;

/// The guide's cache rules, and an output folder beside the configuration.
const CONFIG: &str = r#"
version: 1
site: { root: ".", output: dist }
cache:
  - { match: "assets/**", cache_control: "public, max-age=31536000, immutable" }
  - { match: "images/**", cache_control: "public, max-age=31536000, immutable", fingerprint: true }
  - { match: "**/*.html", cache_control: "public, max-age=300, must-revalidate" }
environments:
  local: { target: local }
"#;

/// A project with an output folder and the guide's cache rules.
pub struct Project {
    folder: support::Project,
    /// Its configuration.
    pub config: Config,
}

impl Project {
    /// A project whose output folder holds `files`.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = support::Project::with_site(files);
        folder.write("cdn-config.yml", CONFIG);
        let config = config::load(&folder.path("cdn-config.yml"), "local").unwrap();
        Self { folder, config }
    }

    /// Where a file of the output folder lies.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path("dist").join(path)
    }

    /// Writes a file into the output folder.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.folder.write(&format!("dist/{path}"), bytes);
    }

    /// Builds, and gives the number of variants that had to be made, too.
    pub fn build_counting(&self) -> (Result<Site>, usize) {
        let made = Arc::new(Mutex::new(0));
        let listener: Listener = {
            let made = Arc::clone(&made);
            Arc::new(move |progress| {
                if let Progress::Compressing { total, .. } = progress {
                    *made.lock().unwrap() = total;
                }
            })
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let site = runtime.block_on(site::build(&self.config, Options { run_commands: false }, &listener));
        let made = *made.lock().unwrap();
        (site, made)
    }

    /// Builds.
    pub fn build(&self) -> Result<Site> {
        self.build_counting().0
    }
}

/// The asset at `path`.
pub fn asset<'a>(site: &'a Site, path: &str) -> &'a Asset {
    site.assets.iter().find(|asset| asset.path.as_str() == path).unwrap_or_else(|| panic!("no {path}"))
}

/// All paths, in order.
pub fn paths(site: &Site) -> Vec<&str> {
    site.assets.iter().map(|asset| asset.path.as_str()).collect()
}
