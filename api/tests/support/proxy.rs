//! A network that fails: a relay that can be cut, slowed down, or made to swallow what it is sent.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        Self::relaying(Server::Port(port)).await
    }

    /// A relay to a server that listens on a Unix socket.
    pub async fn to_socket(path: PathBuf) -> Self {
        Self::relaying(Server::Socket(path)).await
    }

    async fn relaying(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (weather, changes) = watch::channel(Weather::Fair);
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server.clone(), changes.clone()));
            }
        });
        Self { address, weather }
    }

    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn turns(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn relay(client: TcpStream, server: Server, weather: watch::Receiver<Weather>) -> io::Result<()> {
    match server {
        Server::Port(port) => pass(client, TcpStream::connect(("127.0.0.1", port)).await?, weather).await,
        Server::Socket(path) => pass(client, UnixStream::connect(path).await?, weather).await,
    }
}

async fn pass(
    client: TcpStream,
    server: impl AsyncRead + AsyncWrite,
    mut weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let (there, back) = (weather.clone(), weather.clone());
    tokio::select! {
        _ = pump(&mut from_client, &mut to_server, there) => {}
        _ = pump(&mut from_server, &mut to_client, back) => {}
        _ = weather.wait_for(|weather| *weather == Weather::Cut) => {}
    }
    Ok(())
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        let now = *weather.borrow();
        match now {
            Weather::Fair | Weather::Cut => to.write_all(&buffer[..length]).await?,
            Weather::Slow(delay) => {
                sleep(delay).await;
                to.write_all(&buffer[..length]).await?;
            }
            Weather::Silent => {}
        }
    }
}
