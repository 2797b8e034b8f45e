//! A site that has nothing on AWS yet, and the server that stands for it.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{
    Project, Run,
    aws_model::assert_valid,
    distribution::client,
    http::{Reply, request_for},
    proxy::Proxy,
    servers::{REGION, Server, ministack},
};

/// Bytes that are worth compressing.
pub const APP: &str = "export const text = 'the same words again and again, the same words again and again';";

/// A project with an environment `production`, of which nothing exists.
pub struct World {
    pub project: Project,
    pub proxy: Proxy,
    pub bucket: String,
    pub server: Server,
    pub runtime: Runtime,
}

impl World {
    /// With lines for the environment, and top-level ones.
    pub fn new(environment: &str, top: &str) -> Self {
        let server = ministack();
        Self::on(Server { ..*server }, environment, top)
    }

    /// On a server of its own kind.
    pub fn on(server: Server, environment: &str, top: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let bucket = format!("site-{}-{}.example", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let project = Project::with_site(&[
            ("index.html", "<script type=module src=/assets/app.1a2b3c4d.js></script>one"),
            ("assets/app.1a2b3c4d.js", APP),
        ]);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let proxy = Proxy::new(server.port);
        let world = Self { project, proxy, bucket, server, runtime };
        world.configure(environment, top);
        world
    }

    /// Writes the configuration.
    pub fn configure(&self, environment: &str, top: &str) {
        let (bucket, endpoint) = (&self.bucket, self.proxy.endpoint());
        let config = format!(
            "version: 1\nsite: {{ output: dist, spa: true }}\n{top}\nenvironments:\n  production:\n    \
             bucket: {bucket}\n    region: {REGION}\n    endpoint_url: {endpoint}\n    {environment}\n"
        );
        self.project.write("cdn-config.yml", config);
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command(&[&["--env", "production"], args].concat());
        command.envs(self.server.environment()).env("AWS_ENDPOINT_URL", self.proxy.endpoint());
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs a command that must succeed, and gives its document.
    pub fn json(&self, args: &[&str]) -> Value {
        let run = self.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }

    /// Runs a command that must be refused, and gives its error.
    pub fn refused(&self, args: &[&str], code: i32, rule: &str) -> Value {
        self.run(&[args, &["--json"]].concat()).error(code, rule)
    }

    /// Brings everything into being, by requests that AWS's model of its API allows.
    pub fn provision(&self) -> Value {
        self.proxy.record();
        let made = self.json(&["provision", "--yes"]);
        assert_valid(&self.proxy.recorded());
        made
    }

    /// The fields that are not as they should be: `kind path`.
    pub fn drift(&self) -> Vec<String> {
        let plan = self.json(&["plan", "--only", "infra"]);
        let steps = plan["infrastructure"].as_array().unwrap().iter();
        steps
            .flat_map(|step| {
                let kind = step["kind"].as_str().unwrap();
                step["changes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(move |it| format!("{kind} {}", it["path"].as_str().unwrap()))
            })
            .collect()
    }

    /// A request that a viewer sends over https to the distribution with this host name.
    pub fn view(&self, domain: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.ask(domain, method, path, &[&[("X-Forwarded-Proto", "https")], headers].concat(), body)
    }

    /// A request that a viewer sends to the distribution, without encryption.
    pub fn ask(&self, domain: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let reply = request_for(domain, self.server.port, method, path, headers, body);
        // Without a distribution of that name, the server would answer as S3.
        assert!(reply.header("via").is_some() || reply.header("x-cache").is_some(), "{reply:?}");
        reply
    }

    pub fn cloudfront(&self) -> aws_sdk_cloudfront::Client {
        client(&self.server)
    }

    /// Everything in the account that belongs to this site, by kind: how often each is there.
    pub fn inventory(&self) -> Vec<(&'static str, usize)> {
        let (client, s3) = (self.cloudfront(), self.server.s3());
        let part = self.bucket.replace('.', "-");
        self.runtime.block_on(async {
            let has = |name: &str| name.contains(&part);
            let lists = client.list_origin_access_controls().send().await.unwrap().origin_access_control_list.unwrap();
            let controls = lists.items.unwrap_or_default().iter().filter(|it| has(&it.name)).count();
            let headers = client.list_response_headers_policies().send().await.unwrap();
            let headers = headers.response_headers_policy_list.unwrap().items.unwrap_or_default();
            let name = |it: &aws_sdk_cloudfront::types::ResponseHeadersPolicySummary| {
                it.response_headers_policy
                    .as_ref()
                    .unwrap()
                    .response_headers_policy_config
                    .as_ref()
                    .unwrap()
                    .name
                    .clone()
            };
            let headers = headers.iter().filter(|it| has(&name(it))).count();
            let caches = client.list_cache_policies().send().await.unwrap().cache_policy_list.unwrap();
            let name = |it: &aws_sdk_cloudfront::types::CachePolicySummary| {
                it.cache_policy.as_ref().unwrap().cache_policy_config.as_ref().unwrap().name.clone()
            };
            let caches = caches.items.unwrap_or_default().iter().filter(|it| has(&name(it))).count();
            let functions = client.list_functions().send().await.unwrap().function_list.unwrap();
            let functions: std::collections::BTreeSet<_> =
                functions.items.unwrap_or_default().iter().map(|it| it.name.clone()).filter(|it| has(it)).collect();
            let all = client.list_distributions().send().await.unwrap().distribution_list.unwrap();
            let origin = format!("{}.s3.", self.bucket);
            let ours = |it: &&aws_sdk_cloudfront::types::DistributionSummary| {
                it.origins.as_ref().unwrap().items.iter().any(|it| it.domain_name.starts_with(&origin))
            };
            let distributions = all.items.unwrap_or_default().iter().filter(ours).count();
            let bucket = usize::from(s3.head_bucket().bucket(&self.bucket).send().await.is_ok());
            vec![
                ("bucket", bucket),
                ("origin access control", controls),
                ("response headers policy", headers),
                ("cache policy", caches),
                ("function", functions.len()),
                ("distribution", distributions),
            ]
        })
    }
}

/// What a site without an API consists of.
pub const WHOLE: [(&str, usize); 6] = [
    ("bucket", 1),
    ("origin access control", 1),
    ("response headers policy", 1),
    ("cache policy", 1),
    ("function", 1),
    ("distribution", 1),
];
