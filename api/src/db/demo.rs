//! Writing the demo's data. Everything is an upsert in one transaction: repeating it changes nothing, and rows that are
//! not the demo's stay as they are.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};

use super::recommendations::{INSERT_PLANS, item_row};
use crate::demo::{self, Demo, DemoPlan, DemoUser};
use crate::error::Error;

/// How long the demo's recommendations hold, in days: the demo has no end.
const VALID_DAYS: u64 = 36_500;

/// Each table's statement takes its rows as one JSON document.
const SUPPLIERS: &str = "\
    INSERT INTO suppliers (supplier_id, name, rating) \
    SELECT supplier_id, name, rating FROM jsonb_populate_recordset(NULL::suppliers, $1) \
    ON CONFLICT (supplier_id) DO UPDATE SET name = excluded.name, rating = excluded.rating";

const PLANS: &str = "\
    INSERT INTO plan_catalog (plan_id, supplier_id, plan_name, description, plan_type, rate_type, rate_structure, \
        average_cents_per_kwh, monthly_fee_cents, connection_fee_cents, contract_length_months, \
        early_termination_fee_cents, renewable_percentage, available_regions, is_active) \
    SELECT plan_id, supplier_id, plan_name, description, plan_type, rate_type, rate_structure, \
        average_cents_per_kwh, monthly_fee_cents, connection_fee_cents, contract_length_months, \
        early_termination_fee_cents, renewable_percentage, available_regions, is_active \
    FROM jsonb_populate_recordset(NULL::plan_catalog, $1) \
    ON CONFLICT (plan_id) DO UPDATE SET supplier_id = excluded.supplier_id, plan_name = excluded.plan_name, \
        description = excluded.description, plan_type = excluded.plan_type, rate_type = excluded.rate_type, \
        rate_structure = excluded.rate_structure, average_cents_per_kwh = excluded.average_cents_per_kwh, \
        monthly_fee_cents = excluded.monthly_fee_cents, connection_fee_cents = excluded.connection_fee_cents, \
        contract_length_months = excluded.contract_length_months, \
        early_termination_fee_cents = excluded.early_termination_fee_cents, \
        renewable_percentage = excluded.renewable_percentage, available_regions = excluded.available_regions, \
        is_active = excluded.is_active";

const USERS: &str = "\
    INSERT INTO users (user_id, name, email, zip_code, created_at) \
    SELECT user_id, name, email, zip_code, created_at FROM jsonb_populate_recordset(NULL::users, $1) \
    ON CONFLICT (user_id) DO UPDATE SET name = excluded.name, email = excluded.email, \
        zip_code = excluded.zip_code, created_at = excluded.created_at";

const PREFERENCES: &str = "\
    INSERT INTO preferences (user_id, cost, flexibility, renewables, supplier_rating) \
    SELECT user_id, cost, flexibility, renewables, supplier_rating \
    FROM jsonb_populate_recordset(NULL::preferences, $1) \
    ON CONFLICT (user_id) DO UPDATE SET cost = excluded.cost, flexibility = excluded.flexibility, \
        renewables = excluded.renewables, supplier_rating = excluded.supplier_rating";

const CURRENT_PLANS: &str = "\
    INSERT INTO current_plans (user_id, plan_id, started_on, contract_ends_on) \
    SELECT user_id, plan_id, started_on, contract_ends_on \
    FROM jsonb_populate_recordset(NULL::current_plans, $1) \
    ON CONFLICT (user_id) DO UPDATE SET plan_id = excluded.plan_id, started_on = excluded.started_on, \
        contract_ends_on = excluded.contract_ends_on";

const USAGE: &str = "\
    INSERT INTO usage_history (user_id, usage_date, kwh, cost_cents) \
    SELECT user_id, usage_date, kwh, cost_cents FROM jsonb_populate_recordset(NULL::usage_history, $1) \
    ON CONFLICT (user_id, usage_date) DO UPDATE SET kwh = excluded.kwh, cost_cents = excluded.cost_cents";

