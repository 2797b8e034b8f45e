//! Progress: bars on a terminal, plain lines elsewhere, nothing with `--quiet`.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::Mutex,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::deploy::counted;
use crate::{
    apply::{Event, provision},
    model::manifest::Role,
    plan::{Outcome, infrastructure::Action},
    site::Progress,
};

/// Tells people how far a command is, on standard error.
pub struct Reporter {
    quiet: bool,
    verbose: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl Reporter {
    /// A reporter for this process.
    #[must_use]
    pub fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose, bar: Mutex::new(None) }
    }

    /// Says what the build does.
    pub fn site(&self, progress: &Progress) {
        match progress {
            Progress::Step(step) => {
                self.finish();
                self.line(step);
            }
            Progress::Compressing { done, total } => self.advance("compressing", *done as u64, *total as u64),
            Progress::Output(line) if self.verbose => self.line(line),
            Progress::Output(_) => {}
        }
    }

    /// Says what a deploy does.
    pub fn apply(&self, event: &Event<'_>) {
        match event {
            Event::Migrating => self.line("migrating the API's database"),
            Event::PublishingApi(code, bytes) => {
                let size = bytesize::ByteSize::b(*bytes).display().si();
                self.line(&format!("publishing the API {} ({size})", code.short()));
            }
            Event::Trying(version) => self.line(&format!("trying version {version} of the API out")),
            Event::ApiLive(version) => self.line(&format!("version {version} of the API is live")),
            Event::Preserving(count) => self.line(&format!("preserving {} for rollback", counted(*count, "object"))),
            Event::Wave(role, objects, bytes) => {
                self.finish();
                let size = bytesize::ByteSize::b(*bytes).display().si();
                self.line(&format!("publishing {} ({size})", counted(*objects, noun(*role))));
                self.start(*objects as u64);
            }
            Event::Written(write) => {
                if let Some(bar) = self.bar().as_ref() {
                    bar.inc(1);
                }
                if self.verbose {
                    self.line(&format!("  {} ({})", write.stored.key, write.reason));
                }
            }
            Event::Removing(count) => {
                self.finish();
                self.line(&format!("removing {}", counted(*count, "object")));
            }
            Event::Live(Outcome::Reactivate(release)) => self.live(&format!("release {} is live again", release.id)),
            Event::Live(outcome) => self.live(&format!("release {} is live", outcome.release().id)),
            Event::Invalidated(it) => {
                self.line(&format!("invalidated {} ({})", counted(it.paths.len(), "path"), it.id));
            }
            Event::Waiting(it, seconds) => self.waiting(&it.id, *seconds),
        }
    }

    /// Says what `provision` does.
    pub fn provision(&self, event: &provision::Event<'_>) {
        match event {
            provision::Event::Begins(step) => {
                let verb = match step.action {
                    Action::Create => "creating",
                    Action::Update => "changing",
                    Action::Delete => "removing",
                    Action::Keep | Action::Defer => return,
                };
                self.line(&format!("{verb} {} {}", step.wanted.kind(), step.wanted.name));
            }
            provision::Event::Waiting(found, seconds) if seconds % 20 < 5 => {
                self.line(&format!("waiting until distribution {} is at every edge ({seconds} s so far)", found.id));
            }
            provision::Event::Waiting(..) => {}
        }
    }

    /// A line now and then: a minute or two is usual.
    fn waiting(&self, id: &str, seconds: u64) {
        if seconds % 20 < 2 {
            self.line(&format!("waiting until every edge has carried out {id} ({seconds} s so far)"));
        }
    }

    fn live(&self, line: &str) {
        self.finish();
        self.line(line);
    }

    fn line(&self, line: &str) {
        if self.quiet {
            return;
        }
        let print = || {
            // Nobody may be reading; the work goes on.
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        match self.bar().as_ref() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn start(&self, total: u64) {
        if self.quiet || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("  {bar:30} {pos}/{len} {msg} {eta}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.bar() = Some(bar);
    }

    fn advance(&self, what: &str, done: u64, total: u64) {
        if self.bar().is_none() {
            self.start(total);
        }
        if let Some(bar) = self.bar().as_ref() {
            bar.set_message(what.to_owned());
            bar.set_position(done);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        // A panic elsewhere leaves a bar that can still be drawn.
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn noun(role: Role) -> &'static str {
    match role {
        Role::Immutable => "immutable object",
        Role::Mutable => "mutable object",
        Role::Page => "page object",
    }
}
