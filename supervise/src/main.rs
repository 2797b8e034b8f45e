//! `supervise COMMAND [ARGUMENT…]`: runs a command that ends when this process does, and passes its exit status on.

use std::io;
use std::os::unix::process::ExitStatusExt;

use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "current_thread")]
async fn supervised(spec: supervise::Spec) -> io::Result<i32> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut command = spec.spawn()?;
    tokio::select! {
        _ = command.wait() => {}
        _ = tokio::signal::ctrl_c() => command.stop().await?,
        _ = terminate.recv() => command.stop().await?,
    }
    let status = command.wait().await?;
    Ok(status.code().or(status.signal().map(|n| 128 + n)).unwrap_or(1))
}

fn main() {
    supervise::run_if_supervisor();
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("usage: supervise COMMAND [ARGUMENT...]");
        std::process::exit(3);
    };
    match supervised(supervise::Spec { args: words.collect(), ..supervise::Spec::new(program) }) {
        Ok(code) => std::process::exit(code),
        Err(e) => {
            eprintln!("supervise: {e}");
            std::process::exit(1);
        }
    }
}
