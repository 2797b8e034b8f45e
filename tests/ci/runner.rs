//! Runs a composite action's steps as GitHub's runner does: the very scripts, with what the runner gives them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

pub type Values = BTreeMap<String, String>;

/// A composite action.
#[derive(Debug, Deserialize)]
pub struct Action {
    pub inputs: BTreeMap<String, Input>,
    pub outputs: BTreeMap<String, Output>,
    pub runs: Runs,
}

#[derive(Debug, Deserialize)]
pub struct Input {
    pub description: String,
    #[serde(default)]
    pub default: String,
}

#[derive(Debug, Deserialize)]
pub struct Output {
    pub description: String,
    pub value: String,
}

#[derive(Debug, Deserialize)]
pub struct Runs {
    pub using: String,
    pub steps: Vec<Step>,
}

/// A step. One with other keys would need more of a runner than this one is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    #[serde(default)]
    pub id: String,
    pub shell: String,
    #[serde(default)]
    pub env: Values,
    pub run: String,
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    pub failed: bool,
    pub outputs: Values,
    pub log: String,
    /// What this run added to the job's page.
    pub summary: String,
}

/// A job's workspace, with the environment of its steps.
pub struct Job {
    pub workspace: PathBuf,
    pub env: Vec<(&'static str, String)>,
    temp: tempfile::TempDir,
}

impl Action {
    pub fn read() -> Self {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
        serde_yaml::from_str(&text).unwrap()
    }
}

impl Job {
    pub fn new(workspace: PathBuf, env: Vec<(&'static str, String)>) -> Self {
        Self { workspace, env, temp: tempfile::tempdir().unwrap() }
    }

    /// Runs every step, or those up to the first that fails; gives the outputs in either case.
    pub fn uses(&self, action: &Action, with: &[(&str, &str)]) -> Outcome {
        let mut values: Values =
            action.inputs.iter().map(|(name, input)| (format!("inputs.{name}"), input.default.clone())).collect();
        for (name, value) in with {
            let known = values.insert(format!("inputs.{name}"), (*value).to_owned());
            assert!(known.is_some(), "the action has no input {name}");
        }
        values.insert("github.action_repository".into(), "owner/treebeard-cdn".into());
        let summary = self.file("summary");
        let mut outcome = Outcome { failed: false, outputs: Values::new(), log: String::new(), summary: String::new() };
        for step in &action.runs.steps {
            let output = self.file("output");
            outcome.failed = !self.step(step, &values, &output, &summary, &mut outcome.log);
            for (name, value) in assignments(&fs::read_to_string(&output).unwrap()) {
                values.insert(format!("steps.{}.outputs.{name}", step.id), value);
            }
            if outcome.failed {
                break;
            }
        }
        outcome.summary = fs::read_to_string(summary).unwrap();
        outcome.outputs =
            action.outputs.iter().map(|(name, output)| (name.clone(), evaluate(&output.value, &values))).collect();
        outcome
    }

    fn step(&self, step: &Step, values: &Values, output: &Path, summary: &Path, log: &mut String) -> bool {
        assert_eq!(step.shell, "bash");
        let script = self.file("script.sh");
        fs::write(&script, &step.run).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(script).current_dir(&self.workspace);
        command.envs([
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "owner/site"),
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", "X64"),
        ]);
        for (name, path) in [
            ("GITHUB_WORKSPACE", &*self.workspace),
            ("GITHUB_OUTPUT", output),
            ("GITHUB_STEP_SUMMARY", summary),
            ("RUNNER_TEMP", self.temp.path()),
        ] {
            command.env(name, path);
        }
        command.envs(self.env.iter().cloned());
        command.envs(step.env.iter().map(|(name, value)| (name, evaluate(value, values))));
        let done = command.output().unwrap();
        log.push_str(&String::from_utf8(done.stdout).unwrap());
        log.push_str(&String::from_utf8(done.stderr).unwrap());
        done.status.success()
    }

    /// An empty file of its own.
    fn file(&self, name: &str) -> PathBuf {
        let file = tempfile::Builder::new().suffix(name).tempfile_in(self.temp.path()).unwrap();
        file.keep().unwrap().1
    }
}

/// A text with its `${{ … }}` replaced. Names only: everything else would be code that these tests do not run.
fn evaluate(text: &str, values: &Values) -> String {
    let mut parts = text.split("${{");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").unwrap();
        let expression = expression.trim();
        let value = values.get(expression).cloned().unwrap_or_default();
        assert!(expression.starts_with("steps.") || values.contains_key(expression), "nothing is called {expression}");
        result.push_str(&value);
        result.push_str(rest);
    }
    result
}

/// What a step wrote into `$GITHUB_OUTPUT`: `name=value`, or `name<<delimiter`, lines, `delimiter`.
fn assignments(text: &str) -> Values {
    let mut values = Values::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some((name, delimiter)) = line.split_once("<<").filter(|(name, _)| !name.contains('=')) {
            let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
            values.insert(name.into(), value.join("\n"));
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("no assignment: {line:?}"));
            values.insert(name.into(), value.into());
        }
    }
    values
}
