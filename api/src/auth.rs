//! Who is calling.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::domain::id::UserId;
use crate::error::Error;
use crate::state::AppState;

/// The user that a request without a token is, in demo mode.
pub const DEMO_USER: &str = "user_123";

/// How callers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AuthMode {
    /// Whoever sends no token is `user_123`. Only on a loopback address.
    Demo,
    /// By token.
    Jwt,
}

/// The user who is calling. Routes that take it answer 401 to everybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub UserId);

impl Caller {
    /// Lets the caller through to what belongs to `owner`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when that is somebody else.
    pub fn must_be(&self, owner: &UserId) -> Result<(), Error> {
        if self.0 == *owner { Ok(()) } else { Err(Error::Forbidden) }
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        match state.auth {
            AuthMode::Demo if !parts.headers.contains_key(header::AUTHORIZATION) => {
                UserId::try_from(DEMO_USER.to_owned()).map(Self).map_err(|_| Error::Unauthorized)
            }
            AuthMode::Demo | AuthMode::Jwt => Err(Error::Unauthorized),
        }
    }
}
