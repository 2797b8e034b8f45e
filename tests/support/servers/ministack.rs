//! ministack: S3, and the control plane of CloudFront.

use std::{net::TcpStream, sync::OnceLock};

use super::{Server, installed, start, wait_for};
use crate::support::http;

/// The server, started by whoever asks first.
pub fn ministack() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server { port: http::free_port(), access_key: "test", secret_key: "test" };
        let folder = tempfile::Builder::new().prefix("ministack-").tempdir().unwrap().keep();
        let path = folder.display().to_string();
        let environment = [
            ("GATEWAY_PORT", server.port.to_string()),
            ("BIND_HOST", "127.0.0.1".into()),
            ("S3_DATA_DIR", format!("{path}/s3")),
            ("TMPDIR", path),
            ("LOG_LEVEL", "WARNING".into()),
        ];
        start(installed("ministack/bin/ministack"), Vec::new(), &environment, folder.clone());
        wait_for("ministack", &folder, || {
            TcpStream::connect(("127.0.0.1", server.port)).is_ok()
                && http::get(server.port, "/_ministack/health").status == 200
        });
        server
    })
}
