//! Invalidations that Redis could not be told. Until it has been, this node does not read what they are about from it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Namespace;
use super::key::namespace_of;

/// So many keys are remembered one by one; beyond, their whole namespaces are.
const MOST: usize = 10_000;

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owed {
    /// One value.
    Key(String),
    /// All values of a namespace, and what was made of them.
    Namespace(Namespace),
}

/// What Redis has yet to be told.
#[derive(Debug, Default)]
pub struct Outbox {
    owed: Mutex<Debts>,
    count: AtomicUsize,
}

/// A debt that is incurred again gets another number, so that telling of the first does not settle the second.
#[derive(Debug, Default)]
struct Debts {
    last: u64,
    numbers: HashMap<Owed, u64>,
}

impl Outbox {
    /// Gives the number by which the debt is settled.
    pub fn add(&self, owed: Owed) -> u64 {
        let mut debts = self.debts();
        let owed = match owed {
            Owed::Key(key) if debts.numbers.len() >= MOST => namespace_of(&key).map_or(Owed::Key(key), Owed::Namespace),
            owed => owed,
        };
        debts.last += 1;
        let number = debts.last;
        debts.numbers.insert(owed, number);
        self.count.store(debts.numbers.len(), Ordering::Release);
        number
    }

    /// Strikes a debt off, unless it was incurred again since it got this number.
    pub fn settle(&self, owed: &Owed, number: u64) {
        let mut debts = self.debts();
        if debts.numbers.get(owed) == Some(&number) {
            debts.numbers.remove(owed);
        }
        self.count.store(debts.numbers.len(), Ordering::Release);
    }

    /// Whether what Redis has under a key is out of date.
    pub fn concerns(&self, key: &str, namespace: Namespace) -> bool {
        self.len() > 0 && {
            let debts = self.debts();
            let reaches = |owed: &Namespace| owed.with_derived().any(|reached| reached == namespace);
            Namespace::ALL
                .iter()
                .filter(|owed| reaches(owed))
                .any(|owed| debts.numbers.contains_key(&Owed::Namespace(*owed)))
                || debts.numbers.contains_key(&Owed::Key(key.to_owned()))
        }
    }

    /// How much is owed.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Everything that is owed at this moment.
    pub fn list(&self) -> Vec<(Owed, u64)> {
        if self.len() == 0 {
            return Vec::new();
        }
        self.debts().numbers.iter().map(|(owed, number)| (owed.clone(), *number)).collect()
    }

    fn debts(&self) -> MutexGuard<'_, Debts> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_become_their_namespace() {
        let outbox = Outbox::default();
        for n in 0..=MOST {
            outbox.add(Owed::Key(format!("user_profile:v1:user_{n}")));
        }
        assert!(outbox.list().iter().any(|(owed, _)| *owed == Owed::Namespace(Namespace::UserProfile)));
        assert!(outbox.concerns("user_profile:v1:another", Namespace::UserProfile));
        assert!(!outbox.concerns("usage_analysis:v1:user_1", Namespace::UsageAnalysis));
    }

    #[test]
    fn what_is_settled_is_owed_no_more() {
        let (outbox, owed) = (Outbox::default(), Owed::Key("cache:response:x".to_owned()));
        let first = outbox.add(owed.clone());
        let second = outbox.add(owed.clone());
        outbox.settle(&owed, first);
        assert!(outbox.concerns("cache:response:x", Namespace::Response), "it was incurred again");
        outbox.settle(&owed, second);
        assert!(!outbox.concerns("cache:response:x", Namespace::Response) && outbox.list().is_empty());
    }
}
