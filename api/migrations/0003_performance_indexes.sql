-- Performance indexes. Also runs alone, and again: psql -d treebeard -f api/migrations/0003_performance_indexes.sql
-- docs/database-optimization.md has the queries that they are for and the plans that PostgreSQL makes of them.

-- Plans sold in a region. GIN over the array alone: a B-tree over (available_regions, is_active) never serves `@>`.
CREATE INDEX IF NOT EXISTS idx_plan_catalog_region_active
    ON plan_catalog USING gin (available_regions)
    WHERE is_active;

-- A user's days, the latest first.
CREATE INDEX IF NOT EXISTS idx_usage_user_date
    ON usage_history (user_id, usage_date DESC);

-- A user's recommendations that still hold, the latest first.
CREATE INDEX IF NOT EXISTS idx_recommendations_user_expires
    ON recommendations (user_id, expires_at DESC);

-- Plans by what their prices contain. jsonb_path_ops: smaller and faster than the default, and serves `@>`.
CREATE INDEX IF NOT EXISTS idx_plan_rate_structure_gin
    ON plan_catalog USING gin (rate_structure jsonb_path_ops);

-- Plans on sale with a share of renewable energy at least.
CREATE INDEX IF NOT EXISTS idx_active_plans
    ON plan_catalog (renewable_percentage)
    WHERE is_active;

ANALYZE;
