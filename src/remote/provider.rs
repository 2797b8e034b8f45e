//! What makes and keeps a site's resources.

use async_trait::async_trait;

use crate::{
    error::Result,
    model::infrastructure::{Found, Issued, Known, Resource},
};

/// Somebody who makes resources: AWS, or servers that stand for it.
///
/// Every method may be repeated: a name is given once, so whoever died in between finds what there is by it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The resource as it is; none when there is none. `known` has the resources that it may refer to.
    async fn find(&self, wanted: &Resource, known: &Known) -> Result<Option<Found>>;

    /// Makes the resource. One of that name that came into being meanwhile is what is given, as it is.
    async fn create(&self, wanted: &Resource, known: &Known) -> Result<Found>;

    /// Gives the resource the settings that are wanted, and leaves all others as they are.
    ///
    /// # Errors
    /// [`Class::Conflict`](crate::error::Class::Conflict) when it is no longer what was `found`; then nothing was
    /// changed.
    async fn update(&self, wanted: &Resource, found: &Found, known: &Known) -> Result<Found>;

    /// Removes the resource; of a bucket's policy, our statements. What is not there any more is removed.
    async fn delete(&self, found: &Found) -> Result<()>;

    /// Whether a bucket holds anything, superseded versions included.
    async fn holds_anything(&self, bucket: &Found) -> Result<bool>;

    /// Removes some of what a bucket holds, superseded versions included, and says how many that were: none when
    /// nothing is left.
    async fn empty_some(&self, bucket: &Found) -> Result<u64>;

    /// Whether the last change of the resource has reached every place where it works.
    async fn settled(&self, found: &Found) -> Result<bool>;

    /// What is known of a certificate; none when nothing may be known.
    async fn certificate(&self, arn: &str) -> Result<Option<Issued>>;
}
