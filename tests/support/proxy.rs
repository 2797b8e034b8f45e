//! A proxy in front of a server, which can do to any request what networks and servers do on a bad day.
//!
//! Passes requests on as they are, `Host` included, so that signatures stay valid.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{http::read_head, servers::Received};

/// What a test does at a certain moment.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

/// What happens to a request.
#[derive(Clone)]
pub struct Fate {
    /// Happens before the request is passed on.
    before: Option<Hook>,
    /// Happens when the server has answered, before the answer is passed on.
    after: Option<Hook>,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Answer,
    SlowDown,
    /// The server does nothing, and says why: a whole answer.
    Refuses(&'static str),
    /// The request never arrives: the connection is reset.
    Lost,
    /// The answer never arrives: the connection is reset.
    AnswerLost,
    /// The answer breaks off in its middle.
    AnswerCut,
}

impl Fate {
    const fn ends(end: End) -> Self {
        Self { before: None, after: None, end }
    }

    /// It is answered as it should be.
    pub const fn passes() -> Self {
        Self::ends(End::Answer)
    }

    /// The server is too busy, and does nothing.
    pub const fn slow_down() -> Self {
        Self::ends(End::SlowDown)
    }

    /// The server answers this, and does nothing.
    pub const fn refuses(answer: &'static str) -> Self {
        Self::ends(End::Refuses(answer))
    }

    pub const fn lost() -> Self {
        Self::ends(End::Lost)
    }

    pub const fn answer_lost() -> Self {
        Self::ends(End::AnswerLost)
    }

    pub const fn answer_cut() -> Self {
        Self::ends(End::AnswerCut)
    }

    pub fn first(self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self { before: Some(Arc::new(hook)), ..self }
    }

    pub fn then(self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self { after: Some(Arc::new(hook)), ..self }
    }
}

/// A request, as far as a test may want to know it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Counted from 1 since the script began.
    pub number: usize,
    /// `PUT /bucket/key?query HTTP/1.1`.
    pub line: String,
    head: Vec<String>,
    body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.iter().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The body, of which what is no text is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn is_for_cloudfront(&self) -> bool {
        self.line.contains(" /2020-05-31/")
    }

    fn received(&self) -> Received {
        let headers = self.head.iter().filter_map(|line| line.split_once(':'));
        Received {
            line: self.line.clone(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
            body: self.body.clone(),
        }
    }

    fn length(&self) -> usize {
        self.header("content-length").map_or(0, |length| length.parse().unwrap())
    }
}

/// Decides what happens to each request.
pub type Script = Arc<dyn Fn(&Request) -> Fate + Send + Sync>;

/// The proxy. Its threads end with their connections; its port stays taken until the process ends.
pub struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    server: u16,
    /// Headers that do not get through.
    dropped: Vec<&'static str>,
    /// Lines that every request gets.
    added: Vec<String>,
    /// Seconds by which the server's clock seems to be ahead.
    ahead: Mutex<Duration>,
    script: Mutex<Script>,
    /// Bodies of POST requests that the server carried out.
    posted: Mutex<Vec<String>>,
    /// Whole requests, in the order in which they arrived; none unless somebody asked for them.
    recorded: Mutex<Option<Vec<Received>>>,
    count: AtomicUsize,
    busy: AtomicUsize,
}

impl Proxy {
    /// A proxy of the server at port `server`.
    pub fn new(server: u16) -> Self {
        Self::without(server, &[])
    }

    /// A proxy that loses these headers of requests.
    pub fn without(server: u16, dropped: &[&'static str]) -> Self {
        Self::with(server, dropped, Vec::new())
    }

    /// What a viewer's machine would find under the host name of a distribution: a way to it over https.
    pub fn to_distribution(server: u16, domain: &str) -> Self {
        Self::with(server, &["host"], vec![format!("Host: {domain}"), "X-Forwarded-Proto: https".into()])
    }

    fn with(server: u16, dropped: &[&'static str], added: Vec<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            server,
            dropped: dropped.to_vec(),
            added,
            ahead: Mutex::default(),
            script: Mutex::new(Arc::new(|_| Fate::passes())),
            posted: Mutex::default(),
            recorded: Mutex::default(),
            count: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
        });
        let all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&all);
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { port, shared }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on requests are counted from 1, and `script` decides.
    pub fn script(&self, script: impl Fn(&Request) -> Fate + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Arc::new(script);
        self.shared.count.store(0, Ordering::SeqCst);
    }

    /// From now on every request is answered as it should be.
    pub fn calm(&self) {
        self.script(|_| Fate::passes());
    }

    /// The server's clock seems to be ahead by this much.
    pub fn ahead(&self, by: Duration) {
        *self.shared.ahead.lock().unwrap() = by;
    }

