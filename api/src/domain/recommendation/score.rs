//! How well a plan does, in whole thousandths of a point.
//!
//! Scores are shown with one decimal, but plans are never compared by what is shown: two plans that both show 71.3 may
//! differ, and binary fractions that should be equal may not be. Integers are exact, so that raising the weight of a
//! respect never ranks a plan that does worse in it higher.

use super::Scores;
use crate::domain::plan::PlanSummary;
use crate::domain::user::Preferences;

/// A hundred points.
const FULL: u32 = 100_000;

/// The parts of a score, each 0 to [`FULL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    pub cost: u32,
    pub flexibility: u32,
    pub renewables: u32,
    pub supplier: u32,
}

impl Points {
    /// The points of a plan whose first year costs `cents`, between those of the `cheapest` and the `dearest`.
    pub fn of(plan: &PlanSummary, cents: i64, cheapest: i64, dearest: i64) -> Self {
        Self {
            cost: cost(cents, cheapest, dearest),
            flexibility: flexibility(plan),
            renewables: plan.renewable_percentage.min(100) * (FULL / 100),
            supplier: supplier(plan.supplier.rating),
        }
    }

    /// The sum, each part times the percent that it matters: 0 to a hundred times [`FULL`].
    pub fn weighted(self, preferences: Preferences) -> u64 {
        let part = |points: u32, percent: u32| u64::from(points) * u64::from(percent);
        part(self.cost, preferences.cost)
            + part(self.flexibility, preferences.flexibility)
            + part(self.renewables, preferences.renewables)
            + part(self.supplier, preferences.supplier_rating)
    }

    /// The points as they are shown.
    pub fn scores(self) -> Scores {
        Scores {
            cost: tenths(self.cost),
            flexibility: tenths(self.flexibility),
            renewables: tenths(self.renewables),
            supplier: tenths(self.supplier),
        }
    }
}

/// A [weighted](Points::weighted) sum as it is shown.
pub fn overall(weighted: u64) -> f64 {
    tenths(u32::try_from((weighted + 50) / 100).unwrap_or(FULL))
}

/// Where the cost lies between the dearest (0) and the cheapest ([`FULL`]); a dearer plan never gets more.
fn cost(cents: i64, cheapest: i64, dearest: i64) -> u32 {
    let (spread, below) = (i128::from(dearest) - i128::from(cheapest), i128::from(dearest) - i128::from(cents));
    if spread <= 0 {
        return FULL;
    }
    u32::try_from(below * i128::from(FULL) / spread).unwrap_or(0).min(FULL)
}

/// Two points less for each month of contract, one for each five dollars of early-termination fee.
fn flexibility(plan: &PlanSummary) -> u32 {
    let contract = plan.contract_length_months.saturating_mul(2_000);
    let fee = plan.early_termination_fee_cents.saturating_mul(2);
    FULL.saturating_sub(contract).saturating_sub(fee)
}

/// Twenty points for each of five stars; ratings have one decimal.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 50")]
fn supplier(rating: f64) -> u32 {
    (rating.clamp(0.0, 5.0) * 10.0).round() as u32 * 2_000
}

fn tenths(thousandths: u32) -> f64 {
    f64::from((thousandths + 50) / 100) / 10.0
}
