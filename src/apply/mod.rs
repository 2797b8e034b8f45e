//! Executes a [`Plan`] without making decisions: wave after wave, each complete before the next begins.
//!
//! Whatever dies when: until the pointer moves, the earlier release is live and its bytes are in place or preserved;
//! the pointer names the unfinished release from before the first write, so that the next deploy converges.

pub mod api;
mod invalidate;
pub mod provision;
mod prune;
mod write;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{Class, Error, Result},
    model::{api::ApiRecord, digest::Digest, lease::Holder, ledger::Pointer, manifest::Role, path::StorageKey},
    plan::{Expected, Outcome, Plan, Pointers, Write},
    remote::{
        Condition, ObjectStore,
        cdn::{Cdn, Invalidation},
        lease::Tenure,
        state::{self, LoadedPointer},
    },
};
use api::{Candidate, Change, Order};
pub use prune::prune;
use write::Writer;

/// Requests under way at once.
const CONCURRENCY: usize = 32;

/// What happens while a plan is executed.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The database is being prepared for a new version of the API.
    Migrating,
    /// The API's code with this digest is being published, so many bytes.
    PublishingApi(&'a Digest, u64),
    /// A version of the API is being tried out before viewers meet it.
    Trying(&'a str),
    /// Viewers meet this version of the API.
    ApiLive(&'a str),
    /// Bytes are being copied aside, so many objects.
    Preserving(usize),
    /// A wave begins: its role, objects, bytes to upload.
    Wave(Role, usize, u64),
    /// An object is written.
    Written(&'a Write),
    /// Objects are being deleted, so many.
    Removing(usize),
    /// The pointer has moved: the release is live.
    Live(&'a Outcome),
    /// An invalidation is accepted.
    Invalidated(&'a Invalidation),
    /// The CDN has not finished it; so many seconds have passed.
    Waiting(&'a Invalidation, u64),
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
    /// This process, as the holder of the lease.
    pub holder: Holder,
    /// Nothing new is begun once it is cancelled; what is under way ends, and the lease is given back.
    pub stop: CancellationToken,
    /// Whether to wait until every cache has dropped what was invalidated.
    pub wait: bool,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// Invalidations that the CDN accepted.
    pub invalidations: Vec<Invalidation>,
    /// Whether every cache has dropped what they name.
    pub finished: bool,
    /// The API that the release has, where it was published or looked at.
    pub api: Option<ApiRecord>,
}

/// Executes `plan`, which was made from the ledger as it was `loaded`, and what becomes of the API with it.
pub async fn apply(plan: &Plan, api: Option<&Change>, loaded: &LoadedPointer, ports: &Ports) -> Result<Applied> {
    // A command that died after its last write but one left nothing to do but its lease.
    if plan.is_empty() && api.is_none() && loaded.pointer.lease.is_none() {
        return Ok(Applied { finished: true, ..Applied::default() });
    }
    let begun = match &plan.pointers {
        Some(pointers) => pointers.begun.clone(),
        None => Pointer { generation: loaded.pointer.generation + 1, ..loaded.pointer.clone() },
    };
    let (store, holder) = (Arc::clone(&ports.store), ports.holder.clone());
    // Until the API's half has gone well there is nothing that would have to be mended.
    let taken = if api.is_some() { &loaded.pointer } else { &begun };
    let tenure = Tenure::begin(store, holder, taken, loaded.etag.as_ref()).await?;
    let writer = Writer { ports, tenure: &tenure };
    let done = async {
        let candidate = match api {
            Some(change) => Some(change.prepare(ports, &tenure).await?),
            None => None,
        };
        let candidate = candidate.as_ref();
        let (first, last) = match api.map(|change| change.order) {
            Some(Order::ApiFirst) => (candidate, None),
            _ => (None, candidate),
        };
        if let Some(candidate) = first {
            candidate.go_live(ports, &tenure).await?;
        }
        let seen = AtomicBool::new(false);
        let live = match pages(plan, begun, candidate, &seen, writer).await {
            Ok(live) => live,
            Err(failure) => {
                return Err(match first {
                    Some(candidate) if seen.into_inner() => candidate.stays(failure),
                    Some(candidate) => candidate.take_back(failure, ports, &tenure).await,
                    None => failure,
                });
            }
        };
        let followed = match last {
            Some(candidate) => candidate.go_live(ports, &tenure).await.map_err(api::owed),
            None => Ok(()),
        };
        let applied = invalidate::request(&plan.invalidations, live, &tenure, ports).await;
        followed?;
        Ok(Applied { api: candidate.map(|candidate| candidate.record.clone()), ..applied? })
    };
    let mut applied = finally(done.await, &tenure).await?;
    applied.finished = ports.wait && invalidate::wait(&applied, ports).await?;
    Ok(applied)
}

/// Gives the lease back when something failed. That this fails too is no news: the lease runs out.
async fn finally<T>(done: Result<T>, tenure: &Tenure) -> Result<T> {
    if done.is_err() {
        let _ = tenure.release().await;
    }
    done
}

/// Makes the plan's pages live, and gives the pointer as it is then. From when on viewers may have `seen` something of
/// them, it says so.
async fn pages(
    plan: &Plan,
    mut begun: Pointer,
    candidate: Option<&Candidate<'_>>,
    seen: &AtomicBool,
    writer: Writer<'_>,
) -> Result<Pointer> {
    let Some(pointers) = &plan.pointers else {
        record(&mut begun, candidate);
        return Ok(begun);
    };
    if candidate.is_some() {
        writer.tenure.write(&pointers.begun).await?;
    }
    let mut pointers = pointers.clone();
    record(&mut pointers.live, candidate);
    publish(plan, &pointers, seen, writer).await
}

/// Writes down what the live release's API turned out to be.
fn record(pointer: &mut Pointer, candidate: Option<&Candidate<'_>>) {
    let Some(candidate) = candidate else { return };
    let live = pointer.live.clone();
    for release in pointer.releases.iter_mut().filter(|release| Some(&release.id) == live.as_ref()) {
        release.api = Some(candidate.record.clone());
    }
}

async fn publish(plan: &Plan, pointers: &Pointers, seen: &AtomicBool, writer: Writer<'_>) -> Result<Pointer> {
    let Writer { ports, tenure } = writer;
    let store = ports.store.as_ref();
    if !plan.preserve.is_empty() {
        (ports.listener)(Event::Preserving(plan.preserve.len()));
    }
    let manifest = async {
        if plan.manifest_is_new { state::write_manifest(store, &plan.digest, &plan.manifest).await } else { Ok(()) }
    };
    let missing = Mutex::new(Vec::new());
    let copies = each(&plan.preserve, ports, |preserve| async {
        if !writer.preserve(preserve).await? {
            missing.lock().unwrap_or_else(PoisonError::into_inner).push(preserve.to.key.clone());
        }
        Ok(())
    });
    futures_util::try_join!(manifest, copies)?;
    if pointers.begun.live.is_some() {
        each(&vacancies(plan), ports, |write| writer.require_vacant(write)).await?;
    }
    tenure.write(&pointers.preserved).await?;

    let etags = Mutex::new(BTreeMap::new());
    for wave in &plan.waves {
        let bytes = wave.writes.iter().map(Write::bytes_to_upload).sum();
        (ports.listener)(Event::Wave(wave.role, wave.writes.len(), bytes));
        // Under a key with a content hash lies nothing that a page of before names. Any other takes effect at once.
        seen.fetch_or(wave.role != Role::Immutable, Ordering::Relaxed);
        each(&wave.writes, ports, |write| async {
            let etag = writer.write(write).await?;
            if wave.role != Role::Immutable {
                etags.lock().unwrap_or_else(PoisonError::into_inner).insert(write.stored.key.clone(), etag);
            }
            (ports.listener)(Event::Written(write));
            Ok(())
        })
        .await?;
    }
    if !plan.removals.is_empty() {
        (ports.listener)(Event::Removing(plan.removals.len()));
        seen.store(true, Ordering::Relaxed);
        each(&plan.removals, ports, |removal| writer.remove(removal)).await?;
    }
    let mut inventory = plan.inventory.clone();
    inventory.etags.extend(etags.into_inner().unwrap_or_else(PoisonError::into_inner));
    for key in missing.into_inner().unwrap_or_else(PoisonError::into_inner) {
        inventory.objects.remove(&key);
    }
    state::write_inventory(store, pointers.live.generation, &inventory).await?;
    tenure.write(&pointers.live).await?;
    (ports.listener)(Event::Live(&plan.outcome));
    // The new inventory is in force; the one before it is read by nobody any more.
    if let Some(old) = pointers.begun.inventory {
        // What is left of it is litter that `prune` takes away, and no reason to hold up the invalidation.
        let _ = store.delete(&StorageKey::inventory(old), Condition::None).await;
    }
    Ok(pointers.live.clone())
}

/// Writes of the last waves to keys where nothing should lie: whatever is in the way there must show before the first
/// page changes.
fn vacancies(plan: &Plan) -> Vec<&Write> {
    let late = plan.waves.iter().filter(|wave| wave.role != Role::Immutable);
    late.flat_map(|wave| &wave.writes).filter(|write| write.guard.expected == Expected::Nothing).collect()
}

/// Does `work` for every item, some at once, and stops at the first failure or when it is told to.
/// Whatever was begun is finished first: no request of ours outlives the command that made it.
async fn each<'a, T: 'a, F>(items: &'a [T], ports: &Ports, work: impl Fn(&'a T) -> F) -> Result<()>
where
    F: Future<Output = Result<()>>,
{
    let failed = Mutex::new(None);
    let halted = || ports.stop.is_cancelled() || failed.lock().is_ok_and(|failed| failed.is_some());
    stream::iter(items)
        .take_while(|_| std::future::ready(!halted()))
        .for_each_concurrent(CONCURRENCY, |item| {
            let done = work(item);
            let failed = &failed;
            async move {
                if let Err(error) = done.await {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        })
        .await;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None if ports.stop.is_cancelled() => Err(interrupted()),
        None => Ok(()),
    }
}

/// The signal that ended the work is known to whoever cancelled it.
fn interrupted() -> Error {
    Error::new(Class::Interrupted(15), "interrupted", "interrupted before it was finished")
        .help("what was live stays live; run the command again to finish")
}
