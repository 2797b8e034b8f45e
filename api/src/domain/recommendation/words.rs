//! What speaks for a plan and what to know before choosing it, in plain words.

use chrono::NaiveDate;

use super::score::Points;
use super::{Leaving, Switch};
use crate::domain::plan::{Period, Plan, PlanSummary, RateStructure};
use crate::domain::projection::Projection;

/// Less than a dollar is not worth a word.
const WORTH_SAYING: i64 = 100;
/// A year of data leaves nothing to guess.
const WHOLE_YEAR: usize = 12;

/// What the words need to know beside the plan.
pub struct Context<'a> {
    pub current: Option<Leaving<'a>>,
    /// In US cents.
    pub leaving_fee: i64,
    pub today: NaiveDate,
    pub projection: &'a Projection,
}

pub fn reasons(plan: &PlanSummary, points: Points, switch: &Switch) -> Vec<String> {
    let mut reasons = Vec::new();
    reasons.extend(saving(switch));
    if points.cost >= 90_000 {
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

/// What the bills become less by; a first year with fees of its own is told apart from those after it.
fn saving(switch: &Switch) -> Option<String> {
    let (first_year, yearly) = (switch.first_year_savings()?, switch.yearly_savings()?);
    if first_year >= WORTH_SAYING {
        let when = if switch.once == 0 { "a year" } else { "in the first year" };
        Some(format!("Saves {} {when} against your current plan", dollars(first_year)))
    } else if yearly >= WORTH_SAYING {
        Some(format!("Saves {} a year from the second year on", dollars(yearly)))
    } else {
        None
    }
}

pub fn risk_flags(plan: &Plan, switch: &Switch, context: &Context<'_>) -> Vec<String> {
    let mut flags = Vec::new();
    money_flags(&mut flags, switch, context);
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
        let fee = dollars(i64::from(plan.summary.early_termination_fee_cents));
        flags.push(format!("Leaving within {} months costs {fee}", plan.summary.contract_length_months));
    }
    if plan.summary.supplier.rating < 3.0 {
        flags
            .push(format!("{} is rated only {:.1} out of 5", plan.summary.supplier.name, plan.summary.supplier.rating));
    }
    let unseen = context.projection.observed.iter().filter(|&&seen| !seen).count();
    if unseen > 0 {
        let seen = WHOLE_YEAR - unseen;
        flags.push(format!("Rests on {seen} months of your year; the other {unseen} are estimated"));
    }
    flags
}

fn money_flags(flags: &mut Vec<String>, switch: &Switch, context: &Context<'_>) {
    if let Some(savings) = switch.first_year_savings().filter(|&savings| savings <= -WORTH_SAYING) {
        flags.push(format!("Costs {} more in the first year than staying", dollars(-savings)));
    }
    if let Some(ends) = context.current.and_then(|leaving| leaving.contract_ends_on)
        && context.leaving_fee > 0
        && ends > context.today
    {
        flags.push(format!("Leaving your current plan before {ends} costs {}", dollars(context.leaving_fee)));
    }
    match switch.break_even_months() {
        Some(months) if months > 12 => {
            flags.push(format!("It takes {months} months until lower bills have paid for the switch"));
        }
        None if switch.now.is_some() && switch.once > 0 => {
            flags.push(format!("Lower bills never pay for the {} that switching costs", dollars(switch.once)));
        }
        _ => {}
    }
}

#[expect(clippy::cast_precision_loss, reason = "a year's bill in cents is far below 2^53")]
fn dollars(cents: i64) -> String {
    format!("${:.0}", cents as f64 / 100.0)
}
