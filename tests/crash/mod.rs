//! Whatever dies or fails when: visitors meet the old release or the new one, and trying again mends the rest.
//!
//! The real program deploys through a proxy to a real server. The proxy kills the program, or spoils a request, at
//! every request in turn: at a sample of them, or at all where `PROPTEST_CASES` says so.

pub mod bucket;
pub mod faults;
mod input;
mod kills;
mod parts;
mod races;
mod signals;
pub mod sites;
mod unconditional;
mod world;
