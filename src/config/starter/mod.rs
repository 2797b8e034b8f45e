//! A first configuration for the frontend that is there.

mod detect;
mod framework;
mod template;

use std::path::Path;

use serde::Serialize;

use crate::error::Result;

/// A frontend as far as its files tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frontend {
    /// What it is made with: `Vite`; none for a folder of files.
    pub framework: Option<&'static str>,
    /// Its folder, from the configuration's.
    pub root: String,
    /// Command that installs its dependencies.
    pub install: Option<String>,
    /// Command that builds it.
    pub build: Option<String>,
    /// Folder of the built site, from `root`.
    pub output: String,
    /// Whether it has client-side routes.
    pub spa: bool,
    /// Globs of the files whose names have a content hash.
    pub hashed: Vec<&'static str>,
    /// Whether its development server sends `/api` elsewhere.
    pub has_api: bool,
}

/// Looks for a frontend in `folder`, and in the folders right below it.
pub fn detect(folder: &Path) -> Result<Option<Frontend>> {
    detect::detect(folder)
}

/// The text of a configuration for `frontend`; without one, with the places to fill in.
#[must_use]
pub fn template(frontend: Option<&Frontend>) -> String {
    template::render(frontend)
}
