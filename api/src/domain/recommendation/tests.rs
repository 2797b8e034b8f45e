use super::*;
use crate::domain::cost::average_cents_per_kwh;
use crate::domain::plan::{PlanType, RateStructure, Supplier};
use proptest::prelude::*;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();

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

/// Prices lie so close together that their scores often show the same tenth.
fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let price = prop_oneof![5.0..30.0f64, (0..40u8).prop_map(|n| 12.0 + f64::from(n) / 1000.0)];
    prop::collection::vec((price, 0..36u32, 0..=100u32, 0..=50u8), 1..20).prop_map(|rows| {
        let plan =
            |(n, (price, contract, renewable, rating))| plan(n, price, contract, renewable, f64::from(rating) / 10.0);
        rows.into_iter().enumerate().map(plan).collect()
    })
}

fn prefer(cost: u32, flexibility: u32, renewables: u32) -> Preferences {
    Preferences { cost, flexibility, renewables, supplier_rating: 100 - cost - flexibility - renewables }
}

fn year(month_kwh: f64) -> Projection {
    Projection { months_kwh: [month_kwh; 12], observed: [true; 12], months_of_data: 12 }
}

/// Every plan by rank, which the top three of ever fewer plans give.
fn ranking(plans: &[Plan], preferences: Preferences, year: &Projection) -> Vec<(String, i64)> {
    let costs: Vec<i64> = plans.iter().map(|plan| running_year(plan, year)).collect();
    let (cheapest, dearest) = (*costs.iter().min().unwrap(), *costs.iter().max().unwrap());
    let mut rows: Vec<(u64, i64, String)> = plans
        .iter()
        .zip(costs)
        .map(|(plan, cents)| {
            let points = Points::of(&plan.summary, cents, cheapest, dearest);
            (points.weighted(preferences), cents, plan.summary.plan_id.clone())
        })
        .collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then_with(|| a.2.cmp(&b.2)));
    rows.into_iter().map(|(_, cents, id)| (id, cents)).collect()
}

