//! The service behind `/api`: energy plans, recommendations, usage and profiles over PostgreSQL.
//!
//! ```text
//! router → middleware → routes → cache → db → PostgreSQL
//!                          └─ domain (pure) ─┘
//! ```
//!
//! Every failure of a request is one of [`error::Error`]'s variants, and the router lists every route.

#![forbid(unsafe_code)]

pub mod admin;
pub mod auth;
pub mod cache;
pub mod cli;
pub mod config;
pub mod db;
pub mod demo;
pub mod domain;
pub mod embedded;
pub mod error;
pub mod extract;
pub mod lambda;
pub mod logging;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod router;
pub mod routes;
pub mod secrets;
pub mod server;
pub mod state;
pub mod warming;
