//! The program itself, started in a folder, called over its port.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::PROGRAM;

/// Tries until there is a value; what is awaited takes seconds on a busy machine, never minutes.
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "timed out waiting until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A running `treebeard-api serve`.
pub struct Process {
    child: Child,
    folder: PathBuf,
    address: String,
    admin: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `serve --embedded` in a folder, and waits until it listens.
    pub fn start(folder: &Path, envs: &[(&str, &str)]) -> Self {
        Self::serve(folder, &["--embedded"], envs)
    }

    /// Starts it over a database and a Redis of the test's.
    pub fn over(folder: &Path, database: &str, redis: &str) -> Self {
        Self::over_with(folder, database, redis, &[])
    }

    /// As [`over`](Self::over), with variables of the environment.
    pub fn over_with(folder: &Path, database: &str, redis: &str, envs: &[(&str, &str)]) -> Self {
        let usual = [("DATABASE_URL", database), ("REDIS_URL", redis), ("AUTH_MODE", "demo")];
        Self::serve(folder, &[], &[&usual, envs].concat())
    }

    fn serve(folder: &Path, args: &[&str], envs: &[(&str, &str)]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--port", "0"])
            .args(args)
            .current_dir(folder)
            .env("ADMIN_ADDR", "127.0.0.1:0")
            .envs(envs.iter().copied())
            .env_remove("RUST_LOG")
            .process_group(0)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, receiver) = mpsc::channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                for words in ["operators are served on http://", "listening on http://"] {
                    if let Some((_, rest)) = line.split_once(words) {
                        let end = rest.find('"').unwrap_or(rest.len()); // of the message, in JSON
                        let _ = sender.send(rest[..end].to_owned());
                    }
                }
                eprintln!("{line}");
                lines.lock().unwrap().push(line);
            }
        });
        let address =
            || receiver.recv_timeout(Duration::from_mins(2)).expect("the API did not start; its log is above");
        let admin = address();
        Self { child, folder: folder.to_owned(), address: address(), admin, log }
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Where operators reach it.
    pub fn admin(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// Sends a request without a body to the admin listener, and returns the raw response.
    pub fn ask_admin(&self, path: &str) -> String {
        ask(&self.admin, path)
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills the private database. Connections that are open may answer once more before they notice.
    pub fn kill_database(&self) {
        kill_process(self.postmaster(), Signal::KILL).unwrap();
        until("the database is down", || self.get("/health").contains(r#""database":"down""#).then_some(()));
    }

    /// Sends a GET request and returns the raw response.
    pub fn get(&self, path: &str) -> String {
        ask(&self.address, path)
    }

    /// Sends JSON, with header lines of the test's, and returns the raw response.
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &Value) -> String {
        answer(self.begin(method, path, headers, body))
    }

    /// Sends JSON, and leaves the answer to be read from the connection, or not.
    pub fn begin(&self, method: &str, path: &str, headers: &[&str], body: &Value) -> TcpStream {
        let body = body.to_string();
        let length = format!("Content-Length: {}", body.len());
        let headers = [headers, &["Content-Type: application/json", &length]].concat();
        request(&self.address, &format!("{method} {path}"), &headers, &body)
    }

    /// What was written down about the private database.
    pub fn record(folder: &Path) -> Value {
        let text = fs::read_to_string(folder.join(".treebeard/postgres.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub fn data(&self) -> PathBuf {
        Self::record(&self.folder)["data"].as_str().unwrap().into()
    }

    /// PostgreSQL's process id.
    pub fn postmaster(&self) -> Pid {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
    }

    /// Every process below PostgreSQL's supervisor, the supervisor first.
    pub fn supervised(&self) -> Vec<Pid> {
        let table = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap();
        let table = String::from_utf8(table.stdout).unwrap();
        let rows: Vec<(i32, i32)> = table
            .lines()
            .map(|line| {
                let mut numbers = line.split_whitespace().map(|word| word.parse().unwrap());
                (numbers.next().unwrap(), numbers.next().unwrap())
            })
            .collect();
        let postmaster = self.postmaster().as_raw_nonzero().get();
        let supervisor = rows.iter().find(|(pid, _)| *pid == postmaster).unwrap().1;
        let children = rows.iter().filter(|(_, parent)| *parent == postmaster).map(|(pid, _)| *pid);
        [supervisor, postmaster].into_iter().chain(children).map(|pid| Pid::from_raw(pid).unwrap()).collect()
    }

    pub fn assert_ended(processes: &[Pid]) {
        assert!(processes.len() > 2, "a server with its workers was expected: {processes:?}");
        for &pid in processes {
            until("PostgreSQL's processes are gone", || test_kill_process(pid).is_err().then_some(()));
        }
    }
}

fn ask(address: &str, path: &str) -> String {
    answer(request(address, &format!("GET {path}"), &[], ""))
}

fn request(address: &str, target: &str, headers: &[&str], body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let headers: String = headers.iter().flat_map(|header| [header, "\r\n"]).collect();
    write!(socket, "{target} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n{headers}\r\n{body}").unwrap();
    socket
}

/// All that comes until the server closes the connection.
pub fn answer(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

/// Ends what a failed test left.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if self.folder.join(".treebeard/postgres.json").exists() && self.data().join("postmaster.pid").exists() {
            let postmaster = self.postmaster();
            until("PostgreSQL is gone", || test_kill_process(postmaster).is_err().then_some(()));
        }
    }
}

/// A folder that only its owner can enter (mode 0700), and which takes the database's home with it: for root that lies
/// elsewhere.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.path().join(".treebeard/postgres.json").exists() {
            let home = Process::record(self.path())["home"].as_str().unwrap().to_owned();
            let _ = fs::remove_dir_all(home);
        }
    }
}
