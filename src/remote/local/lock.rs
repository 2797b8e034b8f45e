//! One deploy at a time to a local environment.

use std::{
    fs::{self, File, TryLockError},
    io::Write,
    path::Path,
};

use crate::error::{Class, Error, IoContext, Result};

/// Held while a deploy runs. The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct DeployLock {
    _file: File,
}

impl DeployLock {
    /// The process that holds the lock of the environment whose state lies in `folder`.
    #[must_use]
    pub fn holder(folder: &Path) -> Option<u32> {
        let path = folder.join("deploy.lock");
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => fs::read_to_string(&path).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// Takes the lock of the environment whose state lies in `folder`.
    pub fn acquire(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).doing("create", folder)?;
        let path = folder.join("deploy.lock");
        let mut file =
            File::options().create(true).truncate(false).read(true).write(true).open(&path).doing("open", &path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).doing("write", &path)?;
                write!(file, "{}", std::process::id()).doing("write", &path)?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let message = format!("another deploy of this environment is running (process {holder})");
                Err(Error::new(Class::Conflict, "locked", message)
                    .help("wait until it is done, then run this one again"))
            }
            Err(TryLockError::Error(cause)) => Err(cause).doing("lock", &path),
        }
    }
}
