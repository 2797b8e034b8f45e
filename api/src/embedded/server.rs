//! The server process: initialised, started, awaited, stopped.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use supervise::{Output, Spec, Stop, Supervised};
use tokio::time::{sleep, timeout};

use super::Settings;
use super::binaries::Binaries;
use super::error::{Context, EmbeddedError};
use super::home::{Home, PORT};

/// The database's owner; whoever can enter the socket's folder is trusted to be it.
const SUPERUSER: &str = "treebeard";
/// How long a start may take: recovery after a crash included.
const START: Duration = Duration::from_secs(30);
/// How long a stop may take before it is forced.
const GRACE: Duration = Duration::from_secs(10);

/// Settings for a database that starts fast and whose loss would be harmless.
const TUNING: [&str; 9] = [
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=100",
    "log_timezone=UTC",
    "timezone=UTC",
];

/// A running private PostgreSQL. It ends with this process; [`stop`](Self::stop) ends it earlier and waits.
#[derive(Debug)]
pub struct Postgres {
    server: Supervised,
    home: Home,
}

pub async fn start(home: Home, binaries: Binaries, settings: &Settings) -> Result<Postgres, EmbeddedError> {
    let data = home.data(binaries.major);
    home.take_over(&data, &binaries.folder).await?;
    if !data.join("PG_VERSION").exists() {
        initialise(&home, &binaries, &data, settings).await?;
    }
    let log = home.root.join("postgres.log");
    let _ = fs::remove_file(&log);
    let mut args: Vec<OsString> = vec!["-D".into(), data.into(), "-k".into(), home.sockets.clone().into()];
    args.extend(["-p".into(), PORT.to_string().into()]);
    args.extend(TUNING.iter().flat_map(|setting| ["-c".into(), OsString::from(setting)]));
    let spec = Spec {
        stop: Stop::Interrupt, // a fast shutdown, which does not wait for clients
        grace: GRACE,
        remove_after: home.remove_after(settings),
        ..program(&binaries, "postgres", args, &log, &home, settings)
    };
    let server = spec.spawn().context("start", &binaries.folder.join("postgres"))?;
    let mut postgres = Postgres { server, home };
    postgres.until_ready(&log).await?;
    Ok(postgres)
}

/// Makes the data folder, under another name until it is complete.
async fn initialise(home: &Home, binaries: &Binaries, data: &Path, settings: &Settings) -> Result<(), EmbeddedError> {
    let staging = home.root.join("data-staging");
    if staging.exists() {
        fs::remove_dir_all(&staging).context("remove", &staging)?;
    }
    tracing::info!(data = %data.display(), "preparing a private PostgreSQL, once");
    let log = home.root.join("initdb.log");
    let _ = fs::remove_file(&log);
    let mut args: Vec<OsString> = vec!["-D".into(), staging.clone().into(), "-U".into(), SUPERUSER.into()];
    args.extend(["--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync"].map(OsString::from));
    let spec = program(binaries, "initdb", args, &log, home, settings);
    let mut initdb = spec.spawn().context("start", &binaries.folder.join("initdb"))?;
    let status = initdb.wait().await.context("wait for", &binaries.folder.join("initdb"))?;
    if !status.success() {
        return Err(EmbeddedError::Failed { program: "initdb", reason: tail(&log) });
    }
    fs::rename(&staging, data).context("rename", &staging)
}

fn program(binaries: &Binaries, name: &str, args: Vec<OsString>, log: &Path, home: &Home, settings: &Settings) -> Spec {
    Spec {
        args,
        envs: vec![("LC_ALL".into(), "C".into())],
        cwd: Some(home.root.clone()), // the caller's folder may be closed to the database's user
        user: home.user,
        output: Output::File(log.to_owned()),
        supervisor: settings.supervisor.clone(),
        ..Spec::new(binaries.folder.join(name))
    }
}

impl Postgres {
    /// How to connect to `database`.
    #[must_use]
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.home.sockets)
            .port(PORT)
            .username(SUPERUSER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Waits until the server has ended, which it should not do by itself.
    ///
    /// # Errors
    /// As [`Supervised::wait`].
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.server.wait().await
    }

    /// Stops the server and waits until nothing of it runs.
    ///
    /// # Errors
    /// As [`Supervised::stop`].
    pub async fn stop(mut self) -> io::Result<()> {
        self.server.stop().await
    }

    /// The folder of its data, log and programs.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.home.root.clone()
    }

    async fn until_ready(&mut self, log: &Path) -> Result<(), EmbeddedError> {
        let maintenance = self.options("postgres").log_statements(tracing::log::LevelFilter::Trace);
        let connected = async {
            loop {
                if let Ok(connection) = maintenance.connect().await {
                    return connection;
                }
                sleep(Duration::from_millis(15)).await;
            }
        };
        let mut connection = tokio::select! {
            connected = timeout(START, connected) => connected.ok(),
            _ended = self.server.wait() => None,
        }
        .ok_or_else(|| EmbeddedError::Failed { program: "postgres", reason: tail(log) })?;

        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = 'treebeard')")
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            sqlx::query("CREATE DATABASE treebeard").execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// The last lines of a log, which say why a program ended.
pub(super) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(5)..].join("; ");
    if last.is_empty() { format!("it did not answer, and {} is empty", log.display()) } else { last }
}
