//! A store without conditional writes, used all the same: `locking: off`.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;

use super::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError};
use crate::model::{headers::Headers, path::StorageKey};

/// Drops every condition. Whoever turns locking off sees to it that there is one deploy at a time.
pub struct Unlocked(pub Arc<dyn ObjectStore>);

#[async_trait]
impl ObjectStore for Unlocked {
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError> {
        self.0.head(key).await
    }

    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        self.0.get(key, range).await
    }

    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        _condition: Condition,
    ) -> Result<ETag, StoreError> {
        self.0.put(key, body, headers, Condition::None).await
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        self.0.copy(Copy { source: None, condition: Condition::None, ..copy }).await
    }

    async fn delete(&self, key: &StorageKey, _condition: Condition) -> Result<(), StoreError> {
        self.0.delete(key, Condition::None).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.0.list(prefix).await
    }
}
