//! What a value says of its own life.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::catalog::CatalogPage;
use crate::domain::plan::Plan;
use crate::domain::recommendation::Recommendations;
use crate::domain::usage::MonthUsage;
use crate::domain::user::Profile;

/// What can be cached.
pub trait Cacheable: Serialize + 'static {
    /// For how long it holds.
    fn life(&self) -> Life {
        Life::Usual
    }
}

/// For how long a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// As long as its namespace's values do.
    Usual,
    /// As long as these, but not after that time, stale or not.
    Until(DateTime<Utc>),
    /// For seconds, and in this process' memory only: of what is not there, there is no end.
    Brief,
}

impl Cacheable for Plan {}
impl Cacheable for Profile {}
impl Cacheable for Vec<MonthUsage> {}

impl Cacheable for Recommendations {
    fn life(&self) -> Life {
        Life::Until(self.expires_at)
    }
}

/// Anybody can ask for pages that nothing matches, or behind the last: they must not fill Redis.
impl Cacheable for CatalogPage {
    fn life(&self) -> Life {
        if self.items.is_empty() { Life::Brief } else { Life::Usual }
    }
}
