//! The performance guide's load test, its Locust file as it stands there: see benches/ for the measurements.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::support::{Folder, Process};

/// What Locust says of one URL.
#[derive(Debug, Deserialize)]
struct Statistics {
    name: String,
    num_requests: u64,
    num_failures: u64,
}

#[test]
fn the_guides_locust_file_finds_no_failure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let locust = root.join("target/locust/bin/locust");
    assert!(locust.exists(), "{} is missing: run `.ci/install test`", locust.display());

    let folder = Folder::new();
    let api = Process::start(folder.path(), &[]);
    let output = Command::new(locust)
        .args(["--headless", "--json", "--users", "30", "--spawn-rate", "30", "--run-time", "10s", "--host"])
        .arg(format!("http://{}", api.address()))
        .arg("--locustfile")
        .arg(root.join("benches/api/locustfile.py"))
        .output()
        .unwrap();

    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {log}", output.status);
    let found: Vec<Statistics> = serde_json::from_slice(&output.stdout).unwrap();
    let failures: u64 = found.iter().map(|url| url.num_failures).sum();
    assert_eq!(failures, 0, "{found:?} {log}");
    let requests: BTreeMap<_, _> = found.iter().map(|url| (url.name.as_str(), url.num_requests)).collect();
    let paths = ["/api/v1/plans/catalog", "/api/v1/recommendations/user_123", "/api/v1/users/profile"];
    assert!(requests.keys().eq(&paths) && requests.values().all(|&count| count > 5), "{requests:?}");
}
