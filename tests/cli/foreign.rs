//! Somebody else's app: built by others, with an API that is not ours, by the README's words.

use std::{fs, path::Path, process::Command};

use crate::support::{Project, Served};

/// A single-page app that ships inside an npm package.
const FOREIGN: &str = "frontend/node_modules/playwright-core/lib/vite/traceViewer";

const API: &str = r#"
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "cookie": self.headers.get("cookie")}).encode()
        self.send_response(200 if self.path == "/health" or self.path.startswith("/api/") else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Api).serve_forever()
"#;

#[test]
fn a_foreign_app_and_a_foreign_api_are_served() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOREIGN);
    assert!(source.join("index.html").exists(), "{FOREIGN} is missing: run `npm ci` in frontend/");
    let project = Project::new();
    project.copy_folder(&source, "dist");
    project.write("server.py", API);

    assert_eq!(project.run(&["init"]).code, 0);
    let config = fs::read_to_string(project.path("cdn-config.yml")).unwrap();
    let api = "api:\n  path: \"/api/*\"\n  local: { command: \"python3 server.py\", health: /health }\n";
    project.write("cdn-config.yml", config + api);
    let check = project.run(&["check"]);
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.stdout.contains("no problems"), "{check:?}");

    let served = Served::start(project.command(&["deploy", "--serve", "--port", "0"]));
    let verified = project.run(&["verify", "--all"]);
    assert_eq!(verified.code, 0, "{verified:?}");

    let url = format!("{}/api/echo?a=1&b=%20", served.url);
    let curl = |args: &[&str]| {
        let output = Command::new("curl").args(args).output().expect("curl starts: install curl");
        String::from_utf8(output.stdout).unwrap()
    };
    let answer = curl(&["-sf", "--retry", "20", "--retry-delay", "1", "-H", "Cookie: k=v", &url]);
    assert_eq!(answer, r#"{"path": "/api/echo?a=1&b=%20", "cookie": "k=v"}"#);
    let head = curl(&["-sI", "-X", "GET", &url]);
    assert!(head.to_lowercase().contains("cache-control: no-cache, no-store, must-revalidate"), "{head}");
    assert_eq!(served.interrupt(), 130);
}
