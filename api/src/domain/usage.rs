//! What a user has used.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest history that is kept for a view, in months.
pub const MAX_MONTHS: u32 = 24;
/// The history shown unless the caller says otherwise, in months.
pub const DEFAULT_MONTHS: u32 = 12;

/// A calendar month's use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonthUsage {
    /// `YYYY-MM`.
    pub month: String,
    /// Energy used.
    pub kwh: f64,
    /// What it cost, in US cents.
    pub cost_cents: i64,
}

/// A user's use, month by month, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UsageHistory {
    /// Whose.
    pub user_id: String,
    /// The months, oldest first.
    pub months: Vec<MonthUsage>,
    /// Energy used altogether.
    pub total_kwh: f64,
    /// Energy used in an average month; 0 without months.
    pub average_monthly_kwh: f64,
}

impl UsageHistory {
    /// The last `count` months of `months`, which are in order.
    #[must_use]
    pub fn of(user_id: String, mut months: Vec<MonthUsage>, count: u32) -> Self {
        let surplus = months.len().saturating_sub(count as usize);
        months.drain(..surplus);
        let total: f64 = months.iter().map(|month| month.kwh).sum();
        #[expect(clippy::cast_precision_loss, reason = "at most 24 months")]
        let average = if months.is_empty() { 0.0 } else { total / months.len() as f64 };
        Self { user_id, months, total_kwh: to_watt_hours(total), average_monthly_kwh: to_watt_hours(average) }
    }
}

/// Rounds to whole watt-hours, so that sums do not show binary fractions.
fn to_watt_hours(kwh: f64) -> f64 {
    (kwh * 1000.0).round() / 1000.0
}
