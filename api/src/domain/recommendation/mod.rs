//! Which plans suit a user: what each costs them, how it scores, and why.

mod score;
mod words;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cost::year_cents;
use super::plan::{Plan, PlanSummary};
use super::projection::Projection;
use super::user::Preferences;
use score::Points;

/// How many plans are recommended.
pub const TOP: usize = 3;
/// How long recommendations hold, in days.
pub const VALID_DAYS: u64 = 30;

/// What suits a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendations {
    /// Whom.
    pub user_id: String,
    /// When they were computed.
    pub generated_at: DateTime<Utc>,
    /// Until when they hold.
    pub expires_at: DateTime<Utc>,
    /// The top three.
    pub items: Vec<Recommendation>,
}

/// One recommended plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendation {
    /// From 1.
    pub rank: u32,
    /// How well it suits, 0 to 100: the scores below, weighted with the user's preferences.
    pub score: f64,
    /// The parts of the score.
    pub scores: Scores,
    /// The plan.
    pub plan: PlanSummary,
    /// What the first year costs: energy, monthly fees, and what switching costs. In US cents.
    pub projected_annual_cost_cents: i64,
    /// How much less that is than a year on the current plan, in US cents; negative when it costs more, `null` when no
    /// current plan is known.
    #[schema(required)]
    pub annual_savings_cents: Option<i64>,
    /// Part of the first year's cost that is paid once: the connection fee, and the fee for leaving the current plan
    /// before its contract ends. In US cents.
    pub switching_cost_cents: i64,
    /// Months until lower bills have paid for the switch, 0 when it costs nothing; `null` when they never do, and when no
    /// current plan is known.
    #[schema(required)]
    pub break_even_months: Option<u32>,
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What to know before choosing it.
    pub risk_flags: Vec<String>,
}

/// How well a plan does in each respect, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scores {
    /// 100 for the cheapest eligible plan, 0 for the dearest.
    pub cost: f64,
    /// 100 without a contract, less with its length and with the fee for leaving early.
    pub flexibility: f64,
    /// The share of renewable energy.
    pub renewables: f64,
    /// The supplier's rating.
    pub supplier: f64,
}

/// The plan that a user would leave.
#[derive(Debug, Clone, Copy)]
pub struct Leaving<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Until when leaving costs its early-termination fee.
    pub contract_ends_on: Option<NaiveDate>,
}

impl Leaving<'_> {
    /// What leaving on `today` costs, in US cents.
    fn fee_cents(&self, today: NaiveDate) -> i64 {
        let bound = self.contract_ends_on.is_some_and(|ends| ends > today);
        if bound { i64::from(self.plan.summary.early_termination_fee_cents) } else { 0 }
    }
}

/// What a switch to a plan costs and saves, in whole US cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Switch {
    /// Energy and fees of the first year, and the switch itself.
    first_year: i64,
    /// The switch itself: connection and leaving.
    once: i64,
    /// A year on the current plan; `None` without one.
    now: Option<i64>,
}

impl Switch {
    fn first_year_savings(&self) -> Option<i64> {
        self.now.map(|now| now - self.first_year)
    }

    /// Of every year after the first.
    fn yearly_savings(&self) -> Option<i64> {
        self.first_year_savings().map(|savings| savings + self.once)
    }

    /// Months until what the bills save has paid for the switch.
    fn break_even_months(&self) -> Option<u32> {
        let yearly = self.yearly_savings()?;
        // Months = once / (yearly / 12), rounded up.
        (yearly > 0).then(|| u32::try_from((self.once * 12 + yearly - 1) / yearly).unwrap_or(u32::MAX))
    }
}

/// The [`TOP`] of the `eligible` plans for someone whose year is `projection` and who leaves `current` on `today`.
///
/// Plans are compared by whole cents and whole thousandths of a point, so that rounding never decides between two of
/// them; ties go to the cheaper plan, then to the smaller id. The order never depends on the input's.
#[must_use]
pub fn recommend(
    eligible: &[Plan],
    current: Option<Leaving<'_>>,
    preferences: Preferences,
    projection: &Projection,
    today: NaiveDate,
) -> Vec<Recommendation> {
    let leaving_fee = current.map_or(0, |leaving| leaving.fee_cents(today));
    let now = current.map(|leaving| running_year(leaving.plan, projection));
    let is_current = |plan: &Plan| current.is_some_and(|c| c.plan.summary.plan_id == plan.summary.plan_id);
    let candidates: Vec<(&Plan, Switch)> = eligible
        .iter()
        .filter(|plan| !is_current(plan))
        .map(|plan| {
            let once = i64::from(plan.connection_fee_cents) + leaving_fee;
            (plan, Switch { first_year: running_year(plan, projection) + once, once, now })
        })
        .collect();
    let costs = candidates.iter().map(|(_, switch)| switch.first_year);
    let (Some(cheapest), Some(dearest)) = (costs.clone().min(), costs.max()) else { return Vec::new() };

    let mut ranked: Vec<(u64, Points, &Plan, Switch)> = candidates
        .into_iter()
        .map(|(plan, switch)| {
            let points = Points::of(&plan.summary, switch.first_year, cheapest, dearest);
            (points.weighted(preferences), points, plan, switch)
        })
        .collect();
    ranked.sort_by(|a, b| {
        let by_id = || a.2.summary.plan_id.cmp(&b.2.summary.plan_id);
        b.0.cmp(&a.0).then(a.3.first_year.cmp(&b.3.first_year)).then_with(by_id)
    });
    let context = words::Context { current, leaving_fee, today, projection };
    let item = |(rank, (total, points, plan, switch)): (u32, (u64, Points, &Plan, Switch))| Recommendation {
        rank,
        score: score::overall(total),
        scores: points.scores(),
        plan: plan.summary.clone(),
        projected_annual_cost_cents: switch.first_year,
        annual_savings_cents: switch.first_year_savings(),
        switching_cost_cents: switch.once,
        break_even_months: switch.break_even_months(),
        reasons: words::reasons(&plan.summary, points, &switch),
        risk_flags: words::risk_flags(plan, &switch, &context),
    };
    (1..).zip(ranked.into_iter().take(TOP)).map(item).collect()
}

/// A year on a plan that one is on already: energy and monthly fees, in whole US cents.
#[expect(clippy::cast_possible_truncation, reason = "a year's bill in cents is far below 2^53")]
fn running_year(plan: &Plan, projection: &Projection) -> i64 {
    year_cents(&plan.rate_structure, plan.summary.monthly_fee_cents, &projection.months_kwh).round() as i64
}

#[cfg(test)]
mod tests;
