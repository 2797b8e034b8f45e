//! A site with an API on Lambda, and the proxy between them and the program.

use std::process::Command;

use aws_sdk_lambda::{
    Client,
    primitives::Blob,
    types::{AliasRoutingConfiguration, FunctionCode, Runtime},
};
use serde_json::Value;
use tokio::runtime::Runtime as Tokio;
use treebeard_cdn::{
    config,
    model::infrastructure::LIVE_ALIAS,
    plan::{self, infrastructure::Names},
};

use super::program::Program;
use crate::{
    crash::{
        bucket::{Bucket, Object, Objects},
        sites::{self, Files},
    },
    support::{
        Project, Run, distribution,
        proxy::{Fate, Proxy, Request},
        servers::{REGION, Server, ministack},
        victim::{Victim, suffer},
    },
};

/// What the pages need, in the smallest of words.
pub const ROUTES: &[&str] = &["/plans", "/plans/{id}"];

pub struct World {
    pub project: Project,
    pub proxy: Proxy,
    pub bucket: Bucket,
    server: &'static Server,
    runtime: Tokio,
    lambda: Client,
    function: String,
    distribution: String,
}

/// What viewers meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub version: String,
    pub code: String,
}

impl World {
    /// With a function that was provisioned and never deployed to.
    pub fn new() -> Self {
        let server = ministack();
        let runtime = Tokio::new().unwrap();
        let name = runtime.block_on(server.bucket());
        let function = Names::of(&name).lambda();
        let world = Self {
            project: Project::new(),
            proxy: Proxy::new(server.port),
            bucket: Bucket { s3: server.s3(), name },
            lambda: Client::new(&server.sdk()),
            server,
            runtime,
            function,
            distribution: String::new(),
        };
        world.configure("", "");
        let config = config::load(&world.project.path("cdn-config.yml"), "production").unwrap();
        let wanted = plan::distribution::compile(&config);
        let managed = distribution::managed(server, &world.bucket.name, &wanted);
        let (distribution, _) = world.runtime.block_on(managed);
        let api = distribution::with_api(server, &distribution, &world.bucket.name, "/api/", &wanted);
        world.runtime.block_on(api);
        let world = Self { distribution, ..world };
        world.runtime.block_on(create(&world.lambda, &world.function));
        world.configure("", "");
        world
    }

    /// Writes the configuration, with more lines for the API, and for the top level.
    pub fn configure(&self, api: &str, top: &str) {
        self.configure_api(&format!("smoke: [/plans]\n  lambda: {{ binary: api.sh }}\n  {api}"), top);
    }

    /// Writes the configuration, with these lines for the API alone, and more for the top level.
    pub fn configure_api(&self, api: &str, top: &str) {
        let (bucket, endpoint, id) = (&self.bucket.name, self.proxy.endpoint(), &self.distribution);
        let config = format!(
            "version: 1\nsite: {{ output: dist, spa: true }}\n{top}\napi:\n  package: lambda\n  {api}\nenvironments:\n  \
             production:\n    bucket: {bucket}\n    region: {REGION}\n    endpoint_url: {endpoint}\n    \
             distribution_id: \"{id}\"\n"
        );
        self.project.write("cdn-config.yml", config);
    }

    /// Another machine's folder, from which nobody tampers with requests.
    pub fn colleague(&self) -> Project {
        let config = std::fs::read_to_string(self.project.path("cdn-config.yml")).unwrap();
        let project = Project::new();
        project.write("cdn-config.yml", config.replace(&self.proxy.endpoint(), &self.server.endpoint()));
        project
    }

    pub fn command(&self, args: &[&str]) -> Command {
        self.command_in(&self.project, args)
    }

