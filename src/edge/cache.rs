//! What the edge keeps: responses by rewritten URI, in bounded memory.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::{
    DefaultHashBuilder, Weighter,
    sync::{Cache as QuickCache, DefaultLifecycle, PlaceholderGuard},
};

use super::{invalidation::Follower, object::Object};

/// Bytes that are kept in all.
const CAPACITY: u64 = 128 * 1024 * 1024;

/// What an entry takes beside its bytes, about: headers, description, place in the table.
const OVERHEAD: u64 = 1024;

/// Entries that the table is laid out for.
const EXPECTED_ENTRIES: usize = 1_000;

/// A kept response.
#[derive(Debug)]
pub struct Entry {
    /// The response.
    pub object: Object,
    /// When it was fetched, or last found unchanged.
    pub stored: Instant,
    /// How long it may be used from then on; none when it is not kept.
    pub lifetime: Option<Duration>,
}

impl Entry {
    fn is_fresh(&self) -> bool {
        self.lifetime.is_some_and(|lifetime| self.stored.elapsed() < lifetime)
    }
}

/// What the cache has for a URI.
pub enum Lookup<'a> {
    /// A response to use.
    Fresh(Arc<Entry>),
    /// A response that its lifetime has passed.
    Stale(Arc<Entry>),
    /// Nothing. Others who ask for the same wait until the place is filled or given up.
    Missing(Place<'a>),
}

/// The right to fill an empty place.
pub type Place<'a> =
    PlaceholderGuard<'a, String, Arc<Entry>, ByBytes, DefaultHashBuilder, DefaultLifecycle<String, Arc<Entry>>>;

/// The cache, and the log of invalidations that it follows.
pub struct Cache {
    entries: QuickCache<String, Arc<Entry>, ByBytes>,
    /// Held while an entry is put in place: what was fetched before an invalidation must not come in after it.
    state: Mutex<State>,
}

struct State {
    follower: Follower,
    /// Grows with each invalidation.
    generation: u64,
}

/// The generation that a fetch began in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64);

impl Cache {
    /// An empty cache, which follows invalidations from now on.
    pub fn new(follower: Follower) -> Self {
        let entries = QuickCache::with_weighter(EXPECTED_ENTRIES, CAPACITY, ByBytes);
        Self { entries, state: Mutex::new(State { follower, generation: 0 }) }
    }

    /// Drops what was invalidated since the last call.
    pub fn follow_invalidations(&self) -> Generation {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let invalidated = state.follower.news();
        if !invalidated.is_empty() {
            state.generation += 1;
            self.entries.retain(|uri, _| !invalidated.cover(uri));
        }
        Generation(state.generation)
    }

    /// Looks `uri` up.
    pub async fn lookup(&self, uri: &str) -> Lookup<'_> {
        match self.entries.get_value_or_guard_async(uri).await {
            Ok(entry) if entry.is_fresh() => Lookup::Fresh(entry),
            Ok(entry) => Lookup::Stale(entry),
            Err(place) => Lookup::Missing(place),
        }
    }

    /// Fills an empty place with what was fetched since `generation`.
    pub fn fill(&self, place: Place<'_>, entry: &Arc<Entry>, generation: Generation) {
        self.keep(entry, generation, |entry| {
            // Fails when the place was dropped meanwhile: then the next request fetches again.
            let _ = place.insert(entry);
        });
    }

    /// Replaces a stale entry with what was fetched since `generation`.
    pub fn replace(&self, uri: &str, entry: &Arc<Entry>, generation: Generation) {
        self.keep(entry, generation, |entry| self.entries.insert(uri.to_owned(), entry));
    }

    fn keep(&self, entry: &Arc<Entry>, generation: Generation, put: impl FnOnce(Arc<Entry>)) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if entry.lifetime.is_some() && generation == Generation(state.generation) {
            put(Arc::clone(entry));
        }
    }
}

/// An entry weighs what it takes in memory.
#[derive(Clone)]
pub struct ByBytes;

impl Weighter<String, Arc<Entry>> for ByBytes {
    fn weight(&self, uri: &String, entry: &Arc<Entry>) -> u64 {
        uri.len() as u64 + entry.object.size() + OVERHEAD
    }
}
