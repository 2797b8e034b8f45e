//! The guide's five indexes serve the queries that they are for, and the migration that makes them runs alone.

use std::process::Command;

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use treebeard_api::db;
use treebeard_api::domain::catalog::CatalogFilter;
use treebeard_api::domain::plan::RateType;

use crate::support::database;

const EVERYTHING: CatalogFilter = CatalogFilter {
    region: None,
    plan_type: None,
    rate_type: None,
    min_renewable: None,
    max_contract_length: None,
    page: 1,
    page_size: 20,
};

/// A database in which an index is worth something: 20,000 plans, 500 users with a year of days, ten sets of
/// recommendations each.
async fn large() -> PgPool {
    let pool = PgPool::connect_with(database(true).await).await.unwrap();
    for sql in [
        "INSERT INTO plan_catalog SELECT 'many_' || n, supplier_id, plan_name, description, plan_type, \
             CASE WHEN n % 200 = 0 THEN 'variable' ELSE 'fixed' END, \
             CASE WHEN n % 200 = 0 THEN jsonb_build_object('type', 'variable', 'cents_per_kwh', n % 20, \
                 'min_cents_per_kwh', 0, 'max_cents_per_kwh', 20) \
             ELSE jsonb_build_object('type', 'fixed', 'cents_per_kwh', n % 300 / 10.0) END, \
             n % 300 / 10.0, 0, 0, 12, 0, n % 100, ARRAY[lpad((n % 900)::text, 3, '0')], n % 3 > 0 \
         FROM plan_catalog, generate_series(1, 20000) n WHERE plan_id = 'plan_0001'",
        "INSERT INTO users (user_id, name, email, zip_code, created_at) \
         SELECT 'many_' || n, 'n', 'many' || n || '@example.com', '77002', now() FROM generate_series(1, 500) n",
        "INSERT INTO usage_history SELECT 'many_' || n, d::date, 30, 400 FROM generate_series(1, 500) n, \
             generate_series('2025-11-01'::timestamp, '2026-10-31', '1 day') d",
        "INSERT INTO recommendations SELECT 'many_' || n, now() - m * interval '1 day', now() + (5 - m) * interval '1 day' \
         FROM generate_series(1, 500) n, generate_series(1, 10) m",
        "VACUUM (ANALYZE)",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    pool
}

/// Whether a plan has a node that looks rows up in `index`, by a condition and not by reading all of it.
fn looks_up(node: &Value, index: &str) -> bool {
    let here = node["Index Name"] == index && node["Index Cond"].is_string();
    here || node["Plans"].as_array().is_some_and(|nodes| nodes.iter().any(|node| looks_up(node, index)))
}

fn assert_looks_up(plan: &Value, index: &str) {
    assert!(looks_up(&plan[0]["Plan"], index), "{index} is not used: {plan:#}");
}

#[tokio::test]
async fn each_index_serves_the_query_that_it_is_for() {
    let pool = large().await;
    let catalog = async |filter: &CatalogFilter| -> Value {
        db::plans::page_query("EXPLAIN (FORMAT JSON) ", filter).build_query_scalar().fetch_one(&pool).await.unwrap()
    };
    let region = CatalogFilter { region: Some("770".into()), ..EVERYTHING };
    assert_looks_up(&catalog(&region).await, "idx_plan_catalog_region_active");
    let variable = CatalogFilter { rate_type: Some(RateType::Variable), ..EVERYTHING };
    assert_looks_up(&catalog(&variable).await, "idx_plan_rate_structure_gin");
    let green = CatalogFilter { min_renewable: Some(99), ..EVERYTHING };
    assert_looks_up(&catalog(&green).await, "idx_active_plans");

    let explain = |sql: &str| AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {sql}"));
    let months = sqlx::query_scalar(explain(db::usage::MONTHS)).bind("many_7").bind(24_i32);
    assert_looks_up(&months.fetch_one(&pool).await.unwrap(), "idx_usage_user_date");
    let latest = sqlx::query_scalar(explain(db::recommendations::LATEST)).bind("many_7");
    assert_looks_up(&latest.fetch_one(&pool).await.unwrap(), "idx_recommendations_user_expires");
}

/// Why `idx_plan_catalog_region_active` is not the guide's B-tree.
#[tokio::test]
async fn a_btree_over_the_regions_would_never_serve_a_region() {
    let pool = large().await;
    for sql in [
        "DROP INDEX idx_plan_catalog_region_active",
        "CREATE INDEX guides ON plan_catalog (available_regions, is_active) WHERE is_active = true",
        "ANALYZE plan_catalog",
        "SET enable_seqscan = off",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let region = CatalogFilter { region: Some("770".into()), ..EVERYTHING };
    let mut query = db::plans::page_query("EXPLAIN (FORMAT JSON) ", &region);
    let plan: Value = query.build_query_scalar().fetch_one(&pool).await.unwrap();
    assert!(!looks_up(&plan[0]["Plan"], "guides"), "it does: {plan:#}");
}

#[tokio::test]
async fn the_index_migration_runs_alone_through_psql_and_again() {
    let options = database(true).await;
    let pool = PgPool::connect_with(options.clone()).await.unwrap();
    let names = [
        "idx_plan_catalog_region_active",
        "idx_usage_user_date",
        "idx_recommendations_user_expires",
        "idx_plan_rate_structure_gin",
        "idx_active_plans",
    ];
    for name in names {
        sqlx::query(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(&pool).await.unwrap();
    }
    let psql = || {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/0003_performance_indexes.sql");
        // The tests' server listens on a socket.
        let socket = options.get_socket().unwrap().to_str().unwrap();
        let at = ["-h", socket, "-U", options.get_username(), "-d", options.get_database().unwrap()];
        let output = Command::new("psql").args(["-X", "-v", "ON_ERROR_STOP=1", "-f", file]).args(at).output();
        let output = output.expect("the tests need psql: apt-get install postgresql-client");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let first = psql();
    assert_eq!(first.lines().collect::<Vec<_>>(), [&["CREATE INDEX"; 5][..], &["ANALYZE"]].concat());
    for name in names {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(name).fetch_one(&pool).await.unwrap();
        assert!(there, "{name}");
    }
    assert!(psql().ends_with("ANALYZE\n"));
    assert_eq!(db::migrate(&pool).await.unwrap().applied.len(), 0);
}
