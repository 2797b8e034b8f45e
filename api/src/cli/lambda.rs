//! `serve`, where Lambda's runtime started the program.

use std::env;

use clap::{CommandFactory, FromArgMatches};

use super::{Cli, Failure, database};
use crate::auth::AuthMode;
use crate::cache::Cache;
use crate::config::ServeOptions;
use crate::state::AppState;
use crate::{db, lambda};

/// Defaults of a service that has one request at a time, and whose environments add up: `DATABASE_POOL_SIZE`,
/// `DATABASE_MAX_OVERFLOW` and `DATABASE_POOL_TIMEOUT`.
const DEFAULTS: [(&str, &str); 3] = [("pool_size", "2"), ("max_overflow", "0"), ("pool_timeout", "5")];

/// Whether Lambda started the program, which it does without arguments.
pub fn is_bare() -> bool {
    lambda::is_here() && env::args_os().len() == 1
}

/// The command line that Lambda would give: everything else is the environment's.
pub fn parse() -> Result<Cli, clap::Error> {
    let command = Cli::command().mut_subcommand("serve", |serve| {
        DEFAULTS.into_iter().fold(serve, |serve, (name, value)| serve.mut_arg(name, |arg| arg.default_value(value)))
    });
    Cli::from_arg_matches(&command.try_get_matches_from(["treebeard-api", "serve"])?)
}

pub async fn run(options: &ServeOptions) -> Result<(), Failure> {
    if options.embedded || options.auth_mode == Some(AuthMode::Demo) {
        return Err(Failure::usage("a Lambda function has neither a private database nor demo mode"));
    }
    let auth = options.auth().map_err(Failure::usage)?;
    let mut settings = options.cache.settings().map_err(Failure::usage)?;
    if settings.redis.is_none() {
        tracing::warn!(
            "there is no REDIS_URL: nothing is cached, since other environments could not be told of changes"
        );
        settings.max_bytes = 0;
    }
    let pool = db::pool(database::connect_options(&options.database)?, &options.database.pool());
    let cache = Cache::connect(&settings).await;
    lambda::serve(AppState::new(pool, cache, auth)).await.map_err(|e| Failure::new(e.to_string()))
}
