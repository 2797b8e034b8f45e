//! The API ships with the site: one release, in an order in which whatever dies leaves a pair that works.
//!
//! The real program deploys through a proxy to ministack, which executes the published code.

mod deploy;
mod faults;
mod forward;
mod function;
mod halves;
mod hosted;
mod interrupts;
mod lease;
mod meanwhile;
mod order;
pub mod program;
mod prune;
mod rollback;
mod routes;
pub mod world;
