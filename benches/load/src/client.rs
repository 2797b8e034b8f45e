//! One keep-alive connection, as a browser would hold it.

use std::{error::Error, net::SocketAddr, rc::Rc, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Uri,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
    header::{ACCEPT, ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::spawn_local, time::timeout};

/// The server, and what every request to it carries.
#[derive(Debug)]
pub struct Target {
    address: SocketAddr,
    headers: HeaderMap,
    timeout: Duration,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// What the server says of its cache: `HIT-L1`, `HIT-L2`, `STALE`, `MISS`.
    pub x_cache: Option<HeaderValue>,
}

/// Why there is no good answer; the text is what failures are counted by.
pub type Failure = String;

impl Target {
    /// Looks the server up. The headers are those of Locust's `HttpUser`.
    pub async fn resolve(url: &Uri, timeout: u64) -> Result<Self, Box<dyn Error>> {
        let (Some("http"), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(format!("{url} is not an http:// URL").into());
        };
        let place = (authority.host(), authority.port_u16().unwrap_or(80));
        let address = tokio::net::lookup_host(place).await?.next().ok_or("the server's name has no address")?;
        let headers = [
            (HOST, HeaderValue::from_str(authority.as_str())?),
            (USER_AGENT, HeaderValue::from_static("treebeard-load")),
            (ACCEPT, HeaderValue::from_static("*/*")),
            (ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate")),
        ];
        Ok(Self { address, headers: headers.into_iter().collect(), timeout: Duration::from_secs(timeout) })
    }
}

/// One connection, opened when it is first needed and again after it broke.
#[derive(Debug)]
pub struct Client {
    target: Rc<Target>,
    sender: Option<SendRequest<Empty<Bytes>>>,
}

impl Client {
    pub const fn new(target: Rc<Target>) -> Self {
        Self { target, sender: None }
    }

    /// One whose connection is open already.
    pub async fn open(target: Rc<Target>) -> Result<Self, Failure> {
        let mut client = Self::new(target);
        client.connect().await?;
        Ok(client)
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        let stream = TcpStream::connect(self.target.address).await.map_err(|e| format!("connect: {}", e.kind()))?;
        stream.set_nodelay(true).map_err(|e| format!("connect: {}", e.kind()))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| described(&e))?;
        spawn_local(connection); // its failure is that of the request under way
        self.sender = Some(sender);
        Ok(())
    }

    /// Requests a path and reads the answer to its end; anything but 2xx is a failure.
    pub async fn get(&mut self, path: &Uri) -> Result<Reply, Failure> {
        let answer = timeout(self.target.timeout, self.attempt(path)).await.unwrap_or_else(|_| Err("timeout".into()));
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn attempt(&mut self, path: &Uri) -> Result<Reply, Failure> {
        // A server may close an idle connection at any time: that is no failure, a browser opens another one.
        let open = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !open {
            self.connect().await?;
        }
        let Some(sender) = &mut self.sender else { return Err("connect".into()) };
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = path.clone();
        *request.headers_mut() = self.target.headers.clone();
        let mut response = sender.send_request(request).await.map_err(|e| described(&e))?;
        let x_cache = response.headers_mut().remove("x-cache");
        let status = response.status();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            frame.map_err(|e| described(&e))?;
        }
        if status.is_success() { Ok(Reply { x_cache }) } else { Err(format!("status {}", status.as_u16())) }
    }
}

fn described(error: &hyper::Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::LocalSet,
    };

    /// A client of a server that gives each of its connections one of these answers, then closes it.
    async fn client(answers: &'static [&'static str]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        spawn_local(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                _ = stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        Client::new(Rc::new(Target::resolve(&url, 1).await.unwrap()))
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_between_requests_is_no_failure_and_everything_else_is() {
        const OK: &str = "HTTP/1.1 200 OK\r\nx-cache: HIT-L1\r\ncontent-length: 2\r\n\r\n{}";
        const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
        const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}";
        let test = async {
            let mut client = client(&[OK, OK, BUSY, CUT]).await;
            let path = Uri::from_static("/");
            for _ in 0..2 {
                assert_eq!(client.get(&path).await.unwrap().x_cache.unwrap(), "HIT-L1");
                tokio::time::sleep(Duration::from_millis(50)).await; // until the end of the connection has arrived
            }
            assert_eq!(client.get(&path).await.unwrap_err(), "status 503");
            assert!(client.get(&path).await.unwrap_err().contains("end of file"));
            assert_eq!(client.get(&path).await.unwrap_err(), "timeout", "the server no longer accepts");
        };
        LocalSet::new().run_until(test).await;
    }
}
