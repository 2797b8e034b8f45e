//! What a user has used.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::projection::{MIN_DAYS, Projection};

/// The longest history that is kept for a view, in months.
pub const MAX_MONTHS: u32 = 24;
/// The history shown unless the caller says otherwise, in months.
pub const DEFAULT_MONTHS: u32 = 12;

/// A calendar month's use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonthUsage {
    /// `YYYY-MM`.
    pub month: String,
    /// Days with a reading.
    pub days: u32,
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

/// What a user's history says about their year.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UsageAnalysis {
    /// Whose.
    pub user_id: String,
    /// Months of the history that have enough readings to count.
    pub months_of_data: usize,
    /// The month of the highest use; `null` without months.
    #[schema(required)]
    pub highest: Option<MonthUsage>,
    /// The month of the lowest use; `null` without months.
    #[schema(required)]
    pub lowest: Option<MonthUsage>,
    /// The year to expect; `null` with fewer than three months of data.
    #[schema(required)]
    pub projection: Option<YearOutlook>,
}

/// A year of use to expect.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct YearOutlook {
    /// Energy of the year.
    pub annual_kwh: f64,
    /// What it costs at the prices paid so far, in US cents.
    pub annual_cost_cents: i64,
    /// The twelve months, January first.
    pub months: Vec<SeasonMonth>,
}

/// A calendar month of the year to expect.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeasonMonth {
    /// 1 is January.
    #[schema(minimum = 1, maximum = 12)]
    pub month: u32,
    /// Energy to expect.
    pub kwh: f64,
    /// Its daily use compared with the year's: 1 is average.
    pub seasonal_index: f64,
    /// Whether the history has such a month; the others are estimated from a typical household's year.
    pub observed: bool,
}

impl UsageAnalysis {
    /// What `months`, in order, say.
    #[must_use]
    pub fn of(user_id: String, months: &[MonthUsage]) -> Self {
        let counted: Vec<&MonthUsage> = months.iter().filter(|month| month.days >= MIN_DAYS).collect();
        let by_use = |a: &&&MonthUsage, b: &&&MonthUsage| a.kwh.total_cmp(&b.kwh);
        let projection = Projection::from_history(months).map(|projection| YearOutlook::of(&projection, &counted));
        Self {
            user_id,
            months_of_data: counted.len(),
            highest: counted.iter().max_by(by_use).map(|&month| month.clone()),
            lowest: counted.iter().min_by(by_use).map(|&month| month.clone()),
            projection,
        }
    }
}

impl YearOutlook {
    fn of(projection: &Projection, months: &[&MonthUsage]) -> Self {
        let month = |m: usize| SeasonMonth {
            month: u32::try_from(m).unwrap_or(0) + 1,
            kwh: to_watt_hours(projection.months_kwh[m]),
            seasonal_index: (projection.seasonal_index(m) * 100.0).round() / 100.0,
            observed: projection.observed[m],
        };
        let kwh: f64 = months.iter().map(|month| month.kwh).sum();
        #[expect(clippy::cast_precision_loss, reason = "cents of two years are far below 2^53")]
        let cents = months.iter().map(|month| month.cost_cents).sum::<i64>() as f64;
        let price = if kwh > 0.0 { cents / kwh } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a year's bill in cents is far below 2^53")]
        let annual_cost_cents = (projection.year_kwh() * price).round() as i64;
        Self {
            annual_kwh: to_watt_hours(projection.year_kwh()),
            annual_cost_cents,
            months: (0..12).map(month).collect(),
        }
    }
}

/// Rounds to whole watt-hours, so that sums do not show binary fractions.
fn to_watt_hours(kwh: f64) -> f64 {
    (kwh * 1000.0).round() / 1000.0
}
