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
pub struct Preferences {
    /// A low bill.
    pub cost: u32,
    /// To be able to leave.
    pub flexibility: u32,
    /// Renewable energy.
    pub renewables: u32,
    /// A well-rated supplier.
    pub supplier_rating: u32,
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
