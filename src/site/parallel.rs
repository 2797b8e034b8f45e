//! Work on all cores that can be called off.

use std::{
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::error::{Class, Error, Result};

/// A flag that asks threads to stop.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Fails once the flag is set.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(Class::Interrupted(2), "interrupted", "interrupted"));
        }
        Ok(())
    }

    /// Sets the flag when the guard goes out of scope.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }
}

/// Sets a [`Cancel`] flag when dropped.
pub struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Applies `work` to every item, starting them in order, and gives the results in the same order.
/// Each thread has a state of its own, made by `state`: buffers that are worth keeping from item to item.
///
/// Of several failures the one of the earliest item is returned, so that the same site fails the same way each time.
pub fn map<T: Sync, S, R: Send>(
    items: &[T],
    cancel: &Cancel,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut state = state();
        let mut results = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(position) else { break };
            let result = cancel.check().and_then(|()| work(&mut state, item));
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            results.push((position, result));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut results);
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(run);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_their_items() {
        let items: Vec<_> = (0..1000).collect();
        let doubled = map(&items, &Cancel::default(), || (), |(), n| Ok(n * 2)).unwrap();
        assert!(doubled.into_iter().eq(items.iter().map(|n| n * 2)));
    }

    #[test]
    fn the_earliest_failure_is_reported() {
        let items: Vec<_> = (0..1000).collect();
        let failure = map(
            &items,
            &Cancel::default(),
            || (),
            |(), n| {
                if *n < 100 { Ok(()) } else { Err(Error::new(Class::Build, "test", n.to_string())) }
            },
        );
        assert_eq!(failure.unwrap_err().message, "100");
    }

    #[test]
    fn a_dropped_guard_stops_the_work() {
        let cancel = Cancel::default();
        drop(cancel.on_drop());
        let failure = map(&[1, 2, 3], &cancel, || (), |(), _| -> Result<()> { panic!("worked on after all") });
        assert_eq!(failure.unwrap_err().class, Class::Interrupted(2));
    }
}
