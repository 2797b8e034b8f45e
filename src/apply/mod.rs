//! Executes a [`Plan`] without making decisions: wave after wave, each complete before the next begins.
//!
//! Whatever dies when: until the pointer moves, the earlier release is live and its bytes are in place or preserved;
//! the pointer names the unfinished release from before the first write, so that the next deploy converges.

use std::{io::Write as _, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncReadExt as _;

use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Hasher,
        ledger::{Owed, Pointer},
        manifest::Role,
        path::StorageKey,
    },
    plan::{Bytes, Guard, Outcome, Plan, Preserve, Removal, Write},
    remote::{
        Body, Condition, ETag, ObjectStore, StoreError,
        cdn::{Cdn, Invalidation},
        state,
    },
};

/// Requests under way at once.
const CONCURRENCY: usize = 16;

/// What happens while a plan is executed.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// Bytes are being copied aside, so many objects.
    Preserving(usize),
    /// A wave begins: its role, objects, bytes to upload.
    Wave(Role, usize, u64),
    /// An object is written.
    Written(&'a Write),
    /// Pages are being removed, so many objects.
    Removing(usize),
    /// The pointer has moved: the release is live.
    Live(&'a Outcome),
    /// An invalidation is accepted.
    Invalidated(&'a Invalidation),
}

/// Who hears the events.
pub type Listener = Arc<dyn Fn(Event<'_>) + Send + Sync>;

/// The ports that a plan is executed on.
#[derive(Clone)]
pub struct Ports {
    /// The bucket.
    pub store: Arc<dyn ObjectStore>,
    /// What caches in front of it.
    pub cdn: Arc<dyn Cdn>,
    /// Who hears the events.
    pub listener: Listener,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Invalidations that the CDN accepted.
    pub invalidations: Vec<Invalidation>,
    /// Requests to the CDN.
    pub cdn_requests: u64,
}

/// Executes `plan` against the ledger whose pointer had tag `etag` when the plan was made.
pub async fn apply(plan: &Plan, pointer: &Pointer, etag: Option<&ETag>, ports: &Ports) -> Result<Applied> {
    let (pointer, etag) = match publish(plan, etag, ports).await? {
        Some((live, etag)) => (live, Some(etag)),
        None => (pointer.clone(), etag.cloned()),
    };
    invalidate(&plan.invalidations, pointer, etag, ports).await
}

async fn publish(plan: &Plan, etag: Option<&ETag>, ports: &Ports) -> Result<Option<(Pointer, ETag)>> {
    let Some(pointers) = &plan.pointers else { return Ok(None) };
    let store = ports.store.as_ref();
    if let Outcome::Publish(release) = &plan.outcome {
        state::write_manifest(store, &release.id, &plan.manifest).await?;
    }
    let mut etag = state::write_pointer(store, &pointers.begun, etag).await?;

    if let Some(preserved) = &pointers.preserved {
        (ports.listener)(Event::Preserving(plan.preserve.len()));
        each(&plan.preserve, |preserve| copy_aside(preserve, store)).await?;
        etag = state::write_pointer(store, preserved, Some(&etag)).await?;
    }
    for wave in &plan.waves {
        let bytes = wave.writes.iter().map(Write::bytes_to_upload).sum();
        (ports.listener)(Event::Wave(wave.role, wave.writes.len(), bytes));
        each(&wave.writes, |write| async move {
            put(write, store).await?;
            (ports.listener)(Event::Written(write));
            Ok(())
        })
        .await?;
    }
    if !plan.removals.is_empty() {
        (ports.listener)(Event::Removing(plan.removals.len()));
        each(&plan.removals, |removal| remove(removal, store)).await?;
    }
    if let Some(leftovers) = &plan.leftovers {
        state::write_leftovers(store, pointers.live.generation, leftovers).await?;
    }
    etag = state::write_pointer(store, &pointers.live, Some(&etag)).await?;
    (ports.listener)(Event::Live(&plan.outcome));
    // The new leftovers document is in force; the one before it is read by nobody any more.
    if let (Some(_), Some(old)) = (&plan.leftovers, pointers.begun.leftovers) {
        store.delete(&StorageKey::leftovers(old)).await?;
    }
    Ok(Some((pointers.live.clone(), etag)))
}

/// Asks for what is owed, and strikes off the ledger what was accepted.
async fn invalidate(owed: &[Owed], mut pointer: Pointer, etag: Option<ETag>, ports: &Ports) -> Result<Applied> {
    let mut applied = Applied::default();
    let mut failure = None;
    for one in owed {
        applied.cdn_requests += 1;
        match ports.cdn.invalidate(&one.paths, &one.reference).await {
            Ok(invalidation) => {
                (ports.listener)(Event::Invalidated(&invalidation));
                pointer.owed.retain(|it| it != one);
                applied.invalidations.push(invalidation);
            }
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    if !applied.invalidations.is_empty() {
        pointer.generation += 1;
        state::write_pointer(ports.store.as_ref(), &pointer, etag.as_ref()).await?;
    }
    match failure {
        None => Ok(applied),
        Some(error) => {
            let message = format!("the release is live, but its invalidation failed: {error}");
            Err(Error::new(Class::Remote, "invalidation-owed", message)
                .help("viewers may see the earlier release until its TTL ends; the next deploy asks again"))
        }
    }
}

async fn copy_aside(preserve: &Preserve, store: &dyn ObjectStore) -> Result<()> {
    match store.copy(&preserve.from, &preserve.to.key, &preserve.to.headers).await {
        // Somebody deleted it: there is nothing left to keep, and what takes its place mends the site.
        Ok(_) | Err(StoreError::Missing(_)) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

async fn put(write: &Write, store: &dyn ObjectStore) -> Result<()> {
    let stored = &write.stored;
    let file = match &write.bytes {
        Bytes::File(file) => file,
        Bytes::Itself(file) => match store.copy(&stored.key, &stored.key, &stored.headers).await {
            Err(StoreError::Missing(_)) => file,
            done => return done.map(drop).map_err(Into::into),
        },
    };
    let body = Body::File { path: file.clone(), sha256: stored.sha256, size: stored.size };
    let condition = match &write.guard {
        Guard::Ours => Condition::None,
        Guard::Vacant(_) => Condition::Absent,
    };
    match store.put(&stored.key, body.clone(), &stored.headers, condition).await {
        Err(StoreError::Precondition(_)) => {}
        done => return done.map(drop).map_err(Into::into),
    }
    let Some(etag) = unfinished(&stored.key, &write.guard, store).await? else { return Err(foreign(&stored.key)) };
    store.put(&stored.key, body, &stored.headers, Condition::Matches(etag)).await?;
    Ok(())
}

async fn remove(removal: &Removal, store: &dyn ObjectStore) -> Result<()> {
    // A page that was never live, and that somebody else may have put there: only our own bytes go.
    if removal.guard == Guard::Ours || unfinished(&removal.key, &removal.guard, store).await?.is_some() {
        store.delete(&removal.key).await?;
    }
    Ok(())
}

/// The tag of what lies at `key`, if it is what a deploy that did not finish left there.
async fn unfinished(key: &StorageKey, guard: &Guard, store: &dyn ObjectStore) -> Result<Option<ETag>> {
    let Guard::Vacant(expected) = guard else { return Ok(None) };
    let Some((info, mut stream)) = store.get(key, None).await? else { return Ok(None) };
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut buffer).await.and_then(|n| hasher.write_all(&buffer[..n]).map(|()| n));
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(cause) => return Err(Error::new(Class::Unexpected, "io", format!("failed to read {key}: {cause}"))),
        }
    }
    let found = hasher.digest();
    Ok(expected.contains(&found).then_some(info.etag))
}

fn foreign(key: &StorageKey) -> Error {
    let message = format!("an object that treebeard-cdn did not write lies at {key}");
    Error::new(Class::Brake, "foreign-object", message)
        .help("no page has changed; look at the object, then delete it, or deploy with --adopt to take such keys over")
}

/// Does `work` for every item, some at once, and stops at the first failure.
async fn each<'a, T: 'a, F>(items: &'a [T], work: impl Fn(&'a T) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    stream::iter(items).map(Ok).try_for_each_concurrent(CONCURRENCY, work).await?;
    Ok(())
}
