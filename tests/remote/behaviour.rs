//! What a deploy relies on, whatever the store.

use std::{collections::BTreeMap, sync::Arc};

use tokio::io::AsyncReadExt as _;
use treebeard_cdn::{
    model::{digest::Digest, encoding::Encoding, headers::Headers, path::StorageKey},
    remote::{Body, Condition, Copy, ETag, ObjectStore, StoreError},
};

/// What a server is known to do wrong, and S3 does right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A copy keeps the source's `Content-Encoding` where the request names none.
    CopiesKeepEncodings,
    /// A copy heeds neither the condition on its source nor the one on its target.
    CopiesIgnoreConditions,
    /// A segment of a key may be no longer than a file's name, 255 bytes.
    ShortSegments,
}

pub async fn all(store: Arc<dyn ObjectStore>, flaws: &[Flaw]) {
    objects_come_back_with_their_headers(store.as_ref()).await;
    ranges_are_parts_of_the_bytes(store.as_ref()).await;
    any_name_is_a_key(store.as_ref(), flaws).await;
    conditions_hold(store.as_ref()).await;
    copies_take_the_headers_given(store.as_ref(), flaws).await;
    if !flaws.contains(&Flaw::CopiesIgnoreConditions) {
        copies_heed_conditions(store.as_ref()).await;
    }
    deletes_are_idempotent(store.as_ref()).await;
    deletes_spare_what_somebody_else_put_there(store.as_ref()).await;
    files_are_checked_while_they_are_stored(store.as_ref()).await;
    one_of_many_creators_wins(Arc::clone(&store)).await;
    readers_see_whole_objects(store).await;
}

fn headers(content_type: &str, content_encoding: Option<Encoding>) -> Headers {
    Headers { content_type: content_type.into(), cache_control: "public, max-age=60".into(), content_encoding }
}

async fn put(store: &dyn ObjectStore, key: &str, bytes: &[u8], condition: Condition) -> Result<ETag, StoreError> {
    let body = Body::Bytes(bytes.to_vec());
    store.put(&StorageKey::new(key), body, &headers("text/plain", None), condition).await
}

async fn get(store: &dyn ObjectStore, key: &str) -> Option<Vec<u8>> {
    let (info, mut stream) = store.get(&StorageKey::new(key), None).await.unwrap()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(info.size, bytes.len() as u64);
    Some(bytes)
}

async fn objects_come_back_with_their_headers(store: &dyn ObjectStore) {
    let (key, wanted) = (StorageKey::new("h/page.html"), headers("text/html; charset=utf-8", Some(Encoding::Br)));
    let etag = store.put(&key, Body::Bytes(b"bytes".to_vec()), &wanted, Condition::None).await.unwrap();
    let info = store.head(&key).await.unwrap().unwrap();
    assert_eq!((info.size, &info.headers, &info.etag), (5, &wanted, &etag));
    assert!(etag.0.starts_with('"') && etag.0.ends_with('"'), "{etag:?}");
    assert_eq!(get(store, "h/page.html").await.unwrap(), b"bytes");
    // The same key again: the headers are replaced with the bytes.
    let other = headers("text/plain", None);
    store.put(&key, Body::Bytes(Vec::new()), &other, Condition::None).await.unwrap();
    let info = store.head(&key).await.unwrap().unwrap();
    assert_eq!((info.size, &info.headers), (0, &other));
    assert!(store.head(&StorageKey::new("h/none")).await.unwrap().is_none());
    assert!(get(store, "h/none").await.is_none());
}

async fn ranges_are_parts_of_the_bytes(store: &dyn ObjectStore) {
    put(store, "range", b"0123456789", Condition::None).await.unwrap();
    for (range, expected) in [(0..1, "0"), (3..7, "3456"), (9..10, "9"), (0..10, "0123456789")] {
        let (info, mut stream) = store.get(&StorageKey::new("range"), Some(range)).await.unwrap().unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), info.size), (expected, 10));
    }
}

