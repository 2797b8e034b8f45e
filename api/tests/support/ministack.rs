//! ministack: Lambda, which executes what it is given, its function URLs, and where secrets are kept. One for the whole
//! run, with which it ends.

use std::fs;
use std::io::{Cursor, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::request::Builder;
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::redis::free_port;
use super::{PROGRAM, until};

pub const REGION: &str = "us-east-1";

/// The server.
pub struct Ministack {
    port: u16,
}

/// A function with a URL.
pub struct Function {
    name: String,
    id: String,
}

impl Ministack {
    /// The server, started by whoever asks first.
    pub async fn get() -> &'static Self {
        static SERVER: OnceLock<Ministack> = OnceLock::new();
        tokio::task::spawn_blocking(|| SERVER.get_or_init(Self::start)).await.unwrap()
    }

    fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/ministack/bin/ministack");
        assert!(program.exists(), "{} is missing: run `.ci/install test`", program.display());
        let folder = tempfile::Builder::new().prefix("ministack-").tempdir().unwrap().keep();
        let (port, path) = (free_port(), folder.display().to_string());
        let environment = [
            ("GATEWAY_PORT", port.to_string()),
            ("BIND_HOST", "127.0.0.1".into()),
            ("S3_DATA_DIR", format!("{path}/s3")),
            ("TMPDIR", path),
            ("LOG_LEVEL", "WARNING".into()),
        ];
        let spec = supervise::Spec {
            envs: environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cwd: Some(folder.clone()),
            grace: Duration::ZERO,
            output: supervise::Output::File(folder.join("output.log")),
            remove_after: vec![folder],
            supervisor: Some(PROGRAM.into()),
            ..supervise::Spec::new(program)
        };
        // Both outlive the test that asks first, and so that test's runtime.
        let runtime = Box::leak(Box::new(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()));
        let _inside = runtime.enter();
        Box::leak(Box::new(spec.spawn().unwrap()));
        until("ministack listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { port }
    }

    /// What a program needs to find it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_REGION", REGION.into()),
            ("AWS_ACCESS_KEY_ID", "test".into()),
            ("AWS_SECRET_ACCESS_KEY", "test".into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ]
    }

    /// Keeps a secret as a parameter of Systems Manager.
    pub async fn put_parameter(&self, name: &str, value: &str) {
        let body = json!({ "Name": name, "Value": value, "Type": "SecureString", "Overwrite": true });
        self.call("AmazonSSM.PutParameter", &body).await;
    }

    /// Keeps a secret in Secrets Manager.
    pub async fn put_secret(&self, name: &str, value: &str) {
        self.call("secretsmanager.CreateSecret", &json!({ "Name": name, "SecretString": value })).await;
    }

    async fn call(&self, target: &str, body: &Value) {
        let request = Request::post("/").header("content-type", "application/x-amz-json-1.1");
        let response = self.send(request.header("x-amz-target", target), body.to_string()).await;
        assert_eq!(response.status(), 200, "{target}: {response:?}");
    }

    /// Makes a function of the program under test, without what only a debugger reads, and gives it a URL.
    pub async fn create_function(&self, environment: &[(&str, String)]) -> Function {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("api-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let variables: serde_json::Map<_, _> =
            environment.iter().map(|(variable, value)| ((*variable).to_owned(), json!(value))).collect();
        self.send(Request::put("/code"), "").await;
        let stored = self.send(Request::put(format!("/code/{name}.zip")), bootstrap()).await;
        assert_eq!(stored.status(), 200);
        let function = json!({
            "FunctionName": name,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": "arn:aws:iam::000000000000:role/api",
            "Timeout": 15,
            "MemorySize": 512,
            "Code": { "S3Bucket": "code", "S3Key": format!("{name}.zip") },
            "Environment": { "Variables": variables },
        });
        let made = self.send(Request::post("/2015-03-31/functions"), function.to_string()).await;
        assert_eq!(made.status(), 201, "{made:?}");
        let url = self.send(Request::post(format!("/2021-10-31/functions/{name}/url")), r#"{"AuthType":"NONE"}"#).await;
        let url: Value = serde_json::from_slice(url.body()).unwrap();
        let host = url["FunctionUrl"].as_str().unwrap().trim_start_matches("https://");
        Function { name, id: host.split('.').next().unwrap().to_owned() }
    }

    /// Sends a request to a function's URL. By its path rather than its host: on any host, /health is the emulator's own.
    pub async fn visit(&self, function: &Function, request: Builder, body: impl Into<Bytes>) -> Response<Bytes> {
        let path = format!("/_aws/lambda-url/{}{}", function.id, request.uri_ref().unwrap());
        self.send(request.uri(path), body).await
    }

    /// Invokes a function, and gives what it answered.
    pub async fn invoke(&self, function: &Function, event: &Value) -> Value {
        let path = format!("/2015-03-31/functions/{}/invocations", function.name);
        let response = self.send(Request::post(path), event.to_string()).await;
        serde_json::from_slice(response.body()).unwrap()
    }

    async fn send(&self, request: Builder, body: impl Into<Bytes>) -> Response<Bytes> {
        let mut request = request.body(Full::new(body.into())).unwrap();
        *request.uri_mut() = format!("http://127.0.0.1:{}{}", self.port, request.uri()).parse().unwrap();
        let response = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
    }
}

/// The program under test as Lambda takes it: `bootstrap` in a zip.
fn bootstrap() -> Bytes {
    let folder = tempfile::tempdir().unwrap();
    let stripped: PathBuf = folder.path().join("bootstrap");
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(PROGRAM).status();
    assert!(strip.expect("the tests need strip: apt-get install binutils").success());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("bootstrap", options.unix_permissions(0o755)).unwrap();
    zip.write_all(&fs::read(&stripped).unwrap()).unwrap();
    zip.finish().unwrap().into_inner().into()
}
