//! `/api/v1/auth`: for anyone.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};

use crate::auth::{ClientAddress, Kind};
use crate::db;
use crate::domain::account::{Credentials, Email, NewAccount, RefreshRequest, Registration, Session};
use crate::domain::id::UserId;
use crate::error::{Error, ErrorResponse};
use crate::extract::JsonBody;
use crate::state::AppState;

/// A session that no cache on the way keeps (RFC 6749, section 5.1).
type NotStored = ([(HeaderName, HeaderValue); 1], Json<Session>);

fn session(state: &AppState, id: UserId) -> Result<NotStored, Error> {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(([no_store], Json(state.auth.tokens.session(id)?)))
}

/// Makes an account and signs in.
#[utoipa::path(post, path = "/api/v1/auth/register", tag = "auth", request_body = Registration, responses(
    (status = 201, description = "The account is made", body = Session),
    (status = 400, description = "The body is not JSON", body = ErrorResponse),
    (status = 409, description = "There is an account for this email", body = ErrorResponse),
    (status = 413, description = "The body is too large", body = ErrorResponse),
    (status = 415, description = "The body is not declared as JSON", body = ErrorResponse),
    (status = 422, description = "A field is missing or out of bounds", body = ErrorResponse),
    (status = 429, description = "Too many attempts from this address", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn register(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    JsonBody(form): JsonBody<Registration>,
) -> Result<(StatusCode, NotStored), Error> {
    let mut account = NewAccount::try_from(form).map_err(Error::Invalid)?;
    // Each costs a hash and tells whether there is an account: an address may not do it without end.
    state.auth.attempts.take(None, address)?;
    let id = UserId::random();
    let made = async {
        let hash = state.auth.passwords.hash(std::mem::take(&mut account.password)).await?;
        db::accounts::create(&state.db, &id, &account, &hash).await
    };
    made.await.inspect_err(|e| {
        if !matches!(e, Error::Conflict(_)) {
            state.auth.attempts.give_back(None, address);
        }
    })?;
    Ok((StatusCode::CREATED, session(&state, id)?))
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = Credentials, responses(
    (status = 200, description = "Signed in", body = Session),
    (status = 400, description = "The body is not JSON", body = ErrorResponse),
    (status = 401, description = "Email or password is wrong", body = ErrorResponse),
    (status = 413, description = "The body is too large", body = ErrorResponse),
    (status = 415, description = "The body is not declared as JSON", body = ErrorResponse),
    (status = 422, description = "A field is missing", body = ErrorResponse),
    (status = 429, description = "Too many failed attempts for this account or from this address", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn login(
    State(state): State<AppState>,
    ClientAddress(address): ClientAddress,
    JsonBody(Credentials { email, password }): JsonBody<Credentials>,
) -> Result<NotStored, Error> {
    // What is no address has no account either: the answer is the same.
    let email = Email::parse(&email).map_err(|_| Error::WrongCredentials)?;
    state.auth.attempts.take(Some(&email), address)?;
    match authenticate(&state, &email, password).await {
        Ok(id) => {
            state.auth.attempts.succeeded(&email, address);
            session(&state, id)
        }
        Err(Error::WrongCredentials) => Err(Error::WrongCredentials),
        // Nothing was learned from it, and it is no fault of the caller's.
        Err(failure) => {
            state.auth.attempts.give_back(Some(&email), address);
            Err(failure)
        }
    }
}

/// Whose address and password these are.
async fn authenticate(state: &AppState, email: &Email, password: String) -> Result<UserId, Error> {
    let account = db::accounts::by_email(&state.db, email).await?;
    let (id, hash) = account.map_or((None, None), |account| (Some(account.user_id), account.password_hash));
    // Also without an account, so that the time tells nothing.
    let right = state.auth.passwords.verify(password, hash).await?;
    id.filter(|_| right).ok_or(Error::WrongCredentials)
}

/// Trades a refresh token for new tokens.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshRequest, responses(
    (status = 200, description = "New tokens", body = Session),
    (status = 400, description = "The body is not JSON", body = ErrorResponse),
    (status = 401, description = "The token is not ours or has expired, or the account is gone", body = ErrorResponse),
    (status = 413, description = "The body is too large", body = ErrorResponse),
    (status = 415, description = "The body is not declared as JSON", body = ErrorResponse),
    (status = 422, description = "A field is missing", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn refresh(
    State(state): State<AppState>,
    JsonBody(RefreshRequest { refresh_token }): JsonBody<RefreshRequest>,
) -> Result<NotStored, Error> {
    let id = state.auth.tokens.read(&refresh_token, Kind::Refresh).ok_or(Error::Unauthorized)?;
    if !db::accounts::exists(&state.db, &id).await? {
        return Err(Error::Unauthorized);
    }
    session(&state, id)
}
