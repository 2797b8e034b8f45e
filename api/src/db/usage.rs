//! What users have used.

use sqlx::{FromRow, PgPool};

use crate::domain::id::UserId;
use crate::domain::usage::{MAX_MONTHS, MonthUsage};
use crate::error::Error;

#[derive(FromRow)]
struct MonthRow {
    month: String,
    kwh: f64,
    cost_cents: i64,
}

/// The last [`MAX_MONTHS`] months up to the user's latest reading, oldest first; empty for someone without readings.
pub async fn months(pool: &PgPool, id: &UserId) -> Result<Vec<MonthUsage>, Error> {
    let rows: Vec<MonthRow> = sqlx::query_as(
        "SELECT to_char(date_trunc('month', usage_date), 'YYYY-MM') AS month, \
                sum(kwh)::float8 AS kwh, round(sum(cost_cents))::int8 AS cost_cents \
         FROM usage_history \
         WHERE user_id = $1 AND usage_date >= ( \
             SELECT date_trunc('month', max(usage_date)) - make_interval(months => $2 - 1) \
             FROM usage_history WHERE user_id = $1) \
         GROUP BY 1 ORDER BY 1",
    )
    .bind(id.as_str())
    .bind(MAX_MONTHS.cast_signed())
    .fetch_all(pool)
    .await?;
    let month = |row: MonthRow| MonthUsage { month: row.month, kwh: row.kwh, cost_cents: row.cost_cents };
    Ok(rows.into_iter().map(month).collect())
}
