//! The commands as users type them: words, JSON, exit codes.

mod flow;
mod served;
mod usage;
