//! What CloudFront keeps as one document with an entity tag: read, changed and removed on its condition.

use std::time::Duration;

use async_trait::async_trait;

use super::failure::{Failure, Meaning, changed, if_any};
use crate::error::Result;

/// Pauses before something in use is tried again.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10), Duration::from_secs(20)];

/// One document.
#[async_trait]
pub trait Document: Sync {
    /// The SDK's form of it, with everything that this tool does not speak of.
    type Config: Clone + PartialEq + Send + Sync;

    /// Its kind and name, for messages.
    fn label(&self) -> String;

    /// The document and its entity tag.
    async fn read(&self) -> Result<(Self::Config, String), Failure>;

    /// Puts another one in its place, provided that it is still what the tag says.
    async fn write(&self, config: Self::Config, etag: &str) -> Result<(), Failure>;

    /// Removes it, on the same condition.
    async fn remove(&self, etag: &str) -> Result<(), Failure>;
}

/// Lays settings over a document that must still be at `version`.
///
/// # Errors
/// [`Class::Conflict`](crate::error::Class::Conflict) when somebody else changed it.
pub async fn change<D: Document>(
    document: &D,
    version: Option<&str>,
    lay: impl Fn(&mut D::Config) -> Result<()> + Send + Sync,
) -> Result<()> {
    let found = if_any(document.read().await)?;
    let Some((current, etag)) = found.filter(|(_, etag)| Some(etag.as_str()) == version) else {
        return Err(changed(&document.label()));
    };
    let mut laid = current.clone();
    lay(&mut laid)?;
    if laid == current {
        return Ok(());
    }
    match document.write(laid, &etag).await {
        // A first attempt may have gone well, and its answer been lost: then there is nothing left to change.
        Err(Failure { meaning: Meaning::Stale, .. }) => {
            let (current, _) = document.read().await?;
            let mut laid = current.clone();
            lay(&mut laid)?;
            if laid == current { Ok(()) } else { Err(changed(&document.label())) }
        }
        other => Ok(other?),
    }
}

/// Removes a document as it is now, if it is still there.
pub async fn remove<D: Document>(document: &D) -> Result<()> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Some((_, etag)) = if_any(document.read().await)? else { return Ok(()) };
        match (document.remove(&etag).await, pauses.next()) {
            (Ok(()) | Err(Failure { meaning: Meaning::Missing, .. }), _) => return Ok(()),
            (Err(Failure { meaning: Meaning::Stale, .. }), _) => return Err(changed(&document.label())),
            // A distribution that was deleted may hold on to what it used for a while.
            (Err(failure), Some(pause)) if failure.error.rule == "in-use" => tokio::time::sleep(pause).await,
            (Err(failure), _) => return Err(failure.error),
        }
    }
}
