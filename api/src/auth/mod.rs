//! Who is calling: tokens, passwords, and how often somebody may guess.

mod attempts;
mod client;
mod hs256;
mod origin;
mod password;
mod token;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::domain::id::UserId;
use crate::error::Error;
use crate::state::AppState;
pub use attempts::Attempts;
pub use client::{ClientAddress, X_FORWARDED_FOR};
pub use origin::{DirectInvocation, ORIGIN_VERIFY, OriginSecrets, guarded};
pub use password::Passwords;
pub use token::{ACCESS_SECONDS, Kind, MIN_SECRET, REFRESH_SECONDS, Tokens};

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

/// What it takes to know a caller; cheap to clone.
#[derive(Debug, Clone)]
pub struct Auth {
    /// How callers are told apart.
    pub mode: AuthMode,
    /// Signs and reads tokens.
    pub tokens: Arc<Tokens>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Counts guesses.
    pub attempts: Attempts,
    /// How many proxies of ours stand before the service, each of which adds to X-Forwarded-For.
    pub trusted_proxies: usize,
    /// What the distribution before the service proves itself with; without, everybody may call.
    pub origin: Option<OriginSecrets>,
}

impl Auth {
    /// With the secret that signs tokens. Without one, demo mode makes its own, for as long as the process lives.
    ///
    /// # Errors
    /// A sentence for the operator: the secret is too short, or is missing where tokens are all there is.
    pub fn new(mode: AuthMode, secret: Option<&str>, trusted_proxies: usize) -> Result<Self, String> {
        let tokens = match (secret, mode) {
            (Some(secret), _) if secret.len() >= MIN_SECRET => Tokens::new(secret.as_bytes()),
            (Some(_), _) => return Err(format!("JWT_SECRET must have {MIN_SECRET} bytes at least")),
            (None, AuthMode::Demo) => Tokens::with_random_secret()?,
            (None, AuthMode::Jwt) => return Err("set JWT_SECRET: it signs what users log in with".to_owned()),
        };
        let (passwords, attempts) = (Passwords::default(), Attempts::default());
        Ok(Self { mode, tokens: Arc::new(tokens), passwords, attempts, trusted_proxies, origin: None })
    }
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
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let user = match (values.next(), values.next()) {
            (None, _) if state.auth.mode == AuthMode::Demo => UserId::try_from(DEMO_USER.to_owned()).ok(),
            (Some(value), None) => {
                value.to_str().ok().and_then(bearer).and_then(|t| state.auth.tokens.read(t, Kind::Access))
            }
            // Two headers: whichever were taken, a proxy may have taken the other.
            _ => None,
        };
        user.map(Self).ok_or(Error::Unauthorized)
    }
}

/// The token of `Bearer <token>` (RFC 6750; the scheme's case does not matter).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}
