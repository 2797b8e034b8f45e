//! What users have used.

use sqlx::types::Json;
use sqlx::{FromRow, PgPool};

use super::corrupt;
use crate::domain::id::UserId;
use crate::domain::upload::DayReading;
use crate::domain::usage::{MAX_MONTHS, MonthUsage};
use crate::error::Error;

#[derive(FromRow)]
struct MonthRow {
    month: String,
    days: i64,
    kwh: f64,
    cost_cents: i64,
}

/// The last `$2` months up to the latest reading of the user `$1`, oldest first.
pub const MONTHS: &str = "\
    SELECT to_char(date_trunc('month', usage_date), 'YYYY-MM') AS month, count(*) AS days, \
           sum(kwh)::float8 AS kwh, round(sum(cost_cents))::int8 AS cost_cents \
    FROM usage_history \
    WHERE user_id = $1 AND usage_date >= ( \
        SELECT date_trunc('month', max(usage_date)) - make_interval(months => $2 - 1) \
        FROM usage_history WHERE user_id = $1) \
    GROUP BY 1 ORDER BY 1";

/// The last [`MAX_MONTHS`] months up to the user's latest reading, oldest first; empty for someone without readings.
pub async fn months(pool: &PgPool, id: &UserId) -> Result<Vec<MonthUsage>, Error> {
    let query = sqlx::query_as(MONTHS).bind(id.as_str()).bind(MAX_MONTHS.cast_signed());
    let rows: Vec<MonthRow> = query.fetch_all(pool).await?;
    let month = |row: MonthRow| {
        let days = u32::try_from(row.days).map_err(corrupt)?;
        Ok(MonthUsage { month: row.month, days, kwh: row.kwh, cost_cents: row.cost_cents })
    };
    rows.into_iter().map(month).collect()
}

/// What a kWh is taken to cost where neither the reading nor a current plan says it, in US cents: the residential mean
/// of the US (EIA, Electric Power Monthly).
const DEFAULT_CENTS_PER_KWH: f64 = 16.5;

/// Writes days of a user, over those that are there.
pub async fn write(pool: &PgPool, id: &UserId, days: &[DayReading]) -> Result<(), Error> {
    let query = sqlx::query(
        "INSERT INTO usage_history (user_id, usage_date, kwh, cost_cents) \
         SELECT $1, d.usage_date, d.kwh, round(coalesce(d.cost_cents, d.kwh * coalesce(c.price, $3)::numeric), 2) \
         FROM jsonb_populate_recordset(NULL::usage_history, $2) d \
         LEFT JOIN (SELECT average_cents_per_kwh AS price FROM current_plans JOIN plan_catalog USING (plan_id) \
                    WHERE user_id = $1) c ON true \
         ON CONFLICT (usage_date, user_id) DO UPDATE SET kwh = excluded.kwh, cost_cents = excluded.cost_cents",
    );
    match query.bind(id.as_str()).bind(Json(days)).bind(DEFAULT_CENTS_PER_KWH).execute(pool).await {
        Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation() => Err(Error::NotFound("user")),
        done => done.map(|_| ()).map_err(Error::from),
    }
}
