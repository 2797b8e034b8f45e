//! The commands: each reads its arguments, calls the rooms below, and prints.

pub mod args;
mod build;
mod check;
mod context;
mod deploy;
mod environment;
mod init;
mod invalidate;
mod plan;
mod publish;
mod releases;
mod schema;
mod serve;
mod status;
mod verify;

use std::process::ExitCode;

use clap::{Parser, error::ErrorKind};

pub use context::Context;
pub use environment::Environment;

use crate::error::{Class, Result};
use args::{Cli, Command};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // A closed pipe is the only way this fails, and then nobody reads.
            let _ = usage.print();
            return match usage.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(Class::Config.exit_code()),
            };
        }
    };
    let context = Context::new(cli.global);
    match context.run(dispatch(&context, cli.command)) {
        Ok(code) => code,
        Err(error) => {
            context.print_error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Check => check::run(context),
        Command::Schema => schema::run(context),
        Command::Build(args) => build::run(context, &args).await,
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Deploy(args) => deploy::run(context, &args).await,
        Command::Releases => releases::run(context).await,
        Command::Invalidate(args) => invalidate::run(context, &args).await,
        Command::Status => status::run(context).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Serve(args) => serve::run(context, &args).await,
    }
}
