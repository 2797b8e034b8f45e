//! Runs a shell command of the configuration.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    process::ExitStatus,
    time::Duration,
};

use supervise::{Output, Spec};

use super::{Listener, Progress};
use crate::error::{Class, Error, IoContext, Result};

/// How often a running command's output is passed on.
const POLL: Duration = Duration::from_millis(50);
/// How much of a failed command's output is shown, from its end, in bytes.
const SHOWN: u64 = 256 * 1024;

/// A command.
#[derive(Debug, Clone, Copy)]
pub struct Shell<'a> {
    /// As a shell reads it.
    pub command: &'a str,
    /// Where it runs.
    pub folder: &'a Path,
    /// Its environment, beyond what this process has.
    pub env: &'a [(&'a str, &'a str)],
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    command: String,
    status: ExitStatus,
    output: String,
}

/// Runs a command to its end. Dropping the future ends it with everything that it started.
pub async fn run(shell: &Shell<'_>, listener: &Listener) -> Result<Ended> {
    listener(Progress::Step(shell.command.to_owned()));
    let capture = tempfile::NamedTempFile::new().doing("create a file in", &std::env::temp_dir())?;
    let mut tail = Tail { file: capture.reopen().doing("read", capture.path())?, line: Vec::new() };
    let spec = Spec {
        args: vec!["-c".into(), shell.command.into()],
        cwd: Some(shell.folder.to_owned()),
        envs: shell.env.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        output: Output::File(capture.path().to_owned()),
        grace: Duration::from_secs(5),
        ..Spec::new("sh")
    };
    let sh = Path::new("sh");
    // The supervisor ends the command with all its children when this future is dropped, or this process dies.
    let mut running = spec.spawn().doing("start", sh)?;
    let status = loop {
        tokio::select! {
            status = running.wait() => break status.doing("wait for", sh)?,
            () = tokio::time::sleep(POLL) => tail.pass_on(listener),
        }
    };
    tail.pass_on(listener);
    let output = if status.success() { String::new() } else { last(&mut tail.file).doing("read", capture.path())? };
    Ok(Ended { command: shell.command.to_owned(), status, output })
}

impl Ended {
    /// The command itself, unless it succeeded.
    pub fn success(self) -> Result<(), Self> {
        if self.status.success() { Ok(()) } else { Err(self) }
    }

    /// Its exit code; none where a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The end of what it printed; nothing where it succeeded.
    #[must_use]
    pub fn output(&self) -> &str {
        self.output.trim_end()
    }

    /// That it failed.
    #[must_use]
    pub fn failure(&self, rule: &'static str, help: &str) -> Error {
        let (command, status, output) = (&self.command, self.status, self.output());
        let shown = if output.is_empty() { "it printed nothing" } else { output };
        Error::new(Class::Build, rule, format!("`{command}` failed with {status}:\n{shown}"))
            .help(help)
            .details(serde_json::json!({ "command": command, "code": self.code(), "output": output }))
    }
}

/// The end of a command's output.
fn last(file: &mut File) -> std::io::Result<String> {
    let left_out = file.seek(SeekFrom::End(0))?.saturating_sub(SHOWN);
    file.seek(SeekFrom::Start(left_out))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(if left_out > 0 { format!("… (the first {left_out} bytes are left out)\n{text}") } else { text.into_owned() })
}

/// Follows a file that a command writes to.
struct Tail {
    file: File,
    /// A line that has not ended yet.
    line: Vec<u8>,
}

impl Tail {
    /// Passes on the lines that were completed since the last call.
    fn pass_on(&mut self, listener: &Listener) {
        let mut new = Vec::new();
        // What cannot be read now is read when the command has ended.
        let _ = self.file.read_to_end(&mut new);
        for byte in new {
            if byte == b'\n' {
                let line = String::from_utf8_lossy(&self.line).trim_end_matches('\r').to_owned();
                listener(Progress::Output(line));
                self.line.clear();
            } else {
                self.line.push(byte);
            }
        }
    }
}
