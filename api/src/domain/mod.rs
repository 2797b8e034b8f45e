//! What the service is about: plans, usage, users and what to recommend. Pure: no I/O, no clock, no SQL.
//!
//! Money is in US cents, energy in kWh, rates in cents per kWh.

pub mod account;
pub mod catalog;
pub mod cost;
pub mod id;
pub mod plan;
pub mod projection;
pub mod recommendation;
pub mod season;
pub mod upload;
pub mod usage;
pub mod user;
