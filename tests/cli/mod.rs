//! The commands as users type them: words, JSON, exit codes.

mod bucket;
mod distribution;
mod flow;
mod foreign;
mod served;
mod usage;
