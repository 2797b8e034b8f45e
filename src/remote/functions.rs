//! Where an API runs: a function with published versions, and an alias that says which of them viewers meet.

use async_trait::async_trait;

use crate::{
    error::Result,
    model::{api::Version, digest::Digest},
};

/// The version that viewers meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its number.
    pub version: String,
    /// Digest of its code's zip.
    pub code: Digest,
    /// Whether some viewers meet another version.
    pub split: bool,
}

impl Live {
    /// Whether every viewer meets this code.
    #[must_use]
    pub fn is(&self, code: &Digest) -> bool {
        self.code == *code && !self.split
    }
}

/// What a version answers to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status; 502 where the function failed, as viewers would see it.
    pub status: u16,
    /// The body; of a function that failed, what it says of that.
    pub body: Vec<u8>,
}

/// A function.
///
/// Every method may be repeated: whoever died in between is followed by another run, which finds what there is.
#[async_trait]
pub trait Functions: Send + Sync {
    /// The version that viewers meet.
    ///
    /// # Errors
    /// [`Class::Config`](crate::error::Class::Config) when there is no such function.
    async fn live(&self) -> Result<Live>;

    /// Publishes a version with the code in the bucket that has this digest and is for this architecture, and the
    /// function's own configuration, and gives its number once it can be asked. Viewers do not meet it.
    async fn publish(&self, code: &Digest, architecture: &str) -> Result<String>;

    /// Asks a version for `GET path`, as its function URL would.
    async fn ask(&self, version: &str, path: &str) -> Result<Answer>;

    /// Has all viewers meet `version` instead of the version `before`. Where they do already, nothing is done.
    ///
    /// # Errors
    /// [`Class::Conflict`](crate::error::Class::Conflict) when they meet another one than `before`; then nothing was
    /// changed. After any other failure the message says which version they meet, or that this is not known.
    async fn go_live(&self, version: &str, before: &str) -> Result<()>;

    /// Every version that was published and not deleted.
    async fn versions(&self) -> Result<Vec<Version>>;

    /// Deletes a version, and gives whether it is gone: one that an alias leads to stays.
    async fn delete(&self, version: Version) -> Result<bool>;

    /// Requests so far.
    fn requests(&self) -> u64;
}
