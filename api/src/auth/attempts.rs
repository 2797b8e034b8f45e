//! How often somebody may guess: per account, so that a password cannot be tried out, and per address, so that many
//! accounts cannot be.
//!
//! An attempt is counted before the password is looked at, so that a thousand at once are no way around, and given back
//! when it succeeds, or when the service fails. Each process counts for itself. What is remembered is bounded: beyond that, those that were quiet
//! longest are forgotten.

use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::domain::account::Email;
use crate::error::Error;

/// After which attempts are forgotten.
const WINDOW: Duration = Duration::from_mins(15);
/// Failures that an account may have in that time.
pub const PER_ACCOUNT: u32 = 10;
/// Failures that an address may have in that time; a school or an office shares one.
pub const PER_ADDRESS: u32 = 100;
/// Accounts, and addresses, that are remembered.
const REMEMBERED: u64 = 20_000;

/// Counts attempts; clones share their counts.
#[derive(Debug, Clone)]
pub struct Attempts {
    accounts: Counter<Email>,
    addresses: Counter<IpAddr>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { accounts: Counter::new(PER_ACCOUNT), addresses: Counter::new(PER_ADDRESS) }
    }
}

impl Attempts {
    /// Counts an attempt.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when there were too many.
    pub fn take(&self, account: Option<&Email>, address: Option<IpAddr>) -> Result<(), Error> {
        if let Some(address) = address {
            self.addresses.take(network(address))?;
        }
        if let Some(account) = account {
            self.accounts.take(account.clone())?;
        }
        Ok(())
    }

    /// Takes an attempt back, since it succeeded, and forgives the account the earlier ones.
    pub fn succeeded(&self, account: &Email, address: Option<IpAddr>) {
        self.give_back(None, address);
        self.accounts.windows.invalidate(account);
    }

    /// Takes an attempt back that came to nothing, since the service failed.
    pub fn give_back(&self, account: Option<&Email>, address: Option<IpAddr>) {
        if let Some(address) = address {
            self.addresses.give_back(network(address));
        }
        if let Some(account) = account {
            self.accounts.give_back(account.clone());
        }
    }
}

/// Whoever has an IPv6 address has 2^64 of them (RFC 6177): they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    count: u32,
}

#[derive(Debug, Clone)]
struct Counter<K: Hash + Eq + Send + Sync + 'static> {
    windows: Cache<K, Window>,
    limit: u32,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Counter<K> {
    fn new(limit: u32) -> Self {
        let windows = Cache::builder()
            .max_capacity(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(WINDOW)
            .build();
        Self { windows, limit }
    }

    fn take(&self, key: K) -> Result<(), Error> {
        let counted = self.windows.entry(key).and_upsert_with(|entry| match entry {
            Some(entry) if entry.value().since.elapsed() < WINDOW => {
                let Window { since, count } = entry.into_value();
                Window { since, count: count.saturating_add(1) }
            }
            _ => Window { since: Instant::now(), count: 1 },
        });
        let Window { since, count } = counted.into_value();
        if count <= self.limit {
            return Ok(());
        }
        let left = WINDOW.saturating_sub(since.elapsed()).as_secs() + 1;
        Err(Error::TooManyRequests { retry_after: left })
    }

    fn give_back(&self, key: K) {
        self.windows.entry(key).and_compute_with(|entry| match entry.map(moka::Entry::into_value) {
            Some(Window { since, count }) if count > 1 => Op::Put(Window { since, count: count - 1 }),
            Some(_) => Op::Remove,
            None => Op::Nop,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(n: u32) -> Email {
        Email::parse(&format!("user{n}@example.com")).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_is_closed_after_ten_failures_and_opens_again_after_the_window() {
        let attempts = Attempts::default();
        for _ in 0..PER_ACCOUNT {
            attempts.take(Some(&email(1)), None).unwrap();
        }
        let refused = attempts.take(Some(&email(1)), None);
        assert!(matches!(refused, Err(Error::TooManyRequests { retry_after: 895..=901 })), "{refused:?}");
        attempts.take(Some(&email(2)), None).unwrap();
        tokio::time::advance(WINDOW).await;
        attempts.take(Some(&email(1)), None).unwrap();
    }

    #[test]
    fn success_forgives() {
        let attempts = Attempts::default();
        let home = Some(address("192.0.2.1"));
        for _ in 0..PER_ADDRESS * 2 {
            attempts.take(Some(&email(1)), home).unwrap();
            attempts.succeeded(&email(1), home);
        }
    }

    #[test]
    fn what_the_service_failed_does_not_count() {
        let attempts = Attempts::default();
        let home = Some(address("192.0.2.1"));
        for _ in 0..PER_ADDRESS * 2 {
            attempts.take(Some(&email(1)), home).unwrap();
            attempts.give_back(Some(&email(1)), home);
        }
    }

    #[test]
    fn an_address_is_closed_whatever_the_accounts_are() {
        let attempts = Attempts::default();
        for n in 0..PER_ADDRESS {
            attempts.take(Some(&email(n)), Some(address(&format!("2001:db8::{n:x}")))).unwrap();
        }
        assert!(attempts.take(Some(&email(1000)), Some(address("2001:db8::ffff"))).is_err(), "one /64 is one address");
        attempts.take(Some(&email(1000)), Some(address("2001:db8:0:1::1"))).unwrap();
        attempts.take(Some(&email(1000)), Some(address("192.0.2.1"))).unwrap();
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let counter = Counter::new(1);
        for n in 0..REMEMBERED * 2 {
            counter.take(n).unwrap();
        }
        counter.windows.run_pending_tasks();
        assert!(counter.windows.entry_count() <= REMEMBERED);
    }

    #[test]
    fn a_hundred_at_once_are_no_way_around() {
        let attempts = Attempts::default();
        let allowed = std::thread::scope(|scope| {
            let tries: Vec<_> =
                (0..100).map(|_| scope.spawn(|| attempts.take(Some(&email(1)), None).is_ok())).collect();
            tries.into_iter().filter_map(|attempt| attempt.join().ok()).filter(|&allowed| allowed).count()
        });
        assert_eq!(allowed, PER_ACCOUNT as usize);
    }
}
