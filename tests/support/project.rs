//! A project in a temporary folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A folder with a configuration and whatever a test writes into it. Gone when dropped.
pub struct Project {
    folder: TempDir,
}

/// What a finished command said.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// An empty folder.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a minimal configuration for a site in `dist/` that needs no build.
    pub fn with_site(files: &[(&str, &str)]) -> Self {
        let project = Self::new();
        project.write(
            "cdn-config.yml",
            "version: 1\nsite: { output: dist, spa: true }\nenvironments:\n  local: { target: local }\n",
        );
        for (path, content) in files {
            project.write(&format!("dist/{path}"), content);
        }
        project
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Copies a folder from elsewhere to `path`.
    pub fn copy_folder(&self, from: &Path, path: &str) {
        let to = self.path(path);
        for entry in walkdir::WalkDir::new(from).min_depth(1) {
            let entry = entry.unwrap();
            let target = to.join(entry.path().strip_prefix(from).unwrap());
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            if entry.file_type().is_file() {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// A command of ours in this folder, with none of the environment's own settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treebeard-cdn"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_STEP_SUMMARY");
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command of ours to its end.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// Runs a command that must succeed, with `--json`, and gives its document.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let run = self.run(&[args, &["--json"]].concat());
        assert_eq!(run.code, 0, "{args:?}: {run:?}");
        run.json()
    }
}

impl Run {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON document on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|cause| panic!("{cause}: {self:?}"))
    }

    /// The error of a command that must have been refused like this.
    #[track_caller]
    pub fn error(&self, code: i32, rule: &str) -> serde_json::Value {
        assert_eq!(self.code, code, "{self:?}");
        let error = self.json()["error"].clone();
        assert_eq!(error["rule"], rule, "{error}");
        error
    }

    /// Standard output with what differs from run to run replaced: release ids, times, durations.
    pub fn stable(&self) -> String {
        let id = |word: &str| word.len() == 28 && word.as_bytes()[8] == b'T' && word.as_bytes()[19] == b'-';
        let lines = self.stdout.lines().map(|line| {
            let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            for at in 0..words.len() {
                let bare = words[at].trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-').to_owned();
                if id(&bare) {
                    words[at] = words[at].replace(&bare, "<release>");
                }
                if words[at] == "ms" && at > 0 {
                    words[at - 1] = "<n>".into();
                }
            }
            words.join(" ")
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}
