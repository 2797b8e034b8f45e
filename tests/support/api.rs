//! TreeBeard's API from this workspace.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    Project,
    http::{free_port, get},
};

/// The API as a process of its own, with a PostgreSQL and a Redis of its own. Interrupted and waited for when dropped.
pub struct TreebeardApi {
    child: Child,
    pub port: u16,
    /// What a program on this machine needs to use the same database.
    pub database_url: String,
    /// And the same Redis.
    pub redis_url: String,
    home: String,
}

impl TreebeardApi {
    /// Starts it in the project's folder, where it keeps its data, and waits until it answers.
    pub fn start(project: &Project, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut command = cargo("run");
        command
            .args(["--", "serve", "--embedded"])
            .env("PORT", port.to_string())
            .env("ADMIN_ADDR", "127.0.0.1:0")
            .envs(settings.iter().copied());
        let child = command.current_dir(project.path("")).stdout(Stdio::null()).spawn().unwrap();
        let mut api = Self { child, port, database_url: String::new(), redis_url: String::new(), home: String::new() };
        api.wait();
        let record = fs::read(project.path(".treebeard/postgres.json")).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        let text = |key: &str| record[key].as_str().unwrap();
        text("home").clone_into(&mut api.home);
        api.database_url = format!("postgres://treebeard@localhost/treebeard?sslmode=disable&host={}", text("socket"));
        let socket = project.path(".treebeard").canonicalize().unwrap().join("redis.sock");
        assert!(
            socket.exists(),
            "the API found no Redis to start: install it (Debian: apt-get install -y redis-server)"
        );
        api.redis_url = format!("redis+unix://{}", socket.display());
        api
    }

    /// The first start creates and fills a database, after the program was built.
    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_mins(5);
        while Instant::now() < deadline {
            assert!(self.child.try_wait().unwrap().is_none(), "the API ended; what it said is above");
            let listens = std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            if listens && get(self.port, "/health").status == 200 {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the API does not answer within 5 minutes");
    }
}

impl Drop for TreebeardApi {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.child.wait();
        // As root, the database lies outside of the project, where its own user can reach it.
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// The folder of what this workspace's crates are built to.
fn built() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_treebeard-cdn")).parent().unwrap()
}

/// The shell command that builds the program for Lambda, without what only a debugger reads, to `path`.
pub fn build_command(path: &str) -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let (program, profile) = (built().join("treebeard-api"), if cfg!(debug_assertions) { "" } else { " --release" });
    format!(
        "cargo build --quiet --locked -p treebeard-api{profile} --manifest-path '{}' && strip -o {path} '{}'",
        manifest.display(),
        program.display()
    )
}

fn cargo(command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args([command, "--quiet", "--locked", "-p", "treebeard-api", "--manifest-path"]);
    cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    cargo
}
