//! `releases`: what the environment's ledger keeps.

use std::{fmt::Write as _, process::ExitCode};

use serde::Serialize;

use super::{Context, Environment};
use crate::{
    error::Result,
    model::{
        api::ApiRecord,
        ledger::{Pointer, Release},
    },
    remote::state,
};

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    created_at: &'a str,
    commit: Option<&'a str>,
    live: bool,
    objects: usize,
    bytes: u64,
    api: Option<&'a ApiRecord>,
}

pub async fn run(context: &Context) -> Result<ExitCode> {
    let environment = Environment::open(&context.config()?).await?;
    let pointer = state::load_pointer(environment.store.as_ref()).await?.pointer;
    let lines: Vec<_> = pointer.releases.iter().map(|release| line(release, &pointer)).collect();
    context.print(&lines, || table(&lines))?;
    Ok(ExitCode::SUCCESS)
}

fn line<'a>(release: &'a Release, pointer: &Pointer) -> Line<'a> {
    Line {
        id: release.id.as_str(),
        created_at: &release.created_at,
        commit: release.commit.as_deref(),
        live: pointer.live.as_ref() == Some(&release.id),
        objects: release.objects,
        bytes: release.bytes,
        api: release.api.as_ref(),
    }
}

fn table(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "no release yet: run `treebeard-cdn deploy`".into();
    }
    let mut text = String::new();
    for line in lines {
        let mark = if line.live { "live" } else { "" };
        let commit = line.commit.map_or("-", |commit| &commit[..commit.len().min(10)]);
        let api = line.api.and_then(|api| api.version.as_deref()).map(|version| format!("  API {version:<4}"));
        let api = api.unwrap_or_default();
        let size = bytesize::ByteSize::b(line.bytes).display().si();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {commit:<10}  {:>6} objects  {size:>10}{api}  {mark}", line.id, line.objects);
    }
    text
}
