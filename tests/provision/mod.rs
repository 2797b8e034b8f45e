//! What AWS is told of the infrastructure, and whether the local edge does the same.

mod adopt;
mod api;
mod api_changes;
mod api_policies;
mod emulators;
mod faults;
mod flow;
mod model;
mod parity;
mod permissions;
mod refusals;
mod waits;
mod world;
