//! One writer: holds the lease in the pointer, renews it, and finds out when it is lost.
//!
//! Losing is found out by conditional writes of the pointer, so it does not depend on anybody's clock. A process that
//! was paused renews before it writes anything else, and what it had begun to write fails on its own condition.

use std::{
    sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::Mutex;

use super::{
    Condition, ETag, ObjectStore, StoreError,
    process::is_gone,
    state::{LoadedPointer, load_pointer, put_pointer},
};
use crate::{
    error::{Class, Error, Result},
    model::{
        lease::{Holder, Lease, TERM},
        ledger::Pointer,
    },
};

/// How often the lease is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// After this long without a renewal nothing is written before the next one.
const STALE: Duration = Duration::from_secs(20);

/// A renewal that is as good as one now: nobody takes a lease over that young.
const RECENT: Duration = Duration::from_secs(3);

const _: () = assert!(RENEWAL.as_secs() < STALE.as_secs() && STALE.as_secs() < TERM.as_secs());

/// Fails when somebody else holds the lease of a pointer, and may still be there.
pub fn refuse_held(loaded: &LoadedPointer) -> Result<()> {
    match &loaded.pointer.lease {
        Some(lease) if !lease.has_run_out(loaded.age) && !is_gone(&lease.holder) => Err(held(&lease.holder)),
        _ => Ok(()),
    }
}

fn held(holder: &Holder) -> Error {
    Error::new(Class::Conflict, "locked", format!("another command is writing to this bucket: {holder}"))
        .help("nothing has changed; wait until it is done, then run this again. `treebeard-cdn status` shows it; if it is gone for good, `treebeard-cdn unlock --force` ends its lock")
}

/// The rule of an error that says that the lease is lost: what is live is somebody else's to decide.
pub const LOST: &str = "lock-lost";

fn lost() -> Error {
    Error::new(Class::Conflict, LOST, "another command took over while this one was paused or cut off")
        .help("what is live is the other command's; run this one again if it should follow")
}

/// The time in which this process is the one that writes.
pub struct Tenure {
    store: Arc<dyn ObjectStore>,
    me: Holder,
    book: Mutex<Book>,
    renewed: StdMutex<Moment>,
    lost: OnceLock<Error>,
}

/// A moment whose age counts the time that the machine was asleep, too.
#[derive(Debug, Clone, Copy)]
struct Moment {
    clock: Instant,
    wall: SystemTime,
}

impl Moment {
    fn now() -> Self {
        Self { clock: Instant::now(), wall: SystemTime::now() }
    }

    /// The monotonic clock may stand still while a machine sleeps, and the wall clock may be set back: the larger counts.
    fn age(self) -> Duration {
        self.clock.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

/// The pointer as this process last wrote it.
struct Book {
    pointer: Pointer,
    etag: Option<ETag>,
    beat: u64,
}

impl Tenure {
    /// Takes the lease by writing `pointer` over the one that had tag `etag`, and renews it until this is dropped.
    pub async fn begin(
        store: Arc<dyn ObjectStore>,
        me: Holder,
        pointer: &Pointer,
        etag: Option<&ETag>,
    ) -> Result<Arc<Self>> {
        let book = Mutex::new(Book { pointer: pointer.clone(), etag: etag.cloned(), beat: 0 });
        let tenure = Arc::new(Self { store, me, book, renewed: StdMutex::new(Moment::now()), lost: OnceLock::new() });
        if let Err(error) = tenure.write(pointer).await {
            // Whoever was faster: say who it is.
            let winner = load_pointer(tenure.store.as_ref()).await;
            return Err(match winner.map(|loaded| loaded.pointer.lease) {
                Ok(Some(lease)) if error.class == Class::Conflict && lease.holder != tenure.me => held(&lease.holder),
                _ => error,
            });
        }
        tokio::spawn(renewals(Arc::downgrade(&tenure)));
        Ok(tenure)
    }

    /// Writes the pointer's next step.
    pub async fn write(&self, pointer: &Pointer) -> Result<()> {
        self.put(Some(pointer), true).await
    }

    /// Fails when the lease is lost. Renews it first when that is overdue.
    pub async fn confirm(&self) -> Result<()> {
        self.renew_after(STALE).await
    }

    /// The same, where something is not as expected: only a lease that was renewed just now will do.
    pub async fn assure(&self) -> Result<()> {
        self.renew_after(RECENT).await
    }

    /// Fails when the lease is lost, by what the store says now.
    pub async fn renew(&self) -> Result<()> {
        self.renew_after(Duration::ZERO).await
    }

    async fn renew_after(&self, age: Duration) -> Result<()> {
        if let Some(error) = self.lost.get() {
            return Err(error.clone());
        }
        let renewed = *self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        if renewed.age() < age { Ok(()) } else { self.put(None, true).await }
    }

    /// Writes the pointer's last step, without a lease.
    pub async fn end(&self, pointer: &Pointer) -> Result<()> {
        self.put(Some(pointer), false).await
    }

    /// Gives the lease back, with the pointer as it is. What was begun stays named in it.
    pub async fn release(&self) -> Result<()> {
        self.put(None, false).await
    }

    async fn put(&self, next: Option<&Pointer>, leased: bool) -> Result<()> {
        let mut book = self.book.lock().await;
        if let Some(error) = self.lost.get() {
            return Err(error.clone());
        }
        let before = book.pointer.clone();
        match next {
            Some(next) => book.pointer.clone_from(next),
            // It was given back while this renewal waited for its turn.
            None if book.pointer.lease.is_none() => return Ok(()),
            None => {}
        }
        book.beat += 1;
        book.pointer.lease = leased.then(|| Lease { holder: self.me.clone(), beat: book.beat });
        let began = Moment::now();
        let mut written = self.attempt(&book).await;
        if let Err(StoreError::Precondition(_)) = written {
            // Perhaps it was this process that wrote, and the answer got lost.
            let found = load_pointer(self.store.as_ref()).await?;
            let mine = found.pointer.lease.as_ref().is_some_and(|lease| lease.holder.run == self.me.run);
            written = match found.etag {
                Some(etag) if found.pointer == book.pointer => Ok(etag),
                etag if mine => {
                    book.etag = etag;
                    self.attempt(&book).await
                }
                _ => written,
            };
        }
        if let Ok(etag) = written {
            book.etag = Some(etag);
            *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = began;
            return Ok(());
        }
        // A step that failed is not taken, also where only its answer was lost: what is written next says so.
        book.pointer = before;
        match written {
            Err(StoreError::Precondition(_)) => Err(self.lost.get_or_init(lost).clone()),
            failed => failed.map(drop).map_err(Into::into),
        }
    }

    async fn attempt(&self, book: &Book) -> Result<ETag, StoreError> {
        let condition = book.etag.clone().map_or(Condition::Absent, Condition::Matches);
        put_pointer(self.store.as_ref(), &book.pointer, condition).await
    }
}

/// Renews until the tenure ends, or is lost.
async fn renewals(tenure: std::sync::Weak<Tenure>) {
    let mut ticks = tokio::time::interval(RENEWAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let Some(tenure) = tenure.upgrade() else { return };
        // A failure that is no loss is tried again at the next tick.
        let _ = tenure.put(None, true).await;
        if tenure.lost.get().is_some() {
            return;
        }
    }
}
