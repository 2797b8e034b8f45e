//! A project, a bucket, and the proxy between them.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;
use treebeard_cdn::{config, plan};

use super::{
    bucket::{Bucket, Object, Objects},
    sites::{self, Files},
};
use crate::support::{
    Project, Run, cases, distribution,
    proxy::{Fate, Proxy, Request},
    servers::{REGION, Server, ministack, seaweed},
};

/// No command may take longer, whatever is done to it.
const PATIENCE: Duration = Duration::from_mins(3);

/// Somebody else's object, in every bucket.
const THEIRS: &str = "elsewhere/theirs.txt";

pub struct World {
    pub project: Project,
    pub proxy: Proxy,
    pub bucket: Bucket,
    server: &'static Server,
    runtime: Runtime,
}

impl World {
    /// A bucket without a CDN, on SeaweedFS.
    pub fn new() -> Self {
        let server = seaweed();
        Self::with(server, Proxy::new(server.port), "cdn: none")
    }

    /// A bucket of `server` behind `proxy`, and more lines for its environment.
    pub fn with(server: &'static Server, proxy: Proxy, more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let name = runtime.block_on(server.bucket());
        let world = Self { project: Project::new(), proxy, bucket: Bucket { s3: server.s3(), name }, server, runtime };
        world.configure(more, "");
        let object = Object {
            bytes: b"theirs".to_vec(),
            content_type: Some("text/x-theirs".into()),
            cache_control: None,
            content_encoding: None,
        };
        world.put(THEIRS, &object);
        world
    }

    /// A bucket behind a distribution that runs our function, on ministack.
    pub fn behind_cloudfront() -> Self {
        let server = ministack();
        let world = Self::with(server, Proxy::new(server.port), "");
        let config = config::load(&world.project.path("cdn-config.yml"), "production").unwrap();
        let wanted = plan::distribution::compile(&config);
        let (id, _) = world.runtime.block_on(distribution::managed(server, &world.bucket.name, &wanted));
        world.configure(&format!("distribution_id: {id}"), "");
        world
    }

    /// Writes the configuration: lines for the environment, and top-level ones.
    pub fn configure(&self, environment: &str, top: &str) {
        let (bucket, endpoint) = (&self.bucket.name, self.proxy.endpoint());
        let config = format!(
            "version: 1\nsite: {{ output: dist, spa: true }}\n{top}\nenvironments:\n  production:\n    \
             bucket: {bucket}\n    region: {REGION}\n    endpoint_url: {endpoint}\n    {environment}\n"
        );
        self.project.write("cdn-config.yml", config);
    }

    /// Another project for the same bucket.
    pub fn colleague(&self) -> Project {
        let project = Project::new();
        project.write("cdn-config.yml", std::fs::read(self.project.path("cdn-config.yml")).unwrap());
        project
    }

    pub fn put(&self, key: &str, object: &Object) {
        self.runtime.block_on(self.bucket.put(key, object));
    }

    pub fn objects(&self) -> Objects {
        self.runtime.block_on(self.bucket.objects())
    }

    pub fn get(&self, key: &str) -> Option<Object> {
        self.runtime.block_on(self.bucket.get(key))
    }

    pub fn restore(&self, objects: &Objects) {
        self.runtime.block_on(self.bucket.restore(objects));
    }

    pub fn command(&self, args: &[&str]) -> Command {
        self.command_in(&self.project, args)
    }

    /// A command in a project, with this world's credentials and nothing else of the machine's.
    pub fn command_in(&self, project: &Project, args: &[&str]) -> Command {
        let mut command = project.command(&[&["--env", "production"], args].concat());
        command
            .env("AWS_ACCESS_KEY_ID", self.server.access_key)
            .env("AWS_SECRET_ACCESS_KEY", self.server.secret_key)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs a command that must succeed, while nothing goes wrong.
    pub fn succeed(&self, args: &[&str]) -> Run {
        self.proxy.calm();
        let run = self.run(args);
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run
    }

    /// Deploys these files, and gives the bucket as it is then.
    pub fn release(&self, files: &Files) -> Objects {
        sites::write(&self.project, files);
        self.succeed(&["deploy"]);
        self.objects()
    }

    /// Runs a command while `script` decides the fate of its requests.
    pub fn suffer(
        &self,
        command: &mut Command,
        script: impl Fn(&Request, &Victim) -> Fate + Send + Sync + 'static,
    ) -> Run {
        let victim = Victim::default();
        let known = victim.clone();
        self.proxy.script(move |request| script(request, &known));
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
        self.proxy.settle();
        self.proxy.calm();
        run
    }

    /// Fails unless the bucket is at rest and visitors get what they get of `wanted`, and the books agree.
    pub fn assert_is(&self, wanted: &Objects) {
        let now = self.objects();
        now.assert_pages_load();
        now.assert_at_rest();
        let (found, expected) = (now.beyond_the_ledger(), wanted.beyond_the_ledger());
        assert!(found.keys().eq(expected.keys()), "{:?}, not {:?}", found.keys(), expected.keys());
        assert_eq!(found, expected);
        assert_eq!(now.live(), wanted.live());
        self.assert_clean();
    }

    /// Fails unless a look at every object shows nothing to do for the files at hand.
    pub fn assert_clean(&self) {
        let run = self.succeed(&["plan", "--refresh", "--json"]);
        let plan = run.json();
        let seen = (&plan["changes"], plan["drift"].as_object().map(serde_json::Map::len), &plan["lost"]);
        assert_eq!(seen, (&false.into(), Some(0), &serde_json::json!([])), "{plan:#}");
    }
}

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

/// Some of `points`, always the same ones; all of them where `PROPTEST_CASES` is large enough.
pub fn sample<T>(mut points: Vec<T>, size: u32) -> Vec<T> {
    let wanted = cases(size).cases as usize;
    if wanted < points.len() {
        fastrand::Rng::with_seed(points.len() as u64).shuffle(&mut points);
        points.truncate(wanted);
    }
    points
}
