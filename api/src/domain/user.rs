//! A user, what matters to them, and the plan that they are on.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plan::PlanSummary;

/// A user as they see themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Opaque id, for example `user_123`.
    pub user_id: String,
    /// Display name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Five digits.
    pub zip_code: String,
    /// When the account was made.
    pub member_since: DateTime<Utc>,
    /// What matters to them.
    pub preferences: Preferences,
    /// The plan that they are on, if any.
    #[schema(required)]
    pub current_plan: Option<CurrentPlan>,
}

/// What matters to a user, in percent; the four sum to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// A low bill.
    #[schema(maximum = 100)]
    pub cost: u32,
    /// To be able to leave.
    #[schema(maximum = 100)]
    pub flexibility: u32,
    /// Renewable energy.
    #[schema(maximum = 100)]
    pub renewables: u32,
    /// A well-rated supplier.
    #[schema(maximum = 100)]
    pub supplier_rating: u32,
}

impl Preferences {
    /// What someone who has not said otherwise is taken to want.
    pub const DEFAULT: Self = Self { cost: 40, flexibility: 20, renewables: 20, supplier_rating: 20 };

    /// Whether the four sum to 100.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        // Wide enough that no four weights overflow.
        self.cost as u64 + self.flexibility as u64 + self.renewables as u64 + self.supplier_rating as u64 == 100
    }
}

/// The plan that a user is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurrentPlan {
    /// The plan.
    pub plan: PlanSummary,
    /// Since when.
    pub started_on: NaiveDate,
    /// Until when leaving costs the early-termination fee, if the plan has a contract.
    #[schema(required)]
    pub contract_ends_on: Option<NaiveDate>,
}