    pub fn command_in(&self, project: &Project, args: &[&str]) -> Command {
        let mut command = project.command(&[&["--env", "production"], args].concat());
        command.envs(self.server.environment()).env_remove("AWS_ENDPOINT_URL");
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs a command that must succeed, while nothing goes wrong, and gives its document.
    pub fn json(&self, args: &[&str]) -> Value {
        self.proxy.calm();
        let run = self.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }

    /// Runs a command that must be refused, and gives its error.
    pub fn refused(&self, args: &[&str], code: i32, rule: &str) -> Value {
        self.run(&[args, &["--json"]].concat()).error(code, rule)
    }

    /// Puts a program and pages where a build would leave them.
    pub fn build(&self, program: &Program, files: &Files) {
        Self::build_in(&self.project, program, files);
    }

    pub fn build_in(project: &Project, program: &Program, files: &Files) {
        project.write("api.sh", program.script());
        sites::write(project, files);
    }

    /// Deploys a program and pages, and gives the bucket as it is then.
    pub fn release(&self, program: &Program, files: &Files) -> Objects {
        self.build(program, files);
        self.json(&["deploy"]);
        self.objects()
    }

    pub fn put(&self, key: &str, object: &Object) {
        self.runtime.block_on(self.bucket.put(key, object));
    }

    pub fn objects(&self) -> Objects {
        self.runtime.block_on(self.bucket.objects())
    }

    /// Makes the bucket what it was, and has viewers meet a version that they met before.
    pub fn restore(&self, objects: &Objects, live: &Live) {
        self.runtime.block_on(self.bucket.restore(objects));
        self.point_to(&live.version);
    }

    /// Moves the alias as somebody does by hand.
    pub fn point_to(&self, version: &str) {
        let update = self.lambda.update_alias().function_name(&self.function).name(LIVE_ALIAS);
        self.runtime.block_on(update.function_version(version).send()).unwrap();
    }

    /// Leads some of the viewers to another version, as somebody does who tries it on them.
    pub fn share_with(&self, version: &str) {
        let weights = AliasRoutingConfiguration::builder().additional_version_weights(version, 0.3).build();
        let update = self.lambda.update_alias().function_name(&self.function).name(LIVE_ALIAS);
        self.runtime.block_on(update.routing_config(weights).send()).unwrap();
    }

    /// Which other versions get a share of the viewers.
    pub fn shares(&self) -> Option<Vec<String>> {
        let asked = self.lambda.get_alias().function_name(&self.function).name(LIVE_ALIAS);
        let routing = self.runtime.block_on(asked.send()).unwrap().routing_config?;
        Some(routing.additional_version_weights?.into_keys().collect())
    }

    /// The version that viewers meet.
    pub fn live(&self) -> Live {
        let asked = self.lambda.get_function_configuration().function_name(&self.function).qualifier(LIVE_ALIAS);
        let found = self.runtime.block_on(asked.send()).unwrap();
        Live { version: found.version.unwrap(), code: hex(&found.code_sha256.unwrap()) }
    }

    /// The versions that are published.
    pub fn versions(&self) -> Vec<String> {
        let asked = self.lambda.list_versions_by_function().function_name(&self.function);
        let listed = self.runtime.block_on(asked.send()).unwrap().versions.unwrap();
        listed.into_iter().filter_map(|it| it.version).filter(|version| version != "$LATEST").collect()
    }

    /// Gives a version a name, as somebody does by hand.
    pub fn name(&self, version: &str, name: &str) {
        let alias = self.lambda.create_alias().function_name(&self.function).name(name).function_version(version);
        self.runtime.block_on(alias.send()).unwrap();
    }

    /// Runs a command that must succeed, and gives the numbers of the requests that first write to each of these.
    pub fn order_of(&self, args: &[&str], targets: &[&str]) -> Vec<Option<usize>> {
        self.proxy.record();
        self.json(args);
        let made = self.proxy.recorded();
        let first = |target: &&str| made.iter().position(|it| it.method() == "PUT" && it.target().contains(*target));
        let found: Vec<_> = targets.iter().map(first).collect();
        assert!(found.iter().all(Option::is_some), "{targets:?}: {found:?}");
        found
    }

    /// Runs a command while `script` decides the fate of its requests.
    pub fn suffer(&self, args: &[&str], script: impl Fn(&Request, &Victim) -> Fate + Send + Sync + 'static) -> Run {
        suffer(&self.proxy, &mut self.command(args), script)
    }

    /// The requests to Lambda that a command makes: method and path behind the function's name.
    pub fn asked(&self, command: impl FnOnce()) -> Vec<String> {
        self.proxy.record();
        command();
        let prefix = format!("/2015-03-31/functions/{}", self.function);
        let asked = self.proxy.recorded();
        let lambda = asked.iter().filter_map(|request| Some((request, request.target().strip_prefix(&prefix)?)));
        lambda.map(|(request, path)| format!("{} {path}", request.method())).collect()
    }
}

impl Objects {
    /// Whether viewers may meet something that `one` has and `other` has not: a page, or what an open page may load.
    pub fn meets_of(&self, one: &Self, other: &Self) -> bool {
        let (one, other) = (one.public(), other.public());
        let fixed = |object: &Object| object.cache_control.as_deref().is_some_and(|it| it.contains("immutable"));
        let is_of_one = |key: &str, object: &Object| one.get(key) == Some(&object) && other.get(key) != Some(&object);
        self.public().iter().any(|(key, object)| !fixed(object) && is_of_one(key, object))
    }

    /// What the live release says of its API.
    pub fn api(&self) -> Value {
        let pointer = self.pointer();
        let releases = pointer["releases"].as_array().unwrap();
        releases.iter().find(|release| release["id"] == pointer["live"]).map_or(Value::Null, |it| it["api"].clone())
    }
}

/// Base64 as Lambda writes digests → hexadecimal as we do.
fn hex(digest: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    hex::encode(BASE64_STANDARD.decode(digest).unwrap())
}

/// What `provision` leaves: a function that is not deployed to yet, and the alias.
async fn create(client: &Client, name: &str) {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    std::io::Write::write_all(&mut zip, b"#!/bin/sh\nexit 1\n").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let made = client
        .create_function()
        .function_name(name)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap")
        .role("arn:aws:iam::000000000000:role/test")
        .code(FunctionCode::builder().zip_file(Blob::new(zip)).build())
        .publish(true);
    let made = made.send().await.unwrap();
    let alias = client.create_alias().function_name(name).name(LIVE_ALIAS).function_version(made.version.unwrap());
    alias.send().await.unwrap();
}
