//! The API beside the local edge: started, waited for until it is healthy, and stopped with the edge.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::ExitStatus,
    time::Duration,
};

use supervise::{Spec, Supervised};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    task::{JoinHandle, block_in_place},
};

use super::{health::wait_until_healthy, proxy::Availability};
use crate::{
    config::LocalApi as Command,
    error::{Class, Error, IoContext, Result},
};

/// How long an API may take to become healthy before the user is told what it lacks.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the user what becomes of the API.
pub type Say = Box<dyn Fn(&str) + Send + Sync>;

/// A running API. Dropping it stops the API and everything that it started, and waits for that:
/// its place is a multi-threaded runtime.
///
/// An API that dies stays dead, so that its last words stay the last on the screen.
pub struct LocalApi {
    stop: Option<oneshot::Sender<()>>,
    following: Option<JoinHandle<()>>,
    availability: watch::Receiver<Availability>,
}

impl LocalApi {
    /// Starts `command` in `folder`, with a free port in `PORT`, and the edge as the one proxy in `TRUSTED_PROXIES`.
    pub fn start(command: &Command, folder: &Path, say: Say) -> Result<Self> {
        let port = free_port().doing("find a free port for the API in", folder)?;
        let spec = Spec {
            // Standard output is for the results of our own commands.
            args: vec!["-c".into(), format!("exec >&2\n{}", command.command).into()],
            envs: vec![
                ("PORT".into(), port.to_string().into()),
                ("HOST".into(), "127.0.0.1".into()),
                // The edge, which adds the client's address to X-Forwarded-For.
                ("TRUSTED_PROXIES".into(), "1".into()),
            ],
            cwd: Some(folder.to_owned()),
            ..Spec::new("sh")
        };
        let process = spec.spawn().map_err(|cause| {
            Error::new(Class::Config, "api-not-started", format!("failed to start `{}`: {cause}", command.command))
                .help("check api.local.command")
        })?;
        let (sender, availability) = watch::channel(Availability::Starting);
        let (stop, stopped) = oneshot::channel();
        let following = tokio::spawn(follow(process, port, command.health.clone(), sender, stopped, say));
        Ok(Self { stop: Some(stop), following: Some(following), availability })
    }

    /// Whether it can be asked, as it changes.
    #[must_use]
    pub fn availability(&self) -> watch::Receiver<Availability> {
        self.availability.clone()
    }
}

impl Drop for LocalApi {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(following) = self.following.take() {
            let _ = block_in_place(|| Handle::current().block_on(following));
        }
    }
}

async fn follow(
    mut process: Supervised,
    port: u16,
    health: String,
    availability: watch::Sender<Availability>,
    mut stop: oneshot::Receiver<()>,
    say: Say,
) {
    let healthy = wait_until_healthy(port, &health, PATIENCE, &say);
    tokio::pin!(healthy);
    let mut is_healthy = false;
    loop {
        tokio::select! {
            () = &mut healthy, if !is_healthy => {
                is_healthy = true;
                availability.send_replace(Availability::Ready(port));
                say(&format!("the API is ready on port {port}"));
            }
            status = process.wait() => {
                let message = match status {
                    Ok(status) => format!("the API ended with {}", words(status)),
                    Err(cause) => format!("the API was lost: {cause}"),
                };
                say(&format!("{message}; restart `treebeard-cdn serve` when it is mended"));
                availability.send_replace(Availability::Unavailable(message));
                return;
            }
            // Also when the sender is gone.
            _ = &mut stop => {
                if let Err(cause) = process.stop().await {
                    say(&format!("failed to stop the API: {cause}"));
                }
                return;
            }
        }
    }
}

/// A port that nobody listens on at the moment.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn words(status: ExitStatus) -> String {
    // "exit status: 1", "signal: 9 (SIGKILL)"
    status.to_string().replace(':', "")
}
