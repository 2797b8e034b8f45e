//! Users, their preferences and their current plans.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{FromRow, PgPool};

use super::corrupt;
use super::plans::{SummaryRow, summary_columns};
use crate::domain::id::UserId;
use crate::domain::user::{CurrentPlan, Preferences, Profile};
use crate::error::Error;

#[derive(FromRow)]
struct UserRow {
    name: String,
    email: String,
    zip_code: String,
    created_at: DateTime<Utc>,
    cost: i32,
    flexibility: i32,
    renewables: i32,
    supplier_rating: i32,
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
    let percent = |value: i32| u32::try_from(value).map_err(corrupt);
    Ok(Profile {
        user_id: id.to_string(),
        name: user.name,
        email: user.email,
        zip_code: user.zip_code,
        member_since: user.created_at,
        preferences: Preferences {
            cost: percent(user.cost)?,
            flexibility: percent(user.flexibility)?,
            renewables: percent(user.renewables)?,
            supplier_rating: percent(user.supplier_rating)?,
        },
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
