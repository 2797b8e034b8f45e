-- Savings are against a current plan: where none is known, there are none, and nothing to break even with.

-- NULL: no current plan is known.
ALTER TABLE recommended_plans ALTER COLUMN annual_savings_cents DROP NOT NULL;

UPDATE recommended_plans SET annual_savings_cents = NULL, break_even_months = NULL
WHERE user_id NOT IN (SELECT user_id FROM current_plans);
