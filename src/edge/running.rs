//! The note by which other commands find a running edge.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    config::Config,
    error::{Class, Error, IoContext, Result},
};

/// How often the lock and the note are looked at before they count as they are.
const ATTEMPTS: usize = 20;

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// An edge that serves an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Where it answers.
    pub url: String,
    /// Its process.
    pub pid: u32,
    /// Its port on the loopback address.
    pub port: u16,
}

/// The right to be the environment's edge: as long as it lives, and no longer than its process.
///
/// A lock rather than the file's existence: the system releases it however the process ends.
/// The file itself stays; without its lock it means nothing.
#[derive(Debug)]
pub struct Registration {
    file: File,
    path: PathBuf,
}

impl Registration {
    /// Claims the environment of `config`. Until [`Self::announce`], no edge counts as running.
    pub fn claim(config: &Config) -> Result<Self> {
        let path = path(config);
        let folder = config.state_dir();
        fs::create_dir_all(&folder).doing("create", &folder)?;
        let file =
            File::options().create(true).truncate(false).read(true).write(true).open(&path).doing("open", &path)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => {
                    let mut registration = Self { file, path };
                    // What an earlier edge wrote is not to be taken for ours.
                    registration.note(None)?;
                    return Ok(registration);
                }
                // Perhaps somebody only looks whether an edge runs.
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(cause)) => return Err(cause).doing("lock", &path),
            }
        }
        Err(taken(config))
    }

    /// Says where the edge answers.
    pub fn announce(&mut self, running: &Running) -> Result<()> {
        self.note(Some(running))
    }

    fn note(&mut self, running: Option<&Running>) -> Result<()> {
        let json =
            serde_json::to_vec(&running).map_err(|cause| Error::new(Class::Unexpected, "json", cause.to_string()))?;
        self.file.set_len(0).doing("write", &self.path)?;
        self.file.rewind().doing("write", &self.path)?;
        self.file.write_all(&json).doing("write", &self.path)
    }
}

/// The edge that serves the environment of `config`, if one runs.
#[must_use]
pub fn running(config: &Config) -> Option<Running> {
    // While it is written, the note is not whole.
    for _ in 0..ATTEMPTS {
        let mut file = File::open(path(config)).ok()?;
        if file.try_lock_shared().is_ok() {
            return None;
        }
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        if let Ok(running) = serde_json::from_str(&text) {
            return running;
        }
        std::thread::sleep(PAUSE);
    }
    None
}

fn path(config: &Config) -> PathBuf {
    config.state_dir().join("edge.json")
}

fn taken(config: &Config) -> Error {
    let environment = &config.environment;
    let message = match running(config) {
        Some(Running { url, pid, .. }) => {
            format!("environment {environment} is already served at {url} by process {pid}")
        }
        None => format!("environment {environment} is already being served by another process"),
    };
    Error::new(Class::Config, "already-served", message).help("use that one, or stop it first")
}
