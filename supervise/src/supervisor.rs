//! The supervisor's side: one command, one socket, no way out but its end.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpgid};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::{Output, Report, Spec, Stop};

/// How long killed processes may take to disappear; the kernel needs milliseconds.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// Runs as the supervisor and leaves the process.
pub fn run() -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = match runtime.and_then(|runtime| runtime.block_on(supervise())) {
        Ok(()) => 0,
        Err(e) => {
            eprintln!("supervise: {e}");
            1
        }
    };
    std::process::exit(code)
}

async fn supervise() -> io::Result<()> {
    let mut parent = BufReader::new(socket_of_stdin()?);
    // Caught rather than left at their default, which would end the supervisor and orphan the command.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;

    // Orphans of the command come to us rather than to process 1, which in many containers is slow to reap or never does.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;

    let mut line = String::new();
    parent.read_line(&mut line).await?;
    let spec: Spec = serde_json::from_str(&line)?;

    let (mut child, group) = match start(&spec) {
        Ok(started) => started,
        Err(e) => {
            return report(&mut parent, &Report::Failed(e.raw_os_error(), e.to_string())).await;
        }
    };
    // The parent may already be gone: the end-of-file below says so.
    let _ = report(&mut parent, &Report::Started(group.as_raw_nonzero().get())).await;

    let mut byte = [0];
    tokio::select! {
        _ = child.wait() => {}
        _ = parent.read(&mut byte) => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    let status = end(&mut child, group, &spec).await?;
    for path in &spec.remove_after {
        remove(path);
    }
    let _ = report(&mut parent, &Report::Exited(status.into_raw())).await;
    Ok(())
}

/// Standard input is one end of a socket pair, so that one descriptor carries both directions.
fn socket_of_stdin() -> io::Result<UnixStream> {
    let socket = StdUnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

fn start(spec: &Spec) -> io::Result<(Child, Pid)> {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).process_group(0).stdin(Stdio::null());
    if let Some((uid, gid)) = spec.user {
        command.uid(uid).gid(gid); // the standard library drops the supplementary groups with them
    }
    match &spec.output {
        Output::Inherit => {}
        Output::Null => {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        Output::File(path) => {
            let file: File = OpenOptions::new().create(true).append(true).open(path)?;
            command.stdout(file.try_clone()?).stderr(file);
        }
    }
    let child = command.spawn()?;
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok((child, pid.ok_or_else(|| io::Error::other("the command has no process id"))?))
}

/// Ends whatever is left of the command's group, and gives the command's exit status.
async fn end(child: &mut Child, group: Pid, spec: &Spec) -> io::Result<ExitStatus> {
    let stop = match spec.stop {
        Stop::Terminate => Signal::TERM,
        Stop::Interrupt => Signal::INT,
    };
    let _ = kill_process_group(group, stop);
    if let Ok(status) = timeout(spec.grace, gone(child, group)).await {
        return status;
    }
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait().await;
    let _ = timeout(AFTER_KILL, gone(child, group)).await;
    status
}

/// Resolves when the command was waited for and no process is left in its group.
async fn gone(child: &mut Child, group: Pid) -> io::Result<ExitStatus> {
    let status = child.wait().await;
    loop {
        while let Ok(Some(_reaped)) = waitpgid(group, WaitOptions::NOHANG) {}
        if test_kill_process_group(group).is_err() {
            return status;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    if let Err(e) = removed
        && e.kind() != io::ErrorKind::NotFound
    {
        eprintln!("supervise: cannot remove {}: {e}", path.display());
    }
}

async fn report(parent: &mut BufReader<UnixStream>, report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    parent.write_all(&line).await
}
