//! A network that fails: a relay that can be cut, slowed down, or made to swallow what it is sent.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What becomes of bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weather {
    /// They pass.
    Fair,
    /// Connections are closed, and so is each new one.
    Cut,
    /// They pass later.
    Slow(Duration),
    /// They vanish, and connections stay open: half-open, as after a router lost its state.
    Silent,
}

/// What it relays to.
#[derive(Clone)]
enum Server {
    Port(u16),
    Socket(PathBuf),
}

/// A relay to one server.
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    losses: Arc<AtomicUsize>,
}

/// What a connection's fate hangs on.
#[derive(Clone)]
struct Fate {
    weather: watch::Receiver<Weather>,
    losses: Arc<AtomicUsize>,
    /// Losses before it was made.
    survived: usize,
}

impl Fate {
    fn now(&self) -> Weather {
        let lost = self.losses.load(Ordering::SeqCst) > self.survived;
        if lost { Weather::Silent } else { *self.weather.borrow() }
    }
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        Self::relaying(Server::Port(port)).await
    }

    /// A relay to a server that listens on a Unix socket.
    async fn to_socket(path: PathBuf) -> Self {
        Self::relaying(Server::Socket(path)).await
    }

    /// A relay to the tests' PostgreSQL, and the URL at which a database is reached through it.
    pub async fn to_database(options: &PgConnectOptions) -> (Self, String) {
        let socket = options.get_socket().unwrap().join(format!(".s.PGSQL.{}", options.get_port()));
        let proxy = Self::to_socket(socket).await;
        let url = format!("postgres://treebeard@127.0.0.1:{}/{}", proxy.port(), options.get_database().unwrap());
        (proxy, url)
    }

    async fn relaying(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (weather, changes) = watch::channel(Weather::Fair);
        let losses = Arc::new(AtomicUsize::new(0));
        let (address, counted) = (listener.local_addr().unwrap(), Arc::clone(&losses));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let survived = counted.load(Ordering::SeqCst);
                let fate = Fate { weather: changes.clone(), losses: Arc::clone(&counted), survived };
                tokio::spawn(relay(client, server.clone(), fate));
            }
        });
        Self { address, weather, losses }
    }

    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections of this moment stay open and silent for ever, whatever the weather. New ones are as it is.
    pub fn loses_connections(&self) {
        self.losses.fetch_add(1, Ordering::SeqCst);
    }

    pub fn turns(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn relay(client: TcpStream, server: Server, fate: Fate) -> io::Result<()> {
    match server {
        Server::Port(port) => pass(client, TcpStream::connect(("127.0.0.1", port)).await?, fate).await,
        Server::Socket(path) => pass(client, UnixStream::connect(path).await?, fate).await,
    }
}

async fn pass(client: TcpStream, server: impl AsyncRead + AsyncWrite, mut fate: Fate) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (there, back) = (fate.clone(), fate.clone());
    tokio::select! {
        _ = pump(&mut from_client, &mut to_server, there) => {}
        _ = pump(&mut from_server, &mut to_client, back) => {}
        _ = fate.weather.wait_for(|weather| *weather == Weather::Cut) => {}
    }
    Ok(())
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    fate: Fate,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        match fate.now() {
            Weather::Fair | Weather::Cut => to.write_all(&buffer[..length]).await?,
            Weather::Slow(delay) => {
                sleep(delay).await;
                to.write_all(&buffer[..length]).await?;
            }
            Weather::Silent => {}
        }
    }
}
