//! Commands of ours that something is done to while they run.

use std::{
    cmp,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    Run, cases,
    proxy::{Fate, Proxy, Request},
};

/// No command may take longer, whatever is done to it.
const PATIENCE: Duration = Duration::from_mins(3);

/// The process that something is done to.
#[derive(Debug, Clone, Default)]
pub struct Victim(Arc<AtomicI32>);

impl Victim {
    pub fn signal(&self, signal: Signal) {
        loop {
            if let Some(pid) = Pid::from_raw(self.0.load(Ordering::SeqCst)) {
                // It may have ended.
                let _ = kill_process(pid, signal);
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }
}

/// Runs a command while `script` decides the fate of the requests that it makes through `proxy`.
pub fn suffer(
    proxy: &Proxy,
    command: &mut Command,
    script: impl Fn(&Request, &Victim) -> Fate + Send + Sync + 'static,
) -> Run {
    let victim = Victim::default();
    let known = victim.clone();
    proxy.script(move |request| script(request, &known));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    victim.0.store(Pid::from_child(&child).as_raw_nonzero().get(), Ordering::SeqCst);
    let ended = Arc::new(AtomicI32::new(0));
    let (watched, still) = (victim.clone(), Arc::clone(&ended));
    let watch = thread::spawn(move || {
        let deadline = Instant::now() + PATIENCE;
        while still.load(Ordering::SeqCst) == 0 {
            if Instant::now() > deadline {
                watched.signal(Signal::KILL);
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    });
    let output = child.wait_with_output().unwrap();
    ended.store(1, Ordering::SeqCst);
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(watch.join().unwrap(), "the command hangs: {run:?}");
    proxy.settle();
    proxy.calm();
    run
}

/// Some of `points`, always the same ones; all of them where `PROPTEST_CASES` is large enough.
pub fn sample<T>(mut points: Vec<T>, size: u32) -> Vec<T> {
    let wanted = cases(size).cases as usize;
    if wanted < points.len() {
        fastrand::Rng::with_seed(points.len() as u64).shuffle(&mut points);
        points.truncate(wanted);
    }
    points
}

/// The program is killed at the request with this number, before or after the server carried it out, and none gets
/// through any more.
pub fn death_at(number: usize, carried_out: bool) -> impl Fn(&Request, &Victim) -> Fate + Send + Sync + 'static {
    move |request, victim| {
        let victim = victim.clone();
        match request.number.cmp(&number) {
            cmp::Ordering::Less => Fate::passes(),
            cmp::Ordering::Greater => Fate::lost(),
            cmp::Ordering::Equal if carried_out => Fate::answer_lost().then(move || victim.kill()),
            cmp::Ordering::Equal => Fate::lost().first(move || victim.kill()),
        }
    }
}
