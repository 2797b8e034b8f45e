//! The API with a real PostgreSQL, which the tests start themselves: a fresh database each.

mod accounts;
mod catalog;
mod commands;
mod embedded;
mod errors;
mod hostile;
mod openapi;
mod outage;
mod recommendations;
mod support;
mod usage;
mod users;
