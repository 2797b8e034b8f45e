//! Real Redis servers, and a real Redis Cluster.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::until;

/// A Redis on a port of its own, without persistence; it ends with the test.
pub struct Redis {
    server: Child,
    port: u16,
    args: Vec<String>,
    folder: TempDir,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, args: &[String], folder: &TempDir) -> Child {
    let server = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .args(args)
        .stdout(Stdio::null())
        .spawn()
        .expect("the tests need Redis: apt-get install redis-server, or brew install redis");
    until("Redis listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    server
}

impl Redis {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(args: &[&str]) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        Self { server: spawn(port, &args, &folder), port, args, folder }
    }

    /// One that is reached over TLS only, with the certificate that its clients have to trust.
    pub fn with_tls() -> (Self, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let [certificate, private] = ["redis.crt", "redis.key"].map(|name| folder.path().join(name));
        fs::write(&certificate, key.cert.pem()).unwrap();
        fs::write(&private, key.signing_key.serialize_pem()).unwrap();
        let port = free_port();
        let (tls_port, path) = (port.to_string(), certificate.to_str().unwrap());
        let args = ["--tls-port", &tls_port, "--port", "0", "--tls-auth-clients", "no", "--tls-cert-file", path];
        let args = [&args[..], &["--tls-ca-cert-file", path, "--tls-key-file", private.to_str().unwrap()]].concat();
        let args: Vec<String> = args.into_iter().map(ToOwned::to_owned).collect();
        (Self { server: spawn(port, &args, &folder), port, args, folder }, certificate)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Runs `redis-cli` with these arguments, and gives what it prints.
    pub fn cli(&self, args: &[&str]) -> String {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// It hangs: connections stay open and nothing answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// It dies, with all its data.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.server.wait().unwrap();
    }

    /// It is there again, empty.
    pub fn restart(&mut self) {
        self.server = spawn(self.port, &self.args, &self.folder);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.server), signal).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Three masters that share the slots.
pub struct Cluster {
    pub nodes: Vec<Redis>,
}

impl Cluster {
    pub fn start() -> Self {
        let node = |_| {
            let bus = free_port().to_string();
            Redis::with(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"])
        };
        let nodes: Vec<Redis> = (0..3).map(node).collect();
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let output = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        for node in &nodes {
            until("the cluster is ready", || node.cli(&["cluster", "info"]).contains("cluster_state:ok").then_some(()));
        }
        Self { nodes }
    }

    pub fn url(&self) -> String {
        let addresses: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis-cluster://{}", addresses.join(","))
    }
}
