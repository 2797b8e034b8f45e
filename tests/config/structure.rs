//! Keys, types and syntax.

use super::{check, only_problem, problems};

const ENVIRONMENTS: &str = "environments: { local: { target: local } }\n";

#[test]
fn every_kind_of_mistake_has_a_rule_and_a_place() {
    let head = format!("version: 1\n{ENVIRONMENTS}");
    for (rule, case) in [
        ("unknown-key", "site: { ▶outptu: dist }"),
        ("wrong-type", "site: { spa: ▶\"yes\" }"),
        ("wrong-type", "▶site:"),
        ("wrong-type", "site: { env: { PORT: ▶3000 } }"),
        ("wrong-type", "site: {}\nreleases: { keep: ▶-1.5 }"),
        ("out-of-range", "site: {}\nreleases: { keep: ▶-1 }"),
        ("not-allowed", "site: {}\ncompression: { encodings: [br, ▶zst] }"),
        ("not-allowed", "site: {}\nsecurity_headers: { x_frame_options: ▶deny }"),
        ("wrong-format", "site: {}\ncompression: { max_size: ▶big }"),
        ("missing-key", "site: {}\ncache: [▶{ match: a/** }]"),
        ("duplicate-key", "site: {}\n▶site: { spa: false }"),
        ("yaml-tag", "site: { root: ▶!Ref Frontend }"),
        ("unknown-key", "site: { ▶<<: { root: web } }"),
        ("variable-syntax", "site: { build: ▶\"${A-b}\" }"),
    ] {
        only_problem(rule, &format!("{head}{case}\n"));
    }
}

#[test]
fn what_must_be_there_is_asked_for() {
    let missing = |text: &str| problems(text).iter().map(|p| (p.rule, p.message.clone())).collect::<Vec<_>>();
    assert_eq!(missing("version: 1\nsite: {}\n"), [("missing-key", "the file has no `environments`".to_owned())]);
    let text = "version: 1\nsite: {}\nreleases: { keep: 0 }\n";
    assert_eq!(missing(text).iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), ["missing-key", "keep-zero"]);
    assert_eq!(missing("site: {}\nenvironments: { local: { target: local } }\n").len(), 1);
    assert_eq!(missing("version: 1\nsite: {}\nenvironments: {}\n")[0].1, "`environments` is empty");
    assert_eq!(
        missing("version: 2\nsite: {}\nenvironments: { local: { target: local } }\n")[0].1,
        "`version` is `2`, must be 1"
    );
}

#[test]
fn help_names_what_was_meant() {
    let help = |case: &str| only_problem("unknown-key", &format!("version: 1\n{ENVIRONMENTS}{case}\n")).help;
    assert_eq!(help("site: { ▶outptu: dist }"), "did you mean `output`?");
    assert_eq!(help("site: {}\n▶bucket: b"), "`bucket` belongs under `environments.<name>`");
    assert_eq!(help("site: {}\n▶clean_urls: true"), "`clean_urls` belongs under `site`");
    let quoted = only_problem("wrong-type", &format!("version: 1\n{ENVIRONMENTS}site: {{ env: {{ PORT: ▶3000 }} }}\n"));
    assert_eq!(quoted.help, "put quotes around it: \"3000\"");
    let meant = only_problem("not-allowed", &format!("version: 1\n{ENVIRONMENTS}site: {{}}\ninvalidation: ▶minimum\n"));
    assert_eq!(meant.help, "did you mean `minimal`?");
}

#[test]
fn what_is_no_configuration_is_one_clear_problem() {
    for (rule, marked) in [
        ("not-a-mapping", "▶"),
        ("not-a-mapping", "▶# only a comment\n"),
        ("not-a-mapping", "▶- a\n- b\n"),
        ("not-a-mapping", "▶just text\n"),
        ("yaml-documents", "version: 1\n▶---\nversion: 1\n"),
        ("yaml-syntax", "site: {▶\n"),
    ] {
        let text = marked.replace('▶', "");
        let found = problems(&text);
        assert_eq!(found.iter().map(|p| p.rule).collect::<Vec<_>>(), [rule], "{text:?}: {found:?}");
    }
    let tab = &problems("version: 1\nsite:\n\troot: .\n")[0];
    assert_eq!(
        (tab.rule, tab.line, tab.help.as_str()),
        ("yaml-syntax", 3, "indent with spaces: YAML takes no tabs there")
    );
    let complex = &problems("? [a, b]\n: c\n")[0];
    assert_eq!(complex.rule, "yaml-key");
}

#[test]
fn bombs_are_defused() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let last = level - 1;
        let line = format!("a{level}: &a{level} [{}]\n", vec![format!("*a{last}"); 10].join(", "));
        aliases.push_str(&line);
    }
    for bomb in [
        aliases,
        "[".repeat(100_000),
        format!("a: {}", "{a: ".repeat(5_000)),
        "- ".repeat(50_000),
        "- a\n".repeat(30_000),
    ] {
        let found = problems(&bomb);
        assert_eq!(found.len(), 1);
        assert!(["yaml-limit", "yaml-syntax"].contains(&found[0].rule), "{found:?}");
    }
}

#[test]
fn windows_files_are_read_like_others() {
    let text = format!("\u{feff}version: 1\r\n{}site:\r\n  spa: \"yes\"\r\n", ENVIRONMENTS.replace('\n', "\r\n"));
    let found = problems(&text);
    assert_eq!(found.iter().map(|p| (p.rule, p.line, p.column)).collect::<Vec<_>>(), [("wrong-type", 4, 8)]);
    assert!(check(text.replace("\"yes\"", "true"), "local", &[]).config.is_some());
}

#[test]
fn anchors_and_aliases_work() {
    let text =
        "version: 1\nsite: {}\nenvironments:\n  a: &a { bucket: my-bucket, region: us-east-1, cdn: none }\n  b: *a\n";
    let checked = check(text, "b", &[]);
    assert_eq!(checked.problems.summary(), "no problems");
}