const RECOMMENDATIONS: &str = "\
    INSERT INTO recommendations (user_id, generated_at, expires_at) \
    SELECT user_id, generated_at, expires_at FROM jsonb_populate_recordset(NULL::recommendations, $1) \
    ON CONFLICT (user_id, generated_at) DO UPDATE SET expires_at = excluded.expires_at";

/// Whether this version of the demo's data is there.
pub async fn is_current(pool: &PgPool) -> Result<bool, Error> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM demo_data WHERE version = $1)");
    Ok(query.bind(demo::VERSION).fetch_one(pool).await?)
}

/// Writes the demo's data.
pub async fn write(pool: &PgPool, demo: &Demo) -> Result<(), Error> {
    let generated_at = midnight(demo::TODAY);
    let expires_at = generated_at + Days::new(VALID_DAYS);
    let user_rows = |row: &dyn Fn(&DemoUser) -> Value| demo.users.iter().map(row).collect::<Vec<_>>();

    let mut tx = pool.begin().await?;
    let suppliers = demo.suppliers.iter().map(|supplier| json!(supplier)).collect();
    insert(&mut tx, SUPPLIERS, suppliers).await?;
    insert(&mut tx, PLANS, demo.plans.iter().map(plan_row).collect()).await?;
    insert(&mut tx, USERS, user_rows(&user_row)).await?;
    insert(&mut tx, PREFERENCES, user_rows(&|user| with_user(user, json!(user.preferences)))).await?;
    insert(&mut tx, CURRENT_PLANS, demo.users.iter().filter_map(current_plan_row).collect()).await?;
    insert(&mut tx, USAGE, demo.users.iter().flat_map(usage_rows).collect()).await?;
    let set =
        |user: &DemoUser| json!({ "user_id": user.user_id, "generated_at": generated_at, "expires_at": expires_at });
    insert(&mut tx, RECOMMENDATIONS, user_rows(&set)).await?;
    let items = demo.users.iter().flat_map(|user| recommended_rows(user, generated_at)).collect();
    insert(&mut tx, INSERT_PLANS, items).await?;
    sqlx::query("INSERT INTO demo_data (version) VALUES ($1) ON CONFLICT (version) DO NOTHING")
        .bind(demo::VERSION)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    // The planner knows nothing of freshly written tables until then.
    sqlx::query("ANALYZE").execute(pool).await?;
    Ok(())
}

async fn insert(tx: &mut Transaction<'_, Postgres>, sql: &'static str, rows: Vec<Value>) -> Result<(), Error> {
    sqlx::query(sql).bind(Value::Array(rows)).execute(&mut **tx).await?;
    Ok(())
}

fn plan_row(DemoPlan { plan, is_active }: &DemoPlan) -> Value {
    let mut row = json!(plan);
    row["supplier_id"] = json!(plan.summary.supplier.supplier_id);
    row["is_active"] = json!(is_active);
    row
}

fn user_row(user: &DemoUser) -> Value {
    json!({
        "user_id": user.user_id, "name": user.name, "email": user.email, "zip_code": user.zip_code,
        "created_at": midnight(user.member_since),
    })
}

fn current_plan_row(user: &DemoUser) -> Option<Value> {
    let on = user.current_plan.as_ref()?;
    Some(json!({
        "user_id": user.user_id, "plan_id": on.plan_id, "started_on": on.started_on,
        "contract_ends_on": on.contract_ends_on,
    }))
}

fn usage_rows(user: &DemoUser) -> impl Iterator<Item = Value> {
    user.usage.iter().map(
        |day| json!({ "user_id": user.user_id, "usage_date": day.date, "kwh": day.kwh, "cost_cents": day.cost_cents }),
    )
}

fn recommended_rows(user: &DemoUser, generated_at: DateTime<Utc>) -> impl Iterator<Item = Value> {
    user.recommendations.iter().map(move |item| item_row(&user.user_id, generated_at, item))
}

fn with_user(user: &DemoUser, mut row: Value) -> Value {
    row["user_id"] = json!(user.user_id);
    row
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}
