-- Accounts that people sign in to, what a switch of plan costs, and the days of use by date first.

-- NULL: nobody can sign in, as with the demo's users. Otherwise Argon2id in the PHC string format.
ALTER TABLE users ADD COLUMN password_hash TEXT;
-- Addresses are compared in one form.
ALTER TABLE users ADD CONSTRAINT users_email_lower CHECK (email = lower(email));

ALTER TABLE recommended_plans
    ADD COLUMN switching_cost_cents BIGINT NOT NULL DEFAULT 0 CHECK (switching_cost_cents >= 0),
    -- NULL: lower bills never pay for the switch.
    ADD COLUMN break_even_months INTEGER CHECK (break_even_months >= 0);

-- The date first, which finds who used anything lately; idx_usage_user_date, of the next migration, finds a user's days.
ALTER TABLE usage_history DROP CONSTRAINT usage_history_pkey;
ALTER TABLE usage_history ADD PRIMARY KEY (usage_date, user_id);

-- What a removed plan is looked up by, and which plans are recommended most.
CREATE INDEX idx_current_plans_plan ON current_plans (plan_id);
CREATE INDEX idx_recommended_plans_plan ON recommended_plans (plan_id);
