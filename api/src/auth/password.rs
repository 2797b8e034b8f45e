//! Passwords: Argon2id, a few at a time, off the threads that serve requests.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::Error;

/// How long a caller waits for its turn. More callers than that are told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a password is compared with where there is no account, so that both take the same time. Nobody has a password
/// of this hash, all of whose bits are zero.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords. Each takes 19 MiB and some 20 ms of a core (Argon2id, m = 19 MiB, t = 2, p = 1: the
/// OWASP Password Storage Cheat Sheet), so only half of the cores do it at a time.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self { turns: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }
}

impl Passwords {
    /// The password's hash with a new salt, in the PHC string format.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many callers wait.
    pub async fn hash(&self, password: String) -> Result<String, Error> {
        self.in_turn(move || hash(&password)).await?.map_err(internal)
    }

    /// Whether it is the password of `stored`; takes its time without one, too.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many callers wait.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Error> {
        let verified = self.in_turn(move || {
            let stored = PasswordHash::new(stored.as_deref().unwrap_or(DECOY))?;
            match Argon2::default().verify_password(password.as_bytes(), &stored) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(e) => Err(e),
            }
        });
        verified.await?.map_err(internal)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Unavailable("too many passwords to check".into()))?.map_err(internal)?;
        let work = tokio::task::spawn_blocking(move || {
            // Kept by the work, not by the caller, who may hang up.
            let _turn = turn;
            work()
        });
        work.await.map_err(internal)
    }
}

fn hash(password: &str) -> Result<String, password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_and_no_other_opens() {
        let passwords = Passwords::default();
        let stored = passwords.hash("correct horse".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, passwords.hash("correct horse".into()).await.unwrap(), "the salt is new each time");
        assert!(passwords.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("wrong horse".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify(String::new(), None).await.unwrap(), "the decoy opens nothing");
    }

    #[test]
    fn the_decoy_takes_as_long_as_a_password() {
        let real = hash("correct horse").unwrap();
        let (real, decoy) = (PasswordHash::new(&real).unwrap(), PasswordHash::new(DECOY).unwrap());
        assert_eq!((real.algorithm, real.version, &real.params), (decoy.algorithm, decoy.version, &decoy.params));
        let length = |hash: &PasswordHash| hash.hash.as_ref().map(|output| output.as_ref().len());
        assert_eq!(length(&real), length(&decoy));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told_to_come_back() {
        let passwords = Passwords { turns: Arc::new(Semaphore::new(0)) };
        assert!(matches!(passwords.hash("x".into()).await, Err(Error::Unavailable(_))));
    }
}
