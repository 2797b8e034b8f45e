//! The API with a real PostgreSQL, which the tests start themselves: a fresh database each.

mod accounts;
mod cache_races;
mod catalog;
mod commands;
mod embedded;
mod errors;
mod hostile;
mod openapi;
mod outage;
mod recommendations;
mod redis_faults;
mod redis_layer;
mod support;
mod usage;
mod users;
