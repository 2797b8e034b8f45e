//! ministack: S3, the control plane of CloudFront, and its data plane.

use std::{
    net::TcpStream,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use super::{Server, installed, start, wait_for};
use crate::support::{http, proxy::Proxy};

/// The server, started by whoever asks first. Does whatever it is asked, whoever asks.
pub fn ministack() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| launch(&[]))
}

/// Another one, which does what the caller's policies allow and nothing else. The keys in [`Server`] are the account's
/// own, which may do everything; [`user`] makes others.
pub fn strict_ministack() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = launch(&[("AUTH", "true".into())]);
        // A proxy, because it words CloudFront's refusals as CloudFront does.
        Server { port: Proxy::new(server.port).port, ..server }
    })
}

fn launch(settings: &[(&str, String)]) -> Server {
    let server = Server { port: http::free_port(), access_key: "test", secret_key: "test" };
    let folder = tempfile::Builder::new().prefix("ministack-").tempdir().unwrap().keep();
    let path = folder.display().to_string();
    let environment = [
        ("GATEWAY_PORT", server.port.to_string()),
        ("BIND_HOST", "127.0.0.1".into()),
        ("S3_DATA_DIR", format!("{path}/s3")),
        ("TMPDIR", path),
        ("LOG_LEVEL", "WARNING".into()),
        // Where its functions find the other services.
        ("AWS_ENDPOINT_URL", server.endpoint()),
    ];
    start(installed("ministack/bin/ministack"), Vec::new(), &[&environment, settings].concat(), folder.clone());
    wait_for("ministack", &folder, || {
        TcpStream::connect(("127.0.0.1", server.port)).is_ok()
            && http::get(server.port, "/_ministack/health").status == 200
    });
    server
}

/// `server` as a new user sees it, who may do what `policy` says.
pub fn user(server: &Server, policy: &serde_json::Value) -> Server {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("user-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    iam(server, &[("Action", "CreateUser"), ("UserName", &name)]);
    let policy = policy.to_string();
    let grant = [("UserName", &*name), ("PolicyName", "all"), ("PolicyDocument", &policy)];
    iam(server, &[&[("Action", "PutUserPolicy")], grant.as_slice()].concat());
    let made = iam(server, &[("Action", "CreateAccessKey"), ("UserName", &name)]);
    let document = roxmltree::Document::parse(&made).unwrap();
    let key = |tag: &str| {
        let element = document.descendants().find(|node| node.has_tag_name((IAM, tag)) || node.has_tag_name(tag));
        element.and_then(|node| node.text()).unwrap_or_else(|| panic!("no {tag}: {made}")).to_owned().leak()
    };
    Server { port: server.port, access_key: key("AccessKeyId"), secret_key: key("SecretAccessKey") }
}

const IAM: &str = "https://iam.amazonaws.com/doc/2010-05-08/";

/// Calls IAM as the account itself, whose signatures the emulator does not check.
fn iam(server: &Server, parameters: &[(&str, &str)]) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let body = body.append_pair("Version", "2010-05-08").extend_pairs(parameters).finish();
    let (key, scope) = (server.access_key, format!("20260101/{}/iam/aws4_request", super::REGION));
    let signed = format!("AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host, Signature=0");
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Authorization", &*signed)];
    let reply = http::request(server.port, "POST", "/", &headers, body.as_bytes());
    assert_eq!(reply.status, 200, "{parameters:?}: {}", reply.text());
    reply.text()
}
