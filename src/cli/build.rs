//! `build`: what a deploy would publish, in numbers.

use std::{process::ExitCode, time::Instant};

use super::{Context, args::BuildOptions, publish};
use crate::{error::Result, site::table::Table};

/// Runs the command.
pub async fn run(context: &Context, options: &BuildOptions) -> Result<ExitCode> {
    let started = Instant::now();
    let site = publish::build(context, &context.config()?, options).await?;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let table = Table::of(&site);
    let document = serde_json::json!({
        "files": table.rows,
        "totals": table.totals,
        "notes": site.notes,
        "duration_ms": duration_ms,
    });
    context.print(&document, || {
        let seconds = format!("{}.{:03} s", duration_ms / 1000, duration_ms % 1000);
        format!("{}built in {seconds}", table.text(context.global.verbose))
    })?;
    Ok(ExitCode::SUCCESS)
}
