//! Which plans suit a user: the projected cost of each, scores from 0 to 100, and the words that explain them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cost::year_cents;
use super::plan::{Period, Plan, PlanSummary, RateStructure};
use super::user::Preferences;

/// How many plans are recommended.
pub const TOP: usize = 3;

/// What suits a user, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recommendations {
    /// For whom.
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
    /// What the user's last twelve months would cost in its first year, fees included, in US cents.
    pub projected_annual_cost_cents: i64,
    /// How much less than on the current plan, in US cents; negative when it costs more.
    pub annual_savings_cents: i64,
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

/// The [`TOP`] of the `eligible` plans for someone who used `months_kwh` and leaves `current` on `today`.
/// Ties go to the cheaper plan, then to the smaller id, so that the order never depends on the input's.
#[must_use]
pub fn recommend(
    eligible: &[Plan],
    current: Option<Leaving<'_>>,
    preferences: Preferences,
    months_kwh: &[f64],
    today: NaiveDate,
) -> Vec<Recommendation> {
    let now_cents = current.map(|leaving| project(leaving.plan, 0, months_kwh));
    let costs: Vec<f64> = eligible.iter().map(|plan| project(plan, plan.connection_fee_cents, months_kwh)).collect();
    let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let dearest = costs.iter().copied().fold(f64::NEG_INFINITY, f64::max);

    let mut ranked: Vec<Recommendation> = eligible
        .iter()
        .zip(costs)
        .filter(|(plan, _)| current.is_none_or(|leaving| leaving.plan.summary.plan_id != plan.summary.plan_id))
        .map(|(plan, cents)| {
            let scores = Scores {
                cost: tenths(if dearest > cheapest { (dearest - cents) / (dearest - cheapest) * 100.0 } else { 100.0 }),
                flexibility: tenths(flexibility(&plan.summary)),
                renewables: f64::from(plan.summary.renewable_percentage),
                supplier: tenths(plan.summary.supplier.rating * 20.0),
            };
            let savings = now_cents.map_or(0.0, |now| now - cents);
            Recommendation {
                rank: 0,
                score: tenths(weighted(scores, preferences)),
                scores,
                projected_annual_cost_cents: whole(cents),
                annual_savings_cents: whole(savings),
                reasons: reasons(&plan.summary, scores, savings),
                risk_flags: risk_flags(plan, current, today, savings),
                plan: plan.summary.clone(),
            }
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.projected_annual_cost_cents.cmp(&b.projected_annual_cost_cents))
            .then_with(|| a.plan.plan_id.cmp(&b.plan.plan_id))
    });
    ranked.truncate(TOP);
    for (recommendation, rank) in ranked.iter_mut().zip(1..) {
        recommendation.rank = rank;
    }
    ranked
}

fn project(plan: &Plan, connection_fee_cents: u32, months_kwh: &[f64]) -> f64 {
    year_cents(&plan.rate_structure, plan.summary.monthly_fee_cents, connection_fee_cents, months_kwh)
}

fn weighted(scores: Scores, preferences: Preferences) -> f64 {
    (scores.cost * f64::from(preferences.cost)
        + scores.flexibility * f64::from(preferences.flexibility)
        + scores.renewables * f64::from(preferences.renewables)
        + scores.supplier * f64::from(preferences.supplier_rating))
        / 100.0
}

/// Two points for each month of contract, one for each five dollars of early-termination fee.
fn flexibility(plan: &PlanSummary) -> f64 {
    let contract = f64::from(plan.contract_length_months) * 2.0;
    let fee = f64::from(plan.early_termination_fee_cents) / 500.0;
    (100.0 - contract - fee).max(0.0)
}

fn reasons(plan: &PlanSummary, scores: Scores, savings_cents: f64) -> Vec<String> {
    let mut reasons = Vec::new();
    if savings_cents >= 100.0 {
        reasons.push(format!("Saves {} a year against your current plan", dollars(savings_cents)));
    }
    if scores.cost >= 90.0 {
        reasons.push("Among the cheapest for the way you use energy".to_owned());
    }
    if plan.renewable_percentage >= 50 {
        reasons.push(format!("{} % renewable energy", plan.renewable_percentage));
    }
    if plan.contract_length_months == 0 {
        reasons.push("No contract: you can leave at any time".to_owned());
    } else if plan.early_termination_fee_cents == 0 {
        reasons.push("No fee for leaving early".to_owned());
    }
    if plan.supplier.rating >= 4.0 {
        reasons.push(format!("{} is rated {:.1} out of 5", plan.supplier.name, plan.supplier.rating));
    }
    if reasons.is_empty() {
        reasons.push("The best balance of what matters to you".to_owned());
    }
    reasons
}

