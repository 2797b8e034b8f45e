//! `check`: everything that is wrong with the configuration, at once.

use std::process::ExitCode;

use super::Context;
use crate::{
    config,
    error::{Class, Result},
    report::annotations,
};

/// Prints the problems. Warnings alone are no failure.
pub fn run(context: &Context) -> Result<ExitCode> {
    let file = &context.global.config;
    let checked = config::check(file, &context.global.env, &|name| std::env::var(name).ok())?;
    let problems = &checked.problems;
    context.print(problems, || {
        let mut text = problems.blocks(file, &checked.text);
        if !text.is_empty() {
            text.push('\n');
        }
        text + &format!("{}: {}", file.display(), problems.summary())
    })?;
    if annotations::are_wanted() {
        context.annotate(&annotations::of_problems(&serde_json::json!(problems), file));
    }
    Ok(if problems.any_error() { ExitCode::from(Class::Config.exit_code()) } else { ExitCode::SUCCESS })
}
