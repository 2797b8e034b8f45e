//! Where the private database lives, who may use it, and as whom it runs.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::User;
use rustix::process::geteuid;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::{Context, EmbeddedError};
use super::{Settings, leftover};

/// The longest path of a socket on macOS, its closing zero included; Linux allows 108.
const MAX_SOCKET_PATH: usize = 104;
/// Names the socket file; nothing listens on a network port.
pub const PORT: u16 = 5432;
/// As whom PostgreSQL runs when root starts it.
const UNPRIVILEGED: [&str; 3] = ["postgres", "_postgres", "nobody"];
/// Where a home of root's lies: anybody else can get there, unlike to a folder of root's own.
const SYSTEM_STATE: &str = if cfg!(target_os = "macos") { "/var/db" } else { "/var/lib" };

/// The folders of one private database, locked by this process.
#[derive(Debug)]
pub struct Home {
    /// `.treebeard/` of the project.
    pub state: PathBuf,
    /// Data, log and programs.
    pub root: PathBuf,
    /// Holds the socket; only its user can enter it.
    pub sockets: PathBuf,
    /// As whom PostgreSQL runs, when not as ourselves.
    pub user: Option<(u32, u32)>,
    /// Held as long as this process lives.
    _lock: File,
}

impl Home {
    pub fn open(settings: &Settings) -> Result<Self, EmbeddedError> {
        let folder = settings.folder.canonicalize().context("find", &settings.folder)?;
        let state = folder.join(".treebeard");
        fs::create_dir_all(&state).context("create", &state)?;
        let lock = lock(&state)?;

        let id = identify(&folder);
        let user = unprivileged_user()?;
        let root = match user {
            Some(_) => Path::new(SYSTEM_STATE).join(format!("treebeard-{id}")),
            None => state.join("postgres"),
        };
        private_dir(&root, user)?;
        let sockets = match root.join("socket") {
            path if fits(&path) => path,
            // One a process, so that the end of an earlier one cannot take ours away.
            _ => std::env::temp_dir().join(format!("treebeard-{id}-{}", std::process::id())),
        };
        if !fits(&sockets) {
            return Err(EmbeddedError::PathTooLong(sockets));
        }
        private_dir(&sockets, user)?;
        Ok(Self { state, root, sockets, user, _lock: lock })
    }

    /// The data of one major version; another version cannot read it.
    pub fn data(&self, major: u32) -> PathBuf {
        self.root.join(format!("data-{major}"))
    }

    /// What goes when the database has ended.
    pub fn remove_after(&self, settings: &Settings) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if !self.sockets.starts_with(&self.root) {
            paths.push(self.sockets.clone());
        }
        if settings.ephemeral {
            paths.extend([self.root.clone(), self.state.clone()]);
        }
        paths
    }

    /// Ends what an earlier process left running, and writes down where everything is, so that it can be found and removed.
    pub async fn take_over(&self, data: &Path, programs: &Path) -> Result<(), EmbeddedError> {
        leftover::end(data).await?;
        let record = self.state.join("postgres.json");
        let user = self.user.and_then(|(uid, _)| User::from_uid(uid.into()).ok().flatten()).map(|user| user.name);
        let text = json!({
            "home": self.root, "data": data, "socket": self.sockets, "programs": programs, "user": user,
        });
        fs::write(&record, format!("{text:#}\n")).context("write", &record)
    }
}

fn lock(state: &Path) -> Result<File, EmbeddedError> {
    let path = state.join("postgres.lock");
    let mut file =
        File::options().read(true).write(true).create(true).truncate(false).open(&path).context("open", &path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = fs::read_to_string(&path).unwrap_or_default();
            return Err(EmbeddedError::Held { folder: state.to_owned(), holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(e)) => return Err(e).context("lock", &path),
    }
    file.set_len(0).context("write", &path)?;
    writeln!(file, "process {}", std::process::id()).context("write", &path)?;
    Ok(file)
}

/// Eight hexadecimal digits of the folder's path.
fn identify(folder: &Path) -> String {
    let digest = Sha256::digest(folder.as_os_str().as_bytes());
    format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]))
}

fn unprivileged_user() -> Result<Option<(u32, u32)>, EmbeddedError> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = UNPRIVILEGED.iter().find_map(|name| User::from_name(name).ok().flatten());
    let user = user.ok_or(EmbeddedError::NoUser("postgres or nobody"))?;
    Ok(Some((user.uid.as_raw(), user.gid.as_raw())))
}

fn fits(sockets: &Path) -> bool {
    sockets.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() < MAX_SOCKET_PATH
}

/// Creates a folder that only its owner can enter, or makes sure that an existing one is such.
fn private_dir(path: &Path, user: Option<(u32, u32)>) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            if let Some((uid, gid)) = user {
                chown(path, Some(uid), Some(gid)).context("give away", path)?;
            }
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(e).context("create", path),
    }
    let found = fs::symlink_metadata(path).context("look at", path)?;
    let owner = user.map_or(geteuid().as_raw(), |(uid, _)| uid);
    if !found.is_dir() || found.uid() != owner {
        let taken = io::Error::new(io::ErrorKind::PermissionDenied, "it is somebody else's");
        return Err(taken).context("use", path);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).context("protect", path)
}
