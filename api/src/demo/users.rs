//! Twenty users with two years of daily readings, and what suits them.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::noise::{between, pick, round};
use super::plans::REGIONS;
use super::{DemoCurrentPlan, DemoPlan, DemoUser, Reading, TODAY};
use crate::auth::DEMO_USER;
use crate::domain::cost::month_cents;
use crate::domain::plan::{Plan, PlanType};
use crate::domain::projection::Projection;
use crate::domain::recommendation::{Leaving, recommend};
use crate::domain::season;
use crate::domain::usage::MonthUsage;
use crate::domain::user::Preferences;

const HISTORY_MONTHS: u32 = 24;

/// What someone without a plan of ours pays, in cents per kWh.
const DEFAULT_CENTS: f64 = 15.0;

const NAMES: [&str; 20] = [
    "Alex Rivera",
    "Jordan Lee",
    "Sam Okafor",
    "Maya Patel",
    "Chris Nguyen",
    "Taylor Brooks",
    "Elena Garcia",
    "Noah Fischer",
    "Priya Shah",
    "Omar Haddad",
    "Grace Kim",
    "Lucas Martin",
    "Ava Thompson",
    "Diego Torres",
    "Hannah Weiss",
    "Ethan Clark",
    "Zoe Adams",
    "Leo Rossi",
    "Nora Silva",
    "Ben Carter",
];

const TASTES: [[u32; 4]; 5] =
    [[40, 20, 30, 10], [70, 10, 10, 10], [20, 20, 50, 10], [25, 50, 10, 15], [30, 20, 20, 30]];

/// All users, the demo user first.
pub fn all(plans: &[DemoPlan]) -> Vec<DemoUser> {
    (0..20).map(|n| user(n, plans)).collect()
}

fn user(n: u32, plans: &[DemoPlan]) -> DemoUser {
    let name = NAMES[n as usize];
    let region = if n == 0 { "770" } else { pick("region", n, &REGIONS) };
    let eligible = eligible(plans, region);
    let current = current_plan(n, &eligible);
    let usage = usage(n, current.as_ref().map(|(plan, _)| *plan));

    let [cost, flexibility, renewables, supplier_rating] = TASTES[n as usize % TASTES.len()];
    let preferences = Preferences { cost, flexibility, renewables, supplier_rating };
    let leaving = current.as_ref().map(|(plan, on)| Leaving { plan, contract_ends_on: on.contract_ends_on });
    let eligible: Vec<Plan> = eligible.into_iter().cloned().collect();
    let recommendations = Projection::from_history(&months(&usage))
        .map(|year| recommend(&eligible, leaving, preferences, &year, TODAY))
        .unwrap_or_default();
    DemoUser {
        user_id: if n == 0 { DEMO_USER.to_owned() } else { format!("user_{n:03}") },
        name: name.to_owned(),
        email: format!("{}@example.com", name.to_lowercase().replace(' ', ".")),
        zip_code: format!("{region}{:02}", if n == 0 { 2 } else { n }),
        member_since: TODAY - Days::new(u64::from(800 + n * 37)),
        preferences,
        recommendations,
        current_plan: current.map(|(_, on)| on),
        usage,
    }
}

/// What is sold to homes in a region, cheapest first.
fn eligible<'a>(plans: &'a [DemoPlan], region: &str) -> Vec<&'a Plan> {
    let sold = |demo: &&DemoPlan| {
        demo.is_active
            && demo.plan.summary.plan_type == PlanType::Residential
            && demo.plan.available_regions.iter().any(|r| r == region)
    };
    let mut plans: Vec<&Plan> = plans.iter().filter(sold).map(|demo| &demo.plan).collect();
    plans.sort_by(|a, b| a.summary.average_cents_per_kwh.total_cmp(&b.summary.average_cents_per_kwh));
    plans
}

/// People tend to be on one of the dearer plans; the last user is on none.
fn current_plan<'a>(n: u32, eligible: &[&'a Plan]) -> Option<(&'a Plan, DemoCurrentPlan)> {
    if n == 19 {
        return None;
    }
    let dearer = &eligible[eligible.len() * 3 / 5..];
    let plan: &Plan = pick("current", n, dearer);
    let started_on = TODAY - Months::new(3 + n % 8);
    let contract = plan.summary.contract_length_months;
    let on = DemoCurrentPlan {
        plan_id: plan.summary.plan_id.clone(),
        started_on,
        contract_ends_on: (contract > 0).then(|| started_on + Months::new(contract)),
    };
    Some((plan, on))
}

fn usage(n: u32, plan: Option<&Plan>) -> Vec<Reading> {
    let base = between("household", n, 20.0, 42.0);
    let stream = format!("usage {n}");
    let first = TODAY - Months::new(HISTORY_MONTHS);
    let mut readings: Vec<Reading> = first
        .iter_days()
        .take_while(|&date| date < TODAY)
        .zip(0..)
        .map(|(date, day)| {
            let season = season::TYPICAL[date.month0() as usize];
            let weekend = if matches!(date.weekday(), Weekday::Sat | Weekday::Sun) { 1.12 } else { 0.96 };
            let kwh = round(base * season * weekend * between(&stream, day, 0.82, 1.18), 1000.0);
            Reading { date, kwh, cost_cents: 0.0 }
        })
        .collect();
    for month in by_month_mut(&mut readings) {
        let kwh: f64 = month.iter().map(|day| day.kwh).sum();
        let cents = plan.map_or(kwh * DEFAULT_CENTS, |plan| {
            month_cents(&plan.rate_structure, kwh) + f64::from(plan.summary.monthly_fee_cents)
        });
        for day in month {
            day.cost_cents = round(cents * day.kwh / kwh, 100.0);
        }
    }
    readings
}

/// The readings by month; what they cost does not matter here.
fn months(readings: &[Reading]) -> Vec<MonthUsage> {
    let same_month = |a: &Reading, b: &Reading| month_of(a.date) == month_of(b.date);
    let month = |days: &[Reading]| MonthUsage {
        month: days[0].date.format("%Y-%m").to_string(),
        days: u32::try_from(days.len()).unwrap_or(0),
        kwh: days.iter().map(|day| day.kwh).sum(),
        cost_cents: 0,
    };
    readings.chunk_by(same_month).map(month).collect()
}

fn by_month_mut(readings: &mut [Reading]) -> impl Iterator<Item = &mut [Reading]> {
    readings.chunk_by_mut(|a, b| month_of(a.date) == month_of(b.date))
}

fn month_of(date: NaiveDate) -> (i32, u32) {
    (date.year(), date.month())
}
