//! `check`: everything that is wrong with the configuration, at once.

use std::process::ExitCode;

use super::Context;
use crate::{
    config,
    error::{Class, Result},
};

/// Prints the problems. Warnings alone are no failure.
pub fn run(context: &Context) -> Result<ExitCode> {
    let file = &context.global.config;
    let checked = config::check(file, &context.global.env, &|name| std::env::var(name).ok())?;
    let problems = &checked.problems;
    context.print(problems, || {
        let mut text = problems.blocks(file, &checked.text);
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            text.push_str(&problems.annotations(file));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text + &format!("{}: {}", file.display(), problems.summary())
    })?;
    Ok(if problems.any_error() { ExitCode::from(Class::Config.exit_code()) } else { ExitCode::SUCCESS })
}
