//! Real servers that speak AWS's protocols, one of each for the whole test run. They end with it.

mod ministack;
mod moto;
mod scripted;
mod seaweed;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use treebeard_cdn::remote::aws::{Access, Checksums, Connection};

pub use ministack::{ministack, strict_ministack, user};
pub use moto::{LOOKS, moto};
pub use scripted::{Answer, Received, Scripted};
pub use seaweed::seaweed;

pub const REGION: &str = "us-east-1";

/// A running server.
#[derive(Debug)]
pub struct Server {
    pub port: u16,
    pub access_key: &'static str,
    pub secret_key: &'static str,
}

impl Server {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How a deployer would connect.
    pub fn access(&self) -> Access {
        Access {
            region: REGION.into(),
            endpoint_url: Some(self.endpoint()),
            profile: None,
            role_arn: None,
            checksums: Checksums::Auto,
        }
    }

    /// The environment of a command of ours that talks to this server.
    pub fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", self.access_key.into()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key.into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("AWS_CONFIG_FILE", "/dev/null".into()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
        ]
    }

    pub async fn connection(&self) -> Connection {
        Connection::with_keys(&self.access(), self.access_key, self.secret_key, None).await.unwrap()
    }

    /// The SDK's own client, for what a deployer never does.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint())
            .force_path_style(true)
            .credentials_provider(self.credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// What every other client of the SDK is made from.
    pub fn sdk(&self) -> aws_config::SdkConfig {
        aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(self.endpoint())
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }

    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.access_key, self.secret_key, None, None, "test")
    }

    /// A bucket of its own for a test.
    pub async fn bucket(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        self.s3().create_bucket().bucket(&name).send().await.unwrap();
        name
    }
}

/// A program that `.ci/install test` puts under `target/`.
pub fn installed(path: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path);
    assert!(program.exists(), "{} is missing: run `.ci/install test`", program.display());
    program
}

/// A file of a Python package in the folder of packages that `.ci/install test` makes.
pub fn python_package(folder: &str, path: &str) -> PathBuf {
    let lib = installed(&format!("{folder}/lib"));
    let version = lib.read_dir().unwrap().next().expect("one version of Python").unwrap().file_name();
    installed(&format!("{folder}/lib/{}/site-packages/{path}", version.display()))
}

/// Starts a server under the supervisor, which kills it and removes `folder` when this process is gone.
fn start(program: PathBuf, args: Vec<String>, envs: &[(&str, String)], folder: PathBuf) {
    let spec = supervise::Spec {
        args: args.into_iter().map(Into::into).collect(),
        envs: envs.iter().map(|(name, value)| ((*name).into(), value.into())).collect(),
        cwd: Some(folder.clone()),
        grace: Duration::ZERO,
        output: supervise::Output::File(folder.join("output.log")),
        remove_after: vec![folder],
        supervisor: Some(env!("CARGO_BIN_EXE_treebeard-cdn").into()),
        ..supervise::Spec::new(program)
    };
    // Both outlive the test that asks first, and so that test's runtime.
    let runtime = Box::leak(Box::new(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()));
    let _inside = runtime.enter();
    Box::leak(Box::new(spec.spawn().unwrap()));
}

/// A port that nobody listens on, with the one 10,000 above it.
fn free_pair() -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (0..100)
        .map(|_| super::http::free_port())
        .map(|port| if port > 50_000 { port - 20_000 } else { port })
        .find(|port| free(*port) && free(port + 10_000))
        .expect("a free pair of ports")
}

/// Waits until a server does what `works` asks.
fn wait_for(name: &str, folder: &Path, works: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !works() {
        let output = || std::fs::read_to_string(folder.join("output.log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "{name} does not answer within a minute: {}", output());
        std::thread::sleep(Duration::from_millis(50));
    }
}
