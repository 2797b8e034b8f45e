//! `/api/v1/plans`: for anyone.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::cache::{Cached, Key};
use crate::db;
use crate::domain::account::is_zip_code;
use crate::domain::catalog::{CatalogFilter, CatalogPage, DEFAULT_PAGE_SIZE, MAX_PAGE, MAX_PAGE_SIZE};
use crate::domain::id::PlanId;
use crate::domain::plan::{Plan, PlanType, RateType};
use crate::error::{Error, ErrorResponse};
use crate::state::AppState;

/// The longest contract that can be asked for, in months.
const MAX_CONTRACT: u32 = 120;

/// Which plans, and which part of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CatalogQuery {
    /// Five-digit ZIP code in which the plan is sold.
    #[param(pattern = "^[0-9]{5}$", example = "77002")]
    zip_code: Option<String>,
    /// Whom the plan is for.
    #[param(inline)]
    plan_type: Option<PlanType>,
    /// How the plan is priced.
    #[param(inline)]
    rate_type: Option<RateType>,
    /// Share of renewable energy at least, in percent.
    #[param(maximum = 100)]
    min_renewable: Option<u32>,
    /// Contract length at most, in months; 0 is no contract.
    #[param(maximum = 120)]
    max_contract_length: Option<u32>,
    /// Which page, from 1.
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<u32>,
    /// Plans on a page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    page_size: Option<u32>,
}

impl TryFrom<CatalogQuery> for CatalogFilter {
    type Error = Error;

    fn try_from(query: CatalogQuery) -> Result<Self, Error> {
        let within = |name: &str, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                Ok(value)
            } else {
                Err(Error::Invalid(format!("{name} must be from {least} to {most}")))
            }
        };
        let region = query.zip_code.map(|zip| {
            if is_zip_code(&zip) {
                Ok(zip[..3].to_owned())
            } else {
                Err(Error::Invalid("zip_code must be five digits".to_owned()))
            }
        });
        Ok(Self {
            region: region.transpose()?,
            plan_type: query.plan_type,
            rate_type: query.rate_type,
            min_renewable: query.min_renewable.map(|v| within("min_renewable", v, 0, 100)).transpose()?,
            max_contract_length: query
                .max_contract_length
                .map(|v| within("max_contract_length", v, 0, MAX_CONTRACT))
                .transpose()?,
            page: within("page", query.page.unwrap_or(1), 1, MAX_PAGE)?,
            page_size: within("page_size", query.page_size.unwrap_or(DEFAULT_PAGE_SIZE), 1, MAX_PAGE_SIZE)?,
        })
    }
}

/// The catalogue, cheapest plans first.
#[utoipa::path(get, path = "/api/v1/plans/catalog", tag = "plans", params(CatalogQuery), responses(
    (status = 200, description = "One page of the plans that match", body = CatalogPage),
    (status = 400, description = "A parameter cannot be read", body = ErrorResponse),
    (status = 422, description = "A parameter is out of bounds", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn catalog(
    State(state): State<AppState>,
    query: Result<Query<CatalogQuery>, QueryRejection>,
) -> Result<Cached, Error> {
    let filter = CatalogFilter::try_from(query?.0)?;
    // Two keys: the response is short-lived, the page below it is not.
    let (key, cache) = (Key::catalog_response(&filter), state.cache.clone());
    let page = async move {
        let AppState { db, cache, .. } = state;
        cache.json(&Key::catalog_page(&filter), async move { db::plans::page(&db, &filter).await }).await
    };
    cache.copy(&key, page).await
}

/// One plan with its prices.
#[utoipa::path(get, path = "/api/v1/plans/{plan_id}", tag = "plans",
    params(("plan_id" = String, Path, description = "For example plan_0042", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    responses(
        (status = 200, description = "The plan", body = Plan),
        (status = 400, description = "That is not an id", body = ErrorResponse),
        (status = 404, description = "There is no such plan", body = ErrorResponse),
        (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn plan(State(state): State<AppState>, id: Result<Path<PlanId>, PathRejection>) -> Result<Cached, Error> {
    let Path(id) = id?;
    state.cache.json(&Key::plan(&id), async move { db::plans::find(&state.db, &id).await }).await
}
