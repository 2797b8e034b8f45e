//! cdn-config.yml: what is accepted, what is refused, and in which words.

mod check;
mod environments;
mod init;
mod lambda;
mod lints;
mod mutations;
mod schema;
mod structure;

use treebeard_cdn::config::{self, Checked, Problem};

use crate::support::Project;

/// The project's own configuration.
const SHIPPED: &str = include_str!("../../cdn-config.yml");

/// Every variable of the shipped configuration, with a value that passes.
const VARIABLES: &[(&str, &str)] = &[("CERTIFICATE_ARN", "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d")];

/// Checks a text for an environment, with these variables and no others.
fn check(text: impl AsRef<[u8]>, environment: &str, variables: &[(&str, &str)]) -> Checked {
    let project = Project::new();
    project.write("cdn-config.yml", text);
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    config::check(&project.path("cdn-config.yml"), environment, &lookup).unwrap()
}

/// The problems of a text, for the environment `local`.
fn problems(text: &str) -> Vec<Problem> {
    check(text, "local", &[]).problems.iter().cloned().collect()
}

/// Asserts that `marked` has one problem, at the place of the mark `▶`, of this rule; and gives it.
fn only_problem(rule: &str, marked: &str) -> Problem {
    let before = marked.split('▶').next().unwrap();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    let found = problems(&marked.replace('▶', ""));
    let shown: Vec<_> = found.iter().map(|p| (p.rule, p.line, p.column)).collect();
    assert_eq!(shown, [(rule, line, column)], "{marked}\n{found:#?}");
    found.into_iter().next().unwrap()
}
