//! What every command needs: the global options, and a way to print.

use std::{
    future::Future,
    io::{ErrorKind, Write},
    process::ExitCode,
    sync::Arc,
};

use serde::Serialize;

use super::args::Global;
use crate::{
    config::{self, Config},
    error::{Class, Error, Result},
    report::Reporter,
};

/// Global options and output.
pub struct Context {
    /// The global options.
    pub global: Global,
    reporter: Arc<Reporter>,
}

impl Context {
    /// A context for these options.
    #[must_use]
    pub fn new(global: Global) -> Self {
        let reporter = Arc::new(Reporter::new(global.quiet, global.verbose));
        Self { global, reporter }
    }

    /// Who tells people how far a command is.
    #[must_use]
    pub fn reporter(&self) -> &Arc<Reporter> {
        &self.reporter
    }

    /// Reads the configuration of the chosen environment.
    pub fn config(&self) -> Result<Config> {
        config::load(&self.global.config, &self.global.env)
    }

    /// Whether results are JSON.
    #[must_use]
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Prints a command's result: JSON, or the text that `text` gives.
    pub fn print(&self, json: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let document = if self.global.json {
            serde_json::to_string_pretty(json)
                .map_err(|cause| Error::new(Class::Unexpected, "json", cause.to_string()))?
        } else {
            text()
        };
        let mut out = anstream::stdout().lock();
        match writeln!(out, "{}", document.trim_end()).and_then(|()| out.flush()) {
            // A reader that stops reading (`| head`) is no failure.
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
                let message = format!("failed to write the result: {cause}");
                Err(Error::new(Class::Unexpected, "output", message).help("check where standard output goes"))
            }
            _ => Ok(()),
        }
    }

    /// Says something on the way, on standard error, unless `--quiet`.
    pub fn say(&self, line: impl std::fmt::Display) {
        if !self.global.quiet {
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    }

    /// Prints a failure: words and help on standard error, and the JSON document with `--json`.
    pub fn print_error(&self, error: &Error) {
        if self.global.json {
            let _ = writeln!(anstream::stdout(), "{:#}", error.to_json());
        }
        let mut err = anstream::stderr().lock();
        let _ = writeln!(err, "\x1b[1;31merror\x1b[0m: {error}");
        if let Some(help) = &error.help {
            let _ = writeln!(err, " \x1b[1;36mhelp\x1b[0m: {help}");
        }
    }

    /// Runs a command to its end, or to the first SIGINT or SIGTERM.
    pub fn run(&self, command: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|cause| Error::new(Class::Unexpected, "runtime", format!("failed to start: {cause}")))?;
        runtime.block_on(async {
            // Before the command begins, so that no signal finds the default action.
            let interrupted = interruption();
            tokio::select! {
                done = command => done,
                signal = interrupted => Err(Error::new(Class::Interrupted(signal), "interrupted", "interrupted")),
            }
        })
    }
}

/// Listens for SIGINT and SIGTERM from now on, and gives the number of the first.
fn interruption() -> impl Future<Output = u8> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    async move {
        let [Ok(mut interrupt), Ok(mut terminate)] = signals else {
            // Without handlers the signals end the process as they always do.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
        }
    }
}
