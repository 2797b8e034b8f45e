//! The names of cached values. The type of a key is the type of its value.

use std::marker::PhantomData;

use sha2::{Digest, Sha256};

use super::Namespace;
use crate::domain::catalog::{CatalogFilter, CatalogPage};
use crate::domain::id::{PlanId, UserId};
use crate::domain::plan::{Plan, PlanType, RateType};
use crate::domain::recommendation::Recommendations;
use crate::domain::usage::MonthUsage;
use crate::domain::user::Profile;

/// Names a cached `T`.
#[derive(Debug)]
pub struct Key<T> {
    namespace: Namespace,
    name: String,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    fn new(namespace: Namespace, last: &str) -> Self {
        Self { namespace, name: [namespace.prefix(), ":", last].concat(), value: PhantomData }
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
        Self::new(Namespace::PlanCatalog, &["page:", &hash(filter)].concat())
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

/// The names of everything that is cached about a user: what the tag `user` stands for.
pub fn of_user(id: &UserId) -> [String; 3] {
    [Key::profile(id).name, Key::recommendations(id).name, Key::usage(id).name]
}

/// The namespace of a key as operators write it.
pub fn namespace_of(name: &str) -> Option<Namespace> {
    Namespace::ALL.into_iter().find(|namespace| {
        name.strip_prefix(namespace.prefix()).and_then(|rest| rest.strip_prefix(':')).is_some_and(|id| !id.is_empty())
    })
}

/// 128 bits of the query's canonical form, in hexadecimal.
fn hash(filter: &CatalogFilter) -> String {
    let CatalogFilter { region, plan_type, rate_type, min_renewable, max_contract_length, page, page_size } = filter;
    let words = [region.as_deref(), plan_type.map(PlanType::as_str), rate_type.map(RateType::as_str)];
    let numbers = [*min_renewable, *max_contract_length, Some(*page), Some(*page_size)];
    let mut form = Sha256::new();
    for word in words {
        form.update(word.unwrap_or("-"));
        form.update("/");
    }
    for number in numbers {
        form.update(number.map_or([u8::MAX; 8], |number| u64::from(number).to_be_bytes()));
    }
    hex::encode(&form.finalize()[..16])
}
