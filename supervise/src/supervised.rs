//! The parent's side.

use std::io::{self, BufRead, BufReader as StdBufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::{ARGUMENT, Report, Spec};

/// How long a supervisor may take to start its command.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running command that ends when this process does. Dropping it stops the command too, without waiting.
#[derive(Debug)]
pub struct Supervised {
    supervisor: Child,
    reports: Lines<BufReader<UnixStream>>,
    command: Pid,
    status: Option<ExitStatus>,
}

impl Supervised {
    pub(crate) fn start(spec: Spec) -> io::Result<Self> {
        let mut message = serde_json::to_vec(&spec).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
        message.push(b'\n');

        let (mut ours, theirs) = StdUnixStream::pair()?;
        let mut command = Command::new(own_program(spec.supervisor)?);
        command
            .arg0("supervise")
            .arg(ARGUMENT)
            .envs(spec.envs)
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)));
        if let Some(cwd) = spec.cwd {
            command.current_dir(cwd);
        }
        let supervisor = command.spawn()?;
        drop(command); // it holds the supervisor's end of the socket, which would hide the supervisor's death

        ours.write_all(&message)?;
        ours.set_read_timeout(Some(START_TIMEOUT))?;
        let mut line = String::new();
        // A byte at a time: the report of a command that ends at once may already stand behind this line.
        StdBufReader::with_capacity(1, &ours).read_line(&mut line)?;
        let command = match serde_json::from_str(&line) {
            Ok(Report::Started(pid)) => Pid::from_raw(pid),
            Ok(Report::Failed(Some(code), _)) => return Err(io::Error::from_raw_os_error(code)),
            Ok(Report::Failed(None, message)) => return Err(io::Error::other(message)),
            Ok(Report::Exited(_)) | Err(_) => None,
        };
        let command = command.ok_or_else(|| {
            io::Error::other("the supervisor did not start: does main call supervise::run_if_supervisor first?")
        })?;
        ours.set_nonblocking(true)?;
        let reports = BufReader::new(UnixStream::from_std(ours)?).lines();
        Ok(Self { supervisor, reports, command, status: None })
    }

    /// The command's process id, which is also its process group's.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.command.as_raw_nonzero().get()
    }

    /// Waits until the command has ended and its process group is empty, and gives the command's own exit status.
    /// Cancel-safe: it may lose a `select!` and be called again.
    ///
    /// # Errors
    /// When the OS refuses to wait for the supervisor.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.status {
            return Ok(status);
        }
        let report = self.reports.next_line().await.ok().flatten();
        let report = report.and_then(|line| serde_json::from_str(&line).ok());
        let status = if let Some(Report::Exited(raw)) = report {
            ExitStatus::from_raw(raw)
        } else {
            // The supervisor itself was killed: nobody is left to end the command, so it ends here.
            let _ = kill_process_group(self.command, Signal::KILL);
            ExitStatus::from_raw(Signal::KILL.as_raw())
        };
        self.status = Some(status);
        self.supervisor.wait().await?;
        Ok(status)
    }

    /// Stops the command: the stop signal to its process group, the grace period, then SIGKILL. Returns when all is gone.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn stop(&mut self) -> io::Result<()> {
        if self.status.is_none() {
            // Fails only when the supervisor has already left, which `wait` then finds.
            let _ = self.reports.get_mut().get_mut().shutdown().await;
            self.wait().await?;
        }
        Ok(())
    }
}

/// The program to start as supervisor. On Linux `/proc/self/exe` works even after the file was replaced by a rebuild.
fn own_program(named: Option<PathBuf>) -> io::Result<PathBuf> {
    match named {
        Some(path) => Ok(path),
        None if cfg!(target_os = "linux") => Ok("/proc/self/exe".into()),
        None => std::env::current_exe(),
    }
}
