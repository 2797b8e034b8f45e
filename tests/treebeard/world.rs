//! TreeBeard on ministack, its API beside it, and a way to both.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use treebeard_cdn::plan::infrastructure::Names;

use crate::support::{
    Project, Run,
    api::{TreebeardApi, build_command},
    http::{Reply, request},
    proxy::Proxy,
    servers::{REGION, ministack},
};

/// What users log in with, signed by.
const SECRET: &str = "a secret that only tests know of, long enough";

/// What the distribution says about every answer of the API, and what CloudFront, Lambda and connections add or take.
const NOT_THE_APIS: [&str; 17] = [
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "date",
    "expires",
    "keep-alive",
    "pragma",
    "referrer-policy",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "via",
    "x-cache",
    "x-content-type-options",
    "x-frame-options",
    "x-xss-protection",
];

pub struct World {
    pub project: Project,
    /// The API as a process, with the same database, Redis and secret as the function has.
    pub api: TreebeardApi,
    pub bucket: String,
    /// Where viewers find the site.
    viewers: Option<Proxy>,
}

impl World {
    /// Nothing is set up yet, and nothing is built.
    pub fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let pages = repository.join("frontend/dist");
        assert!(
            pages.join("index.html").exists(),
            "the front end is not built: run `make frontend`, or `npm ci && npm run build` in frontend/"
        );
        let project = Project::new();
        project.copy_folder(&pages, "frontend/dist");
        let document = fs::read(repository.join("api/openapi.json")).unwrap();
        project.write("api/openapi.json", document);
        let api = TreebeardApi::start(&project, &[("AUTH_MODE", "jwt"), ("JWT_SECRET", SECRET)]);
        let world = Self { api, bucket: format!("treebeard-{}", std::process::id()), project, viewers: None };
        for (name, value) in
            [("database-url", &*world.api.database_url), ("redis-url", &world.api.redis_url), ("jwt", SECRET)]
        {
            let parameter = json!({ "Name": world.parameter(name), "Value": value, "Type": "SecureString" });
            let headers = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "AmazonSSM.PutParameter")];
            let kept = request(ministack().port, "POST", "/", &headers, parameter.to_string().as_bytes());
            assert_eq!(kept.status, 200, "{kept:?}");
        }
        world.configure(&build_command("bootstrap"));
        world
    }

    /// Where a secret is kept.
    fn parameter(&self, name: &str) -> String {
        format!("/{}/{name}", self.bucket)
    }

    /// TreeBeard's own configuration, with the API as a function whose program this command makes.
    pub fn configure(&self, build: &str) {
        let Self { bucket, api, .. } = self;
        let config = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cdn-config.yml")).unwrap();
        let secret = |name: &str| format!("ssm:{}", self.parameter(name));
        let migrate = build_command("migrate");
        let function = format!(
            "  package: lambda
  openapi: api/openapi.json
  migrate: {migrate} && DATABASE_URL='{url}' ./migrate migrate
  smoke: [/api/v1/plans/catalog]
  lambda:
    build: {build}
    binary: bootstrap
    secrets: {{ DATABASE_URL: \"{database}\", REDIS_URL: \"{redis}\", JWT_SECRET: \"{jwt}\" }}
",
            url = api.database_url,
            database = secret("database-url"),
            redis = secret("redis-url"),
            jwt = secret("jwt"),
        );
        // The pages are built already.
        let config: String = config.split_inclusive('\n').filter(|line| !line.contains(": npm ")).collect();
        let with = config.replacen("  local:", &(function + "  local:"), 1);
        assert_ne!(with, config, "cdn-config.yml has a section for the API");
        let (sections, _) = with.split_once("\nenvironments:").unwrap();
        let endpoint = ministack().endpoint();
        let place = format!("bucket: {bucket}, region: {REGION}, endpoint_url: \"{endpoint}\"");
        self.project.write("cdn-config.yml", format!("{sections}\nenvironments:\n  cloud: {{ {place} }}\n"));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.project.command(&[args, &["--env", "cloud", "--json"]].concat());
        command.envs(ministack().environment());
        command
    }

    /// Runs a command that must succeed, and gives its document.
    pub fn run(&self, args: &[&str]) -> Value {
        let run = Run::of(&mut self.command(args));
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }

    /// Runs a command that must be refused, and gives its error.
    pub fn refused(&self, args: &[&str], code: i32, rule: &str) -> Value {
        Run::of(&mut self.command(args)).error(code, rule)
    }

    /// Makes everything that the site needs.
    pub fn provision(&mut self) -> Value {
        let made = self.run(&["provision", "--yes"]);
        let domain = made["distribution"]["domain"].as_str().unwrap();
        self.viewers = Some(Proxy::to_distribution(ministack().port, domain));
        made
    }

    /// Where a browser finds the site, as a port of this machine.
    pub fn site(&self) -> u16 {
        self.viewers.as_ref().expect("provisioned").port
    }

    /// Asks the function without the distribution, as anybody can who learns its URL.
    pub fn directly(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let name = Names::of(&self.bucket).lambda();
        let port = ministack().port;
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/lambda/aws4_request, SignedHeaders=host, Signature=0"
        );
        let url = format!("/2021-10-31/functions/{name}/url?Qualifier=live");
        let found = request(port, "GET", &url, &[("Authorization", &credential)], b"");
        let found: Value = serde_json::from_slice(&found.body).unwrap();
        let host = found["FunctionUrl"].as_str().unwrap().trim_start_matches("https://");
        let id = host.split('.').next().unwrap();
        // By its path rather than its host: on any host, /health is the emulator's own.
        request(port, "GET", &format!("/_aws/lambda-url/{id}{path}"), headers, b"")
    }

    /// Sends the same to the API itself and to the site, and gives what both say.
    pub fn same(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        // Else each answer has an id of its own.
        let headers = [&[("X-Request-Id", "the-same")], headers].concat();
        let [direct, site] = [self.api.port, self.site()].map(|port| request(port, method, path, &headers, body));
        assert_eq!(site.status, direct.status, "{method} {path}: {direct:?} {site:?}");
        let mut expected = said(&direct);
        if direct.header("content-type").is_none() {
            // Function URLs say so where a function does not.
            // https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
            expected.push(("content-type".into(), "application/json".into()));
            expected.sort();
        }
        assert_eq!(said(&site), expected, "{method} {path}");
        assert_eq!(site.body, direct.body, "{method} {path}: {direct:?} {site:?}");
        assert_eq!(site.header("cache-control"), Some("no-cache, no-store, must-revalidate"), "{site:?}");
        site
    }
}

/// The headers that are the API's own words.
fn said(reply: &Reply) -> Vec<(String, String)> {
    let lower = reply.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let own = |name: &str| !NOT_THE_APIS.contains(&name) && !name.starts_with("x-amz");
    let mut own: Vec<_> = lower.filter(|(name, _)| own(name)).collect();
    own.sort();
    own
}
