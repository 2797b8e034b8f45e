//! `relay UPSTREAM MILLISECONDS`: forwards TCP connections to UPSTREAM, and holds back each block of an answer for a
//! while, as a long way would. Latency, not bandwidth: blocks follow each other as closely as they were sent.
//!
//! Prints the address that it listens on, and ends when its standard input does.

use std::{
    env,
    error::Error,
    io::{self, Read as _},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until},
};

const BLOCK: usize = 64 * 1024;
/// Blocks of one connection that may be on their way at once.
const ON_THE_WAY: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [upstream, milliseconds] = &args[..] else { return Err("usage: relay UPSTREAM MILLISECONDS".into()) };
    let delay = Duration::from_millis(milliseconds.parse()?);
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (client, _) = listener.accept().await?;
            let upstream = TcpStream::connect(upstream).await?;
            client.set_nodelay(true)?;
            upstream.set_nodelay(true)?;
            let (requests, to_client) = client.into_split();
            let (answers, to_server) = upstream.into_split();
            tokio::spawn(forward(requests, to_server, Duration::ZERO));
            tokio::spawn(forward(answers, to_client, delay));
        }
    })
}

/// Copies until either side ends, each block `delay` after it arrived. A side that ends early ends the other one.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let (sender, mut blocks) = mpsc::channel(ON_THE_WAY);
    let reading = tokio::spawn(async move {
        let mut block = vec![0; BLOCK];
        while let Ok(length @ 1..) = from.read(&mut block).await {
            if sender.send((Instant::now() + delay, block[..length].to_vec())).await.is_err() {
                break;
            }
        }
    });
    while let Some((due, block)) = blocks.recv().await {
        sleep_until(due).await;
        if to.write_all(&block).await.is_err() {
            reading.abort();
        }
    }
    let _ = to.shutdown().await;
}
