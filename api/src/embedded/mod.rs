//! A private PostgreSQL for demos and tests: found or fetched, initialised once, ended with this process; and a private
//! Redis where one is installed.
//!
//! It listens on a Unix socket in a folder that only its user can enter, which is all its authentication. Durability is
//! off (`fsync` and friends): a crash of the machine may cost the demo data, a crash of a process does not.

mod binaries;
mod error;
mod home;
mod leftover;
mod npm;
mod redis;
mod server;

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

pub use error::EmbeddedError;
pub use redis::Redis;
pub use server::Postgres;

/// Where the PostgreSQL programs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// The newest installed version that is recent enough, else the npm package.
    Auto,
    /// The npm package, whatever is installed.
    Npm,
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder whose database it is; state lies in `.treebeard/` within it.
    pub folder: PathBuf,
    /// Where the programs come from.
    pub source: Source,
    /// Whether everything is removed at the end, `.treebeard/` included.
    pub ephemeral: bool,
    /// The program that supervises, when it is not the running one; see [`supervise::Spec::supervisor`].
    pub supervisor: Option<PathBuf>,
}

impl Postgres {
    /// Starts the database of a folder and waits until it answers. The second start re-uses what the first one made.
    ///
    /// # Errors
    /// When no PostgreSQL can be had, when another process uses the folder's, and when it does not start.
    pub async fn start(settings: &Settings) -> Result<Self, EmbeddedError> {
        let home = home::Home::open(settings)?;
        let binaries = match settings.source {
            Source::Auto => match binaries::installed(&home).await {
                Some(found) => found,
                None => npm::install(&home).await?,
            },
            Source::Npm => npm::install(&home).await?,
        };
        server::start(home, binaries, settings).await
    }

    /// How to connect to the database that the service uses.
    #[must_use]
    pub fn connect_options(&self) -> PgConnectOptions {
        self.options("treebeard")
    }
}
