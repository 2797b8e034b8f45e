//! What is said of the settings of the API's function, and what is not.

use super::{only_problem, problems};
use crate::support::Project;

/// What nobody may see.
const SECRET: &str = "hunter2";

/// Settings under `api` with something wrong, and with values that may be secrets.
const CASES: &[(&str, &str)] = &[
    ("plain-secret", "  lambda:\n    environment:\n      DATABASE_PASSWORD: hunter2\n"),
    ("plain-secret", "  lambda: { environment: { DATABASE_PASSWORD: 'hunter2', OTHER: \"hunter2\" }, memory: 1GiB }\n"),
    (
        "plain-secret",
        "  lambda:\n    environment:\n      PEM: |\n        -----BEGIN PRIVATE KEY-----\n        hunter2\n",
    ),
    ("secret-reference", "  lambda:\n    secrets:\n      DATABASE_URL: hunter2\n"),
    ("lambda-memory", "  lambda: { memory: 1MiB, environment: { DATABASE: hunter2 } }\n"),
    ("duplicate-key", "  lambda: { environment: { AB: hunter2, AB: hunter2 } }\n"),
    ("wrong-type", "  lambda: { environment: [DATABASE=hunter2] }\n"),
    ("wrong-type", "  lambda: { environment: DATABASE=hunter2 }\n"),
    ("variable-syntax", "  lambda: { environment: { DATABASE: 'x${hunter2' } }\n"),
    ("unknown-key", "  lambda: { enviroment: { DATABASE: hunter2 } }\n"),
    ("unknown-key", "  environment: { DATABASE: hunter2 }\n"),
    ("yaml-syntax", "  lambda: { environment: { DATABASE: hunter2 }\n"),
    ("yaml-syntax", "  lambda:\n    environment:\n      DATABASE: hunter2: x\n"),
];

#[test]
fn no_value_of_its_environment_is_shown() {
    for (rule, api) in CASES {
        let project = Project::new();
        let text = format!(
            "version: 1\nsite: {{ root: frontend, output: dist }}\nenvironments: {{ local: {{ target: local }} }}\n\
             api:\n  local: {{ command: x }}\n{api}"
        );
        project.write("cdn-config.yml", text);
        for args in [&["check"][..], &["check", "--json"], &["build"], &["build", "--json"]] {
            let run = project.run(args);
            assert_eq!(run.code, 3, "{api}: {run:?}");
            assert!(run.stdout.contains(rule) || run.stderr.contains(rule), "{api}: {run:?}");
            assert!(!format!("{run:?}").contains(SECRET), "{api}: {run:?}");
        }
    }
}

#[test]
fn a_number_there_is_not_shown_either() {
    let problem = only_problem(
        "wrong-type",
        "version: 1\nsite: {}\nenvironments: { local: { target: local } }\n\
         api: { local: { command: x }, lambda: { environment: { PIN: ▶7357 } } }\n",
    );
    assert!(!format!("{problem:?}").contains("7357"), "{problem:?}");
}

#[test]
fn the_key_is_shown_and_the_mark_stays_at_the_value() {
    let project = Project::new();
    let text = "version: 1\nsite: {}\nenvironments: { local: { target: local } }\n\
                api: { local: { command: x }, lambda: { environment: { TOKEN: hunter2, MORE: hunter2 }, memory: 1MiB } }\n";
    project.write("cdn-config.yml", text);
    let shown = project.run(&["check"]).stdout;
    let lines: Vec<_> = shown.lines().collect();
    let marked = |rule: &str| {
        let at = lines.iter().position(|line| line.contains(rule)).unwrap();
        let column = lines[at + 4].chars().position(|c| c == '^').unwrap();
        lines[at + 3].chars().skip(column).collect::<String>()
    };
    assert!(marked("plain-secret").starts_with("***    , MORE: ***"), "{shown}");
    assert_eq!(marked("lambda-memory"), "1MiB } }", "{shown}");
}

#[test]
fn variables_are_as_long_as_lambda_takes_them_and_no_longer() {
    // Lambda measures `{"AB":"…","CD":"…"}`.
    let variables = |length: usize| {
        let value = "v".repeat(length - r#"{"AB":"","CD":""}"#.len());
        format!(
            "version: 1\nsite: {{}}\nenvironments: {{ local: {{ target: local }} }}\n\
             api: {{ local: {{ command: x }}, lambda: {{ environment: ▶{{ AB: '{value}', CD: '' }} }} }}\n"
        )
    };
    // What is left is for the digests of the secrets by which the function knows the distribution.
    let most = 4096 - 256;
    assert_eq!(problems(&variables(most).replace('▶', "")), []);
    only_problem("too-many-variables", &variables(most + 1));
}
