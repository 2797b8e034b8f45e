//! The names of cached values. The type of a key is the type of its value.

use std::marker::PhantomData;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::catalog::{CatalogFilter, CatalogPage};
use crate::domain::id::{PlanId, UserId};
use crate::domain::plan::Plan;
use crate::domain::recommendation::Recommendations;
use crate::domain::usage::MonthUsage;
use crate::domain::user::Profile;

/// What kind of value a key names; each has its own prefix, version and time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// Plans and pages of them.
    PlanCatalog,
    /// Users' profiles.
    UserProfile,
    /// What suits a user.
    Recommendations,
    /// Users' months.
    UsageAnalysis,
    /// Whole responses.
    Response,
}

impl Namespace {
    /// What its keys start with, version included.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::PlanCatalog => "plan_catalog:v1",
            Self::UserProfile => "user_profile:v1",
            Self::Recommendations => "recommendations:v1",
            Self::UsageAnalysis => "usage_analysis:v1",
            Self::Response => "cache:response",
        }
    }

    /// How long its values may be served.
    #[must_use]
    pub const fn ttl(self) -> Duration {
        Duration::from_secs(match self {
            Self::PlanCatalog => 3_600,
            Self::UserProfile | Self::Recommendations => 86_400,
            Self::UsageAnalysis => 604_800,
            Self::Response => 300,
        })
    }
}

/// Names a cached `T`.
#[derive(Debug)]
pub struct Key<T> {
    namespace: Namespace,
    name: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    fn new(namespace: Namespace, last: &str) -> Self {
        Self { namespace, name: format!("{}:{last}", namespace.prefix()), value: PhantomData }
    }

    /// The whole key, as operators see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Its kind.
    #[must_use]
    pub const fn namespace(&self) -> Namespace {
        self.namespace
    }
}

impl Key<Plan> {
    /// One plan.
    #[must_use]
    pub fn plan(id: &PlanId) -> Self {
        Self::new(Namespace::PlanCatalog, id.as_str())
    }
}

impl Key<CatalogPage> {
    /// A page of the catalogue, as data.
    #[must_use]
    pub fn catalog_page(filter: &CatalogFilter) -> Self {
        Self::new(Namespace::PlanCatalog, &format!("page:{}", hash(filter)))
    }

    /// A page of the catalogue, as response.
    #[must_use]
    pub fn catalog_response(filter: &CatalogFilter) -> Self {
        Self::new(Namespace::Response, &hash(filter))
    }
}

impl Key<Profile> {
    /// A user's profile.
    #[must_use]
    pub fn profile(id: &UserId) -> Self {
        Self::new(Namespace::UserProfile, id.as_str())
    }
}

impl Key<Recommendations> {
    /// What suits a user.
    #[must_use]
    pub fn recommendations(id: &UserId) -> Self {
        Self::new(Namespace::Recommendations, id.as_str())
    }
}

impl Key<Vec<MonthUsage>> {
    /// A user's months, oldest first.
    #[must_use]
    pub fn usage(id: &UserId) -> Self {
        Self::new(Namespace::UsageAnalysis, id.as_str())
    }
}

/// 128 bits of the query's canonical form, in hexadecimal.
fn hash(filter: &CatalogFilter) -> String {
    let digest = Sha256::digest(format!("{filter:?}"));
    digest[..16].iter().fold(String::with_capacity(32), |text, byte| text + &format!("{byte:02x}"))
}
