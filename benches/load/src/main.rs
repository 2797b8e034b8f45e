//! Thousands of users of TreeBeard's API from one thread, so that they leave the processors to the server they share
//! the machine with. What happens is told on standard output, a JSON document a line: one for each second, then a summary.

mod client;
mod paths;
mod record;
mod users;

use std::{error::Error, rc::Rc};

use clap::{Parser, Subcommand};
use hyper::Uri;
use tokio::task::LocalSet;

#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    /// The server
    #[arg(long, global = true, default_value = "http://127.0.0.1:8080")]
    url: Uri,
    /// After how many seconds without a whole answer a request has failed
    #[arg(long, global = true, default_value_t = 10)]
    timeout: u64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Users who look at plans, recommendations and their profile, 3 : 2 : 1, and wait 1 to 3 seconds after each
    Users(users::Options),
    /// Requests every path that standard input holds, one a line, as fast as the connections allow
    Paths(paths::Options),
}

fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let target = Rc::new(client::Target::resolve(&cli.url, cli.timeout).await?);
        match &cli.command {
            Command::Users(options) => users::run(target, options).await,
            Command::Paths(options) => paths::run(target, options).await?,
        }
        Ok(())
    })
}
