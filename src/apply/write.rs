//! Writes and deletes one object, and only what may be replaced is replaced.

use super::Ports;
use crate::{
    error::{Class, Error, Result},
    model::{manifest::Stored, path::StorageKey},
    plan::{Bytes, Deletion, Expected, Guard, Preserve, Removal, Source, Stranger, Write},
    remote::{
        Body, Condition, Copy, ETag, StoreError,
        lease::Tenure,
        refresh::{Found, look},
    },
};

/// What writing needs: the store, and proof that this process is still the one that writes.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    pub ports: &'a Ports,
    pub tenure: &'a Tenure,
}

impl Writer<'_> {
    /// Copies bytes aside before they are overwritten; false where there are none any more.
    pub async fn preserve(&self, preserve: &Preserve) -> Result<bool> {
        self.tenure.confirm().await?;
        let store = self.ports.store.as_ref();
        let Preserve { from, etag, to } = preserve;
        let copy = |source| {
            let source = Some(source);
            store.copy(Copy { from, source, to: &to.key, headers: &to.headers, condition: Condition::None })
        };
        let copied = match etag {
            Some(etag) => copy(etag).await,
            None => Err(StoreError::Precondition(from.clone())),
        };
        match copied {
            Err(StoreError::Precondition(_)) => {}
            Err(StoreError::Missing(_)) => return self.is_kept(to).await,
            done => return done.map(|_| true).map_err(Into::into),
        }
        // The tag is another one, or none was noted. A copy or an encryption of the same bytes is as good; an edit by
        // hand is not ours.
        match look(store, from).await? {
            None => self.is_kept(to).await,
            Some(found) if found.sha256 == to.sha256 => copy(&found.info.etag).await.map(|_| true).map_err(Into::into),
            Some(_) => Err(self.unless_lost(changed(from)).await),
        }
    }

    /// Whoever writes instead of this process is no stranger: that the lease is lost says more than `error` does.
    async fn unless_lost(&self, error: Error) -> Error {
        self.tenure.renew().await.err().unwrap_or(error)
    }

    /// Somebody deleted what was to be kept, and what takes its place mends the site. An earlier try may have kept it.
    async fn is_kept(&self, copy: &Stored) -> Result<bool> {
        Ok(self.ports.store.head(&copy.key).await?.is_some())
    }

    /// Fails when somebody else's object lies where `write` expects nothing.
    pub async fn require_vacant(&self, write: &Write) -> Result<()> {
        let Stored { key, sha256, .. } = &write.stored;
        match look(self.ports.store.as_ref(), key).await? {
            Some(found) if found.sha256 != *sha256 && !may_replace(&write.guard, &found) => {
                Err(self.unless_lost(stranger(key, write.guard.stranger)).await)
            }
            _ => Ok(()),
        }
    }

    /// Writes an object, and gives its tag.
    pub async fn write(&self, write: &Write) -> Result<ETag> {
        self.tenure.confirm().await?;
        let (key, guard) = (&write.stored.key, &write.guard);
        let expected = match &guard.expected {
            Expected::Nothing => Some(Condition::Absent),
            Expected::Tag(etag) => Some(Condition::Matches(etag.clone())),
            Expected::Something => None,
        };
        if let Some(condition) = expected {
            match self.send(write, condition).await {
                Err(StoreError::Precondition(_)) => {}
                done => return done.map_err(Into::into),
            }
        }
        // It is not as expected. Before anything else: is this still the process that writes?
        self.tenure.assure().await?;
        let condition = match look(self.ports.store.as_ref(), key).await? {
            None => Condition::Absent,
            // This very process wrote it, and the answer got lost; or another one that did not finish.
            Some(found) if is(&found, &write.stored) => return Ok(found.info.etag),
            Some(found) if found.sha256 == write.stored.sha256 || may_replace(guard, &found) => {
                Condition::Matches(found.info.etag)
            }
            Some(_) => return Err(self.unless_lost(stranger(key, guard.stranger)).await),
        };
        self.send(write, condition).await.map_err(Into::into)
    }

    async fn send(&self, write: &Write, condition: Condition) -> Result<ETag, StoreError> {
        let store = self.ports.store.as_ref();
        let Stored { key, headers, .. } = &write.stored;
        let (source, condition) = match &write.bytes {
            Bytes::From(source) => (source, condition),
            Bytes::Itself(source) => {
                let tag = if let Condition::Matches(etag) = &condition { Some(etag) } else { None };
                match store.copy(Copy { from: key, source: tag, to: key, headers, condition: condition.clone() }).await
                {
                    Err(StoreError::Missing(_)) => (source, Condition::Absent),
                    done => return done,
                }
            }
        };
        match source {
            Source::File(path) => {
                let Stored { sha256, size, .. } = write.stored;
                store.put(key, Body::File { path: path.clone(), sha256, size }, headers, condition).await
            }
            Source::Object(from) => store.copy(Copy { from, source: None, to: key, headers, condition }).await,
        }
    }

    /// Removes a page. One that was never live, and that somebody else may have put there, goes only if it is ours.
    pub async fn remove(&self, removal: &Removal) -> Result<()> {
        self.delete(&removal.key, &removal.guard).await
    }

    /// Deletes what no release needs.
    pub async fn prune(&self, deletion: &Deletion) -> Result<()> {
        if let Some(guard) = &deletion.guard {
            return self.delete(&deletion.key, guard).await;
        }
        self.tenure.confirm().await?;
        Ok(self.ports.store.delete(&deletion.key, Condition::None).await?)
    }

    async fn delete(&self, key: &StorageKey, guard: &Guard) -> Result<()> {
        self.tenure.confirm().await?;
        let store = self.ports.store.as_ref();
        if let Expected::Tag(etag) = &guard.expected {
            match store.delete(key, Condition::Matches(etag.clone())).await {
                Err(StoreError::Precondition(_)) => {}
                done => return done.map_err(Into::into),
            }
        }
        self.tenure.assure().await?;
        match look(store, key).await? {
            Some(found) if may_replace(guard, &found) => {
                store.delete(key, Condition::Matches(found.info.etag)).await.map_err(Into::into)
            }
            Some(_) if guard.stranger == Stranger::Changed => Err(self.unless_lost(changed(key)).await),
            _ => Ok(()),
        }
    }
}

fn is(found: &Found, wanted: &Stored) -> bool {
    found.sha256 == wanted.sha256 && found.info.headers == *wanted.headers
}

fn may_replace(guard: &Guard, found: &Found) -> bool {
    guard.stranger == Stranger::TakenOver || guard.ours.contains(&found.sha256)
}

fn stranger(key: &StorageKey, stranger: Stranger) -> Error {
    if stranger == Stranger::Changed {
        return changed(key);
    }
    let message = format!("an object that treebeard-cdn did not write lies at {key}");
    Error::new(Class::Brake, "foreign-object", message)
        .help("look at the object, then delete it, or deploy with --adopt to take such keys over")
}

fn changed(key: &StorageKey) -> Error {
    Error::new(Class::Conflict, "object-changed", format!("somebody else changed {key} since it was deployed")).help(
        "it was left as it is; `treebeard-cdn plan --refresh` shows every such object, `deploy --repair` puts them right",
    )
}
