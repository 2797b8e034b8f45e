//! A store without conditional writes, used all the same: `locking: off`.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;

use super::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError};
use crate::model::{headers::Headers, path::StorageKey};

/// Looks before it writes where a condition says so, which protects other people's objects, and not from a second deploy
/// at the same moment: whoever turns locking off sees to it that there is one at a time.
pub struct Unlocked(pub Arc<dyn ObjectStore>);

impl Unlocked {
    async fn require(&self, key: &StorageKey, condition: &Condition) -> Result<(), StoreError> {
        let holds = match condition {
            Condition::None => true,
            Condition::Absent => self.0.head(key).await?.is_none(),
            Condition::Matches(etag) => self.0.head(key).await?.is_some_and(|found| found.etag == *etag),
        };
        if holds { Ok(()) } else { Err(StoreError::Precondition(key.clone())) }
    }
}

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
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        self.require(key, &condition).await?;
        self.0.put(key, body, headers, Condition::None).await
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        self.require(copy.to, &copy.condition).await?;
        self.0.copy(Copy { condition: Condition::None, ..copy }).await
    }

    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError> {
        if self.0.head(key).await?.is_none() {
            return Ok(());
        }
        self.require(key, &condition).await?;
        self.0.delete(key, Condition::None).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        self.0.list(prefix).await
    }
}
