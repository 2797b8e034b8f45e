//! A circuit breaker: what fails again and again is left alone for a while, so that nobody waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After so many failures in a row it opens.
const FAILURES: u32 = 5;
/// For how long it stays open before one caller may try.
const OPEN: Duration = Duration::from_secs(1);

/// Lets callers through to something that may fail. State changes are logged, once each.
#[derive(Debug)]
pub struct Breaker {
    name: &'static str,
    circuit: Mutex<Circuit>,
}

/// Whether callers are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They are.
    Closed,
    /// One is, to see whether it works again.
    HalfOpen,
    /// They are not.
    Open,
}

#[derive(Debug)]
struct Circuit {
    state: State,
    failures: u32,
    since: Instant,
    transitions: u64,
}

impl Breaker {
    pub fn new(name: &'static str) -> Self {
        let circuit = Circuit { state: State::Closed, failures: 0, since: Instant::now(), transitions: 0 };
        Self { name, circuit: Mutex::new(circuit) }
    }

    /// Whether the caller may try now. Whoever was let through says how it went.
    pub fn allows(&self) -> bool {
        self.allows_at(Instant::now())
    }

    fn allows_at(&self, now: Instant) -> bool {
        let mut circuit = self.circuit();
        match circuit.state {
            State::Closed => true,
            // A caller that never said how it went is not waited for longer than an open circuit.
            State::Open | State::HalfOpen if now.saturating_duration_since(circuit.since) >= OPEN => {
                circuit.enter(State::HalfOpen, now);
                true
            }
            State::Open | State::HalfOpen => false,
        }
    }

    pub fn succeeded(&self) {
        let mut circuit = self.circuit();
        circuit.failures = 0;
        if circuit.state != State::Closed {
            circuit.enter(State::Closed, Instant::now());
            drop(circuit);
            tracing::info!(target = self.name, "works again");
        }
    }

    /// `why` goes into the log when this failure opens the circuit.
    pub fn failed(&self, why: &dyn std::fmt::Display) {
        self.failed_at(why, FAILURES, Instant::now());
    }

    /// Opens the circuit at the first failure: nothing can work over a connection that is gone.
    pub fn broke(&self, why: &dyn std::fmt::Display) {
        self.failed_at(why, 1, Instant::now());
    }

    fn failed_at(&self, why: &dyn std::fmt::Display, limit: u32, now: Instant) {
        let mut circuit = self.circuit();
        circuit.failures = circuit.failures.saturating_add(1);
        let was = circuit.state;
        if was == State::HalfOpen || (was == State::Closed && circuit.failures >= limit) {
            circuit.enter(State::Open, now);
            drop(circuit);
            if was == State::Closed {
                tracing::error!(target = self.name, error = %why, "fails, and is left alone until it works again");
            }
        }
    }

    pub fn state(&self) -> State {
        self.circuit().state
    }

    /// What it stands before, its state, and how often that has changed.
    pub fn report(&self) -> (&'static str, State, u64) {
        let circuit = self.circuit();
        (self.name, circuit.state, circuit.transitions)
    }

    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Circuit {
    fn enter(&mut self, state: State, now: Instant) {
        (self.state, self.since) = (state, now);
        self.transitions += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_after_one_success() {
        let (breaker, start) = (Breaker::new("test"), Instant::now());
        for _ in 1..FAILURES {
            breaker.failed(&"no");
        }
        breaker.succeeded();
        for _ in 1..FAILURES {
            breaker.failed(&"no");
        }
        assert_eq!(breaker.state(), State::Closed);
        breaker.failed_at(&"no", FAILURES, start);
        assert_eq!((breaker.state(), breaker.allows_at(start)), (State::Open, false));

        let later = start + OPEN;
        assert!(breaker.allows_at(later) && !breaker.allows_at(later), "one caller may try");
        breaker.failed_at(&"no", FAILURES, later);
        assert!(!breaker.allows_at(later));
        assert!(breaker.allows_at(later + OPEN));
        breaker.succeeded();
        assert_eq!(breaker.report(), ("test", State::Closed, 5));
    }

    #[test]
    fn a_caller_that_says_nothing_does_not_keep_it_half_open() {
        let (breaker, start) = (Breaker::new("test"), Instant::now());
        breaker.failed_at(&"gone", 1, start);
        assert!(breaker.allows_at(start + OPEN));
        assert!(breaker.allows_at(start + OPEN * 2));
    }
}
