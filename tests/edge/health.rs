//! What an API lacks that does not become healthy is said once.

use std::{sync::Mutex, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    runtime::Runtime,
    time::{sleep, timeout},
};
use treebeard_cdn::edge::wait_until_healthy;

use crate::support::http::free_port;

/// Answers requests with these status codes in turn, a connection each.
async fn answer(listener: &TcpListener, statuses: &[u16]) {
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        let reply = format!("HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}

#[test]
fn each_finding_is_said_once() {
    let (port, said) = (free_port(), Mutex::new(Vec::new()));
    let waiting =
        wait_until_healthy(port, "/health", Duration::ZERO, |line| said.lock().unwrap().push(line.to_owned()));
    let api = async {
        sleep(Duration::from_millis(300)).await;
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        answer(&listener, &[404, 404, 404, 503, 204]).await;
    };
    Runtime::new().unwrap().block_on(async { tokio::join!(waiting, api) });
    let expected = [
        format!("nothing listens on 127.0.0.1:{port} yet (it must listen on the port in PORT)"),
        "/health answers 404; set api.local.health to a path that answers 2xx".to_owned(),
        "/health answers 503; it must answer 2xx".to_owned(),
    ];
    let said = said.into_inner().unwrap();
    assert_eq!(said, expected.map(|finding| format!("the API is not ready: {finding}")));
}

#[test]
fn a_patient_wait_says_nothing_and_looks_ever_less_often() {
    let mut looks = 0;
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let waiting = wait_until_healthy(port, "/health", Duration::from_mins(1), |line| panic!("{line}"));
        let api = async {
            loop {
                answer(&listener, &[404]).await;
                looks += 1;
            }
        };
        let both = async { tokio::join!(waiting, api) };
        assert!(timeout(Duration::from_secs(3), both).await.is_err());
    });
    // At the first pace, 60; after n looks, 0.05 s × (1.2ⁿ − 1) / 0.2 have passed.
    assert!((2..=15).contains(&looks), "{looks} looks");
}

#[test]
fn what_is_no_http_and_what_is_no_path_is_said_to_be() {
    let first_word = |port: u16, path: &'static str| async move {
        let said = Mutex::new(String::new());
        let waiting = wait_until_healthy(port, path, Duration::ZERO, |line| line.clone_into(&mut said.lock().unwrap()));
        assert!(timeout(Duration::from_millis(300), waiting).await.is_err());
        said.into_inner().unwrap()
    };
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let said = first_word(port, "/a b").await;
        assert!(said.contains("/a b cannot be asked for") && said.contains("api.local.health"), "{said}");
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let said = first_word(port, "/health").await;
        assert!(said.starts_with("the API is not ready: /health has no HTTP answer: "), "{said}");
    });
}
