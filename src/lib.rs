//! Takes a single-page app from source to the world's browsers on S3 and CloudFront.
//!
//! ```text
//! config ─┐                                    ┌→ report::terminal
//! site  ──┼→ plan (pure) → [approve] → apply ──┤
//! remote ─┘                                    └→ report::json
//! ```
//!
//! A deploy reads the desired state ([`config`] and the built [`site`]), reads the actual state ([`remote`]),
//! computes a [`plan`] without touching the world, shows it, and executes it ([`apply`]) without making decisions.
//! The local [`edge`] serves what was deployed as the distribution will.

pub mod apply;
pub mod cli;
pub mod config;
pub mod edge;
pub mod error;
pub mod model;
pub mod package;
pub mod plan;
pub mod remote;
pub mod report;
pub mod site;
pub mod verify;
