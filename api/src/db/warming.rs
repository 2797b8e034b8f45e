//! What is worth having in the cache before it is asked for.

use sqlx::PgPool;

use crate::error::Error;

/// The plans that are recommended and held most, most of all first.
pub async fn popular_plans(pool: &PgPool, limit: u32) -> Result<Vec<String>, Error> {
    let query = sqlx::query_scalar(
        "SELECT p.plan_id FROM plan_catalog p \
         LEFT JOIN (SELECT plan_id, count(*) AS times FROM recommended_plans GROUP BY plan_id) r USING (plan_id) \
         LEFT JOIN (SELECT plan_id, count(*) AS times FROM current_plans GROUP BY plan_id) c USING (plan_id) \
         WHERE p.is_active \
         ORDER BY coalesce(r.times, 0) + coalesce(c.times, 0) DESC, p.plan_id LIMIT $1",
    );
    Ok(query.bind(i64::from(limit)).fetch_all(pool).await?)
}

/// Users whose latest reading is at most `days` older than the latest of all, the most recent first.
pub async fn active_users(pool: &PgPool, days: u32, limit: u32) -> Result<Vec<String>, Error> {
    // One step into the index a user, rather than every reading.
    let query = sqlx::query_scalar(
        "SELECT user_id FROM ( \
             SELECT user_id, latest, max(latest) OVER () AS latest_of_all FROM ( \
                 SELECT u.user_id, (SELECT max(h.usage_date) FROM usage_history h WHERE h.user_id = u.user_id) AS latest \
                 FROM users u) each) ranked \
         WHERE latest >= latest_of_all - $1::int ORDER BY latest DESC, user_id LIMIT $2",
    );
    Ok(query.bind(days.cast_signed()).bind(i64::from(limit)).fetch_all(pool).await?)
}

/// Users with recommendations that still hold, the latest first.
pub async fn recently_recommended(pool: &PgPool, limit: u32) -> Result<Vec<String>, Error> {
    let query = sqlx::query_scalar(
        "SELECT user_id FROM recommendations WHERE expires_at > now() \
         GROUP BY user_id ORDER BY max(generated_at) DESC, user_id LIMIT $1",
    );
    Ok(query.bind(i64::from(limit)).fetch_all(pool).await?)
}
