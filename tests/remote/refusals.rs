//! What cannot be done is said in words that a person can act on.

use treebeard_cdn::{
    error::{Class, Error},
    model::{headers::Headers, path::StorageKey},
    remote::{
        Body, Condition, ObjectStore, StoreError,
        aws::{Access, Connection, S3Store},
    },
};

use crate::support::{
    http,
    servers::{Answer, Scripted, Server, ministack, seaweed},
};

async fn write(store: &S3Store) -> Error {
    let body = Body::Bytes(b"x".to_vec());
    match store.put(&StorageKey::new("docs/a.html"), body, &Headers::internal(), Condition::None).await {
        Err(StoreError::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn read(store: &S3Store) -> Error {
    match store.get(&StorageKey::new("docs/a.html"), None).await {
        Err(StoreError::Failed(error)) => error,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("was read"),
    }
}

#[track_caller]
fn says(error: &Error, class: Class, rule: &str, words: &[&str]) {
    let help = error.help.as_deref().unwrap_or_default();
    let said = format!("{}\n{help}", error.message);
    assert_eq!((error.class, error.rule), (class, rule), "{said}");
    assert!(!help.is_empty(), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(!said.contains("a-secret-word"), "{said}");
}

/// What a store says whose server always answers the same.
async fn said_of(answer: Answer) -> Error {
    let scripted = Scripted::new(move |_, _| answer.clone());
    let store = Box::pin(scripted.server.connection()).await.store("site");
    write(&store).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket() {
    for server in [seaweed(), ministack()] {
        let store = server.connection().await.store("no-such-bucket");
        let words = ["bucket no-such-bucket does not exist", &server.endpoint(), "provision"];
        says(&read(&store).await, Class::Config, "bucket-missing", &words);
        let listed = Error::from(store.list("").await.unwrap_err());
        says(&listed, Class::Config, "bucket-missing", &words);
    }
    // SeaweedFS makes a bucket for the first write to it.
    let store = ministack().connection().await.store("no-such-bucket");
    says(&write(&store).await, Class::Config, "bucket-missing", &["bucket no-such-bucket does not exist"]);
}

#[tokio::test]
async fn a_bucket_in_another_region() {
    let words = ["bucket site is in region eu-west-1, not in us-east-1", "region: eu-west-1"];
    let redirect = Answer::refusal(301, "PermanentRedirect", "must be addressed using the specified endpoint.");
    says(&said_of(redirect.header("x-amz-bucket-region", "eu-west-1")).await, Class::Config, "bucket-region", &words);
    let message = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
    let malformed = Answer::refusal(400, "AuthorizationHeaderMalformed", message);
    says(&said_of(malformed).await, Class::Config, "bucket-region", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing() {
    let server = seaweed();
    let bucket = server.bucket().await;
    let reader = Connection::with_keys(&server.access(), "readerkey", "readersecret", None).await.unwrap();
    let arn = format!("s3:PutObject on arn:aws:s3:::{bucket}/docs/a.html is denied");
    says(&write(&reader.store(&bucket)).await, Class::Remote, "access-denied", &[&arn, "get-caller-identity"]);
    // S3 says why.
    let message = "User: arn:aws:iam::1:user/ci is not authorized to perform: s3:PutObject";
    let refused = said_of(Answer::refusal(403, "AccessDenied", message)).await;
    says(&refused, Class::Remote, "access-denied", &["user/ci is not authorized", "REQ1"]);
    // In other partitions the names of things begin otherwise.
    let scripted = Scripted::new(|_, _| Answer::refusal(403, "AccessDenied", "no"));
    let access = Access { region: "cn-north-1".into(), ..scripted.server.access() };
    let store = Connection::with_keys(&access, "key", "a-secret-word", None).await.unwrap().store("site");
    let words = ["s3:GetObject on arn:aws-cn:s3:::site/docs/a.html", "Without s3:ListBucket on arn:aws-cn:s3:::site"];
    says(&read(&store).await, Class::Remote, "access-denied", &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_no_good() {
    let server = seaweed();
    let bucket = server.bucket().await;
    for (id, secret) in [(server.access_key, "a-secret-word"), ("nobody", "a-secret-word")] {
        let stranger = Connection::with_keys(&server.access(), id, secret, None).await.unwrap();
        says(&write(&stranger.store(&bucket)).await, Class::Remote, "credentials-refused", &["aws sso login"]);
    }
    let expired = said_of(Answer::refusal(400, "ExpiredToken", "The provided token has expired.")).await;
    says(&expired, Class::Remote, "credentials-refused", &["ExpiredToken", "has expired", "docs/a.html"]);
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let date = "Sat, 01 Jan 2000 00:00:00 GMT";
    let skewed = Answer::refusal(403, "RequestTimeTooSkewed", "The difference is too large.").header("Date", date);
    says(&said_of(skewed).await, Class::Remote, "clock-skew", &[date, "set this machine's clock"]);
}

#[tokio::test]
async fn a_server_that_stays_busy_and_one_that_is_broken() {
    let busy = said_of(Answer::refusal(503, "SlowDown", "Please reduce your request rate.")).await;
    says(&busy, Class::Remote, "throttled", &["reduce your request rate", "wait a minute"]);
    let broken = said_of(Answer::refusal(501, "NotImplemented", "A header you provided is not implemented.")).await;
    says(&broken, Class::Config, "not-implemented", &["docs/a.html", "header you provided", "REQ1"]);
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let nobody = Server { port: http::free_port(), access_key: "key", secret_key: "a-secret-word" };
    let error = write(&nobody.connection().await.store("site")).await;
    says(&error, Class::Remote, "unreachable", &[&nobody.endpoint(), "onnection refused", "AWS_ENDPOINT_URL"]);
    let access = Access { endpoint_url: Some("localhost:8333".into()), ..nobody.access() };
    says(&Connection::open(&access).await.unwrap_err(), Class::Config, "endpoint-invalid", &["localhost:8333"]);
}
