//! `unlock`: ends a lock whose holder is gone.

use std::process::ExitCode;

use serde_json::json;

use super::{Context, Environment, args};
use crate::{
    error::Result,
    remote::{
        Condition, lease,
        state::{load_pointer, put_pointer},
    },
};

pub async fn run(context: &Context, args: &args::Unlock) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::exclusive(&config).await?;
    let store = environment.store.as_ref();
    let loaded = load_pointer(store).await?;
    let Some(lease) = loaded.pointer.lease.clone() else {
        context.print(&json!({ "unlocked": null }), || "nothing is locked".into())?;
        return Ok(ExitCode::SUCCESS);
    };
    if !args.force {
        lease::refuse_held(&loaded)?;
    }
    let mut pointer = loaded.pointer;
    pointer.lease = None;
    let condition = loaded.etag.map_or(Condition::Absent, Condition::Matches);
    put_pointer(store, &pointer, condition).await?;
    context.print(&json!({ "unlocked": lease.holder }), || format!("unlocked; it was held by {}", lease.holder))?;
    Ok(ExitCode::SUCCESS)
}