proptest! {
    #[test]
    fn ranks_and_scores_are_in_order_and_in_bounds(plans in plans(), kwh in 0.0..2000.0f64) {
        let top = recommend(&plans, None, prefer(40, 20, 30), &year(kwh), TODAY);
        prop_assert_eq!(top.len(), plans.len().min(TOP));
        for (index, item) in top.iter().enumerate() {
            prop_assert_eq!(item.rank as usize, index + 1);
            let scores = [item.score, item.scores.cost, item.scores.flexibility, item.scores.renewables, item.scores.supplier];
            for score in scores {
                prop_assert!((0.0..=100.0).contains(&score));
                prop_assert_eq!(format!("{score:.1}").parse::<f64>().unwrap().to_bits(), score.to_bits(), "one decimal");
            }
            prop_assert!(!item.reasons.is_empty());
        }
        prop_assert!(top.windows(2).all(|pair| pair[0].score >= pair[1].score));
    }

    #[test]
    fn who_wants_a_low_bill_only_gets_the_cheapest_plan(plans in plans(), kwh in 1.0..2000.0f64) {
        let top = recommend(&plans, None, prefer(100, 0, 0), &year(kwh), TODAY);
        let mut costs: Vec<i64> = plans.iter().map(|plan| running_year(plan, &year(kwh))).collect();
        costs.sort_unstable();
        let ranked: Vec<i64> = top.iter().map(|item| item.projected_annual_cost_cents).collect();
        prop_assert_eq!(ranked.as_slice(), &costs[..ranked.len()]);
    }

    /// The other weights keep their proportions, so that the weight of cost is all that changes.
    #[test]
    fn more_weight_on_cost_never_ranks_a_dearer_plan_higher(
        plans in plans(), kwh in 1.0..2000.0f64, less in 0..=20u32, more in 0..=20u32,
    ) {
        prop_assume!(less < more);
        let weights = |fifths: u32| {
            let rest = 20 - fifths;
            Preferences { cost: fifths * 5, flexibility: rest * 2, renewables: rest * 2, supplier_rating: rest }
        };
        let (before, after) = (ranking(&plans, weights(less), &year(kwh)), ranking(&plans, weights(more), &year(kwh)));
        let place = |id: &str| after.iter().position(|(other, _)| other == id).unwrap();
        for (ahead, (id, cents)) in before.iter().enumerate() {
            for (behind, dearer) in &before[ahead + 1..] {
                if cents < dearer {
                    prop_assert!(place(id) < place(behind), "{behind} overtook the cheaper {id}");
                }
            }
        }
        let first = |weights| recommend(&plans, None, weights, &year(kwh), TODAY)[0].projected_annual_cost_cents;
        prop_assert!(first(weights(more)) <= first(weights(less)));
    }

    #[test]
    fn what_is_recommended_is_the_head_of_the_whole_ranking(plans in plans(), kwh in 0.0..2000.0f64) {
        let top = recommend(&plans, None, prefer(40, 30, 20), &year(kwh), TODAY);
        let whole = ranking(&plans, prefer(40, 30, 20), &year(kwh));
        for (item, (id, _)) in top.iter().zip(whole) {
            prop_assert_eq!(&item.plan.plan_id, &id);
        }
    }

    #[test]
    fn the_order_of_the_plans_does_not_matter(plans in plans(), kwh in 0.0..2000.0f64) {
        let mut reversed = plans.clone();
        reversed.reverse();
        let preferences = prefer(25, 25, 25);
        prop_assert_eq!(
            recommend(&plans, None, preferences, &year(kwh), TODAY),
            recommend(&reversed, None, preferences, &year(kwh), TODAY)
        );
    }

    #[test]
    fn a_lower_price_never_lowers_a_plans_rank(plans in plans(), kwh in 1.0..2000.0f64, which: prop::sample::Index) {
        let which = which.index(plans.len());
        let mut cheaper = plans.clone();
        if let RateStructure::Fixed { cents_per_kwh } = &mut cheaper[which].rate_structure {
            *cents_per_kwh /= 2.0;
        }
        let id = &plans[which].summary.plan_id;
        // Alone with one rival at a time: a new cheapest plan moves the scale for everybody else.
        for rival in plans.iter().filter(|plan| plan.summary.plan_id != *id) {
            let place = |plan: &Plan| {
                let pair = [plan.clone(), rival.clone()];
                ranking(&pair, prefer(40, 20, 20), &year(kwh)).iter().position(|(other, _)| other == id).unwrap()
            };
            prop_assert!(place(&cheaper[which]) <= place(&plans[which]));
        }
    }

    #[test]
    fn at_break_even_the_switch_has_paid_and_not_a_month_before(
        old in 10.0..40.0f64, new in 5.0..30.0f64, connection in 0..20_000u32, fee_months in 0..36u32, kwh in 100.0..2000.0f64,
    ) {
        let (mut current, mut candidate) = (plan(1, old, fee_months, 0, 3.0), plan(2, new, 0, 0, 3.0));
        current.connection_fee_cents = 9_999; // was paid long ago
        candidate.connection_fee_cents = connection;
        let leaving = Leaving { plan: &current, contract_ends_on: TODAY.succ_opt() };
        let top = recommend(&[candidate], Some(leaving), prefer(25, 25, 25), &year(kwh), TODAY);
        let once = i64::from(connection + fee_months * 500);
        prop_assert_eq!(top[0].switching_cost_cents, once);
        let yearly = top[0].annual_savings_cents.unwrap() + once;
        match top[0].break_even_months.map(i64::from) {
            Some(months) => {
                prop_assert!(yearly * months >= once * 12);
                prop_assert!(months == 0 || yearly * (months - 1) < once * 12);
            }
            None => prop_assert!(yearly <= 0),
        }
    }
}

