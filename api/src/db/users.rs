//! Users, their preferences and their current plans.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgPool};

use super::corrupt;
use super::plans::{PlanRow, SummaryRow, detail_columns, summary_columns};
use crate::domain::id::UserId;
use crate::domain::plan::Plan;
use crate::domain::user::{CurrentPlan, Preferences, Profile};
use crate::error::Error;

#[derive(FromRow)]
struct UserRow {
    name: String,
    email: String,
    zip_code: String,
    created_at: DateTime<Utc>,
    #[sqlx(flatten)]
    preferences: PreferencesRow,
}

#[derive(FromRow)]
struct PreferencesRow {
    cost: i32,
    flexibility: i32,
    renewables: i32,
    supplier_rating: i32,
}

impl TryFrom<PreferencesRow> for Preferences {
    type Error = Error;

    fn try_from(row: PreferencesRow) -> Result<Self, Error> {
        let percent = |value: i32| u32::try_from(value).map_err(corrupt);
        Ok(Self {
            cost: percent(row.cost)?,
            flexibility: percent(row.flexibility)?,
            renewables: percent(row.renewables)?,
            supplier_rating: percent(row.supplier_rating)?,
        })
    }
}

#[derive(FromRow)]
struct CurrentPlanRow {
    #[sqlx(flatten)]
    plan: SummaryRow,
    started_on: NaiveDate,
    contract_ends_on: Option<NaiveDate>,
}

/// A user's profile.
pub async fn profile(pool: &PgPool, id: &UserId) -> Result<Profile, Error> {
    let user: Option<UserRow> = sqlx::query_as(
        "SELECT u.name, u.email, u.zip_code, u.created_at, \
                r.cost, r.flexibility, r.renewables, r.supplier_rating \
         FROM users u JOIN preferences r USING (user_id) WHERE u.user_id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(pool)
    .await?;
    let user = user.ok_or(Error::NotFound("user"))?;
    Ok(Profile {
        user_id: id.to_string(),
        name: user.name,
        email: user.email,
        zip_code: user.zip_code,
        member_since: user.created_at,
        preferences: user.preferences.try_into()?,
        current_plan: current_plan(pool, id).await?,
    })
}

async fn current_plan(pool: &PgPool, id: &UserId) -> Result<Option<CurrentPlan>, Error> {
    let row: Option<CurrentPlanRow> = sqlx::query_as(concat!(
        "SELECT ",
        summary_columns!(),
        ", c.started_on, c.contract_ends_on \
         FROM current_plans c JOIN plan_catalog p USING (plan_id) JOIN suppliers s USING (supplier_id) \
         WHERE c.user_id = $1"
    ))
    .bind(id.as_str())
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok(CurrentPlan {
            plan: row.plan.try_into()?,
            started_on: row.started_on,
            contract_ends_on: row.contract_ends_on,
        })
    })
    .transpose()
}

/// Stores what matters to a user.
pub async fn set_preferences(pool: &PgPool, id: &UserId, preferences: Preferences) -> Result<(), Error> {
    let [cost, flexibility, renewables, supplier_rating] =
        [preferences.cost, preferences.flexibility, preferences.renewables, preferences.supplier_rating]
            .map(u32::cast_signed);
    let done = sqlx::query(
        "UPDATE preferences SET cost = $2, flexibility = $3, renewables = $4, supplier_rating = $5 WHERE user_id = $1",
    )
    .bind(id.as_str())
    .bind(cost)
    .bind(flexibility)
    .bind(renewables)
    .bind(supplier_rating)
    .execute(pool)
    .await?;
    if done.rows_affected() == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

/// What recommendations for a user rest on, beside their use.
pub struct Household {
    /// Five digits.
    pub zip_code: String,
    /// What matters to them.
    pub preferences: Preferences,
    /// The plan that they are on, in full, and until when its contract runs.
    pub current: Option<(Plan, Option<NaiveDate>)>,
}

/// What recommendations for a user rest on, in two queries.
pub async fn household(pool: &PgPool, id: &UserId) -> Result<Household, Error> {
    #[derive(FromRow)]
    struct Row {
        zip_code: String,
        #[sqlx(flatten)]
        preferences: PreferencesRow,
    }
    #[derive(FromRow)]
    struct CurrentRow {
        #[sqlx(flatten)]
        plan: PlanRow,
        contract_ends_on: Option<NaiveDate>,
    }
    let user: Option<Row> = sqlx::query_as(
        "SELECT u.zip_code, r.cost, r.flexibility, r.renewables, r.supplier_rating \
         FROM users u JOIN preferences r USING (user_id) WHERE u.user_id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(pool)
    .await?;
    let user = user.ok_or(Error::NotFound("user"))?;
    // Whether it is still sold does not matter: they are on it.
    let current: Option<CurrentRow> = sqlx::query_as(concat!(
        "SELECT ",
        summary_columns!(),
        ", ",
        detail_columns!(),
        ", c.contract_ends_on \
         FROM current_plans c JOIN plan_catalog p USING (plan_id) JOIN suppliers s USING (supplier_id) \
         WHERE c.user_id = $1"
    ))
    .bind(id.as_str())
    .fetch_optional(pool)
    .await?;
    let current = current.map(|row| Ok::<_, Error>((row.plan.try_into()?, row.contract_ends_on))).transpose()?;
    Ok(Household { zip_code: user.zip_code, preferences: user.preferences.try_into()?, current })
}
