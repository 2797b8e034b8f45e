//! Accounts: who may sign in.

use sqlx::{FromRow, PgPool};

use super::corrupt;
use crate::domain::account::{Email, NewAccount};
use crate::domain::id::UserId;
use crate::domain::user::Preferences;
use crate::error::Error;

/// What signing in is checked against.
pub struct Account {
    /// Whose.
    pub user_id: UserId,
    /// In the PHC string format; `None` where nobody can sign in.
    pub password_hash: Option<String>,
}

#[derive(FromRow)]
struct Row {
    user_id: String,
    password_hash: Option<String>,
}

/// Makes an account with the default preferences.
///
/// # Errors
/// [`Error::Conflict`] when there is one for that address.
pub async fn create(pool: &PgPool, id: &UserId, account: &NewAccount, password_hash: &str) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let inserted = sqlx::query(
        "INSERT INTO users (user_id, name, email, zip_code, created_at, password_hash) \
         VALUES ($1, $2, $3, $4, now(), $5) ON CONFLICT (email) DO NOTHING",
    )
    .bind(id.as_str())
    .bind(&account.name)
    .bind(account.email.as_str())
    .bind(&account.zip_code)
    .bind(password_hash)
    .execute(&mut *tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Err(Error::Conflict("there is an account for this email"));
    }
    let Preferences { cost, flexibility, renewables, supplier_rating } = Preferences::DEFAULT;
    sqlx::query(
        "INSERT INTO preferences (user_id, cost, flexibility, renewables, supplier_rating) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.as_str())
    .bind(cost.cast_signed())
    .bind(flexibility.cast_signed())
    .bind(renewables.cast_signed())
    .bind(supplier_rating.cast_signed())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The account of a mail address.
pub async fn by_email(pool: &PgPool, email: &Email) -> Result<Option<Account>, Error> {
    let query = sqlx::query_as("SELECT user_id, password_hash FROM users WHERE email = $1").bind(email.as_str());
    let row: Option<Row> = query.fetch_optional(pool).await?;
    row.map(|row| {
        let user_id = UserId::try_from(row.user_id).map_err(corrupt)?;
        Ok(Account { user_id, password_hash: row.password_hash })
    })
    .transpose()
}

/// Whether a user is still there.
pub async fn exists(pool: &PgPool, id: &UserId) -> Result<bool, Error> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM users WHERE user_id = $1)");
    Ok(query.bind(id.as_str()).fetch_one(pool).await?)
}
