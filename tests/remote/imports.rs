//! The direction of imports: a room sees only what lies below it.

use std::{fs, path::Path};

/// Each room, and the rooms that its files may name.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("config", &["error", "model", "config"]),
    ("site", &["error", "model", "config", "site"]),
    ("package", &["error", "model", "config", "site", "package"]),
    ("plan", &["error", "model", "config", "plan"]),
    ("remote", &["error", "model", "remote"]),
    ("apply", &["error", "model", "plan", "remote"]),
    ("verify", &["error", "model", "config", "plan", "remote", "verify"]),
    ("report", &["error", "model", "site", "plan", "remote", "apply", "report"]),
];

/// What a pure room does not touch: disk, network, clock, environment, processes.
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::env", "std::process", "tokio::", "SystemTime::now", "Instant::now"];

fn sources(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
    }
}

fn room(name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name), &mut found);
    assert!(!found.is_empty(), "{name} has no sources");
    found
}

/// The rooms that a source names through `crate::`, single or in a braced list.
fn named(source: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, prefix) in source.match_indices("crate::") {
        let rest = &source[at + prefix.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => rooms.push(std::mem::take(&mut item)),
                    _ if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            rooms.push(item);
        } else {
            rooms.push(rest.to_owned());
        }
    }
    let first =
        |room: String| room.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned();
    rooms.into_iter().map(first).filter(|room| !room.is_empty()).collect()
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    for (name, allowed) in ROOMS {
        for (file, source) in room(name) {
            for other in named(&source) {
                assert!(allowed.contains(&other.as_str()), "{file} imports crate::{other}");
            }
        }
    }
}

#[test]
fn model_and_plan_do_no_io_and_read_no_clock() {
    for (file, source) in ["model", "plan"].into_iter().flat_map(room) {
        for impure in IMPURE {
            assert!(!source.contains(impure), "{file} has {impure}");
        }
    }
}

#[test]
fn the_reader_of_imports_sees_single_and_braced_ones() {
    let source =
        "use crate::site;\nuse crate::{\n    error::{A, b::C},\n    model::x,\n};\nlet y = crate::edge::running();";
    assert_eq!(named(source), ["site", "error", "model", "edge"]);
}
