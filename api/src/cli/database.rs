//! `migrate` and `seed`.

use std::fmt::Write;

use serde_json::json;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use super::Failure;
use crate::config::DatabaseOptions;
use crate::{db, demo};

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

pub async fn migrate(options: &DatabaseOptions, as_json: bool) -> Result<String, Failure> {
    let done = db::migrate(&pool(options)?).await?;
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
    Failure { message: error.detail().map_or_else(|| error.to_string(), ToOwned::to_owned), exit_code: 1 }
}
