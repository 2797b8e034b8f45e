//! moto: a CloudFront whose distributions take a while until they are deployed.

use std::{net::TcpStream, sync::OnceLock};

use super::{Server, installed, start, wait_for};
use crate::support::http;

/// How often a new distribution is found `InProgress` before it is `Deployed`.
pub const LOOKS: u32 = 3;

/// The server, started by whoever asks first.
///
/// A new distribution is `InProgress` until it has been asked after [`LOOKS`] times, by whichever operation.
pub fn moto() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server { port: http::free_port(), access_key: "test", secret_key: "test" };
        let folder = tempfile::Builder::new().prefix("moto-").tempdir().unwrap().keep();
        let args = ["-H", "127.0.0.1", "-p", &server.port.to_string()].map(str::to_owned).to_vec();
        start(installed("moto/bin/moto_server"), args, &[], folder.clone());
        wait_for("moto", &folder, || {
            TcpStream::connect(("127.0.0.1", server.port)).is_ok()
                && http::get(server.port, "/moto-api/data.json").status == 200
        });
        let transition = serde_json::json!({
            "model_name": "cloudfront::distribution",
            "transition": { "progression": "manual", "times": LOOKS },
        });
        let body = transition.to_string();
        let headers = [("Content-Type", "application/json")];
        let reply =
            http::request(server.port, "POST", "/moto-api/state-manager/set-transition", &headers, body.as_bytes());
        assert_eq!(reply.status, 201, "{}", reply.text());
        server
    })
}
