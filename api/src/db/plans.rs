//! Plans and suppliers.

use serde_json::json;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

use super::corrupt;
use crate::domain::catalog::{CatalogFilter, CatalogPage};
use crate::domain::id::PlanId;
use crate::domain::plan::{Plan, PlanSummary, RateStructure, Supplier};
use crate::error::Error;

/// The columns of a [`SummaryRow`], from `plan_catalog p JOIN suppliers s`.
macro_rules! summary_columns {
    () => {
        "p.plan_id, p.plan_name, s.supplier_id, s.name AS supplier_name, s.rating::float8 AS supplier_rating, \
         p.plan_type, p.rate_type, p.average_cents_per_kwh, p.monthly_fee_cents, p.contract_length_months, \
         p.early_termination_fee_cents, p.renewable_percentage"
    };
}
/// The columns of a [`PlanRow`] beside those of its summary.
macro_rules! detail_columns {
    () => {
        "p.description, p.connection_fee_cents, p.available_regions, p.rate_structure"
    };
}
pub(super) use {detail_columns, summary_columns};

#[derive(FromRow)]
pub(super) struct SummaryRow {
    plan_id: String,
    plan_name: String,
    supplier_id: String,
    supplier_name: String,
    supplier_rating: f64,
    plan_type: String,
    rate_type: String,
    average_cents_per_kwh: f64,
    monthly_fee_cents: i32,
    contract_length_months: i32,
    early_termination_fee_cents: i32,
    renewable_percentage: i32,
}

#[derive(FromRow)]
pub(super) struct PlanRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    description: String,
    connection_fee_cents: i32,
    available_regions: Vec<String>,
    rate_structure: Json<RateStructure>,
}

impl TryFrom<SummaryRow> for PlanSummary {
    type Error = Error;

    fn try_from(row: SummaryRow) -> Result<Self, Error> {
        Ok(Self {
            plan_id: row.plan_id,
            plan_name: row.plan_name,
            supplier: Supplier { supplier_id: row.supplier_id, name: row.supplier_name, rating: row.supplier_rating },
            plan_type: row.plan_type.parse().map_err(corrupt)?,
            rate_type: row.rate_type.parse().map_err(corrupt)?,
            average_cents_per_kwh: row.average_cents_per_kwh,
            monthly_fee_cents: unsigned(row.monthly_fee_cents)?,
            contract_length_months: unsigned(row.contract_length_months)?,
            early_termination_fee_cents: unsigned(row.early_termination_fee_cents)?,
            renewable_percentage: unsigned(row.renewable_percentage)?,
        })
    }
}

impl TryFrom<PlanRow> for Plan {
    type Error = Error;

    fn try_from(row: PlanRow) -> Result<Self, Error> {
        Ok(Self {
            summary: row.summary.try_into()?,
            description: row.description,
            connection_fee_cents: unsigned(row.connection_fee_cents)?,
            available_regions: row.available_regions,
            rate_structure: row.rate_structure.0,
        })
    }
}

fn unsigned(value: i32) -> Result<u32, Error> {
    u32::try_from(value).map_err(corrupt)
}

/// A plan, and how many there are on all pages.
#[derive(FromRow)]
struct PageRow {
    #[sqlx(flatten)]
    plan: SummaryRow,
    total: i64,
}

/// One page of the active plans, cheapest first.
pub async fn page(pool: &PgPool, filter: &CatalogFilter) -> Result<CatalogPage, Error> {
    let rows: Vec<PageRow> = page_query("", filter).build_query_as().fetch_all(pool).await?;
    let total: i64 = match rows.first() {
        Some(row) => row.total,
        // Behind the last page there is no row that could tell.
        None if filter.offset() > 0 => count_query(filter).build_query_scalar().fetch_one(pool).await?,
        None => 0,
    };
    let items = rows.into_iter().map(|row| row.plan.try_into()).collect::<Result<_, _>>()?;
    Ok(CatalogPage::new(filter, items, total.unsigned_abs()))
}

fn count_query(filter: &CatalogFilter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM plan_catalog p");
    restrict(&mut query, filter);
    query
}

/// The query for a page after `prefix`, which is empty, or `EXPLAIN `.
#[must_use]
pub fn page_query(prefix: &'static str, filter: &CatalogFilter) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(prefix);
    query.push(concat!("SELECT ", summary_columns!(), ", count(*) OVER () AS total"));
    query.push(" FROM plan_catalog p JOIN suppliers s USING (supplier_id)");
    restrict(&mut query, filter);
    query.push(" ORDER BY p.average_cents_per_kwh, p.plan_id LIMIT ").push_bind(i64::from(filter.page_size));
    query.push(" OFFSET ").push_bind(filter.offset());
    query
}

fn restrict(query: &mut QueryBuilder<Postgres>, filter: &CatalogFilter) {
    query.push(" WHERE p.is_active");
    if let Some(region) = &filter.region {
        query.push(" AND p.available_regions @> ARRAY[").push_bind(region.clone()).push("]");
    }
    if let Some(plan_type) = filter.plan_type {
        query.push(" AND p.plan_type = ").push_bind(plan_type.as_str());
    }
    if let Some(rate_type) = filter.rate_type {
        // The same as `rate_type = …`, by the schema's check, and served by idx_plan_rate_structure_gin.
        query.push(" AND p.rate_structure @> ").push_bind(Json(json!({ "type": rate_type.as_str() })));
    }
    if let Some(least) = filter.min_renewable {
        query.push(" AND p.renewable_percentage >= ").push_bind(i64::from(least));
    }
    if let Some(most) = filter.max_contract_length {
        query.push(" AND p.contract_length_months <= ").push_bind(i64::from(most));
    }
}

/// One active plan.
pub async fn find(pool: &PgPool, id: &PlanId) -> Result<Plan, Error> {
    let row: Option<PlanRow> = sqlx::query_as(concat!(
        "SELECT ",
        summary_columns!(),
        ", ",
        detail_columns!(),
        " FROM plan_catalog p JOIN suppliers s USING (supplier_id) WHERE p.plan_id = $1 AND p.is_active"
    ))
    .bind(id.as_str())
    .fetch_optional(pool)
    .await?;
    row.ok_or(Error::NotFound("plan"))?.try_into()
}

/// Plans that a home in `region`, a ZIP code prefix, may switch to.
pub async fn for_homes_in(pool: &PgPool, region: &str) -> Result<Vec<Plan>, Error> {
    let rows: Vec<PlanRow> = sqlx::query_as(concat!(
        "SELECT ",
        summary_columns!(),
        ", ",
        detail_columns!(),
        " FROM plan_catalog p JOIN suppliers s USING (supplier_id) \
         WHERE p.is_active AND p.available_regions @> ARRAY[$1] AND p.plan_type = 'residential'"
    ))
    .bind(region)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Plan::try_from).collect()
}
