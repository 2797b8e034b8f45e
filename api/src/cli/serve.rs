//! `serve`.

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

use super::private::Private;
use super::{Failure, database};
use crate::admin::{self, Admin};
use crate::cache::{Cache, FILL_TIMEOUT};
use crate::config::{ADMIN_ADDR, ServeOptions};
use crate::db;
use crate::router::router;
use crate::server;
use crate::state::AppState;
use crate::warming::{self, Mode, Report, Warming};

pub async fn run(options: &ServeOptions) -> Result<(), Failure> {
    let auth = options.auth().map_err(Failure::usage)?;
    let mut cache = options.cache.settings().map_err(Failure::usage)?;
    drop(listen(options).await?); // a port that is taken is said before a database is started for nothing
    let stop = stop_signal()?;
    let mut private = Private::default();
    let pool = if options.embedded {
        tokio::select! {
            started = private.start(options, &mut cache) => started?,
            () = stopped(stop.clone()) => return Ok(()), // what was started ends with this process
        }
    } else {
        db::pool(database::connect_options(&options.database)?, &options.database.pool())
    };

    let cache = Cache::connect(&cache).await;
    let state = AppState::new(pool, cache, auth);
    let listener = listen(options).await?;
    if let Some(admin) = listen_for_operators(options.admin_addr).await? {
        let routes = admin::router(Admin { service: state.clone(), pool: options.database.pool() });
        tokio::spawn(axum::serve(admin, routes).into_future());
    }
    tracing::info!("listening on http://{}", listener.local_addr()?);
    if let Some(mode) = options.warm {
        tokio::spawn(warm(state.clone(), mode));
    }
    tokio::select! {
        () = server::serve(listener, router(state.clone()), stopped(stop.clone())) => {}
        () = private.tell_when_one_ends() => {}
    }
    // What was filled last still reaches Redis, and so does what was invalidated, if that takes no longer than a fill.
    if timeout(FILL_TIMEOUT, state.drain()).await.is_err() {
        tracing::warn!("not everything was done after {FILL_TIMEOUT:?}; Redis may hold what is out of date");
    }
    private.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

/// The listener for operators. Its usual port may be another service's of ours; one that was asked for must be free.
async fn listen_for_operators(address: Option<SocketAddr>) -> Result<Option<TcpListener>, Failure> {
    let wanted = address.map_or_else(|| ADMIN_ADDR.to_owned(), |address| address.to_string());
    match TcpListener::bind(&wanted).await {
        Ok(listener) => {
            tracing::info!("operators are served on http://{}", listener.local_addr()?);
            Ok(Some(listener))
        }
        Err(e) if address.is_some() => Err(Failure::usage(format!("cannot listen on {wanted}: {e}"))),
        Err(e) => {
            tracing::warn!("operators are not served: cannot listen on {wanted}: {e}; set ADMIN_ADDR");
            Ok(None)
        }
    }
}

async fn warm(state: AppState, mode: Mode) {
    match warming::warm(&state, &Warming { mode, limit: None, days: 7 }, |_, _| {}).await {
        Ok(Report { total, failed, seconds, .. }) => tracing::info!(total, failed, seconds, "the cache is warm"),
        Err(e) => tracing::warn!(error = e.detail(), "the cache could not be warmed"),
    }
}

async fn listen(options: &ServeOptions) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(options.bind, options.port);
    TcpListener::bind(address).await.map_err(|e| Failure::usage(format!("cannot listen on {address}: {e}")))
}

/// Becomes true at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<watch::Receiver<bool>> {
    let (sender, receiver) = watch::channel(false);
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        sender.send_replace(true);
        sender.closed().await;
    });
    Ok(receiver)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // Fails only when the sender is gone, which it is after the signal.
    let _ = stop.wait_for(|&stop| stop).await;
}
