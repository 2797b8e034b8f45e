//! The `treebeard-api` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    supervise::run_if_supervisor();
    treebeard_api::cli::run()
}
