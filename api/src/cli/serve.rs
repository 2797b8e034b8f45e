//! `serve`.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::ListenerExt;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Failure, database};
use crate::cache::Cache;
use crate::config::ServeOptions;
use crate::embedded::{Postgres, Settings};
use crate::router::router;
use crate::state::AppState;
use crate::{db, demo};

/// How long requests may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);

pub async fn run(options: &ServeOptions) -> Result<(), Failure> {
    let auth = options.auth().map_err(Failure::usage)?;
    drop(listen(options).await?); // a port that is taken is said before a database is started for nothing
    let stop = stop_signal()?;
    let mut postgres = None;
    let pool = if options.embedded {
        let started = tokio::select! {
            started = start_embedded(options) => started?,
            () = stopped(stop.clone()) => return Ok(()), // what was started ends with this process
        };
        postgres = Some(started.0);
        started.1
    } else {
        db::pool(database::connect_options(&options.database)?, &options.database.pool())
    };

    let listener = listen(options).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let state = AppState { db: pool.clone(), cache: Cache::connect(&options.cache.settings().map_err(Failure::usage)?).await, auth };
    tokio::select! {
        served = serve(listener, state, stop.clone()) => served?,
        () = tell_when_it_ends(postgres.as_mut()) => {}
    }
    if let Some(postgres) = postgres {
        postgres.stop().await?;
    }
    tracing::info!("stopped");
    Ok(())
}

async fn listen(options: &ServeOptions) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(options.bind, options.port);
    TcpListener::bind(address).await.map_err(|e| Failure::usage(format!("cannot listen on {address}: {e}")))
}

/// Serves until the signal, then lets the requests that are under way finish.
async fn serve(listener: TcpListener, state: AppState, stop: watch::Receiver<bool>) -> io::Result<()> {
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true); // responses are written at once: there is nothing to wait for
    });
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped(stop.clone()));
    let too_slow = async {
        stopped(stop).await;
        sleep(DRAIN).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_slow => {
            tracing::warn!("requests were still under way after {DRAIN:?}");
            Ok(())
        }
    }
}

async fn start_embedded(options: &ServeOptions) -> Result<(Postgres, PgPool), Failure> {
    let settings =
        Settings { folder: env::current_dir()?, source: options.postgres, ephemeral: false, supervisor: None };
    let postgres = Postgres::start(&settings).await?;
    let maintenance = db::maintenance_pool(postgres.connect_options());
    db::migrate(&maintenance).await?;
    if !db::demo::is_current(&maintenance).await.map_err(|e| database::explain(&e))? {
        tracing::info!("writing the demo's data");
        db::demo::write(&maintenance, &demo::generate()).await.map_err(|e| database::explain(&e))?;
    }
    maintenance.close().await;
    let pool = db::pool(postgres.connect_options(), &options.database.pool());
    Ok((postgres, pool))
}

/// Says so when the private database ends by itself. The service goes on with what it has in its cache; never returns.
async fn tell_when_it_ends(postgres: Option<&mut Postgres>) {
    if let Some(postgres) = postgres {
        let status = postgres.wait().await;
        tracing::error!(?status, log = %postgres.home().join("postgres.log").display(), "the private PostgreSQL ended");
    }
    std::future::pending::<()>().await;
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
