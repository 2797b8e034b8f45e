//! No CDN at all: `cdn: none`.

use async_trait::async_trait;

use super::cdn::{Cdn, Delivery, Invalidation};
use crate::error::{Class, Error, Result};

/// A bucket that viewers, or somebody else's CDN, read directly: nothing here chooses variants or adds headers.
#[derive(Debug, Clone, Copy)]
pub struct NoCdn;

#[async_trait]
impl Cdn for NoCdn {
    async fn invalidate(&self, _paths: &[String], _reference: &str) -> Result<Invalidation> {
        Err(Error::new(Class::Config, "no-cdn", "this environment has no CDN, so there is nothing to invalidate")
            .help("its configuration says `cdn: none`; invalidate where its content is cached"))
    }

    async fn finished(&self, _id: &str) -> Result<bool> {
        Ok(true)
    }

    async fn delivery(&self) -> Result<Delivery> {
        Ok(Delivery { domain: None, negotiates: false, encodings: Vec::new(), adds_headers: false })
    }

    fn is_remote(&self) -> bool {
        false
    }

    async fn in_progress(&self) -> Result<Vec<Invalidation>> {
        Ok(Vec::new())
    }
}
