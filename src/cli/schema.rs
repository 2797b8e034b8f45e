//! `schema`: prints the JSON Schema of cdn-config.yml.

use std::process::ExitCode;

use super::Context;
use crate::{config::schema, error::Result};

/// Prints it.
pub fn run(context: &Context) -> Result<ExitCode> {
    let document = schema::document();
    context.print(document, || format!("{document:#}"))?;
    Ok(ExitCode::SUCCESS)
}