#[test]
fn the_current_plan_is_not_recommended_and_leaving_it_is_priced() {
    let plans = [plan(1, 20.0, 24, 0, 3.0), plan(2, 10.0, 0, 100, 4.5)];
    let leaving = Leaving { plan: &plans[0], contract_ends_on: NaiveDate::from_ymd_opt(2027, 3, 1) };
    let top = recommend(&plans, Some(leaving), prefer(50, 20, 20), &year(1000.0), TODAY);
    assert_eq!(top.len(), 1);
    assert_eq!((top[0].plan.plan_id.as_str(), top[0].annual_savings_cents), ("plan_0002", Some(108_000)));
    assert_eq!((top[0].switching_cost_cents, top[0].break_even_months), (12_000, Some(2)));
    assert_eq!(top[0].reasons[0], "Saves $1080 in the first year against your current plan");
    assert_eq!(top[0].risk_flags, ["Leaving your current plan before 2027-03-01 costs $120"]);

    let free = Leaving { plan: &plans[0], contract_ends_on: Some(TODAY) };
    let top = recommend(&plans, Some(free), prefer(50, 20, 20), &year(1000.0), TODAY);
    assert_eq!((top[0].annual_savings_cents, top[0].break_even_months), (Some(120_000), Some(0)));
    assert_eq!(top[0].reasons[0], "Saves $1200 a year against your current plan");
    assert!(top[0].risk_flags.is_empty());
}

#[test]
fn a_switch_that_pays_late_or_never_says_so() {
    let current = plan(1, 10.0, 24, 0, 3.0);
    let leaving = Leaving { plan: &current, contract_ends_on: TODAY.succ_opt() };
    let ask = |price| {
        recommend(&[plan(2, price, 0, 0, 2.9)], Some(leaving), prefer(50, 20, 20), &year(1000.0), TODAY).remove(0)
    };
    let late = ask(9.5);
    assert_eq!((late.annual_savings_cents, late.break_even_months), (Some(-6_000), Some(24)));
    assert_eq!(late.reasons[0], "Saves $60 a year from the second year on");
    let flags = [
        "Costs $60 more in the first year than staying",
        "Leaving your current plan before 2026-11-02 costs $120",
        "It takes 24 months until lower bills have paid for the switch",
        "S is rated only 2.9 out of 5",
    ];
    assert_eq!(late.risk_flags, flags);
    let never = ask(10.0);
    assert_eq!(never.break_even_months, None);
    assert!(never.risk_flags.contains(&"Lower bills never pay for the $120 that switching costs".to_owned()));
}

#[test]
fn estimated_months_are_a_risk() {
    let mut short = year(500.0);
    short.observed = std::array::from_fn(|m| m < 4);
    let top = recommend(&[plan(1, 10.0, 0, 0, 3.0)], None, prefer(50, 20, 20), &short, TODAY);
    assert_eq!(top[0].risk_flags, ["Rests on 4 months of your year; the other 8 are estimated"]);
}

/// Whatever a connection costs: what there is nothing to compare with saves nothing, and never pays.
#[test]
fn without_a_current_plan_nothing_is_said_of_savings() {
    for connection_fee_cents in [0, 1_500] {
        let candidate = Plan { connection_fee_cents, ..plan(1, 10.0, 0, 0, 3.0) };
        let item = recommend(&[candidate], None, prefer(50, 20, 20), &year(1000.0), TODAY).remove(0);
        assert_eq!((item.annual_savings_cents, item.break_even_months), (None, None));
        assert_eq!(item.switching_cost_cents, i64::from(connection_fee_cents));
        let words = [item.reasons, item.risk_flags].concat().join("; ");
        assert!(!words.contains("Saves") && !words.contains("bills"), "{words}");
    }
}

#[test]
fn nothing_eligible_is_nothing_recommended() {
    assert!(recommend(&[], None, prefer(50, 20, 20), &year(500.0), TODAY).is_empty());
}
