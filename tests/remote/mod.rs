//! One suite of behaviour for every store behind the port.

mod behaviour;
mod cloudfront;
mod imports;
mod provider;
mod refusals;
mod s3;

use std::sync::Arc;

use treebeard_cdn::remote::local::LocalStore;

#[tokio::test]
async fn the_local_store_behaves_as_s3_does() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(folder.path().join("bucket")).unwrap();
    behaviour::all(Arc::new(store), &[]).await;
}
