//! A catalogue of 120 plans, and four that are no longer sold.

use super::DemoPlan;
use super::noise::{between, pick, round, unit};
use crate::domain::cost::average_cents_per_kwh;
use crate::domain::plan::{Period, Plan, PlanSummary, PlanType, RateStructure, Supplier, Tier};

const ACTIVE: u32 = 120;
const RETIRED: u32 = 4;

/// Three-digit ZIP code prefixes: where Texans choose their supplier.
pub const REGIONS: [&str; 15] =
    ["750", "751", "752", "760", "761", "770", "772", "773", "774", "775", "776", "780", "784", "790", "797"];

const SERIES: [&str; 12] = [
    "Live Oak",
    "Sunrise",
    "Prairie",
    "Gulf Breeze",
    "Hill Country",
    "Bluestem",
    "Pecan",
    "Mesquite",
    "Cypress",
    "Juniper",
    "Cedar",
    "Willow",
];

/// All plans, `plan_0001` first.
pub fn all(suppliers: &[Supplier]) -> Vec<DemoPlan> {
    (1..=ACTIVE + RETIRED)
        .map(|n| DemoPlan { plan: plan(n, &suppliers[n as usize * 7 % suppliers.len()]), is_active: n <= ACTIVE })
        .collect()
}

fn plan(n: u32, supplier: &Supplier) -> Plan {
    let plan_type = match n % 10 {
        0 => PlanType::Business,
        1 | 2 => PlanType::Ev,
        _ => PlanType::Residential,
    };
    let kind = (n + n / 10) % 4;
    let contract: u32 = if kind == 3 { 0 } else { pick("contract", n, &[0, 6, 12, 12, 24, 36]) };
    let renewable: u32 = pick("renewable", n, &[0, 12, 20, 35, 50, 75, 100, 100]);
    // Renewable energy costs a little more, a long contract a little less.
    let cents = between("price", n, 10.5, 17.5) + f64::from(renewable) * 0.015 - f64::from(contract) * 0.04;
    let rate_structure = rates(kind, plan_type, cents);
    let fee = pick("leaving", n, &[0, 75, 150, 200]) * 100;
    Plan {
        summary: PlanSummary {
            plan_id: format!("plan_{n:04}"),
            plan_name: name(n, plan_type, &rate_structure, contract),
            supplier: supplier.clone(),
            plan_type,
            rate_type: rate_structure.rate_type(),
            average_cents_per_kwh: average_cents_per_kwh(&rate_structure),
            monthly_fee_cents: pick("fee", n, &[0, 495, 795, 995]),
            contract_length_months: contract,
            early_termination_fee_cents: if contract == 0 { 0 } else { fee },
            renewable_percentage: renewable,
        },
        description: description(&rate_structure, renewable, contract),
        connection_fee_cents: pick("connection", n, &[0, 0, 0, 1500, 2500]),
        available_regions: regions(n),
        rate_structure,
    }
}

fn rates(kind: u32, plan_type: PlanType, cents: f64) -> RateStructure {
    let price = |factor: f64| round(cents * factor, 10.0);
    let tier = |up_to_kwh, factor| Tier { up_to_kwh, cents_per_kwh: price(factor) };
    let period = |name: &str, start_hour, end_hour, factor| Period {
        name: name.to_owned(),
        start_hour,
        end_hour,
        cents_per_kwh: price(factor),
    };
    match (kind, plan_type) {
        (0, _) => RateStructure::Fixed { cents_per_kwh: price(1.0) },
        (1, PlanType::Business) => {
            RateStructure::Tiered { tiers: vec![tier(Some(2000.0), 1.05), tier(Some(10_000.0), 0.9), tier(None, 0.8)] }
        }
        (1, _) => {
            RateStructure::Tiered { tiers: vec![tier(Some(500.0), 0.85), tier(Some(1200.0), 1.0), tier(None, 1.25)] }
        }
        (2, PlanType::Ev) => RateStructure::TimeOfUse {
            periods: vec![
                period("night charging", 23, 6, 0.4),
                period("day", 6, 16, 1.0),
                period("evening", 16, 23, 1.4),
            ],
        },
        (2, _) => RateStructure::TimeOfUse {
            periods: vec![period("night", 22, 6, 0.65), period("day", 6, 16, 0.95), period("peak", 16, 22, 1.4)],
        },
        _ => RateStructure::Variable {
            cents_per_kwh: price(0.97),
            min_cents_per_kwh: price(0.75),
            max_cents_per_kwh: price(1.5),
        },
    }
}

fn regions(n: u32) -> Vec<String> {
    let home = n as usize % REGIONS.len();
    let sold = |index: usize, region: &str| index == home || unit(region, n) < 0.65;
    REGIONS.iter().enumerate().filter(|&(i, region)| sold(i, region)).map(|(_, &region)| region.to_owned()).collect()
}

fn name(n: u32, plan_type: PlanType, rates: &RateStructure, contract: u32) -> String {
    let series = SERIES[n as usize * 5 % SERIES.len()];
    let whom = match plan_type {
        PlanType::Residential => "",
        PlanType::Ev => " EV",
        PlanType::Business => " Business",
    };
    let kind = match rates {
        RateStructure::Fixed { .. } => "Fixed",
        RateStructure::Tiered { .. } => "Saver",
        RateStructure::TimeOfUse { .. } => "Hours",
        RateStructure::Variable { .. } => "Flex",
    };
    if contract == 0 { format!("{series}{whom} {kind}") } else { format!("{series}{whom} {kind} {contract}") }
}

fn description(rates: &RateStructure, renewable: u32, contract: u32) -> String {
    let price = match rates {
        RateStructure::Fixed { .. } => "One price for every kilowatt-hour, day and night.",
        RateStructure::Tiered { .. } => "The price depends on how much you use in a month.",
        RateStructure::TimeOfUse { .. } => "The price depends on the time of day: shift what you can and save.",
        RateStructure::Variable { .. } => "The price follows the market, between a floor and a ceiling.",
    };
    let term = match contract {
        0 => "Without a contract.".to_owned(),
        months => format!("With a contract of {months} months."),
    };
    match renewable {
        0 => format!("{price} {term}"),
        percent => format!("{price} {term} {percent} % renewable energy."),
    }
}
