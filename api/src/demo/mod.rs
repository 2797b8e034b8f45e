//! The demo's data: the same on every machine and in every run, from the random look of hashes and a fixed date.

mod noise;
mod plans;
mod suppliers;
mod users;

use chrono::NaiveDate;

use crate::domain::plan::{Plan, Supplier};
use crate::domain::recommendation::Recommendation;
use crate::domain::user::Preferences;

/// Raised when the data changes, so that a demo database made earlier gets the new data.
pub const VERSION: i32 = 3;

/// The demo's today: readings end the day before, recommendations are computed on it.
pub const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Demo {
    /// Who sells plans.
    pub suppliers: Vec<Supplier>,
    /// The catalogue.
    pub plans: Vec<DemoPlan>,
    /// Who uses the service.
    pub users: Vec<DemoUser>,
}

/// A plan, which may have left the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoPlan {
    /// The plan.
    pub plan: Plan,
    /// Whether it is still sold.
    pub is_active: bool,
}

/// A user with all that belongs to them.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoUser {
    /// For example `user_123`.
    pub user_id: String,
    /// Display name.
    pub name: String,
    /// Mail address, in a domain that is reserved for examples (RFC 2606).
    pub email: String,
    /// Five digits.
    pub zip_code: String,
    /// Day on which the account was made.
    pub member_since: NaiveDate,
    /// What matters to them.
    pub preferences: Preferences,
    /// The plan that they are on.
    pub current_plan: Option<DemoCurrentPlan>,
    /// Daily readings, oldest first.
    pub usage: Vec<Reading>,
    /// What suits them, computed from the readings.
    pub recommendations: Vec<Recommendation>,
}

/// The plan that a user is on.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoCurrentPlan {
    /// Which.
    pub plan_id: String,
    /// Since when.
    pub started_on: NaiveDate,
    /// Until when, if it has a contract.
    pub contract_ends_on: Option<NaiveDate>,
}

/// A day's use.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The day.
    pub date: NaiveDate,
    /// Energy used.
    pub kwh: f64,
    /// What it cost, in US cents.
    pub cost_cents: f64,
}

/// Computes all of it; pure, and quick enough to do at every seeding.
#[must_use]
pub fn generate() -> Demo {
    let suppliers = suppliers::all();
    let plans = plans::all(&suppliers);
    let users = users::all(&plans);
    Demo { suppliers, plans, users }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_what_the_demo_and_its_tests_rely_on() {
        let demo = generate();
        assert_eq!(demo, generate(), "two runs differ");
        assert_eq!((demo.suppliers.len(), demo.users.len()), (12, 20));
        let active = |id: &str| demo.plans.iter().find(|p| p.plan.summary.plan_id == id).map(|p| p.is_active);
        assert_eq!((active("plan_0042"), active("plan_0121")), (Some(true), Some(false)));
        assert_eq!(demo.plans.iter().filter(|plan| plan.is_active).count(), 120);

        let user = demo.users.iter().find(|user| user.user_id == "user_123").unwrap();
        assert_eq!(user.usage.len(), 730);
        assert_eq!(user.usage.last().unwrap().date.succ_opt(), Some(TODAY));
        assert_eq!(user.recommendations.len(), 3);
        assert!(user.recommendations[0].annual_savings_cents > Some(0), "the demo user can save");
        assert!(demo.users.iter().any(|user| user.current_plan.is_none()));
        for user in &demo.users {
            let p = user.preferences;
            assert_eq!(p.cost + p.flexibility + p.renewables + p.supplier_rating, 100, "{}", user.user_id);
        }
    }

    #[test]
    fn periods_cover_the_day_and_tiers_rise() {
        use crate::domain::plan::RateStructure;
        for DemoPlan { plan, .. } in generate().plans {
            match plan.rate_structure {
                RateStructure::TimeOfUse { periods } => {
                    let hours = |p: &crate::domain::plan::Period| (24 + p.end_hour - p.start_hour) % 24;
                    assert_eq!(periods.iter().map(hours).sum::<u8>(), 24);
                }
                RateStructure::Tiered { tiers } => {
                    let ends: Vec<f64> = tiers.iter().map(|tier| tier.up_to_kwh.unwrap_or(f64::INFINITY)).collect();
                    assert!(ends.is_sorted() && ends.last() == Some(&f64::INFINITY));
                }
                RateStructure::Fixed { .. } | RateStructure::Variable { .. } => {}
            }
        }
    }
}
