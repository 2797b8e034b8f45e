//! The commands: each reads its arguments, calls the rooms below, and prints.

mod api;
pub mod args;
mod build;
mod check;
mod context;
mod deploy;
mod environment;
mod hosted;
mod iam_policy;
mod infrastructure;
mod init;
mod invalidate;
mod plan;
mod provision;
mod prune;
mod publish;
mod releases;
mod rollback;
mod schema;
mod serve;
mod status;
mod unlock;
mod verify;
mod warm;

use std::process::ExitCode;

use clap::{Parser, error::ErrorKind};

pub use context::Context;
pub use environment::Environment;

use crate::{
    error::{Class, Error, Result},
    report::Summary,
};
use args::{Cli, Command};

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return explain(&usage),
    };
    let context = Context::new(cli.global);
    let summarized = summarized(&cli.command);
    match context.run(dispatch(&context, cli.command)) {
        Ok(code) => code,
        Err(error) => {
            context.print_error(&error);
            if let Some(command) = summarized {
                context.summarize(&Summary::of_failure(command, &context.global.env, &error));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

/// The name of a command that leaves a summary of its run.
fn summarized(command: &Command) -> Option<&'static str> {
    match command {
        Command::Plan(_) => Some("plan"),
        Command::Deploy(_) => Some("deploy"),
        Command::Provision(_) => Some("provision"),
        Command::Rollback(_) => Some("rollback"),
        _ => None,
    }
}

/// Prints help, or what is wrong with the arguments.
fn explain(usage: &clap::Error) -> ExitCode {
    // A closed pipe is the only way this fails, and then nobody reads.
    let _ = usage.print();
    if matches!(usage.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return ExitCode::SUCCESS;
    }
    let text = usage.render().to_string();
    let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let error = Error::new(Class::Config, "usage", message).help("run `treebeard-cdn --help`");
    // The arguments could not be read as a whole, but what was asked for is clear.
    if std::env::args_os().any(|argument| argument == "--json") {
        anstream::println!("{:#}", error.to_json());
    }
    ExitCode::from(error.exit_code())
}

async fn dispatch(context: &Context, command: Command) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Check => check::run(context),
        Command::Schema => schema::run(context),
        Command::Build(args) => build::run(context, &args).await,
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Deploy(args) => deploy::run(context, &args).await,
        Command::Releases => Box::pin(releases::run(context)).await,
        Command::Rollback(args) => rollback::run(context, &args).await,
        Command::Provision(args) => Box::pin(provision::run(context, &args)).await,
        Command::IamPolicy(args) => iam_policy::run(context, &args),
        Command::Prune(args) => Box::pin(prune::run(context, &args)).await,
        Command::Unlock(args) => unlock::run(context, &args).await,
        Command::Invalidate(args) => invalidate::run(context, &args).await,
        Command::Status => status::run(context).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Serve(args) => serve::run(context, &args).await,
    }
}
