//! The output folder → the site, with real files.

mod build;
mod commands;
mod fingerprint;
mod memory;
mod names;
mod project;
mod secrets;
