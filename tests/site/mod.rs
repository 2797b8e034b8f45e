//! The output folder → the site, with real files.

mod build;
mod project;
