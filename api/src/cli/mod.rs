//! The commands.

mod admin;
mod analyze;
mod cache;
mod database;
mod private;
mod serve;
mod warm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{DatabaseOptions, ServeOptions};
use crate::{logging, openapi};

#[derive(Debug, Parser)]
#[command(name = "treebeard-api", version, about = "TreeBeard's API")]
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
    Migrate(DatabaseOptions),
    /// Writes the demo's data; repeating it changes nothing
    Seed(DatabaseOptions),
    /// Fills the cache before it is asked
    Warm(Box<warm::WarmOptions>),
    /// The running service's cache
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Says what was counted: slow queries, indexes, memory, and the running service's connections
    Analyze(Box<analyze::Options>),
    /// Prints the OpenAPI document
    Openapi,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// For people.
    pub message: String,
    /// 3 for what the caller can settle by other options, 1 for the rest.
    pub exit_code: u8,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 3 }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { message: error.to_string(), exit_code: 1 }
    }
}

/// Reads the arguments, runs the command, and says what failed.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 3 } else { 0 });
        }
    };
    logging::init();
    let outcome = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        let outcome = runtime.block_on(dispatch(&cli));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(Failure { message, exit_code }) => {
            if cli.json {
                println!("{}", serde_json::json!({ "error": { "message": message, "exit_code": exit_code } }));
            }
            eprintln!("error: {message}");
            ExitCode::from(exit_code)
        }
    }
}

/// Runs a command, and gives what it prints.
async fn dispatch(cli: &Cli) -> Result<String, Failure> {
    match &cli.command {
        Command::Serve(options) => serve::run(options).await.map(|()| String::new()),
        Command::Migrate(options) => database::migrate(options, cli.json).await,
        Command::Seed(options) => database::seed(options, cli.json).await,
        Command::Warm(options) => warm::run(options, cli.json).await,
        Command::Cache(command) => cache::run(command, cli.json).await,
        Command::Analyze(options) => analyze::run(options, cli.json).await,
        Command::Openapi => Ok(openapi::json()?),
    }
}
