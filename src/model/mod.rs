//! Nouns and rules. Pure: no I/O, no clock, and nothing of ours imported from outside this module.

pub mod api;
pub mod asset;
pub mod cache_policy;
pub mod digest;
pub mod distribution;
pub mod encoding;
pub mod etag;
pub mod function;
pub mod headers;
pub mod history;
pub mod infrastructure;
pub mod lease;
pub mod ledger;
pub mod manifest;
pub mod openapi;
pub mod path;
pub mod secret_reference;
pub mod xss_protection;
