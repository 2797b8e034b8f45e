//! Forgetting: here at once, in Redis and on other nodes as soon as they can be reached.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;

use super::outbox::Owed;
use super::redis::Remote;
use super::{Cache, Inner, Key, Namespace, key};
use crate::domain::id::UserId;

impl Cache {
    /// Forgets one value. Call it after the change is committed; it never fails the request.
    pub async fn invalidate<T>(&self, key: &Key<T>) {
        self.invalidate_key(key.as_str()).await;
    }

    /// Forgets what is cached about a user: profile, recommendations, usage. Call it after the change is committed;
    /// it never fails the request.
    pub async fn invalidate_user(&self, id: &UserId) {
        let keys = key::of_user(id);
        join_all(keys.iter().map(|key| self.invalidate_key(key))).await;
    }

    /// Forgets all values of a namespace, and what was made of them.
    pub async fn invalidate_prefix(&self, namespace: Namespace) {
        self.0.invalidate(Owed::Namespace(namespace)).await;
    }

    /// Forgets the value of a key as operators write it; whether it is one.
    pub async fn invalidate_named(&self, key: &str) -> bool {
        let known = key::namespace_of(key).is_some();
        if known {
            self.invalidate_key(key).await;
        }
        known
    }

    async fn invalidate_key(&self, key: &str) {
        self.0.invalidate(Owed::Key(key.to_owned())).await;
    }
}

impl Inner {
    /// Forgets a key here before and after: what is read from Redis before it was told is out of date too. Values of a
    /// namespace's earlier generations are refused wherever they come from.
    async fn invalidate(&self, what: Owed) {
        self.forget_here(&what);
        let Some(remote) = &self.remote else { return };
        let debt = self.outbox.add(what.clone());
        if self.tell(remote, &what).await {
            self.outbox.settle(&what, debt);
        }
        if let Owed::Key(key) = &what {
            self.forget(key);
        }
    }

    /// Tells Redis what it could not be told before. What it refuses is tried again the next time, and keeps nothing
    /// else waiting.
    pub(super) async fn deliver(&self, remote: &Remote) {
        for (owed, debt) in self.outbox.list() {
            if self.tell(remote, &owed).await {
                self.outbox.settle(&owed, debt);
            } else if !remote.is_up() {
                return;
            }
        }
    }

    async fn tell(&self, remote: &Remote, what: &Owed) -> bool {
        match what {
            Owed::Key(key) => remote.invalidate(key).await.is_ok(),
            Owed::Namespace(namespace) => {
                let known: Vec<_> = namespace.with_derived().map(|each| (each, self.generation(each))).collect();
                let next = remote.advance(&known).await;
                next.map(|generations| self.advance(&generations)).is_ok()
            }
        }
    }

    fn forget_here(&self, what: &Owed) {
        match what {
            Owed::Key(key) => self.forget(key),
            Owed::Namespace(namespace) => {
                let next: Vec<_> = namespace.with_derived().map(|each| (each, self.generation(each) + 1)).collect();
                self.advance(&next);
            }
        }
    }

    /// Refuses values of generations before these, those that are being fetched included. What others are made of
    /// comes first: whoever sees the new generation of a response sees that of its page too.
    pub(super) fn advance(&self, generations: &[(Namespace, u64)]) {
        let concerns = |namespace| generations.iter().any(|(advanced, _)| *advanced == namespace);
        self.flights.cancel_all(concerns, || {
            for (namespace, generation) in generations {
                self.generations[namespace.index()].fetch_max(*generation, Ordering::AcqRel);
            }
        });
    }

    /// Forgets a value in this process, the one that is being fetched included.
    pub(super) fn forget(&self, key: &str) {
        self.flights.cancel(key, || self.memory.remove(key));
    }
}