fn risk_flags(plan: &Plan, current: Option<Leaving<'_>>, today: NaiveDate, savings_cents: f64) -> Vec<String> {
    let mut flags = Vec::new();
    if savings_cents <= -100.0 {
        flags.push(format!("Costs {} a year more than your current plan", dollars(-savings_cents)));
    }
    if let Some(Leaving { plan, contract_ends_on: Some(ends) }) = current
        && ends > today
        && plan.summary.early_termination_fee_cents > 0
    {
        let fee = dollars(f64::from(plan.summary.early_termination_fee_cents));
        flags.push(format!("Leaving your current plan before {ends} costs {fee}"));
    }
    match &plan.rate_structure {
        RateStructure::Variable { min_cents_per_kwh, max_cents_per_kwh, .. } => flags
            .push(format!("The price follows the market: {min_cents_per_kwh:.1} to {max_cents_per_kwh:.1} ¢ per kWh")),
        RateStructure::TimeOfUse { periods } => {
            if let Some(Period { start_hour, end_hour, cents_per_kwh, .. }) =
                periods.iter().max_by(|a, b| a.cents_per_kwh.total_cmp(&b.cents_per_kwh))
            {
                flags.push(format!("{cents_per_kwh:.1} ¢ per kWh from {start_hour}:00 to {end_hour}:00"));
            }
        }
        RateStructure::Fixed { .. } | RateStructure::Tiered { .. } => {}
    }
    if plan.summary.early_termination_fee_cents > 0 {
        let fee = dollars(f64::from(plan.summary.early_termination_fee_cents));
        flags.push(format!("Leaving within {} months costs {fee}", plan.summary.contract_length_months));
    }
    flags
}

fn dollars(cents: f64) -> String {
    format!("${:.0}", cents / 100.0)
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[expect(clippy::cast_possible_truncation, reason = "a year's bill in cents is far below 2^53")]
fn whole(cents: f64) -> i64 {
    cents.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost::average_cents_per_kwh;
    use crate::domain::plan::{PlanType, Supplier};
    use proptest::prelude::*;

    fn plan(n: usize, cents_per_kwh: f64, contract: u32, renewable: u32, rating: f64) -> Plan {
        let rate_structure = RateStructure::Fixed { cents_per_kwh };
        Plan {
            summary: PlanSummary {
                plan_id: format!("plan_{n:04}"),
                plan_name: format!("Plan {n}"),
                supplier: Supplier { supplier_id: "s".into(), name: "S".into(), rating },
                plan_type: PlanType::Residential,
                rate_type: rate_structure.rate_type(),
                average_cents_per_kwh: average_cents_per_kwh(&rate_structure),
                monthly_fee_cents: 500,
                contract_length_months: contract,
                early_termination_fee_cents: contract * 500,
                renewable_percentage: renewable,
            },
            description: String::new(),
            connection_fee_cents: 0,
            available_regions: vec!["770".into()],
            rate_structure,
        }
    }

    fn plans() -> impl Strategy<Value = Vec<Plan>> {
        prop::collection::vec((5.0..30.0f64, 0..36u32, 0..=100u32, 0..=50u8), 1..20).prop_map(|rows| {
            let plan = |(n, (price, contract, renewable, rating))| {
                plan(n, price, contract, renewable, f64::from(rating) / 10.0)
            };
            rows.into_iter().enumerate().map(plan).collect()
        })
    }

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();

    fn prefer(cost: u32, flexibility: u32, renewables: u32) -> Preferences {
        Preferences { cost, flexibility, renewables, supplier_rating: 100 - cost - flexibility - renewables }
    }

    proptest! {
        #[test]
        fn ranks_and_scores_are_in_order_and_in_bounds(plans in plans(), kwh in 0.0..2000.0f64) {
            let top = recommend(&plans, None, prefer(40, 20, 30), &[kwh; 12], TODAY);
            prop_assert_eq!(top.len(), plans.len().min(TOP));
            for (index, item) in top.iter().enumerate() {
                prop_assert_eq!(item.rank as usize, index + 1);
                prop_assert!((0.0..=100.0).contains(&item.score) && (0.0..=100.0).contains(&item.scores.cost));
                prop_assert!(!item.reasons.is_empty());
            }
            prop_assert!(top.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }

        #[test]
        fn who_wants_a_low_bill_only_gets_the_cheapest_plan(plans in plans(), kwh in 1.0..2000.0f64) {
            let top = recommend(&plans, None, prefer(100, 0, 0), &[kwh; 12], TODAY);
            let cheapest = plans.iter().map(|plan| whole(project(plan, 0, &[kwh; 12]))).min().unwrap();
            prop_assert_eq!(top[0].projected_annual_cost_cents, cheapest);
        }

        #[test]
        fn the_order_of_the_plans_does_not_matter(plans in plans(), kwh in 0.0..2000.0f64) {
            let mut reversed = plans.clone();
            reversed.reverse();
            let preferences = prefer(25, 25, 25);
            prop_assert_eq!(
                recommend(&plans, None, preferences, &[kwh; 12], TODAY),
                recommend(&reversed, None, preferences, &[kwh; 12], TODAY)
            );
        }
    }

    #[test]
    fn the_current_plan_is_not_recommended_and_leaving_it_is_priced() {
        let plans = [plan(1, 20.0, 24, 0, 3.0), plan(2, 10.0, 0, 100, 4.5)];
        let leaving = Leaving { plan: &plans[0], contract_ends_on: NaiveDate::from_ymd_opt(2027, 3, 1) };
        let top = recommend(&plans, Some(leaving), prefer(50, 20, 20), &[1000.0; 12], TODAY);
        assert_eq!(top.len(), 1);
        assert_eq!((top[0].plan.plan_id.as_str(), top[0].annual_savings_cents), ("plan_0002", 120_000));
        assert_eq!(top[0].reasons[0], "Saves $1200 a year against your current plan");
        assert_eq!(top[0].risk_flags, ["Leaving your current plan before 2027-03-01 costs $120"]);
    }
}
