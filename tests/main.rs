//! One binary, a folder a capability.

mod benches;
mod browser;
mod ci;
mod cli;
mod config;
mod crash;
mod deploy;
mod edge;
mod provision;
mod release_api;
mod remote;
mod site;
mod support;
mod treebeard;
