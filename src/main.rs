//! Parse, run, print the error with its help, exit.

use std::process::ExitCode;

use treebeard_cdn::cli;

fn main() -> ExitCode {
    supervise::run_if_supervisor();
    cli::main()
}
