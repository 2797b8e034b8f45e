//! The sockets: loopback only, HTTP/1.1, within limits.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::Edge;
use crate::error::{Class, Error, Result};

/// Largest request head, in bytes: CloudFront takes 20,480 of headers and 8,192 of URL.
const MAX_HEAD: usize = 32 * 1024;

/// Most header lines of a request.
const MAX_HEADERS: usize = 128;

/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Bound sockets that nobody answers yet.
pub struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
}

impl Listener {
    /// Binds `port` on the loopback addresses; 0 takes any free one.
    pub async fn bind(port: u16) -> Result<Self> {
        let refused = |cause: io::Error| {
            if cause.kind() == io::ErrorKind::AddrInUse {
                let message = format!("port {port} is in use by another program");
                let help = format!("see which with `lsof -i :{port}`, or choose another port with `--port`");
                return Error::new(Class::Config, "port-in-use", message).help(help);
            }
            Error::new(Class::Config, "port-refused", format!("failed to listen on port {port}: {cause}"))
                .help("choose another port with `--port`")
        };
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(refused)?;
        let bound = v4.local_addr().map_err(refused)?.port();
        let mut sockets = vec![v4];
        // `localhost` is both addresses to a browser, which asks the second one first. A machine may lack it.
        match TcpListener::bind((Ipv6Addr::LOCALHOST, bound)).await {
            Ok(v6) => sockets.push(v6),
            Err(cause) if port != 0 && cause.kind() == io::ErrorKind::AddrInUse => return Err(refused(cause)),
            Err(_) => {}
        }
        Ok(Self { sockets, port: bound })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address for people and clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Answers every request with `edge`, until the future is dropped.
    pub async fn serve(self, edge: Arc<Edge>) {
        let mut tasks = JoinSet::new();
        for socket in self.sockets {
            tasks.spawn(accept(socket, Arc::clone(&edge)));
        }
        while tasks.join_next().await.is_some() {}
    }
}

async fn accept(socket: TcpListener, edge: Arc<Edge>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, viewer)) => {
                    connections.spawn(converse(stream, viewer, Arc::clone(&edge)));
                }
                // Out of file descriptors, most likely: some will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, viewer: SocketAddr, edge: Arc<Edge>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, std::convert::Infallible>(edge.respond(request, viewer.ip()).await) }
    });
    // A viewer that goes away is no failure of ours.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
