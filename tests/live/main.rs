//! What only AWS can show, in an account of yours. Everything that it makes has a name that begins with
//! `treebeard-live-`, and is removed at its end. It costs cents and takes 20 to 40 minutes:
//!
//! ```sh
//! TREEBEARD_LIVE_AWS=1 cargo test --test live
//! ```
//!
//! Credentials are found as by the AWS command line; they need what `treebeard-cdn iam-policy` prints for `provision`
//! and for `deploy`. It has no domain, no API, no web ACL and no bucket for logs to try: docs/cdn-setup.md, "Not verified
//! on AWS", says what that leaves out.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const SCRIPT: &str = "export const text = 'the same words again and again, the same words again and again';";

/// Every setting that needs nothing else of the account.
const SETTINGS: &str = "price_class: PriceClass_100
tags: { purpose: test }
geo: { deny: [AQ] }
origin_shield: us-east-1
cors: { allow_origins: ['https://app.example.com', 'https://*.example.org'], allow_headers: [X-Own], max_age: 600 }
security_headers: { x_xss_protection: '1;mode=block' }
response_headers: { Permissions-Policy: 'geolocation=()' }
error_responses: [{ error_code: 503, response_code: 503, response_page_path: /503.html }]";

/// A site of its own, removed when dropped.
struct Site {
    folder: TempDir,
    bucket: String,
}

impl Site {
    fn new() -> Self {
        let asked = std::env::var("TREEBEARD_LIVE_AWS").is_ok_and(|it| it == "1");
        assert!(asked, "this makes resources in your AWS account: set TREEBEARD_LIVE_AWS=1 if you mean it");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let site = Self { folder: tempfile::tempdir().unwrap(), bucket: format!("treebeard-live-{now}") };
        site.configure("");
        site.page("one");
        site.write("dist/assets/app.1a2b3c4d.js", SCRIPT);
        site
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn page(&self, text: &str) {
        self.write("dist/index.html", &format!("<script type=module src=/assets/app.1a2b3c4d.js></script>{text}"));
    }

    fn configure(&self, top: &str) {
        let region = std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".into());
        let bucket = &self.bucket;
        self.write(
            "cdn-config.yml",
            &format!("version: 1\nsite: {{ output: dist }}\n{top}\nenvironments:\n  live: {{ bucket: {bucket}, region: {region} }}\n"),
        );
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treebeard-cdn"));
        command.args(["--env", "live", "--json"]).args(args).current_dir(self.folder.path());
        command.stderr(std::process::Stdio::inherit()).output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if Path::new(&self.folder.path().join("cdn-config.yml")).exists() {
            let output = self.run(&["provision", "--destroy", "--with-content", "--yes"]);
            if !output.status.success() {
                eprintln!("left behind: everything whose name has {}; run the removal again", self.bucket);
            }
        }
    }
}

/// Status and headers, in lower case, of a request as curl makes it.
fn ask(url: &str, more: &[&str]) -> (u16, String) {
    let output = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "-D", "-", "--max-time", "60"])
        .args(more)
        .arg(url)
        .output();
    let output = output.expect("curl starts: install curl");
    let head = String::from_utf8(output.stdout).unwrap().to_lowercase();
    let status = head.split_whitespace().nth(1).and_then(|it| it.parse().ok());
    (status.unwrap_or_else(|| panic!("{url}: {}", String::from_utf8_lossy(&output.stderr))), head)
}

#[test]
fn a_site_comes_into_being_changes_and_goes() {
    let site = Site::new();
    let made = site.json(&["provision", "--yes"]);
    let url = format!("https://{}", made["distribution"]["domain"].as_str().unwrap());

    // What AWS fills in by itself is not drift.
    let plan = site.json(&["plan", "--only", "infra"]);
    assert_eq!(plan["changes"], json!(false), "{plan:#}");

    // Conditional writes, checksums, the lease; and every representation through real edges.
    site.json(&["deploy"]);
    site.json(&["verify", "--all"]);
    let (status, head) = ask(&url, &["-H", "Accept-Encoding: br"]);
    assert_eq!(status, 200);
    assert!(head.contains("content-encoding: br") && head.contains("vary:"), "{head}");
    assert!(!head.contains("x-amz-version-id") && !head.contains("x-amz-server-side-encryption"), "{head}");
    assert_eq!(ask(&format!("{url}/some/route"), &[]).0, 200);

    // A missing file is a 404 to a distribution that may list the bucket, with the security headers.
    let (status, head) = ask(&format!("{url}/assets/none.js"), &[]);
    assert_eq!(status, 404);
    assert!(head.contains("strict-transport-security:") && head.contains("x-frame-options:"), "{head}");
    assert_eq!(ask(&format!("{url}/_tb/ledger/pointer.json"), &[]).0, 404);

    // Plain HTTP is redirected; the bucket answers nobody else.
    let (status, head) = ask(&url.replace("https://", "http://"), &[]);
    assert!(status == 301 && head.contains("location: https://"), "{status} {head}");
    assert_eq!(ask(&format!("https://{}.s3.amazonaws.com/index.html", site.bucket), &["-L"]).0, 403);

    // An invalidation reaches the rewritten key, whatever path the viewer used: `deploy` verifies it.
    for text in ["two", "one", "two"] {
        site.page(text);
        let done = site.json(&["deploy"]);
        assert!(done["invalidation"]["id"].is_string(), "{done:#}");
    }
    site.json(&["rollback"]);
    site.json(&["verify", "--all"]);

    // A change of settings, and back.
    site.configure(SETTINGS);
    site.json(&["provision", "--yes"]);
    assert_eq!(site.json(&["plan", "--only", "infra"])["changes"], json!(false));
    let (_, head) = ask(&url, &["-H", "Origin: https://app.example.com"]);
    assert!(
        head.contains("permissions-policy: geolocation=()") && head.contains("x-xss-protection: 1; mode=block"),
        "{head}"
    );
    assert!(head.contains("access-control-allow-origin: https://app.example.com"), "{head}");
    site.configure("");
    site.json(&["provision", "--yes"]);
    assert_eq!(site.json(&["plan", "--only", "infra"])["changes"], json!(false));
    assert!(!ask(&url, &[]).1.contains("permissions-policy:"));

    site.json(&["provision", "--destroy", "--with-content", "--yes"]);
    let plan = site.json(&["plan", "--only", "infra"]);
    let left = plan["infrastructure"].as_array().unwrap().iter().filter(|it| it["action"] != "create").count();
    assert_eq!(left, 0, "{plan:#}");
}
