//! Recommendations: what they are computed from, and those that are stored.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::corrupt;
use super::plans::{SummaryRow, summary_columns};
use crate::domain::id::UserId;
use crate::domain::recommendation::{Recommendation, Recommendations, Scores};
use crate::error::Error;

#[derive(FromRow)]
struct Row {
    generated_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    rank: i32,
    score: f64,
    scores: Json<Scores>,
    #[sqlx(flatten)]
    plan: SummaryRow,
    projected_annual_cost_cents: i64,
    annual_savings_cents: Option<i64>,
    switching_cost_cents: i64,
    break_even_months: Option<i32>,
    reasons: Vec<String>,
    risk_flags: Vec<String>,
}

/// The latest recommendations for the user `$1` that still hold, plans included, in one query. What is sold no more is
/// left out, and the ranks close up.
pub const LATEST: &str = concat!(
    "SELECT r.generated_at, r.expires_at, row_number() OVER (ORDER BY i.rank)::int4 AS rank, i.score, i.scores, ",
    summary_columns!(),
    ", i.projected_annual_cost_cents, i.annual_savings_cents, i.switching_cost_cents, i.break_even_months, \
     i.reasons, i.risk_flags \
     FROM (SELECT user_id, generated_at, expires_at FROM recommendations \
           WHERE user_id = $1 AND expires_at > now() ORDER BY expires_at DESC LIMIT 1) r \
     JOIN recommended_plans i USING (user_id, generated_at) \
     JOIN plan_catalog p USING (plan_id) JOIN suppliers s USING (supplier_id) \
     WHERE p.is_active \
     ORDER BY i.rank"
);

/// The latest recommendations for a user that still hold.
pub async fn latest(pool: &PgPool, id: &UserId) -> Result<Recommendations, Error> {
    let rows: Vec<Row> = sqlx::query_as(LATEST).bind(id.as_str()).fetch_all(pool).await?;
    let first = rows.first().ok_or(Error::NotFound("recommendations"))?;
    let (generated_at, expires_at) = (first.generated_at, first.expires_at);
    let items = rows.into_iter().map(Recommendation::try_from).collect::<Result<_, _>>()?;
    Ok(Recommendations { user_id: id.to_string(), generated_at, expires_at, items })
}

/// Each statement takes its rows as one JSON document.
pub(super) const INSERT_PLANS: &str = "\
    INSERT INTO recommended_plans (user_id, generated_at, rank, plan_id, score, scores, \
        projected_annual_cost_cents, annual_savings_cents, switching_cost_cents, break_even_months, \
        reasons, risk_flags) \
    SELECT user_id, generated_at, rank, plan_id, score, scores, \
        projected_annual_cost_cents, annual_savings_cents, switching_cost_cents, break_even_months, \
        reasons, risk_flags \
    FROM jsonb_populate_recordset(NULL::recommended_plans, $1) \
    ON CONFLICT (user_id, generated_at, rank) DO UPDATE SET plan_id = excluded.plan_id, score = excluded.score, \
        scores = excluded.scores, projected_annual_cost_cents = excluded.projected_annual_cost_cents, \
        annual_savings_cents = excluded.annual_savings_cents, switching_cost_cents = excluded.switching_cost_cents, \
        break_even_months = excluded.break_even_months, reasons = excluded.reasons, risk_flags = excluded.risk_flags";

/// Stores recommendations in place of the user's earlier ones.
pub async fn replace(pool: &PgPool, new: &Recommendations) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    // One at a time for each user: of two that are stored at once, the later stays.
    let owner = sqlx::query("SELECT user_id FROM users WHERE user_id = $1 FOR NO KEY UPDATE").bind(&new.user_id);
    owner.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound("user"))?;
    sqlx::query("DELETE FROM recommendations WHERE user_id = $1").bind(&new.user_id).execute(&mut *tx).await?;
    sqlx::query("INSERT INTO recommendations (user_id, generated_at, expires_at) VALUES ($1, $2, $3)")
        .bind(&new.user_id)
        .bind(new.generated_at)
        .bind(new.expires_at)
        .execute(&mut *tx)
        .await?;
    let rows = new.items.iter().map(|item| item_row(&new.user_id, new.generated_at, item)).collect();
    sqlx::query(INSERT_PLANS).bind(Value::Array(rows)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// A recommended plan as [`INSERT_PLANS`] takes it.
pub(super) fn item_row(user_id: &str, generated_at: DateTime<Utc>, item: &Recommendation) -> Value {
    let mut row = json!(item);
    row["user_id"] = json!(user_id);
    row["generated_at"] = json!(generated_at);
    row["plan_id"] = json!(item.plan.plan_id);
    row
}

impl TryFrom<Row> for Recommendation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            rank: u32::try_from(row.rank).map_err(corrupt)?,
            score: row.score,
            scores: row.scores.0,
            plan: row.plan.try_into()?,
            projected_annual_cost_cents: row.projected_annual_cost_cents,
            annual_savings_cents: row.annual_savings_cents,
            switching_cost_cents: row.switching_cost_cents,
            break_even_months: row.break_even_months.map(u32::try_from).transpose().map_err(corrupt)?,
            reasons: row.reasons,
            risk_flags: row.risk_flags,
        })
    }
}
