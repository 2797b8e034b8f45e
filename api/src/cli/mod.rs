//! The commands.

mod admin;
mod analyze;
mod cache;
mod database;
mod health;
mod lambda;
mod private;
mod serve;
mod warm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::{Value, json};

use crate::config::{DatabaseOptions, ServeOptions};
use crate::{logging, openapi, secrets};

#[derive(Debug, Parser)]
#[command(name = "treebeard-api", version = env!("API_VERSION"), about = "TreeBeard's API")]
struct Cli {
    /// Prints one JSON document on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API until it is interrupted
    Serve(ServeOptions),
    /// Brings the database's schema up to date
    Migrate(database::MigrateOptions),
    /// Writes the demo's data; repeating it changes nothing
    Seed(DatabaseOptions),
    /// Fills the cache before it is asked
    Warm(Box<warm::WarmOptions>),
    /// The running service's cache
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Says what was counted: slow queries, indexes, memory, and the running service's connections
    Analyze(Box<analyze::Options>),
    /// Asks the running service how it is, and fails where nothing can be served
    Health(admin::AdminOptions),
    /// Prints the OpenAPI document
    Openapi,
}

impl Command {
    /// What may be a reference to a secret, with the variable that it usually comes from.
    fn secrets(&mut self) -> Vec<(&'static str, &mut Option<String>)> {
        match self {
            Self::Serve(options) => options.secrets(),
            Self::Migrate(options) => vec![options.database.secret()],
            Self::Seed(options) => vec![options.secret()],
            Self::Warm(options) => vec![options.cache.secret(), options.database.secret()],
            Self::Analyze(options) => vec![options.database.secret()],
            Self::Cache(_) | Self::Health(_) | Self::Openapi => Vec::new(),
        }
    }
}

/// Why a command failed.
#[derive(Debug, Default)]
pub struct Failure {
    /// For people.
    pub message: String,
    /// 3 for what the caller can settle by other options, 8 for what is refused until somebody insists, 1 for the rest.
    pub exit_code: u8,
    /// For programs, beside the message; an object.
    pub details: Value,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 1, ..Self::default() }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 3, ..Self::default() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

/// Reads the arguments, runs the command, and says what failed.
#[must_use]
pub fn run() -> ExitCode {
    let parsed = if lambda::is_bare() { lambda::parse() } else { Cli::try_parse() };
    let mut cli = match parsed {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 3 } else { 0 });
        }
    };
    logging::init();
    let outcome = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        let outcome = runtime.block_on(dispatch(&mut cli));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(Failure { message, exit_code, details }) => {
            if cli.json {
                let mut error = json!({ "message": message, "exit_code": exit_code });
                if let (Value::Object(error), Value::Object(details)) = (&mut error, details) {
                    error.extend(details);
                }
                println!("{}", json!({ "error": error }));
            }
            eprintln!("error: {message}");
            ExitCode::from(exit_code)
        }
    }
}

/// Runs a command, and gives what it prints.
async fn dispatch(cli: &mut Cli) -> Result<String, Failure> {
    secrets::resolve(cli.command.secrets()).await.map_err(Failure::usage)?;
    match &cli.command {
        Command::Serve(options) if crate::lambda::is_here() => lambda::run(options).await.map(|()| String::new()),
        Command::Serve(options) => serve::run(options).await.map(|()| String::new()),
        Command::Migrate(options) => database::migrate(options, cli.json).await,
        Command::Seed(options) => database::seed(options, cli.json).await,
        Command::Warm(options) => warm::run(options, cli.json).await,
        Command::Cache(command) => cache::run(command, cli.json).await,
        Command::Analyze(options) => analyze::run(options, cli.json).await,
        Command::Health(options) => health::run(options, cli.json).await,
        Command::Openapi => Ok(openapi::json()?),
    }
}
