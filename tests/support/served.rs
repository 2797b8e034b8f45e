//! `treebeard-cdn serve`, running.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// A running server of ours. Interrupted, and waited for, when dropped.
pub struct Served {
    child: Child,
    pub url: String,
}

impl Served {
    /// Starts `command`, which serves, and waits for the address that it prints on standard error.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (found, url) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = String::new();
            for line in lines.map_while(Result::ok) {
                eprintln!("serve: {line}");
                let address = line.split_whitespace().find(|word| word.starts_with("http://"));
                if let Some(address) = address {
                    let _ = found.send(Ok(address.trim_end_matches(['/', '.', ',']).to_owned()));
                }
                said.push_str(&line);
                said.push('\n');
            }
            let _ = found.send(Err(said));
        });
        let url = url.recv_timeout(Duration::from_mins(1)).expect("serve prints its address").expect("serve starts");
        Self { child, url }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGINT and gives the exit code.
    pub fn interrupt(mut self) -> i32 {
        self.end()
    }

    fn end(&mut self) -> i32 {
        if let Ok(Some(status)) = self.child.try_wait() {
            return status.code().unwrap_or(-1);
        }
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        panic!("serve did not end within 20 s of SIGINT");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        } else if self.child.try_wait().ok().flatten().is_none() {
            let pid = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
            let _ = self.child.wait();
        }
    }
}