async fn any_name_is_a_key(store: &dyn ObjectStore, flaws: &[Flaw]) {
    let segment = if flaws.contains(&Flaw::ShortSegments) { 250 } else { 1000 };
    let long = format!("n/{}", vec!["x".repeat(segment); 1000 / segment].join("/"));
    let keys = ["n/a", "n/a/b", "n/a b", "n/a+b%20#?~.txt", "n/caf\u{e9}/\u{1f333}", "n/.well-known/x", &long];
    for key in keys {
        put(store, key, key.as_bytes(), Condition::None).await.unwrap();
    }
    let listed: BTreeMap<_, _> =
        store.list("n/").await.unwrap().into_iter().map(|it| (it.key.to_string(), it.size)).collect();
    assert_eq!(listed, keys.iter().map(|key| ((*key).to_owned(), key.len() as u64)).collect());
    for key in keys {
        assert_eq!(get(store, key).await.unwrap(), key.as_bytes());
    }
    assert!(store.list("n/a/").await.unwrap().len() == 1);
}

async fn conditions_hold(store: &dyn ObjectStore) {
    let lost = |result: Result<ETag, StoreError>| assert!(matches!(result, Err(StoreError::Precondition(_))));
    let first = put(store, "c", b"1", Condition::Absent).await.unwrap();
    lost(put(store, "c", b"2", Condition::Absent).await);
    let second = put(store, "c", b"2", Condition::Matches(first.clone())).await.unwrap();
    lost(put(store, "c", b"3", Condition::Matches(first.clone())).await);
    lost(put(store, "c/none", b"3", Condition::Matches(first)).await);
    assert_eq!(get(store, "c").await.unwrap(), b"2");
    put(store, "c", b"4", Condition::Matches(second)).await.unwrap();
    assert!(get(store, "c/none").await.is_none());
}

async fn copies_take_the_headers_given(store: &dyn ObjectStore, flaws: &[Flaw]) {
    let (from, to) = (StorageKey::new("copy/from"), StorageKey::new("copy/to"));
    let source = headers("text/css", Some(Encoding::Gzip));
    store.put(&from, Body::Bytes(b"bytes".to_vec()), &source, Condition::None).await.unwrap();
    let kept = flaws.contains(&Flaw::CopiesKeepEncodings).then_some(Encoding::Gzip);
    let wanted = headers("text/html", kept);
    let copy = |from, to| Copy { from, source: None, to, headers: &wanted, condition: Condition::None };
    let etag = store.copy(copy(&from, &to)).await.unwrap();
    let copied = store.head(&to).await.unwrap().unwrap();
    assert_eq!((copied.headers, copied.etag), (wanted.clone(), etag));
    assert_eq!(get(store, "copy/to").await.unwrap(), b"bytes");
    assert_eq!(store.head(&from).await.unwrap().unwrap().headers, source);
    // Onto itself: only the headers change.
    store.copy(copy(&from, &from)).await.unwrap();
    assert_eq!(store.head(&from).await.unwrap().unwrap().headers, wanted);
    assert_eq!(get(store, "copy/from").await.unwrap(), b"bytes");
    let none = StorageKey::new("copy/none");
    let missing = store.copy(copy(&none, &to)).await;
    assert!(matches!(missing, Err(StoreError::Missing(_))));
    // Names that mean something else in a URL.
    let odd = StorageKey::new("copy/a b+c%20#?~\u{e9}.txt");
    put(store, odd.as_str(), b"odd", Condition::None).await.unwrap();
    store.copy(copy(&odd, &to)).await.unwrap();
    assert_eq!(get(store, "copy/to").await.unwrap(), b"odd");
}

