//! Stored recommendations.

use chrono::{DateTime, Utc};
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
    annual_savings_cents: i64,
    reasons: Vec<String>,
    risk_flags: Vec<String>,
}

/// The latest recommendations for a user, plans included, in one query.
pub async fn latest(pool: &PgPool, id: &UserId) -> Result<Recommendations, Error> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "SELECT r.generated_at, r.expires_at, i.rank, i.score, i.scores, ",
        summary_columns!(),
        ", i.projected_annual_cost_cents, i.annual_savings_cents, i.reasons, i.risk_flags \
         FROM (SELECT user_id, generated_at, expires_at FROM recommendations \
               WHERE user_id = $1 ORDER BY generated_at DESC LIMIT 1) r \
         JOIN recommended_plans i USING (user_id, generated_at) \
         JOIN plan_catalog p USING (plan_id) JOIN suppliers s USING (supplier_id) \
         ORDER BY i.rank"
    ))
    .bind(id.as_str())
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(Error::NotFound("recommendations"))?;
    let (generated_at, expires_at) = (first.generated_at, first.expires_at);
    let items = rows.into_iter().map(Recommendation::try_from).collect::<Result<_, _>>()?;
    Ok(Recommendations { user_id: id.to_string(), generated_at, expires_at, items })
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
            reasons: row.reasons,
            risk_flags: row.risk_flags,
        })
    }
}
