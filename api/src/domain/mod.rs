//! What the service is about: plans, usage, users and what to recommend. Pure: no I/O, no clock, no SQL.
//!
//! Money is in US cents, energy in kWh, rates in cents per kWh.

pub mod catalog;
pub mod cost;
pub mod id;
pub mod plan;
pub mod recommendation;
pub mod usage;
pub mod user;
