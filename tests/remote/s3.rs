//! The S3 adapter on real servers.

use std::{sync::Arc, time::Duration};

use tokio::io::AsyncReadExt as _;
use treebeard_cdn::{
    model::{digest::Digest, headers::Headers, path::StorageKey},
    remote::{
        Body, Condition, ObjectStore, StoreError,
        aws::{Access, Checksums, Connection, S3Store},
        read_document,
    },
};

use super::behaviour::{self, Flaw};
use crate::support::servers::{Answer, Scripted, Server, ministack, seaweed};

async fn store(server: &Server) -> (S3Store, String) {
    let bucket = server.bucket().await;
    (server.connection().await.store(&bucket), bucket)
}

fn headers() -> Headers {
    Headers { content_type: "text/plain".into(), cache_control: "max-age=1".into(), content_encoding: None }
}

async fn read(store: &S3Store, key: &StorageKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.get(key, None).await.unwrap().unwrap().1.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn seaweed_behaves_as_s3_does() {
    behaviour::all(Arc::new(store(seaweed()).await.0), &[Flaw::ShortSegments]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ministack_behaves_as_s3_does() {
    let flaws = [Flaw::CopiesKeepEncodings, Flaw::CopiesIgnoreConditions];
    behaviour::all(Arc::new(store(ministack()).await.0), &flaws).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_of_a_long_listing_is_found() {
    for server in [seaweed(), ministack()] {
        let (store, _) = store(server).await;
        let store = Arc::new(store);
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16 {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for n in (writer..1_100).step_by(16) {
                    let key = StorageKey::new(format!("many/{n}"));
                    store.put(&key, Body::Bytes(Vec::new()), &headers(), Condition::None).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        let keys: std::collections::BTreeSet<_> =
            store.list("many/").await.unwrap().into_iter().map(|listed| listed.key.to_string()).collect();
        assert_eq!(keys, (0..1_100).map(|n| format!("many/{n}")).collect());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_travel_in_parts_under_the_same_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let bytes: Vec<u8> = (0..17 * 1024 * 1024_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    std::fs::write(&path, &bytes).unwrap();
    let file = |sha256| Body::File { path: path.clone(), sha256, size: bytes.len() as u64 };
    for server in [seaweed(), ministack()] {
        let (store, bucket) = store(server).await;
        let key = StorageKey::new("large");
        let etag = store.put(&key, file(Digest::of(&bytes)), &headers(), Condition::Absent).await.unwrap();
        let info = store.head(&key).await.unwrap().unwrap();
        assert_eq!((info.size, &info.etag, &info.headers), (bytes.len() as u64, &etag, &headers()));
        assert!(etag.0.ends_with("-3\""), "{etag:?} is not that of three parts");
        // What the store says of the parts' digests is no digest of the object.
        assert_eq!(info.sha256, None);
        assert_eq!(Digest::of(&read(&store, &key).await), Digest::of(&bytes));
        let lost = store.put(&key, file(Digest::of(&bytes)), &headers(), Condition::Absent).await;
        assert!(matches!(lost, Err(StoreError::Precondition(_))), "{lost:?}");
        // A file that is not what it was does not appear.
        let changed = StorageKey::new("changed");
        let refused = store.put(&changed, file(Digest::of(b"else")), &headers(), Condition::None).await;
        assert!(matches!(&refused, Err(StoreError::Failed(error)) if error.rule == "file-changed"), "{refused:?}");
        assert!(store.head(&changed).await.unwrap().is_none());
        let uploads = server.s3().list_multipart_uploads().bucket(&bucket).send().await.unwrap();
        assert!(uploads.uploads().is_empty(), "nothing is left behind: {uploads:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_vouches_for_digests_and_tells_its_time() {
    for server in [seaweed(), ministack()] {
        let (store, _) = store(server).await;
        let key = StorageKey::new("vouched");
        let before = std::time::SystemTime::now();
        store.put(&key, Body::Bytes(b"bytes".to_vec()), &headers(), Condition::None).await.unwrap();
        for info in [store.head(&key).await.unwrap().unwrap(), store.get(&key, None).await.unwrap().unwrap().0] {
            assert_eq!(info.sha256, Some(Digest::of(b"bytes")));
            for time in [info.now, info.last_modified] {
                let second = Duration::from_secs(1);
                assert!(time >= before - second && time <= std::time::SystemTime::now() + second, "{info:?}");
            }
        }
    }
}

/// A file that changed its bytes and not its size, small and streamed.
#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_are_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for checksums in [Checksums::Auto, Checksums::WhenRequired] {
        let server = seaweed();
        let access = Access { checksums, ..server.access() };
        let keys = Connection::with_keys(&access, server.access_key, server.secret_key, None).await.unwrap();
        let (store, key) = (keys.store(&server.bucket().await), StorageKey::new("file"));
        for size in [1_000, 300_000] {
            std::fs::write(&path, vec![b'a'; size]).unwrap();
            let file =
                |byte| Body::File { path: path.clone(), sha256: Digest::of(&vec![byte; size]), size: size as u64 };
            let refused = store.put(&key, file(b'b'), &headers(), Condition::None).await;
            assert!(matches!(&refused, Err(StoreError::Failed(error)) if error.rule == "file-changed"), "{refused:?}");
            assert!(store.head(&key).await.unwrap().is_none());
            store.put(&key, file(b'a'), &headers(), Condition::None).await.unwrap();
            assert_eq!(read(&store, &key).await, vec![b'a'; size]);
            store.delete(&key, Condition::None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn each_attempt_is_signed_with_the_digest_that_is_known() {
    for checksums in [Checksums::Auto, Checksums::WhenRequired] {
        let scripted = Scripted::new(|number, _| match number {
            0 => Answer::refusal(500, "InternalError", "We encountered an internal error. Please try again."),
            _ => Answer::new(200, "").header("ETag", "\"e\""),
        });
        let access = Access { checksums, ..scripted.server.access() };
        let store = Connection::with_keys(&access, "key", "secret", None).await.unwrap().store("bucket");
        let key = StorageKey::new("a b+c%20#?~\u{e9}.txt");
        store.put(&key, Body::Bytes(b"bytes".to_vec()), &headers(), Condition::Absent).await.unwrap();
        let received = scripted.received();
        assert_eq!(received.len(), 2);
        for request in received {
            assert!(request.line.starts_with("PUT /bucket/a%20b%2Bc%2520%23%3F~%C3%A9.txt?"), "{}", request.line);
            let signed = request.header("x-amz-content-sha256");
            assert_eq!(signed, Some(Digest::of(b"bytes").to_string().as_str()));
            let checksum = request.header("x-amz-checksum-sha256");
            assert_eq!(checksum.is_some(), checksums == Checksums::Auto, "{checksum:?}");
            assert_eq!((request.header("if-none-match"), request.header("content-encoding")), (Some("*"), None));
            assert_eq!(request.body, b"bytes");
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_taken_up_where_it_broke() {
    let scripted = Scripted::new(|number, _| match number {
        0 => Answer::new(200, "0123456789").header("ETag", "\"e\"").cut(4),
        1 => Answer::new(206, "456789").header("ETag", "\"e\"").header("Content-Range", "bytes 4-9/10").cut(0),
        _ => Answer::new(206, "456789").header("ETag", "\"e\"").header("Content-Range", "bytes 4-9/10"),
    });
    let store = scripted.server.connection().await.store("bucket");
    assert_eq!(read(&store, &StorageKey::new("key")).await, b"0123456789");
    let received = scripted.received();
    let asked: Vec<_> = received.iter().map(|it| (it.header("range"), it.header("if-match"))).collect();
    let rest = (Some("bytes=4-9"), Some("\"e\""));
    assert_eq!(asked, [(None, None), rest, rest]);
}

#[tokio::test]
async fn a_body_that_breaks_off_every_time_is_an_error() {
    let scripted = Scripted::new(|_, _| Answer::new(200, "0123456789").header("ETag", "\"e\"").cut(0));
    let store = scripted.server.connection().await.store("bucket");
    let error = read_document(&store, &StorageKey::new("key")).await.unwrap_err();
    assert!(matches!(&error, StoreError::Failed(error) if error.rule == "unreachable"), "{error:?}");
    assert_eq!(scripted.received().len(), 5);
}

#[tokio::test]
async fn a_server_that_asks_to_slow_down_is_asked_again() {
    let scripted = Scripted::new(|number, _| match number {
        0..3 => Answer::refusal(503, "SlowDown", "Please reduce your request rate."),
        _ => Answer::new(200, "").header("ETag", "\"e\""),
    });
    let store = scripted.server.connection().await.store("bucket");
    let etag = store.put(&StorageKey::new("key"), Body::Bytes(vec![1]), &headers(), Condition::None).await.unwrap();
    assert_eq!((etag.0.as_str(), scripted.received().len()), ("\"e\"", 4));
}
