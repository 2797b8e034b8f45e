//! A store whose process dies at the n-th write: that write may or may not have happened, none follows.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use treebeard_cdn::{
    error::{Class, Error},
    model::{headers::Headers, path::StorageKey},
    remote::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError},
};

pub struct BreakingStore {
    pub inner: Arc<dyn ObjectStore>,
    pub writes_left: AtomicUsize,
    /// Whether the write at which it breaks still happens.
    pub last_write_happens: bool,
}

impl BreakingStore {
    /// Whether the next write happens, and whether the process lives to hear of it.
    fn next(&self) -> (bool, bool) {
        let left = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(1) => (self.last_write_happens, false),
            Ok(_) => (true, true),
            Err(_) => (false, false),
        }
    }
}

fn dead() -> StoreError {
    StoreError::Failed(Error::new(Class::Unexpected, "dead", "the process is dead"))
}

#[async_trait]
impl ObjectStore for BreakingStore {
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError> {
        self.inner.head(key).await
    }

    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        self.inner.get(key, range).await
    }

    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        let (happens, lives) = self.next();
        let written = if happens { self.inner.put(key, body, headers, condition).await? } else { ETag(String::new()) };
        if lives { Ok(written) } else { Err(dead()) }
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        let (happens, lives) = self.next();
        let written = if happens { self.inner.copy(copy).await? } else { ETag(String::new()) };
        if lives { Ok(written) } else { Err(dead()) }
    }

    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError> {
        let (happens, lives) = self.next();
        if happens {
            self.inner.delete(key, condition).await?;
        }
        if lives { Ok(()) } else { Err(dead()) }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.inner.list(prefix).await
    }
}
