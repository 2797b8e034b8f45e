//! The API with a real PostgreSQL, which the tests start themselves: a fresh database each.

mod catalog;
mod commands;
mod embedded;
mod errors;
mod openapi;
mod outage;
mod support;
mod users;
