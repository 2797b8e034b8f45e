//! Filling the cache before it is asked: popular plans, the catalogue's first pages, active users' profiles, recent
//! recommendations. What is there already is fetched anew, so that a schedule keeps it from ever expiring.

use std::fmt::Display;
use std::future::Future;
use std::time::Instant;

use clap::ValueEnum;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::db::{self, warming};
use crate::domain::catalog::CatalogFilter;
use crate::domain::id::{PlanId, UserId};
use crate::error::Error;
use crate::state::AppState;

/// The catalogue's pages that are filled, of its usual size.
const PAGES: u32 = 5;
/// Fills under way at a time: a part of the pool, so that requests go on.
const CONCURRENCY: usize = 8;
/// How many plans, and how many of each kind about users, unless the caller says otherwise.
const PLANS: u32 = 100;
const USERS: u32 = 50;

/// Which values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All of them.
    Full,
    /// Plans, the most recommended and most held first, and the catalogue's first pages.
    Plans,
    /// Profiles of users with recent usage.
    Profiles,
    /// Recommendations, the latest first.
    Recommendations,
}

/// What to fill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Warming {
    /// Which values.
    pub mode: Mode,
    /// How many of each kind at most.
    pub limit: Option<u32>,
    /// A user is active whose latest reading is at most so many days older than the latest of all.
    pub days: u32,
}

/// What was filled.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Plans, when they were to be filled.
    pub plans: Option<usize>,
    /// First pages of the catalogue, when they were to be filled.
    pub pages: Option<usize>,
    /// Profiles, when they were to be filled.
    pub profiles: Option<usize>,
    /// Recommendations, when they were to be filled.
    pub recommendations: Option<usize>,
    /// What could not be filled, or is not in Redis where there is one.
    pub failed: usize,
    /// All that was filled.
    pub total: usize,
    /// How long it took.
    pub seconds: f64,
}

/// Fills the cache, and says after each value how many of how many of its kind are done.
///
/// # Errors
/// When the database does not say what there is; a single value that fails is counted.
pub async fn warm(state: &AppState, what: &Warming, progress: impl Fn(usize, usize)) -> Result<Report, Error> {
    let (start, mut report) = (Instant::now(), Report::default());
    let wanted = |mode| what.mode == Mode::Full || what.mode == mode;
    if wanted(Mode::Plans) {
        let ids = warming::popular_plans(&state.db, what.limit.unwrap_or(PLANS)).await?;
        report.plans = Some(fill(ids, &mut report.failed, &progress, async |id| plan(state, id).await).await);
        let pages = (1..=PAGES).collect();
        report.pages = Some(fill(pages, &mut report.failed, &progress, async |n| page(state, n).await).await);
    }
    if wanted(Mode::Profiles) {
        let ids = warming::active_users(&state.db, what.days, what.limit.unwrap_or(USERS)).await?;
        report.profiles = Some(fill(ids, &mut report.failed, &progress, async |id| profile(state, id).await).await);
    }
    if wanted(Mode::Recommendations) {
        let ids = warming::recently_recommended(&state.db, what.limit.unwrap_or(USERS)).await?;
        let filled = fill(ids, &mut report.failed, &progress, async |id| recommendations(state, id).await).await;
        report.recommendations = Some(filled);
    }
    report.total = [report.plans, report.pages, report.profiles, report.recommendations].into_iter().flatten().sum();
    report.seconds = start.elapsed().as_secs_f64();
    Ok(report)
}

async fn fill<T: Clone, F: Future<Output = Result<(), Error>>>(
    ids: Vec<T>,
    failed: &mut usize,
    progress: &impl Fn(usize, usize),
    one: impl Fn(T) -> F,
) -> usize {
    let (all, mut done, mut filled) = (ids.len(), 0, 0);
    // Once more, because Redis has a tenth of a second for an answer, and may be busy.
    let attempts = |id: T| async { if one(id.clone()).await.is_ok() { Ok(()) } else { one(id).await } };
    let mut fills = stream::iter(ids).map(attempts).buffer_unordered(CONCURRENCY);
    while let Some(result) = fills.next().await {
        done += 1;
        match result {
            Ok(()) => filled += 1,
            Err(_) => *failed += 1,
        }
        progress(done, all);
    }
    filled
}

async fn plan(state: &AppState, id: String) -> Result<(), Error> {
    let (id, db) = (PlanId::try_from(id).map_err(unreadable)?, state.db.clone());
    state.cache.refresh(&Key::plan(&id), async move { db::plans::find(&db, &id).await }).await
}

async fn page(state: &AppState, number: u32) -> Result<(), Error> {
    let (filter, db) = (CatalogFilter::all(number), state.db.clone());
    state.cache.refresh(&Key::catalog_page(&filter), async move { db::plans::page(&db, &filter).await }).await
}

async fn profile(state: &AppState, id: String) -> Result<(), Error> {
    let (id, db) = (UserId::try_from(id).map_err(unreadable)?, state.db.clone());
    state.cache.refresh(&Key::profile(&id), async move { db::users::profile(&db, &id).await }).await
}

async fn recommendations(state: &AppState, id: String) -> Result<(), Error> {
    let (id, db) = (UserId::try_from(id).map_err(unreadable)?, state.db.clone());
    let key = Key::recommendations(&id);
    state.cache.refresh(&key, async move { db::recommendations::latest(&db, &id).await }).await
}

fn unreadable(why: impl Display) -> Error {
    Error::Internal(format!("an id in the database: {why}").into())
}
