//! Whether this process' memory may be believed. With a Redis that other nodes share, it may be while invalidations
//! are heard; what was read before they were, or while they are not, is believed for a few seconds only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::policy::millis;

/// After this long without a message the connection counts as lost; nodes send one every second or two.
pub const SILENCE: Duration = Duration::from_secs(3);
/// For how long a value is served that another node may have invalidated unheard.
pub const BOUND: Duration = Duration::from_secs(5);

/// What is known about the subscription; times are in milliseconds since 1970, 0 is never.
#[derive(Debug)]
pub struct Trust {
    /// There is no other node.
    alone: bool,
    subscribed: AtomicU64,
    heard: AtomicU64,
}

impl Trust {
    pub const fn new(alone: bool) -> Self {
        Self { alone, subscribed: AtomicU64::new(0), heard: AtomicU64::new(0) }
    }

    pub fn subscribed(&self, now: u64) {
        self.subscribed.store(now, Ordering::Release);
        self.heard.store(now, Ordering::Release);
    }

    /// After a silence, what was said in it may lie unread behind this message, as it does when the process stood still:
    /// what was read before counts as unfollowed.
    pub fn heard(&self, now: u64) {
        if self.hears(now) {
            self.heard.store(now, Ordering::Release);
        } else {
            self.subscribed(now);
        }
    }

    pub fn lost(&self) {
        self.heard.store(0, Ordering::Release);
    }

    /// Whether invalidations are heard.
    pub fn hears(&self, now: u64) -> bool {
        self.alone || now.saturating_sub(self.heard.load(Ordering::Acquire)) < millis(SILENCE)
    }

    /// Whether a value may be served that this process has had since `since`.
    pub fn covers(&self, since: u64, now: u64) -> bool {
        let followed = self.hears(now) && since >= self.subscribed.load(Ordering::Acquire);
        self.alone || followed || now.saturating_sub(since) < millis(BOUND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_believed_while_invalidations_are_heard() {
        let trust = Trust::new(false);
        let start = 1_000_000;
        assert!(trust.covers(start, start + 4_999) && !trust.covers(start, start + 5_000), "never subscribed");
        trust.subscribed(start);
        (1..=60).for_each(|second| trust.heard(start + second * 1_000));
        assert!(trust.covers(start, start + 60_001));
        assert!(!trust.covers(start - 1, start + 60_001), "it is older than the subscription");
        assert!(!trust.covers(start, start + 63_000), "silence");
        trust.lost();
        assert!(!trust.covers(start, start + 60_001));
        assert!(trust.covers(start + 60_000, start + 60_001));
        assert!(Trust::new(true).covers(0, start));
    }

    #[test]
    fn what_was_read_before_a_silence_is_not_believed_at_the_first_message_after_it() {
        let (trust, start) = (Trust::new(false), 1_000_000);
        trust.subscribed(start);
        trust.heard(start + 600_000);
        assert!(!trust.covers(start, start + 600_001));
        assert!(trust.covers(start + 600_000, start + 602_000));
    }
}
