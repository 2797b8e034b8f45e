//! The commands as users type them: words, JSON, exit codes.

mod flow;
mod foreign;
mod served;
mod usage;
