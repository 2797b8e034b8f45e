//! `check` as people and machines see it.

use super::SHIPPED;
use crate::support::Project;

const WRONG: &str = "\
version: 1
site: { root: frontend, outptu: dist }
releases: { keep: 0, grace: 7d }
security_headers:
  content_security_policy: { policy: \"default-src 'self' 'unsafe-eval'\" }
environments:
  local: { target: local }
";

fn project(text: &str) -> Project {
    let project = Project::new();
    project.write("cdn-config.yml", text);
    project
}

#[test]
fn problems_are_shown_with_their_lines() {
    let run = project(WRONG).run(&["check"]);
    assert_eq!((run.code, run.stderr.as_str()), (3, ""));
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn problems_are_data_with_json() {
    let run = project(WRONG).run(&["check", "--json"]);
    assert_eq!(run.code, 3);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn warnings_alone_are_no_failure() {
    let warning = WRONG.replace("outptu", "output").replace("keep: 0", "keep: 1");
    let run = project(&warning).run(&["check"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.ends_with("cdn-config.yml: 1 warning\n"), "{}", run.stdout);
    let fine = project(SHIPPED).run(&["check", "--json"]);
    assert_eq!((fine.code, fine.json()), (0, serde_json::json!({ "problems": [] })));
}

#[test]
fn workflows_get_annotations() {
    let output = project(WRONG).command(&["check"]).env("GITHUB_ACTIONS", "true").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let annotations: Vec<_> = stdout.lines().filter(|line| line.starts_with("::")).collect();
    insta::assert_snapshot!(annotations.join("\n"));
}

#[test]
fn other_commands_refuse_with_the_same_words() {
    let run = project(WRONG).run(&["build", "--json"]);
    assert_eq!(run.code, 3, "{run:?}");
    let error = &run.json()["error"];
    assert_eq!(error["rule"], "config-invalid");
    assert_eq!(error["details"]["problems"].as_array().unwrap().len(), 3);
    assert!(
        run.stderr.contains("error[keep-zero]") && run.stderr.contains("--> cdn-config.yml:3:19"),
        "{}",
        run.stderr
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = Project::new().run(&["check", "--json"]);
    assert_eq!((missing.code, &missing.json()["error"]["rule"]), (3, &"config-missing".into()));

    let folder = Project::new().run(&["check", "--json", "--config", "."]);
    assert_eq!((folder.code, &folder.json()["error"]["message"]), (3, &". is a folder".into()));

    let project = Project::new();
    project.write("cdn-config.yml", b"version: 1\nsite: { root: caf\xe9 }\n");
    let encoding = project.run(&["check", "--json"]);
    assert_eq!(encoding.code, 3);
    assert_eq!(encoding.json()["error"]["message"], "cdn-config.yml is not UTF-8 in line 2");

    project.write("cdn-config.yml", vec![b'#'; (1 << 20) + 1]);
    assert_eq!(project.run(&["check", "--json"]).json()["error"]["rule"], "config-too-large");
}

#[test]
fn a_long_line_is_shown_around_its_column() {
    let text = format!(
        "{{version: 1, site: {{ env: {{ A: \"{}\" }}, x: 1 }}, environments: {{ local: {{ target: local }} }}}}",
        "é".repeat(500)
    );
    let run = project(&text).run(&["check"]);
    let lines: Vec<_> = run.stdout.lines().collect();
    let (source, mark) = (lines[3], lines[4]);
    let column = mark.chars().position(|c| c == '^').unwrap();
    assert_eq!(source.chars().nth(column), Some('x'), "{}", run.stdout);
    assert!(source.chars().count() < 130);
}
