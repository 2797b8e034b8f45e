//! Names of environments.

use serde_json::Value;

use crate::config::{
    path::KeyPath,
    problem::Problem,
    source::Source,
    words::{alternatives, did_you_mean},
};

/// A name becomes a folder of local state, beside the one of the compression cache.
pub fn name(source: &Source, name: &str, problems: &mut Vec<Problem>) {
    let path = KeyPath::from("environments").key(name);
    let at = source.key_position(&path);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(plain) || name.len() > 64 {
        let message = format!("{name:?} cannot name an environment");
        let help = "use up to 64 letters, digits, `-`, `_` and `.`, starting with a letter or digit";
        problems.push(Problem::error("environment-name", &path, at, message, help));
    } else if name.eq_ignore_ascii_case("cache") {
        let message = format!("{name:?} is taken: `.treebeard/cache` holds compressed files");
        problems.push(Problem::error("environment-name", &path, at, message, "choose another name"));
    }
}

/// `--env` names an environment that is not there.
pub fn unknown(source: &Source, chosen: &str) -> Problem {
    let path = KeyPath::from("environments");
    let written = path.of(&source.value).and_then(Value::as_object);
    let names: Vec<String> = written.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
    let meant = did_you_mean(chosen, names.iter().map(|name| name.trim_matches('`')));
    let help = match meant {
        Some(meant) => format!("did you mean `--env {meant}`? There is {}", alternatives(&names)),
        None => format!("choose one with --env: {}", alternatives(&names)),
    };
    let message = format!("there is no environment `{chosen}`");
    Problem::error("unknown-environment", &path, source.key_position(&path), message, help)
}
