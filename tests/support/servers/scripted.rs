//! A server that answers what a test tells it to: refusals and faults that no real server gives on demand.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use super::Server;
use crate::support::http::read_head;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// `PUT /bucket/key?query HTTP/1.1`.
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    sent: usize,
}

/// The server, and what it was asked so far.
pub struct Scripted {
    pub server: Server,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Received {
    pub fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// Path and query.
    pub fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The service that the request's signature is for.
    pub fn signed_for(&self) -> Option<&str> {
        let credential = self.header("authorization")?.split_once("Credential=")?.1.split(',').next()?;
        credential.split('/').nth_back(1)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, headers: Vec::new(), sent: body.len(), body }
    }

    /// A refusal as S3 words it.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        Self::new(status, body).header("x-amz-request-id", "REQ1")
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Announces the whole body, and breaks off after `sent` bytes of it.
    pub fn cut(self, sent: usize) -> Self {
        Self { sent, ..self }
    }
}

impl Scripted {
    /// Answers the n-th request (from 0) with `script`.
    pub fn new(script: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (book, script) = (Arc::clone(&received), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (book, script) = (Arc::clone(&book), Arc::clone(&script));
                std::thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut book = book.lock().unwrap();
                        book.push(request.clone());
                        book.len() - 1
                    };
                    write(stream, &script(number, &request));
                });
            }
        });
        Self { server: Server { port, access_key: "key", secret_key: "a-secret-word" }, received }
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let lines = read_head(&mut reader)?;
    let headers: Vec<_> =
        lines[1..].iter().filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.into(), v.into())).collect();
    let mut request = Received { line: lines[0].clone(), headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_end(&mut request.body).ok()?;
    Some(request)
}

fn write(mut stream: TcpStream, answer: &Answer) {
    let lines = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<Vec<_>>().concat();
    let (status, length) = (answer.status, answer.body.len());
    let head = format!("HTTP/1.1 {status} Scripted\r\nConnection: close\r\n{lines}Content-Length: {length}\r\n\r\n");
    // A client that has seen enough may be gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer.body[..answer.sent]));
}
