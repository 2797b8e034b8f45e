//! The handlers, one file a resource. They read the request, ask cache and database, and hold neither SQL nor rules.

pub mod auth;
pub mod health;
pub mod plans;
pub mod recommendations;
pub mod usage;
pub mod users;
