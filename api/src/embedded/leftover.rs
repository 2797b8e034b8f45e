//! What an earlier process may have left in the data folder.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::sleep;

use super::error::{Context, EmbeddedError};

/// How long a running server may take to stop.
const STOP: Duration = Duration::from_secs(15);
/// After this long without its socket, the process under the recorded id is another program.
const SILENCE: Duration = Duration::from_secs(2);

/// A data folder's `postmaster.pid`: the process id in line 1, the port in line 4, the socket folder in line 5.
struct Postmaster {
    pid: Pid,
    socket: PathBuf,
}

/// Ends the server that still runs on `data`, if any, and removes a stale `postmaster.pid`, whose process id may by
/// now be another program's. Call it with the home's lock held: nobody else starts a server there.
pub async fn end(data: &Path) -> Result<(), EmbeddedError> {
    let file = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&file) else { return Ok(()) };
    if let Some(postmaster) = parse(&text) {
        let (start, mut last_heard) = (Instant::now(), Instant::now());
        while file.exists() && test_kill_process(postmaster.pid).is_ok() && last_heard.elapsed() < SILENCE {
            if UnixStream::connect(&postmaster.socket).is_ok() {
                last_heard = Instant::now();
                // SIGINT is a fast shutdown, SIGQUIT an immediate one: PostgreSQL manual, "Shutting Down the Server".
                let signal = if start.elapsed() < STOP { Signal::INT } else { Signal::QUIT };
                let _ = kill_process(postmaster.pid, signal);
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
    match fs::remove_file(&file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e).context("remove", &file),
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Option<Postmaster> {
    let lines: Vec<&str> = text.lines().collect();
    let pid = Pid::from_raw(lines.first()?.trim().parse().ok()?)?;
    let (port, folder) = (lines.get(3)?.trim(), lines.get(4)?.trim());
    Some(Postmaster { pid, socket: Path::new(folder).join(format!(".s.PGSQL.{port}")) })
}
