//! How many requests are under way at once: as many as the server takes without complaint.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// As many as the caller likes to start; it has a limit of its own.
const MOST: usize = 256;

/// Complaints within this time are about the same crowd.
const ONE_COMPLAINT: Duration = Duration::from_millis(500);

/// Additive increase, multiplicative decrease, as TCP does (RFC 5681): halves the number of requests under way when
/// the server answers 503 `SlowDown` or 429, and lets one more in each time as many as there are have gone well.
///
/// The SDK's adaptive mode meters requests a second instead, and begins at one in two seconds after a single 503.
#[derive(Debug)]
pub struct Pace {
    permits: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    /// Permits that are to disappear as soon as they come back.
    excess: usize,
    successes: usize,
    eased: Option<Instant>,
}

/// The right to make one request, its retries included.
#[derive(Debug)]
pub struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
}

impl Default for Pace {
    fn default() -> Self {
        let state = State { limit: MOST, excess: 0, successes: 0, eased: None };
        Self { permits: Semaphore::new(MOST), state: Mutex::new(state) }
    }
}

impl Pace {
    /// Waits for a turn.
    pub async fn turn(&self) -> Turn<'_> {
        // The semaphore is never closed.
        Turn { pace: self, permit: self.permits.acquire().await.ok() }
    }

    /// The server complained.
    pub fn slow_down(&self) {
        let mut state = self.state();
        if state.eased.is_some_and(|at| at.elapsed() < ONE_COMPLAINT) {
            return;
        }
        // Half of those under way, rather than of those allowed.
        let busy = state.limit.saturating_sub(self.permits.available_permits()).max(1);
        let limit = (busy / 2).max(1);
        let fewer = state.limit - limit;
        let idle = self.permits.forget_permits(fewer);
        state.excess += fewer - idle;
        state.limit = limit;
        state.successes = 0;
        state.eased = Some(Instant::now());
    }

    /// A request was answered as it should be.
    pub fn went_well(&self) {
        let mut state = self.state();
        if state.limit == MOST {
            return;
        }
        state.successes += 1;
        if state.successes >= state.limit {
            state.successes = 0;
            state.limit += 1;
            if state.excess > 0 {
                state.excess -= 1;
            } else {
                self.permits.add_permits(1);
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.excess > 0 {
            state.excess -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(pace: &Pace) -> usize {
        pace.permits.available_permits()
    }

    #[tokio::test]
    async fn a_complaint_halves_the_requests_under_way_and_successes_bring_them_back() {
        let pace = Pace::default();
        let mut turns = Vec::new();
        for _ in 0..64 {
            turns.push(pace.turn().await);
        }
        pace.slow_down();
        // The other half of the crowd complains about the same moment.
        pace.slow_down();
        assert_eq!((free(&pace), pace.state().limit), (0, 32));
        turns.truncate(32);
        assert_eq!(free(&pace), 0);
        turns.truncate(31);
        assert_eq!(free(&pace), 1);
        for _ in 0..32 {
            pace.went_well();
        }
        assert_eq!((free(&pace), pace.state().limit), (2, 33));
        drop(turns);
        assert_eq!(free(&pace), 33);
    }

    #[tokio::test]
    async fn one_request_is_always_let_through() {
        let pace = Pace::default();
        for _ in 0..20 {
            pace.state().eased = None;
            pace.slow_down();
        }
        assert_eq!(free(&pace), 1);
        drop(pace.turn().await);
        assert_eq!(free(&pace), 1);
    }
}
