//! What every command needs: the global options, and a way to print.

use std::{
    future::Future,
    io::{ErrorKind, IsTerminal as _, Write},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::Global;
use crate::{
    config::{self, Config, Target},
    error::{Class, Error, Result},
    report::{Reporter, Summary, annotations},
};

/// Global options and output.
pub struct Context {
    /// The global options.
    pub global: Global,
    reporter: Arc<Reporter>,
    stop: CancellationToken,
    drains: Arc<AtomicBool>,
}

/// While this lives, a signal ends the command gently: it finishes what is under way and gives its lease back.
pub struct Draining(Arc<AtomicBool>);

impl Drop for Draining {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// How long a command that was told to end may take for it; another signal ends it at once.
const PATIENCE: Duration = Duration::from_secs(20);

impl Context {
    /// A context for these options.
    #[must_use]
    pub fn new(global: Global) -> Self {
        let reporter = Arc::new(Reporter::new(global.quiet, global.verbose));
        Self { global, reporter, stop: CancellationToken::new(), drains: Arc::default() }
    }

    /// Cancelled by the first signal.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// From now on a signal ends the command gently.
    #[must_use]
    pub fn drain(&self) -> Draining {
        self.drains.store(true, Ordering::Relaxed);
        Draining(Arc::clone(&self.drains))
    }

    /// Asks before something remote is changed, where somebody is there to ask.
    pub fn confirm(&self, config: &Config, yes: bool, what: &impl std::fmt::Display, verb: &str) -> Result<()> {
        if yes || config.target == Target::Local || !self.interactive() {
            return Ok(());
        }
        self.say(what);
        ask(&format!("{verb} this in {}?", config.environment))
    }

    /// Asks before anything is deleted; where nobody can be asked, it must have been said beforehand.
    pub fn confirm_prune(&self, config: &Config, yes: bool) -> Result<()> {
        if yes {
            return Ok(());
        }
        let question = format!("delete what no retained release of {} needs?", config.environment);
        self.ask_or_refuse("prune deletes objects", "prune --dry-run", &question)
    }

    /// Asks; where nobody can be asked, refuses to do `what`, and names the command that `shows` what it would do.
    pub fn ask_or_refuse(&self, what: &str, shows: &str, question: &str) -> Result<()> {
        if self.interactive() {
            return ask(question);
        }
        Err(Error::new(Class::Config, "confirmation", format!("{what}, and nobody is here to agree"))
            .help(format!("look at `{shows}`, then run it with --yes")))
    }

    /// Asks for the site's name before it is removed for good.
    pub fn ask_for_name(&self, name: &str) -> Result<()> {
        if !self.interactive() {
            return self.ask_or_refuse("this removes the site", "provision --destroy --dry-run", "");
        }
        if answer(&format!("type {name} to remove it for good:")) == name {
            return Ok(());
        }
        Err(declined("that is not its name"))
    }

    fn interactive(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !self.global.json
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
        drop(err);
        if annotations::are_wanted() {
            self.annotate(&annotations::of_error(error, &self.global.config));
        }
    }

    /// Prints what a workflow reads, on standard error: with `--json` the other stream is one document.
    pub fn annotate(&self, lines: &str) {
        let _ = write!(anstream::stderr(), "{lines}");
    }

    /// Adds a page about this run to the code host's, where there is one. Failing that is no failure of the run.
    pub fn summarize(&self, page: &Summary) {
        if let Err(cause) = page.append() {
            self.say(format_args!("note: failed to write the summary of this run: {cause}"));
        }
    }

    /// Runs a command to its end, or to the first SIGINT or SIGTERM.
    pub fn run(&self, command: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            // They read and write files. Each thread more has an allocator's arena of its own, and peak memory shows it.
            .max_blocking_threads((2 * cores).max(4))
            .enable_all()
            .build()
            .map_err(|cause| Error::new(Class::Unexpected, "runtime", format!("failed to start: {cause}")))?;
        runtime.block_on(async {
            // Before the command begins, so that no signal finds the default action.
            let mut signals = Signals::new();
            let mut command = std::pin::pin!(command);
            let signal = tokio::select! {
                done = &mut command => return done,
                signal = signals.next() => signal,
            };
            self.stop.cancel();
            let class = Class::Interrupted(signal);
            if self.drains.load(Ordering::Relaxed) {
                self.say("interrupted: finishing what is under way (again to stop at once)");
                let done = tokio::select! {
                    done = &mut command => Some(done),
                    _ = signals.next() => None,
                    () = tokio::time::sleep(PATIENCE) => None,
                };
                match done {
                    Some(Err(error)) if error.class != Class::Interrupted(15) => return Err(error),
                    Some(Err(error)) => return Err(Error { class, ..error }),
                    Some(Ok(code)) => return Ok(code),
                    None => {}
                }
            }
            Err(Error::new(class, "interrupted", "interrupted"))
        })
    }
}

/// SIGINT and SIGTERM, from its creation on.
struct Signals(Option<[Signal; 2]>);

impl Signals {
    fn new() -> Self {
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        Self(interrupt.and_then(|interrupt| Ok([interrupt, terminate?])).ok())
    }

    /// The number of the next one. Without handlers the signals end the process as they always do.
    async fn next(&mut self) -> u8 {
        let Some([interrupt, terminate]) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
        }
    }
}

fn ask(question: &str) -> Result<()> {
    match answer(&format!("{question} [y/N]")).as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(declined("--yes skips the question")),
    }
}

/// What somebody types; nothing when that cannot be read.
fn answer(question: &str) -> String {
    let _ = write!(anstream::stderr(), "{question} ");
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(_) => line.trim().to_owned(),
        Err(_) => String::new(),
    }
}

fn declined(help: &str) -> Error {
    Error::new(Class::Config, "declined", "nothing was changed, as you did not agree").help(help)
}
