//! A private Redis beside the private PostgreSQL, where `redis-server` is installed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use supervise::{Output, Spec, Supervised};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::error::{Context, EmbeddedError};

/// The longest path of a socket on macOS, its closing zero included; Linux allows 108.
const MAX_SOCKET_PATH: usize = 104;
/// How long a start may take.
const START: Duration = Duration::from_secs(10);
/// Nothing on disk, no network, and a bound on memory at which the least used values go.
const TUNING: [&str; 12] = [
    "--port",
    "0",
    "--unixsocketperm",
    "700",
    "--save",
    "",
    "--appendonly",
    "no",
    "--maxmemory",
    "256mb",
    "--maxmemory-policy",
    "allkeys-lru",
];

/// A running private Redis. It ends with this process; [`stop`](Self::stop) ends it earlier and waits.
#[derive(Debug)]
pub struct Redis {
    server: Supervised,
    socket: PathBuf,
}

impl Redis {
    /// Starts it for a folder, with its log in `.treebeard/` there; nothing where it is not installed.
    ///
    /// # Errors
    /// When it is installed and does not start.
    pub async fn start(folder: &Path) -> Result<Option<Self>, EmbeddedError> {
        let state = folder.canonicalize().context("find", folder)?.join(".treebeard");
        fs::create_dir_all(&state).context("create", &state)?;
        let socket = match state.join("redis.sock") {
            path if path.as_os_str().len() < MAX_SOCKET_PATH => path,
            _ => std::env::temp_dir().join(format!("treebeard-redis-{}.sock", std::process::id())),
        };
        let log = state.join("redis.log");
        let _ = (fs::remove_file(&socket), fs::remove_file(&log));
        let mut args: Vec<_> = TUNING.iter().map(Into::into).collect();
        args.extend(["--unixsocket".into(), socket.clone().into(), "--dir".into(), state.into()]);
        let spec = Spec {
            args,
            output: Output::File(log.clone()),
            remove_after: vec![socket.clone()],
            ..Spec::new("redis-server")
        };
        let server = match spec.spawn() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            spawned => spawned.context("start", Path::new("redis-server"))?,
        };
        let mut redis = Self { server, socket };
        let answers = async {
            while UnixStream::connect(&redis.socket).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            answered = timeout(START, answers) => answered.is_ok(),
            _ended = redis.server.wait() => false,
        }
        .then_some(())
        .ok_or_else(|| EmbeddedError::Failed { program: "redis-server", reason: super::server::tail(&log) })?;
        Ok(Some(redis))
    }

    /// Its address, as in `REDIS_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket.display())
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
}
