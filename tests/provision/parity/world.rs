//! One site, deployed twice: to the local edge, and to what `provision` set up on ministack.

use std::sync::Arc;

use tokio::{runtime::Runtime, sync::watch};
use treebeard_cdn::{
    config,
    edge::{Api, Availability, Edge, Listener},
    plan::distribution,
    remote::local::{LocalCdn, LocalStore},
};

use super::{
    answer::{Answer, answer},
    requests::Request,
};
use crate::support::{
    NodeApi, Project, Run,
    http::{Reply, free_port, request_for},
    servers::{REGION, ministack},
};

/// Both, and the API behind both.
pub struct World {
    edge: Place,
    cloudfront: Place,
    _api: NodeApi,
    _project: Project,
    _runtime: Runtime,
}

/// Where to ask.
struct Place {
    port: u16,
    host: String,
    /// What a viewer's connection brings with it.
    headers: &'static [(&'static str, &'static str)],
}

impl World {
    /// `site` is the configuration of routing, `files` are what there is to serve.
    pub fn new(site: &str, files: &[(&str, &str)]) -> Self {
        let server = ministack();
        let port = free_port();
        let api = NodeApi::start(port);
        let project = Project::with_site(files);
        let (bucket, endpoint) = (format!("parity-{}-{port}", std::process::id()), server.endpoint());
        project.write(
            "cdn-config.yml",
            format!(
                "version: 1\n{site}\napi: {{ path: '/api/*' }}\nenvironments:\n  local: {{ target: local }}\n  \
                 production:\n    {{ bucket: {bucket}, region: {REGION}, endpoint_url: '{endpoint}', \
                 api_origin: 'http://127.0.0.1:{port}' }}\n"
            ),
        );
        let run = |args: &[&str]| {
            let run = Run::of(project.command(args).envs(server.environment()));
            assert_eq!(run.code, 0, "{args:?}: {run:?}");
            run.json()
        };
        let made = run(&["provision", "--yes", "--json", "--env", "production"]);
        for environment in ["local", "production"] {
            run(&["deploy", "--no-build", "--json", "--env", environment]);
        }
        let config = config::load(&project.path("cdn-config.yml"), "local").unwrap();
        let behind = Api::new(watch::channel(Availability::Ready(port)).1);
        let store = Arc::new(LocalStore::open(config.store_dir()).unwrap());
        let edge =
            Edge::new(distribution::compile(&config), store, LocalCdn::new(config.invalidation_log()), behind).unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(Listener::bind(0)).unwrap();
        let port = listener.port();
        runtime.spawn(listener.serve(Arc::new(edge)));
        let domain = made["distribution"]["domain"].as_str().unwrap().to_owned();
        Self {
            edge: Place { port, host: format!("localhost:{port}"), headers: &[] },
            cloudfront: Place { port: server.port, host: domain, headers: &[("X-Forwarded-Proto", "https")] },
            _api: api,
            _project: project,
            _runtime: runtime,
        }
    }

    /// The local edge's answer and ministack's.
    pub fn ask(&self, request: &Request) -> [Answer; 2] {
        [&self.edge, &self.cloudfront].map(|place| answer(&place.ask(request), request))
    }
}

impl Place {
    fn ask(&self, request: &Request) -> Reply {
        // Each server names and dates what it stores in its own way.
        let stored = request.headers.iter().any(|(_, value)| value.contains('{')).then(|| {
            let plain: Vec<_> =
                request.headers.iter().copied().filter(|(name, _)| *name == "Accept-Encoding").collect();
            self.send("GET", request.target, &plain, b"")
        });
        let fill = |value: &str| match &stored {
            Some(reply) => value
                .replace("{etag}", reply.header("etag").unwrap_or_default())
                .replace("{modified}", reply.header("last-modified").unwrap_or_default()),
            None => value.to_owned(),
        };
        let filled: Vec<_> = request.headers.iter().map(|(name, value)| (*name, fill(value))).collect();
        let headers: Vec<_> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send(request.method, request.target, &headers, request.body.as_bytes())
    }

    fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        request_for(&self.host, self.port, method, target, &[self.headers, headers].concat(), body)
    }
}
