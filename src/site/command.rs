//! Runs the frontend's own commands.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    process::ExitStatus,
    time::Duration,
};

use supervise::{Output, Spec};

use super::{Listener, Progress, install};
use crate::{
    config::{Config, Site},
    error::{Class, Error, IoContext, Result},
};

/// How often a running command's output is passed on.
const POLL: Duration = Duration::from_millis(50);
/// How much of a failed command's output is shown, from its end, in bytes.
const SHOWN: u64 = 256 * 1024;

/// Runs `site.install` and `site.build`.
pub async fn run_all(config: &Config, listener: &Listener) -> Result<()> {
    let site = &config.site;
    if !site.root.is_dir() {
        let message = format!("the frontend's folder {} does not exist", site.root.display());
        return Err(Error::new(Class::Config, "site-root-missing", message).help("correct site.root"));
    }
    if let Some(command) = &site.install {
        let memory = install::Memory::of(site, command, &config.cache_dir());
        if memory.is_unchanged() {
            listener(Progress::Step("dependencies unchanged".into()));
        } else {
            memory.forget()?;
            run(site, "install-failed", command, listener).await?;
            memory.remember()?;
        }
    }
    if let Some(command) = &site.build {
        run(site, "build-failed", command, listener).await?;
    }
    Ok(())
}

async fn run(site: &Site, rule: &'static str, command: &str, listener: &Listener) -> Result<()> {
    listener(Progress::Step(command.to_owned()));
    let capture = tempfile::NamedTempFile::new().doing("create a file in", &std::env::temp_dir())?;
    let mut tail = Tail { file: capture.reopen().doing("read", capture.path())?, line: Vec::new() };
    let spec = Spec {
        args: vec!["-c".into(), command.into()],
        cwd: Some(site.root.clone()),
        envs: site.env.iter().map(|(name, value)| (name.into(), value.into())).collect(),
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
    if status.success() {
        return Ok(());
    }
    let output = last(&mut tail.file).doing("read", capture.path())?;
    Err(failure(rule, command, status, &output))
}

fn failure(rule: &'static str, command: &str, status: ExitStatus, output: &str) -> Error {
    let output = output.trim_end();
    let shown = if output.is_empty() { "it printed nothing" } else { output };
    Error::new(Class::Build, rule, format!("`{command}` failed with {status}:\n{shown}"))
        .help("run it in site.root to see it fail; to install dependencies afresh, remove node_modules")
        .details(serde_json::json!({ "command": command, "code": status.code(), "output": output }))
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
