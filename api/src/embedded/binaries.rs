//! PostgreSQL as the distribution installs it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::home::Home;

/// The oldest major version that is used.
pub const OLDEST: u32 = 15;

/// Folders in which versions lie side by side, and what leads from a version's folder to its programs.
const VERSIONED: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", "bin"),                          // Debian, Ubuntu
    ("/usr", "bin"),                                         // Red Hat: /usr/pgsql-17
    ("/opt/homebrew/opt", "bin"),                            // Homebrew on Apple silicon
    ("/usr/local/opt", "bin"),                               // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "bin"),               // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "bin"), // Postgres.app
];

/// The programs of one PostgreSQL.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// Holds `postgres` and `initdb`.
    pub folder: PathBuf,
    /// The major version.
    pub major: u32,
}

/// The newest installed version that is recent enough and that the database's user can run.
pub async fn installed(home: &Home) -> Option<Binaries> {
    let mut best: Option<Binaries> = None;
    for folder in candidates() {
        if let Some(major) = major_version(&folder, home).await
            && major >= OLDEST
            && best.as_ref().is_none_or(|found| found.major < major)
        {
            best = Some(Binaries { folder, major });
        }
    }
    best
}

/// Folders that hold both programs, links resolved, each once.
fn candidates() -> BTreeSet<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versioned = VERSIONED.iter().flat_map(|(parent, below)| {
        let versions = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = versions.filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with("postgresql")
                || name.starts_with("pgsql-")
                || name.starts_with(|c: char| c.is_ascii_digit())
        });
        named.map(|entry| entry.path().join(below)).collect::<Vec<_>>()
    });
    env::split_paths(&path)
        .chain(versioned)
        .filter_map(|folder| Some(folder.join("postgres").canonicalize().ok()?.parent()?.to_owned()))
        .filter(|folder| folder.join("initdb").exists())
        .collect()
}

/// What `postgres --version` says, run as the database's user: "postgres (PostgreSQL) 15.8 (Debian …)".
pub async fn major_version(folder: &Path, home: &Home) -> Option<u32> {
    let mut command = Command::new(folder.join("postgres"));
    command.arg("--version").current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    if let Some((uid, gid)) = home.user {
        command.uid(uid).gid(gid);
    }
    let output = command.output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
