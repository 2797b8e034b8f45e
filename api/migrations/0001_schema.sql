-- The tables of TreeBeard. Money is in US cents. Ids are opaque text of at most 64 characters.

CREATE TABLE suppliers (
    supplier_id TEXT PRIMARY KEY CHECK (length(supplier_id) <= 64),
    name        TEXT NOT NULL UNIQUE,
    rating      NUMERIC(2, 1) NOT NULL CHECK (rating BETWEEN 0 AND 5)
);

CREATE TABLE plan_catalog (
    plan_id                     TEXT PRIMARY KEY CHECK (length(plan_id) <= 64),
    supplier_id                 TEXT NOT NULL REFERENCES suppliers,
    plan_name                   TEXT NOT NULL,
    description                 TEXT NOT NULL,
    plan_type                   TEXT NOT NULL CHECK (plan_type IN ('residential', 'ev', 'business')),
    rate_type                   TEXT NOT NULL CHECK (rate_type IN ('fixed', 'tiered', 'time_of_use', 'variable')),
    rate_structure              JSONB NOT NULL CHECK (rate_structure ->> 'type' = rate_type),
    -- What a typical household pays a kWh; derived from rate_structure, stored so that the catalogue sorts by it.
    average_cents_per_kwh       DOUBLE PRECISION NOT NULL CHECK (average_cents_per_kwh >= 0),
    monthly_fee_cents           INTEGER NOT NULL CHECK (monthly_fee_cents >= 0),
    connection_fee_cents        INTEGER NOT NULL CHECK (connection_fee_cents >= 0),
    contract_length_months      INTEGER NOT NULL CHECK (contract_length_months >= 0),
    early_termination_fee_cents INTEGER NOT NULL CHECK (early_termination_fee_cents >= 0),
    renewable_percentage        INTEGER NOT NULL CHECK (renewable_percentage BETWEEN 0 AND 100),
    -- Three-digit ZIP code prefixes.
    available_regions           TEXT[] NOT NULL,
    is_active                   BOOLEAN NOT NULL DEFAULT true
);

CREATE INDEX idx_plan_catalog_supplier ON plan_catalog (supplier_id);

CREATE TABLE users (
    user_id    TEXT PRIMARY KEY CHECK (length(user_id) <= 64),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL UNIQUE,
    zip_code   TEXT NOT NULL CHECK (zip_code ~ '^[0-9]{5}$'),
    created_at TIMESTAMPTZ NOT NULL
);

-- What matters to a user, in percent.
CREATE TABLE preferences (
    user_id         TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    cost            INTEGER NOT NULL CHECK (cost >= 0),
    flexibility     INTEGER NOT NULL CHECK (flexibility >= 0),
    renewables      INTEGER NOT NULL CHECK (renewables >= 0),
    supplier_rating INTEGER NOT NULL CHECK (supplier_rating >= 0),
    CHECK (cost + flexibility + renewables + supplier_rating = 100)
);

CREATE TABLE current_plans (
    user_id          TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    plan_id          TEXT NOT NULL REFERENCES plan_catalog,
    started_on       DATE NOT NULL,
    contract_ends_on DATE,
    CHECK (contract_ends_on >= started_on)
);

-- One row a day: what was used, and what it cost on the plan of that day.
CREATE TABLE usage_history (
    user_id    TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    usage_date DATE NOT NULL,
    kwh        NUMERIC(9, 3) NOT NULL CHECK (kwh >= 0),
    cost_cents NUMERIC(10, 2) NOT NULL CHECK (cost_cents >= 0),
    PRIMARY KEY (user_id, usage_date)
);

CREATE TABLE recommendations (
    user_id      TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    generated_at TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL CHECK (expires_at > generated_at),
    PRIMARY KEY (user_id, generated_at)
);

CREATE TABLE recommended_plans (
    user_id                     TEXT NOT NULL,
    generated_at                TIMESTAMPTZ NOT NULL,
    rank                        INTEGER NOT NULL CHECK (rank > 0),
    plan_id                     TEXT NOT NULL REFERENCES plan_catalog,
    score                       DOUBLE PRECISION NOT NULL CHECK (score BETWEEN 0 AND 100),
    -- The parts of the score: cost, flexibility, renewables, supplier.
    scores                      JSONB NOT NULL,
    projected_annual_cost_cents BIGINT NOT NULL CHECK (projected_annual_cost_cents >= 0),
    annual_savings_cents        BIGINT NOT NULL,
    reasons                     TEXT[] NOT NULL,
    risk_flags                  TEXT[] NOT NULL,
    PRIMARY KEY (user_id, generated_at, rank),
    FOREIGN KEY (user_id, generated_at) REFERENCES recommendations ON DELETE CASCADE
);

-- Which version of the demo data this database holds, so that a restart need not write it again.
CREATE TABLE demo_data (
    version   INTEGER PRIMARY KEY,
    seeded_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
