//! The local edge: behaves as the compiled distribution will on CloudFront.
//!
//! ```text
//! server → target → behavior → method → function → cache → bucket | API → condition → range → response headers
//! ```
//!
//! [`pipeline`](Edge) reads in that order; each concern has a file of its own.

mod answer;
mod body;
mod bucket;
mod cache;
mod conditional;
mod deliver;
mod event;
mod freshness;
mod function;
mod health;
mod invalidation;
mod local_api;
mod object;
mod pipeline;
mod proxy;
mod range;
mod running;
mod server;
mod target;

pub use health::wait_until_healthy;
pub use local_api::LocalApi;
pub use pipeline::Edge;
pub use proxy::{Api, Availability};
pub use running::{Registration, Running, running};
pub use server::Listener;
