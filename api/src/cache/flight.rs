//! One fill a key at a time, and none that began before an invalidation writes back.
//!
//! A flight is registered for as long as its fill runs, and whoever misses the same key waits for it. It lands, and is
//! written to memory, only while it is still the registered one. An invalidation strikes it off the register under the
//! same lock: those who already wait get what it brings, those who come later start another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Namespace, Outcome};

/// Where those who wait for a flight get its outcome from.
pub type Arrival = watch::Receiver<Option<Outcome>>;

/// The flights under way.
#[derive(Debug, Clone, Default)]
pub struct Flights(Arc<Mutex<Register>>);

#[derive(Debug, Default)]
struct Register {
    last_id: u64,
    flights: HashMap<Arc<str>, Flight>,
}

#[derive(Debug)]
struct Flight {
    id: u64,
    namespace: Namespace,
    arrival: Arrival,
}

/// What the one who fills holds. Dropping it without landing tells those who wait that nothing will come.
#[derive(Debug)]
pub struct Lead {
    flights: Flights,
    pub key: Arc<str>,
    id: u64,
    outcome: watch::Sender<Option<Outcome>>,
}

impl Flights {
    /// Joins the key's flight; with a [`Lead`] when there was none and the caller has to fly it.
    pub fn join(&self, key: &str, namespace: Namespace) -> (Arrival, Option<Lead>) {
        let mut register = self.register();
        if let Some(flight) = register.flights.get(key) {
            return (flight.arrival.clone(), None);
        }
        let (outcome, arrival) = watch::channel(None);
        register.last_id += 1;
        let (id, key) = (register.last_id, Arc::<str>::from(key));
        register.flights.insert(Arc::clone(&key), Flight { id, namespace, arrival: arrival.clone() });
        (arrival, Some(Lead { flights: self.clone(), key, id, outcome }))
    }

    /// Strikes a key's flight off, and forgets what is stored, in one step.
    pub fn cancel(&self, key: &str, forget: impl FnOnce()) {
        let mut register = self.register();
        register.flights.remove(key);
        forget();
    }

    /// Strikes off the flights of some namespaces, and forgets what is stored, in one step.
    pub fn cancel_all(&self, concerns: impl Fn(Namespace) -> bool, forget: impl FnOnce()) {
        let mut register = self.register();
        register.flights.retain(|_, flight| !concerns(flight.namespace));
        forget();
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// Gives those who wait, and those who join from now on, something to go on with while the flight lasts.
    pub fn announce(&self, outcome: Outcome) {
        self.outcome.send_replace(Some(outcome));
    }

    /// Ends the flight. `store` runs when nothing was invalidated since it began.
    pub fn land(self, outcome: Outcome, store: impl FnOnce(&Arc<str>, &Outcome)) {
        {
            let mut register = self.flights.register();
            if register.flights.get(&self.key).is_some_and(|flight| flight.id == self.id) {
                register.flights.remove(&self.key);
                store(&self.key, &outcome);
            }
        }
        self.outcome.send_replace(Some(outcome));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        let mut register = self.flights.register();
        if register.flights.get(&self.key).is_some_and(|flight| flight.id == self.id) {
            register.flights.remove(&self.key);
        }
    }
}
