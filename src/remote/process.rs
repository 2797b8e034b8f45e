//! This process, as others may have to recognise it.

use std::{env, fs};

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
    system::uname,
};

use crate::model::{digest::Digest, lease::Holder};

/// Where CI systems say which job this is.
const JOBS: [&str; 4] = ["CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"];

/// This process, running `command`.
#[must_use]
pub fn this(command: &str) -> Holder {
    let seed = format!("{:?} {:?}", std::time::Instant::now(), std::time::SystemTime::now());
    Holder {
        run: Digest::of(format!("{seed} {} {}", machine(), std::process::id()).as_bytes()).short(),
        command: command.to_owned(),
        host: host(),
        machine: machine(),
        pid: std::process::id(),
        job: job(),
    }
}

/// Whether a holder was a process of this machine, and has ended.
#[must_use]
pub fn is_gone(holder: &Holder) -> bool {
    let Some(pid) = i32::try_from(holder.pid).ok().and_then(Pid::from_raw) else { return false };
    holder.machine == machine() && test_kill_process(pid) == Err(Errno::SRCH)
}

fn host() -> String {
    uname().nodename().to_string_lossy().into_owned()
}

/// A host's name alone may be that of many containers, and so may a kernel: together with the table that process
/// ids belong to, where the system names it, they tell which processes can be looked up here.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let processes = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    Digest::of(format!("{} {boot} {}", host(), processes.display()).as_bytes()).short()
}

fn job() -> Option<String> {
    let github = || {
        let part = |name: &str| env::var(name).ok();
        let (server, repository) = (part("GITHUB_SERVER_URL")?, part("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", part("GITHUB_RUN_ID")?))
    };
    github().or_else(|| JOBS.iter().find_map(|name| env::var(name).ok()))
}
