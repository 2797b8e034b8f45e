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
    let project = project(WRONG);
    let annotations = |args: &[&str], workspace: &std::path::Path| {
        let mut command = project.command(args);
        let output = command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", workspace).output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(stdout.lines().all(|line| !line.starts_with("::")), "{stdout}");
        let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect();
        (stdout, lines.join("\n"))
    };
    let here = project.path("");
    let (_, lines) = annotations(&["check"], &here);
    insta::assert_snapshot!(lines);
    // Also where standard output is one document, where another command fails, and from the repository's root.
    let (document, same) = annotations(&["check", "--json"], &here);
    assert_eq!(same, lines);
    serde_json::from_str::<serde_json::Value>(&document).unwrap();
    assert_eq!(annotations(&["plan"], &here).1, lines);
    let folder = format!("{}/cdn-config.yml", here.file_name().unwrap().display());
    assert_eq!(
        annotations(&["check"], here.parent().unwrap()).1,
        lines.replace("file=cdn-config.yml", &format!("file={folder}"))
    );
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
