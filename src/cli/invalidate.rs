//! `invalidate`: drops cached responses by path.

use std::{collections::BTreeSet, process::ExitCode, time::SystemTime};

use super::{Context, Environment, args};
use crate::{
    error::{Class, Error, Result},
    model::ledger::rfc3339,
    plan::expand,
    remote::cdn::Cdn as _,
};

pub async fn run(context: &Context, args: &args::Invalidate) -> Result<ExitCode> {
    let config = context.config()?;
    let environment = Environment::open(&config).await?;
    let mut paths = BTreeSet::new();
    for path in &args.paths {
        paths.extend(expand(&parse(path)?, &config.site, &config.compression.encodings));
    }
    let paths: Vec<_> = paths.into_iter().collect();
    // Asked for by hand: every run is a request of its own.
    let reference = format!("by hand at {} by process {}", rfc3339(SystemTime::now()), std::process::id());
    let invalidation = environment.cdn.invalidate(&paths, &reference).await?;
    context.print(&invalidation, || format!("{} invalidated: {}", invalidation.paths.join(" "), invalidation.id))?;
    Ok(ExitCode::SUCCESS)
}

/// A path as CloudFront takes it: a leading slash, `*` only at the end, non-ASCII percent-encoded.
fn parse(path: &str) -> Result<String> {
    let refuse = |why: &str, help: &str| {
        Err(Error::new(Class::Config, "invalidation-path", format!("{path:?} {why}")).help(help))
    };
    if !path.starts_with('/') {
        return refuse("does not start with a slash", "write it as viewers see it: /index.html, /docs/*");
    }
    if path.trim_end_matches('*').contains('*') || path.ends_with("**") {
        return refuse("has a * that is not its last character", "a wildcard stands at the end: /docs/*");
    }
    if path.contains('~') {
        return refuse("has a ~", "CloudFront cannot invalidate such paths; use a wildcard that covers it");
    }
    if path.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("has white space or control characters", "percent-encode it: a space is %20");
    }
    Ok(path.chars().map(encode).collect())
}

fn encode(c: char) -> String {
    if c.is_ascii() {
        return c.to_string();
    }
    percent_encoding::utf8_percent_encode(&c.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string()
}
