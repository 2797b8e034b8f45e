//! A project, a bucket, and the proxy between them.

use std::process::Command;

use tokio::runtime::Runtime;
use treebeard_cdn::{config, plan};

use super::{
    bucket::{Bucket, Object, Objects},
    sites::{self, Files},
};
pub use crate::support::victim::{Victim, sample};
use crate::support::{
    Project, Run, distribution,
    proxy::{Fate, Proxy, Request},
    servers::{REGION, Server, ministack, seaweed},
    victim::suffer,
};

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
        suffer(&self.proxy, command, script)
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
