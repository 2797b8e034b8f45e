//! The S3 adapter on real servers.

use std::sync::Arc;

use super::behaviour::{self, Flaw};
use crate::support::servers::{ministack, seaweed};

#[tokio::test(flavor = "multi_thread")]
async fn seaweed_behaves_as_s3_does() {
    let server = seaweed();
    let store = server.connection().await.store(&server.bucket().await);
    behaviour::all(Arc::new(store), &[Flaw::ShortSegments]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ministack_behaves_as_s3_does() {
    let server = ministack();
    let store = server.connection().await.store(&server.bucket().await);
    behaviour::all(Arc::new(store), &[Flaw::CopiesKeepEncodings, Flaw::CopiesIgnoreConditions]).await;
}
