//! Tests of the local edge.

mod api;
mod caching;
mod encoding;
mod function;
mod fuzz;
mod health;
mod representations;
mod routing;
mod serve;
mod verify;
mod verify_cli;
mod verify_distribution;
mod verify_ministack;
mod verify_tls;
mod world;
