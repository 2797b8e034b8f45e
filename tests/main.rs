//! One binary, a folder a capability.

mod browser;
mod ci;
mod cli;
mod config;
mod deploy;
mod edge;
mod remote;
mod site;
mod support;
