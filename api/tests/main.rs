//! The API with a real PostgreSQL, which the tests start themselves: a fresh database each.

mod accounts;
mod analyze;
mod cache_races;
mod catalog;
mod commands;
mod embedded;
mod errors;
mod hostile;
mod indexes;
mod locust;
mod openapi;
mod operations;
mod outage;
mod pool;
mod queries;
mod recommendations;
mod redis_faults;
mod redis_layer;
mod responses;
mod schemathesis;
mod startup;
mod support;
mod usage;
mod users;
mod writes;
