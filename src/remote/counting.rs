//! Counts what a store and a CDN are asked.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::cdn::{Cdn, Delivery, Invalidation};
use super::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError};
use crate::{
    error::Result as Outcome,
    model::{headers::Headers, path::StorageKey},
};

/// A store that counts what it passes on.
pub struct CountingStore {
    inner: Arc<dyn ObjectStore>,
    requests: AtomicU64,
}

impl CountingStore {
    /// Counts requests to `inner` from zero.
    #[must_use]
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, requests: AtomicU64::new(0) }
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn counted(&self) -> &dyn ObjectStore {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.inner.as_ref()
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError> {
        self.counted().head(key).await
    }

    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        self.counted().get(key, range).await
    }

    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        self.counted().put(key, body, headers, condition).await
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        // Bytes kept for a rollback are bookkeeping, not publishing.
        let store = if copy.to.is_copy() { self.inner.as_ref() } else { self.counted() };
        store.copy(copy).await
    }

    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError> {
        self.counted().delete(key, condition).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.counted().list(prefix).await
    }
}

/// A CDN that counts what it passes on.
pub struct CountingCdn {
    inner: Box<dyn Cdn>,
    requests: AtomicU64,
}

impl CountingCdn {
    /// Counts requests to `inner` from zero.
    #[must_use]
    pub fn new(inner: Box<dyn Cdn>) -> Self {
        Self { inner, requests: AtomicU64::new(0) }
    }

    /// Requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn counted(&self) -> &dyn Cdn {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.inner.as_ref()
    }

    fn looked(&self) -> &dyn Cdn {
        if self.inner.is_remote() { self.counted() } else { self.inner.as_ref() }
    }
}

#[async_trait]
impl Cdn for CountingCdn {
    async fn invalidate(&self, paths: &[String], reference: &str) -> Outcome<Invalidation> {
        self.counted().invalidate(paths, reference).await
    }

    async fn finished(&self, id: &str) -> Outcome<bool> {
        self.looked().finished(id).await
    }

    async fn delivery(&self) -> Outcome<Delivery> {
        self.looked().delivery().await
    }

    fn is_remote(&self) -> bool {
        self.inner.is_remote()
    }

    async fn in_progress(&self) -> Outcome<Vec<Invalidation>> {
        self.looked().in_progress().await
    }
}
