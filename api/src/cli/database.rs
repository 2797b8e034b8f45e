//! `migrate` and `seed`.

use std::fmt::Write;

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use super::Failure;
use crate::config::DatabaseOptions;
use crate::db::Breaking;
use crate::{db, demo};

/// What to do about migrations that break.
const HELP: &str = "help: first release a migration that only adds, with a service that works on both forms of the schema \
(expand); remove what is left over by a later release (contract). --allow-breaking applies them all the same: stop the \
service before";

/// Options of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateOptions {
    /// Applies migrations, too, that break the version of the service that is running
    #[arg(long, env = "ALLOW_BREAKING", value_parser = FalseyValueParser::new())]
    allow_breaking: bool,
    /// The database
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// The database that the options name.
pub fn connect_options(options: &DatabaseOptions) -> Result<PgConnectOptions, Failure> {
    let url = options.database_url.as_deref();
    let url = url.ok_or_else(|| Failure::usage("no database: set DATABASE_URL, or serve with --embedded"))?;
    // The words of both refusals name no part of it: it has a password. The parser itself takes any scheme.
    let refused = || Failure::usage("DATABASE_URL is not a postgres:// URL");
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(refused());
    }
    url.parse().map_err(|_| refused())
}

fn pool(options: &DatabaseOptions) -> Result<PgPool, Failure> {
    Ok(db::maintenance_pool(connect_options(options)?))
}

pub async fn migrate(options: &MigrateOptions, as_json: bool) -> Result<String, Failure> {
    let pool = pool(&options.database)?;
    if !options.allow_breaking {
        let breaking = db::breaking_migrations(&pool).await?;
        if !breaking.is_empty() {
            return Err(refused(&breaking));
        }
    }
    let done = db::migrate(&pool).await?;
    if as_json {
        return Ok(format!("{}\n", json!(done)));
    }
    let mut text = String::new();
    for name in &done.applied {
        writeln!(text, "applied {name}")?;
    }
    for name in &done.created {
        writeln!(text, "created {name}")?;
    }
    writeln!(text, "the schema is up to date")?;
    Ok(text)
}

/// Nothing was applied.
fn refused(breaking: &[Breaking]) -> Failure {
    let mut message = "these migrations break the version of the service that is running:\n".to_owned();
    for Breaking { migration, statement, why } in breaking {
        let _ = writeln!(message, "  {migration}: {statement}\n    {why}");
    }
    message.push_str(HELP);
    Failure { message, exit_code: 8, details: json!({ "rule": "breaking-migration", "breaking": breaking }) }
}

pub async fn seed(options: &DatabaseOptions, as_json: bool) -> Result<String, Failure> {
    let demo = demo::generate();
    db::demo::write(&pool(options)?, &demo).await.map_err(|e| explain(&e))?;
    let readings: usize = demo.users.iter().map(|user| user.usage.len()).sum();
    let (suppliers, plans, users) = (demo.suppliers.len(), demo.plans.len(), demo.users.len());
    Ok(if as_json {
        format!("{}\n", json!({ "suppliers": suppliers, "plans": plans, "users": users, "readings": readings }))
    } else {
        format!("{suppliers} suppliers, {plans} plans, {users} users, {readings} daily readings\n")
    })
}

/// An operator may read what a client of the API may not.
pub fn explain(error: &crate::error::Error) -> Failure {
    Failure::new(error.detail().map_or_else(|| error.to_string(), ToOwned::to_owned))
}
