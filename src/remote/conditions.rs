//! Does a store keep its conditions? Some S3-compatible servers take no notice of them.

use super::{Body, Condition, ETag, ObjectStore, StoreError};
use crate::{
    error::{Class, Error, Result},
    model::{headers::Headers, path::StorageKey},
};

/// Fails where conditional writes are not honoured: two deploys at once could mix there.
///
/// Takes four requests, so it is asked once in the life of a bucket: before its first pointer is written. Several
/// commands may ask at once, so each `run` has an object of its own.
pub async fn require(store: &dyn ObjectStore, run: &str) -> Result<()> {
    let key = StorageKey::probe(run);
    let headers = Headers::internal();
    let put = |condition| store.put(&key, Body::Bytes(b"{}".to_vec()), &headers, condition);
    put(Condition::None).await?;
    let absent = put(Condition::Absent).await;
    let matches = put(Condition::Matches(ETag("\"00000000000000000000000000000000\"".into()))).await;
    store.delete(&key, Condition::None).await?;
    for (answer, header) in [(absent, "If-None-Match"), (matches, "If-Match")] {
        match answer {
            Err(StoreError::Precondition(_)) => {}
            Ok(_) => return Err(unsupported(header, "takes no notice of it")),
            Err(StoreError::Failed(error)) if error.rule == "not-implemented" => {
                return Err(unsupported(header, &error.message));
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

fn unsupported(header: &str, answer: &str) -> Error {
    let message = format!("the server has no conditional writes: it was asked for {header}, and {answer}");
    Error::new(Class::Config, "no-conditional-writes", message).help(
        "two deploys at once could mix there; use a server that has them, or set `locking: off` for this environment \
         and see to it that there is one deploy at a time",
    )
}
