//! For how long a value is served, and when it is fetched again.
//!
//! ```text
//! filled ────────── fresh ──────────┬── served, refreshed behind ──┬── served only when the source fails ──┐ gone
//!                    └ early refresh, the likelier the nearer the end
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Namespace;

/// Lifetimes differ by up to this share, so that values that were filled together do not expire together.
const JITTER: f64 = 0.1;
/// How long after its time a value is still served while it is fetched again, as a share of its lifetime.
const REVALIDATE: u64 = 10;
/// An early refresh counts a fill as at least this share of the lifetime; database fills are so fast that the
/// cost alone would start the refresh too late.
const LEAST_COST: u64 = 100;
/// For how long it is remembered that there is no such thing.
const BRIEF: Duration = Duration::from_secs(10);

/// Lifetimes that the operator settles.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How long values are fresh whose namespace has no time of its own.
    pub default_ttl: Duration,
    /// How long after its time a value may be served when its source fails.
    pub stale_if_error: Duration,
}

/// The life of one value, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it was read from the source.
    pub filled: u64,
    /// Until when it is fresh.
    pub fresh_until: u64,
    /// Until when it may be served at all.
    pub stale_until: u64,
    /// How long the fill took, in milliseconds.
    pub cost: u32,
}

/// What may be done with a value at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Serve it.
    Fresh,
    /// Serve it, and fetch it again behind the response: it is about to expire.
    Due,
    /// Serve it as stale, and fetch it again behind the response.
    Stale,
    /// Serve it as stale only when its source fails.
    Fallback,
    /// Do not serve it.
    Gone,
}

/// The time, in milliseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Policy {
    /// How long values of a namespace are fresh, before jitter.
    #[must_use]
    pub fn ttl(&self, namespace: Namespace) -> Duration {
        namespace.ttl().unwrap_or(self.default_ttl)
    }

    /// The life of a value that was read at `filled`; `random` is from 0 to 1.
    pub(super) fn times(&self, namespace: Namespace, filled: u64, cost: Duration, random: f64) -> Times {
        let ttl = self.ttl(namespace).mul_f64(1.0 - JITTER * random);
        let fresh_until = filled.saturating_add(millis(ttl));
        let stale_until = fresh_until.saturating_add(millis(self.stale_if_error));
        Times { filled, fresh_until, stale_until, cost: u32::try_from(cost.as_millis()).unwrap_or(u32::MAX) }
    }

    /// The life of what is kept for seconds: that there is no such thing.
    pub(super) fn brief(filled: u64) -> Times {
        let until = filled + millis(BRIEF);
        Times { filled, fresh_until: until, stale_until: until, cost: 0 }
    }
}

impl Times {
    /// The same, but not beyond the life of what the value was made of.
    pub fn within(self, fresh_until: u64, stale_until: u64) -> Self {
        Self { fresh_until: self.fresh_until.min(fresh_until), stale_until: self.stale_until.min(stale_until), ..self }
    }

    /// What may be done with the value. `random` gives a number from 0 to 1, and is asked for near the end only.
    pub fn age(&self, now: u64, random: impl FnOnce() -> f64) -> Age {
        let lifetime = self.fresh_until.saturating_sub(self.filled);
        if now < self.fresh_until {
            let left = self.fresh_until - now;
            if left > lifetime / 10 {
                return Age::Fresh;
            }
            // "Optimal Probabilistic Cache Stampede Prevention" (Vattani, Chierichetti, Lowenstein, VLDB 2015).
            let cost = u64::from(self.cost).max(lifetime / LEAST_COST);
            let gap = Duration::from_millis(cost).mul_f64(-random().max(f64::MIN_POSITIVE).ln());
            return if millis(gap) >= left { Age::Due } else { Age::Fresh };
        }
        if now >= self.stale_until {
            Age::Gone
        } else if now - self.fresh_until < lifetime / REVALIDATE {
            Age::Stale
        } else {
            Age::Fallback
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy { default_ttl: Duration::from_hours(24), stale_if_error: Duration::from_hours(24) };

    proptest! {
        #[test]
        fn lifetimes_stay_within_the_contract(random in 0.0..=1.0, filled in 0..u64::from(u32::MAX)) {
            for namespace in Namespace::ALL {
                let times = POLICY.times(namespace, filled, Duration::ZERO, random);
                let (life, ttl) = (times.fresh_until - filled, millis(POLICY.ttl(namespace)));
                prop_assert!(life <= ttl && life * 10 >= ttl * 9 - 10);
            }
        }

        #[test]
        fn a_value_only_ever_gets_older(at in 0_u64..200_000, later in 0_u64..200_000, random in 0.0..1.0) {
            let order = [Age::Fresh, Age::Due, Age::Stale, Age::Fallback, Age::Gone];
            let rank = |age| order.iter().position(|known| *known == age);
            let times = Times { filled: 0, fresh_until: 60_000, stale_until: 120_000, cost: 5 };
            prop_assert!(rank(times.age(at, || random)) <= rank(times.age(at + later, || random)));
        }
    }

    #[test]
    fn a_value_is_refreshed_before_it_expires_by_somebody_who_asks_often() {
        let times = POLICY.times(Namespace::Response, 0, Duration::from_millis(5), 0.0);
        assert_eq!(times.age(times.fresh_until / 2, || 0.0), Age::Fresh);
        let mut random = fastrand::Rng::with_seed(7);
        // One request in ten milliseconds, as of a hot key.
        let due = (0..times.fresh_until).step_by(10).find(|&at| times.age(at, || random.f64()) == Age::Due);
        assert!(due.is_some_and(|at| at > times.fresh_until * 9 / 10));
    }

    #[test]
    fn after_its_time_a_value_is_served_less_and_less() {
        let times = Times { filled: 0, fresh_until: 1_000, stale_until: 5_000, cost: 1 };
        let ages = [1_000, 1_099, 1_100, 4_999, 5_000].map(|at| times.age(at, || 1.0));
        assert_eq!(ages, [Age::Stale, Age::Stale, Age::Fallback, Age::Fallback, Age::Gone]);
    }
}
