//! The API's half of a release: a version is migrated for, published and tried out before viewers meet it.
//!
//! Whatever dies when: the version that viewers meet changes in one conditional step. Before it nothing has changed for
//! them; after it the new version serves the pages of both releases, as migrations only add.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Event, Ports, interrupted};
use crate::{
    error::{Class, Error, Result},
    model::{
        api::ApiRecord,
        digest::Digest,
        headers::Headers,
        openapi::{Document, Operations},
        path::StorageKey,
    },
    remote::{
        Body, Condition, StoreError,
        functions::{Functions, Live},
        lease::{LOST, Tenure},
    },
};

mod smoke;

pub use smoke::require_routes;

/// Prepares the database for a version that is about to be published.
pub type Migrate = Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// What becomes of the API.
#[derive(Clone)]
pub struct Change {
    /// Where it runs.
    pub functions: Arc<dyn Functions>,
    /// The version that viewers meet now.
    pub before: Live,
    /// Digest of the code that they shall meet.
    pub code: Digest,
    /// Where that comes from.
    pub source: Source,
    /// What is done to the database before it is published.
    pub migrate: Option<Migrate>,
    /// Paths of reads that must succeed.
    pub reads: Vec<String>,
    /// Operations that the pages need.
    pub needs: Operations,
    /// Whether it must have every operation of the version before: pages that viewers have open use them.
    pub keeps_routes: bool,
    /// Processors that the code is for, as Lambda calls them.
    pub architecture: String,
    /// The git commit that the code was built from.
    pub commit: Option<String>,
    /// When viewers meet it.
    pub order: Order,
}

/// Where code comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// This machine: the zip, and its size in bytes.
    Built(Body, u64),
    /// The bucket, which keeps it for a release.
    Kept,
}

/// Which half goes live first: the one that serves the other half's old and new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The API: a deploy's new pages may need what only the new API has.
    ApiFirst,
    /// The pages: those of an earlier release do with the API of a later one.
    PagesFirst,
}

/// A version that may go live.
pub struct Candidate<'a> {
    change: &'a Change,
    /// What the release records of it.
    pub record: ApiRecord,
    version: String,
}

impl Change {
    /// Whether viewers meet the code already, so that it only needs to be looked at.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.before.is(&self.code)
    }

    /// Publishes a version with the code, where viewers do not meet it already, and tries it out.
    pub(super) async fn prepare(&self, ports: &Ports, tenure: &Tenure) -> Result<Candidate<'_>> {
        let version = if self.is_live() { self.before.version.clone() } else { self.publish(ports, tenure).await? };
        go_on(ports)?;
        let document = if self.is_live() {
            smoke::document(self, &version).await?
        } else {
            (ports.listener)(Event::Trying(&version));
            tokio::select! {
                tried = smoke::try_out(self, &version) => tried?,
                () = ports.stop.cancelled() => return Err(interrupted()),
            }
        };
        go_on(ports)?;
        if self.keeps_routes && !self.is_live() {
            smoke::require_kept_routes(self, &version, document.as_ref()).await?;
        }
        let record = ApiRecord {
            digest: Some(self.code),
            architecture: Some(self.architecture.clone()),
            version: Some(version.clone()),
            commit: self.commit.clone(),
            openapi: document.map(|document: Document| document.digest),
        };
        Ok(Candidate { change: self, record, version })
    }

    async fn publish(&self, ports: &Ports, tenure: &Tenure) -> Result<String> {
        let key = StorageKey::package(&self.code);
        match &self.source {
            Source::Built(zip, size) => {
                if let Some(migrate) = &self.migrate {
                    (ports.listener)(Event::Migrating);
                    tokio::select! {
                        done = migrate() => done?,
                        () = ports.stop.cancelled() => return Err(interrupted()),
                    }
                }
                (ports.listener)(Event::PublishingApi(&self.code, *size));
                tenure.confirm().await?;
                let headers = Headers { content_type: "application/zip".into(), ..Headers::internal() };
                match ports.store.put(&key, zip.clone(), &headers, Condition::Absent).await {
                    // The same bytes, from an earlier deploy: the key is their digest.
                    Ok(_) | Err(StoreError::Precondition(_)) => {}
                    Err(failure) => return Err(failure.into()),
                }
            }
            Source::Kept => {
                let kept = ports.store.head(&key).await?.ok_or_else(|| lost(&key))?;
                (ports.listener)(Event::PublishingApi(&self.code, kept.size));
            }
        }
        go_on(ports)?;
        tenure.confirm().await?;
        self.functions.publish(&self.code, &self.architecture).await
    }
}

impl Candidate<'_> {
    /// Has viewers meet it.
    pub(super) async fn go_live(&self, ports: &Ports, tenure: &Tenure) -> Result<()> {
        if self.change.is_live() {
            return Ok(());
        }
        // No condition of the alias tells whoever took over from whoever was taken over: the ledger must.
        tenure.renew().await?;
        self.change.functions.go_live(&self.version, &self.change.before.version).await?;
        (ports.listener)(Event::ApiLive(&self.version));
        Ok(())
    }

    /// What to say of `failure`, which came when viewers may have met new pages already: they need this version, and
    /// it serves the pages before them, too.
    pub(super) fn stays(&self, failure: Error) -> Error {
        if self.change.is_live() || failure.rule == LOST {
            return failure;
        }
        let message = format!(
            "{failure}; version {} of the API stays, since some of its pages may be in place, and it serves those before them, too",
            self.version
        );
        Error { message, ..failure }
    }

    /// Has viewers meet the version before it again: because of `failure` they have met none of its pages.
    pub(super) async fn take_back(&self, failure: Error, ports: &Ports, tenure: &Tenure) -> Error {
        if self.change.is_live() {
            return failure;
        }
        let before = &self.change.before.version;
        let back = async {
            // Only if the ledger surely says that the new pages are not live. Whoever took over decides for itself.
            tenure.renew().await?;
            self.change.functions.go_live(before, &self.version).await
        };
        if let Err(cause) = back.await {
            if cause.rule == LOST {
                return cause;
            }
            let message = format!(
                "{failure}; the API could not be taken back to version {before}: version {} serves the pages that are live",
                self.version
            );
            return Error { message, ..failure };
        }
        (ports.listener)(Event::ApiLive(before));
        failure
    }
}

/// The failure of a step that follows pages which are live already.
pub(super) fn owed(failure: Error) -> Error {
    if failure.rule == LOST {
        return failure;
    }
    let message = format!("the pages are live again, but not their API: {failure}");
    let help = "the later API serves them, too; run the same command again to bring back theirs";
    Error { message, help: Some(help.to_owned()), ..failure }
}

fn go_on(ports: &Ports) -> Result<()> {
    if ports.stop.is_cancelled() { Err(interrupted()) } else { Ok(()) }
}

fn lost(key: &StorageKey) -> Error {
    Error::new(Class::Conflict, "release-incomplete", format!("{key}, the code of that release's API, is gone"))
        .help("nothing has changed; build the release from its commit and deploy it instead")
}