    /// Requests since the script began.
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// Bodies of POST requests that the server carried out since this was asked last.
    pub fn posted(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.posted.lock().unwrap())
    }

    /// From now on requests are kept, whatever happens to them.
    pub fn record(&self) {
        *self.shared.recorded.lock().unwrap() = Some(Vec::new());
    }

    /// The requests since [`Self::record`], or since this was asked last.
    pub fn recorded(&self) -> Vec<Received> {
        self.shared.recorded.lock().unwrap().as_mut().map(std::mem::take).expect("asked to record")
    }

    /// Waits until no request is under way any more, whether or not somebody waits for its answer.
    pub fn settle(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.shared.busy.load(Ordering::SeqCst) > 0 {
            assert!(Instant::now() < deadline, "requests are still under way after a minute");
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) {
        client.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(client.try_clone().unwrap());
        while let Some(request) = self.read(&mut reader) {
            self.busy.fetch_add(1, Ordering::SeqCst);
            let stays_open = self.treat(&request, client);
            self.busy.fetch_sub(1, Ordering::SeqCst);
            if stays_open.is_none() || request.header("connection") == Some("close") {
                break;
            }
        }
    }

    fn read(&self, reader: &mut BufReader<TcpStream>) -> Option<Request> {
        let mut head = read_head(reader)?;
        let line = head.remove(0);
        head.retain(|line| !self.dropped.iter().any(|name| is(line, name)));
        let mut request = Request { number: 0, line, head, body: Vec::new() };
        let length = request.length();
        if request.header("expect").is_some() {
            reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
            request.head.retain(|line| !is(line, "expect"));
        }
        request.body = vec![0; length];
        reader.read_exact(&mut request.body).ok()?;
        request.number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(recorded) = self.recorded.lock().unwrap().as_mut() {
            recorded.push(request.received());
        }
        Some(request)
    }

    /// None where the connection is of no more use.
    fn treat(&self, request: &Request, mut client: &TcpStream) -> Option<()> {
        let script = Arc::clone(&self.script.lock().unwrap());
        let fate = script(request);
        if let Some(hook) = &fate.before {
            hook();
        }
        match fate.end {
            End::Lost => return reset(client),
            End::SlowDown => return client.write_all(&slow_down(request)).ok(),
            End::Refuses(answer) => return client.write_all(answer.as_bytes()).ok(),
            End::Answer | End::AnswerLost | End::AnswerCut => {}
        }
        let answer = self.forward(request);
        if let Some(hook) = &fate.after {
            hook();
        }
        let (head, body) = answer?;
        match fate.end {
            End::AnswerLost => reset(client),
            End::AnswerCut => {
                let whole = [head.as_slice(), &body].concat();
                let sent = if body.is_empty() { head.len() / 2 } else { head.len() + body.len() / 2 };
                client.write_all(&whole[..sent]).ok()?;
                None
            }
            _ => client.write_all(&[head, body].concat()).ok(),
        }
    }

    /// Asks the server on a connection of its own, and gives its answer's head and body.
    fn forward(&self, request: &Request) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut server = TcpStream::connect(("127.0.0.1", self.server)).ok()?;
        let head = request.head.iter().chain(&self.added).filter(|line| !is(line, "connection"));
        let lines: Vec<_> = head.map(|line| format!("{line}\r\n")).collect();
        let head = format!("{}\r\n{}Connection: close\r\n\r\n", request.line, lines.concat());
        server.write_all(&[head.as_bytes(), &request.body].concat()).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut body = answer.split_off(end);
        if request.is_for_cloudfront() && body.windows(10).take(128).any(|window| window == b"?>\n<Error>") {
            // So ministack words what a policy does not allow. CloudFront wraps its errors, and clients look for that.
            let text = String::from_utf8_lossy(&body);
            body = text.replacen("<Error>", "<ErrorResponse><Error>", 1).into_bytes();
            body.extend_from_slice(b"</ErrorResponse>");
        }
        if request.line.starts_with("POST ") && answer.starts_with(b"HTTP/1.1 2") {
            self.posted.lock().unwrap().push(String::from_utf8_lossy(&request.body).into_owned());
        }
        Some((self.head(&String::from_utf8_lossy(&answer), &body), body))
    }

    fn head(&self, head: &str, body: &[u8]) -> Vec<u8> {
        let mut lines: Vec<_> = head.split("\r\n").filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.retain(|line| !is(line, "connection"));
        let framed = lines.iter().any(|line| is(line, "transfer-encoding"));
        if !framed && !body.is_empty() {
            lines.retain(|line| !is(line, "content-length"));
            lines.push(format!("Content-Length: {}", body.len()));
        }
        let ahead = *self.ahead.lock().unwrap();
        for line in lines.iter_mut().filter(|line| is(line, "date")) {
            let date = httpdate::parse_http_date(line[5..].trim()).unwrap() + ahead;
            *line = format!("Date: {}", httpdate::fmt_http_date(date));
        }
        format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
    }
}

/// Whether a header line is that of `name`.
fn is(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
}

/// Closes a connection the hard way.
fn reset(client: &TcpStream) -> Option<()> {
    let none = Some(Duration::ZERO);
    rustix::net::sockopt::set_socket_linger(client, none).unwrap();
    None
}

/// 503 in the words of S3, or of CloudFront.
fn slow_down(request: &Request) -> Vec<u8> {
    let words = if request.is_for_cloudfront() {
        "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    } else {
        "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    };
    let body = if request.line.starts_with("HEAD ") { "" } else { words };
    format!("HTTP/1.1 503 Slow Down\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", words.len())
        .into_bytes()
}
