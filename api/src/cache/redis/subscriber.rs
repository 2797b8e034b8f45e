//! The task that hears what other nodes invalidate.

use std::sync::Weak;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

use super::{CHANNEL, generations};
use crate::cache::Inner;
use crate::cache::policy::now;
use crate::cache::trust::SILENCE;

/// How long it waits before it subscribes again.
const PAUSE: Duration = Duration::from_millis(250);

/// Follows the channel until the cache is dropped. Nodes give a sign of life each second, so silence means that
/// the connection is lost, whatever the operating system thinks of it.
pub async fn follow(cache: Weak<Inner>) {
    for attempt in 0.. {
        let Some(address) = cache.upgrade().and_then(|cache| Some(cache.remote.as_ref()?.address.clone())) else {
            return;
        };
        if let Ok(messages) = address.subscribe(attempt, CHANNEL).await {
            if let Some(cache) = cache.upgrade() {
                cache.trust.subscribed(now());
            }
            let mut messages = messages.into_on_message();
            while let Ok(Some(message)) = timeout(SILENCE, messages.next()).await {
                let Some(cache) = cache.upgrade() else { return };
                cache.trust.heard(now());
                cache.obey(&message.get_payload::<String>().unwrap_or_default());
            }
        }
        if let Some(cache) = cache.upgrade() {
            cache.trust.lost();
        }
        sleep(PAUSE).await;
    }
}

impl Inner {
    /// Does what a message says; one that cannot be read says nothing.
    fn obey(&self, message: &str) {
        match message.split_once(' ') {
            Some(("key", key)) => self.forget(key),
            Some(("generations", pairs)) => self.advance(&generations(pairs)),
            _ => {}
        }
    }
}
