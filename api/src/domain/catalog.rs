//! What can be asked of the catalogue, and a page of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plan::{PlanSummary, PlanType, RateType};

/// Plans on a page unless the caller says otherwise.
pub const DEFAULT_PAGE_SIZE: u32 = 20;
/// Plans on a page at most.
pub const MAX_PAGE_SIZE: u32 = 100;
/// The last page that can be asked for; far beyond any catalogue, and safe to multiply.
pub const MAX_PAGE: u32 = 1_000_000;

/// Which plans, and which part of them: the canonical form of a query, whatever its spelling was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogFilter {
    /// Three-digit ZIP code prefix in which the plan is sold.
    pub region: Option<String>,
    /// Whom it is for.
    pub plan_type: Option<PlanType>,
    /// How it is priced.
    pub rate_type: Option<RateType>,
    /// Share of renewable energy at least, 0 to 100.
    pub min_renewable: Option<u32>,
    /// Contract length at most, in months.
    pub max_contract_length: Option<u32>,
    /// From 1.
    pub page: u32,
    /// 1 to [`MAX_PAGE_SIZE`].
    pub page_size: u32,
}

impl CatalogFilter {
    /// A page of all plans, of the usual size.
    #[must_use]
    pub const fn all(page: u32) -> Self {
        Self {
            region: None,
            plan_type: None,
            rate_type: None,
            min_renewable: None,
            max_contract_length: None,
            page,
            page_size: DEFAULT_PAGE_SIZE,
        }
    }

    /// How many plans lie before the page.
    #[must_use]
    pub fn offset(&self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.page_size)
    }
}

/// One page of the catalogue, cheapest plans first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogPage {
    /// The plans of this page.
    pub items: Vec<PlanSummary>,
    /// How many plans match altogether.
    pub total: u64,
    /// This page, from 1.
    pub page: u32,
    /// Plans on a page.
    pub page_size: u32,
    /// How many pages match altogether.
    pub total_pages: u64,
    /// Whether a page follows.
    pub has_next: bool,
    /// Whether a page with plans precedes.
    pub has_previous: bool,
}

impl CatalogPage {
    /// The page of `filter` that holds `items` out of `total`.
    #[must_use]
    pub fn new(filter: &CatalogFilter, items: Vec<PlanSummary>, total: u64) -> Self {
        let (page, total_pages) = (u64::from(filter.page), total.div_ceil(u64::from(filter.page_size)));
        Self {
            items,
            total,
            page: filter.page,
            page_size: filter.page_size,
            total_pages,
            has_next: page < total_pages,
            has_previous: page > 1 && total_pages > 0,
        }
    }
}
