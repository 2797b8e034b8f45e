//! The comparison of `benches/`, run on a site of twenty files: not how fast, but that whole and true records come out.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::support::{Project, servers::installed};

const SCENARIOS: [&str; 5] = ["cold", "noop", "rebuilt", "delta", "headers"];

fn python(project: &Project, args: &[&str]) -> Output {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let output = Command::new("python3")
        .args(args)
        .current_dir(&benches)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BENCH_DIR", project.path("scratch"))
        .env("TREEBEARD_CDN", env!("CARGO_BIN_EXE_treebeard-cdn"))
        .env("RCLONE", installed("tools/bin/rclone"))
        .env("WEED", installed("tools/bin/weed"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn a_round_gives_whole_records_and_tables() {
    let project = Project::new();
    for number in 0..20 {
        let text = format!("<!doctype html><title>{number}</title><p>{}", "text ".repeat(60));
        project.write(&format!("sites/tiny/v1/page-{number}.html"), text);
    }
    project.write("sites/tiny/v1/index.html", "<!doctype html><title>home</title>");
    let (sites, out) = (project.path("sites"), project.path("records.jsonl"));
    let (sites, out) = (sites.to_str().unwrap(), out.to_str().unwrap());
    let next = "import sites, sys; from pathlib import Path; sites.make_next_version(Path(sys.argv[1], 'tiny'))";
    python(&project, &["-c", next, sites]);

    let what = ["--site", "tiny", "--sites", sites, "--peers", "ours,rclone", "--rounds", "1", "--out", out];
    python(&project, &[&["deploy.py"], &what[..]].concat());

    let records = std::fs::read_to_string(out).unwrap();
    let mut records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let head = records.next().unwrap();
    for program in ["ours", "rclone", "weed"] {
        assert!(head["versions"][program].is_string(), "{head}");
    }
    let records: Vec<_> = records.collect();
    let runs: Vec<_> =
        records.iter().map(|it| (it["peer"].as_str().unwrap(), it["scenario"].as_str().unwrap())).collect();
    let expected: Vec<_> =
        ["ours", "rclone"].iter().flat_map(|peer| SCENARIOS.map(|scenario| (*peer, scenario))).collect();
    assert_eq!(runs, expected);
    for record in &records {
        assert_eq!(record["exit"], 0, "{record}");
        for figure in ["wall_s", "cpu_s", "peak_mb"] {
            assert!(record[figure].as_f64().unwrap() > 0.0, "{record}");
        }
        if let Some(differences) = record["differences"].as_object() {
            assert!(differences.values().all(|count| *count == 0), "{record}");
        }
    }
    let count = |record: &Value, kind: &str| record["requests"][kind].as_u64().unwrap_or(0);
    assert!(count(&records[0], "PUT") >= 21 && count(&records[5], "PUT") == 21, "{records:?}");
    for unchanged in &records[1..3] {
        let requests = unchanged["requests"].as_object().unwrap();
        assert!(requests.values().filter_map(Value::as_u64).sum::<u64>() <= 2, "{unchanged}");
        assert_eq!(count(unchanged, "LIST"), 0, "{unchanged}");
    }
    assert_eq!(records[3]["differences"]["stale_same_size_and_time"], 0, "a change that times and sizes do not show");
    assert_eq!([&records[4], &records[9]].map(|it| it["header_changed"].as_bool().unwrap()), [true, false]);

    let tables = python(&project, &["report.py", out]);
    let tables = String::from_utf8(tables.stdout).unwrap();
    for scenario in SCENARIOS {
        assert!(tables.contains(&format!("| {scenario} | wall s")), "{tables}");
    }
}