async fn copies_heed_conditions(store: &dyn ObjectStore) {
    let (from, to, wanted) = (StorageKey::new("cc/from"), StorageKey::new("cc/to"), headers("text/html", None));
    let copy = |source, condition| Copy { from: &from, source, to: &to, headers: &wanted, condition };
    let lost = |result: Result<ETag, StoreError>, at: &StorageKey| match result {
        Err(StoreError::Precondition(key)) => assert_eq!(key, *at),
        other => panic!("{other:?}"),
    };
    // Only the bytes that are meant are copied.
    let stale = put(store, "cc/from", b"bytes", Condition::None).await.unwrap();
    let source = put(store, "cc/from", b"other bytes", Condition::None).await.unwrap();
    lost(store.copy(copy(Some(&stale), Condition::None)).await, &from);
    assert!(get(store, "cc/to").await.is_none());
    let first = store.copy(copy(Some(&source), Condition::Absent)).await.unwrap();
    assert_eq!(get(store, "cc/to").await.unwrap(), b"other bytes");
    // Nor over what somebody else put there.
    lost(store.copy(copy(None, Condition::Absent)).await, &to);
    let theirs = put(store, "cc/to", b"theirs", Condition::None).await.unwrap();
    lost(store.copy(copy(None, Condition::Matches(first))).await, &to);
    assert_eq!(get(store, "cc/to").await.unwrap(), b"theirs");
    store.copy(copy(None, Condition::Matches(theirs))).await.unwrap();
    assert_eq!(get(store, "cc/to").await.unwrap(), b"other bytes");
}

async fn deletes_are_idempotent(store: &dyn ObjectStore) {
    put(store, "d", b"1", Condition::None).await.unwrap();
    for _ in 0..2 {
        store.delete(&StorageKey::new("d"), Condition::None).await.unwrap();
        assert!(get(store, "d").await.is_none());
    }
}

async fn deletes_spare_what_somebody_else_put_there(store: &dyn ObjectStore) {
    let key = StorageKey::new("d/mine");
    let mine = put(store, "d/mine", b"mine", Condition::None).await.unwrap();
    put(store, "d/mine", b"theirs", Condition::None).await.unwrap();
    let stale = store.delete(&key, Condition::Matches(mine.clone())).await;
    assert!(matches!(stale, Err(StoreError::Precondition(_))), "{stale:?}");
    assert_eq!(get(store, "d/mine").await.unwrap(), b"theirs");
    let theirs = store.head(&key).await.unwrap().unwrap().etag;
    store.delete(&key, Condition::Matches(theirs)).await.unwrap();
    store.delete(&key, Condition::Matches(mine)).await.unwrap();
    assert!(get(store, "d/mine").await.is_none());
}

async fn files_are_checked_while_they_are_stored(store: &dyn ObjectStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, b"what is there").unwrap();
    let file = |bytes: &[u8]| Body::File { path: path.clone(), sha256: Digest::of(bytes), size: bytes.len() as u64 };
    let (key, headers) = (StorageKey::new("file"), headers("text/plain", None));
    store.put(&key, file(b"what is there"), &headers, Condition::None).await.unwrap();
    let changed = store.put(&key, file(b"what was there"), &headers, Condition::None).await;
    assert!(matches!(&changed, Err(StoreError::Failed(error)) if error.rule == "file-changed"), "{changed:?}");
    assert_eq!(get(store, "file").await.unwrap(), b"what is there");
    let vanished = Body::File { path: folder.path().join("gone"), sha256: Digest::of(b""), size: 0 };
    let vanished = store.put(&key, vanished, &headers, Condition::None).await;
    assert!(matches!(&vanished, Err(StoreError::Failed(error)) if error.rule == "file-vanished"), "{vanished:?}");
}

async fn one_of_many_creators_wins(store: Arc<dyn ObjectStore>) {
    let mut creators = tokio::task::JoinSet::new();
    for n in 0..20_u8 {
        let store = Arc::clone(&store);
        creators.spawn(async move { put(store.as_ref(), "one", &[n], Condition::Absent).await.is_ok().then_some(n) });
    }
    let winners: Vec<_> = creators.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(get(store.as_ref(), "one").await.unwrap(), winners);
}

async fn readers_see_whole_objects(store: Arc<dyn ObjectStore>) {
    put(store.as_ref(), "whole", &vec![0; 100_000], Condition::None).await.unwrap();
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for n in 1..40_u8 {
                put(store.as_ref(), "whole", &vec![n; 100_000 + usize::from(n)], Condition::None).await.unwrap();
            }
        })
    };
    while !writer.is_finished() {
        let bytes = get(store.as_ref(), "whole").await.unwrap();
        assert!(bytes.iter().all(|b| *b == bytes[0]) && bytes.len() == 100_000 + usize::from(bytes[0]));
    }
    writer.await.unwrap();
}
