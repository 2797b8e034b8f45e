//! JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256.
//!
//! A token says whose it is, what it is for (its audience) and until when. Nothing is stored about it: a refresh token
//! is good until it expires, for as long as the account exists.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp};
use serde::{Deserialize, Serialize};

use super::hs256;
use crate::domain::account::Session;
use crate::domain::id::UserId;
use crate::error::Error;

/// The shortest secret, in bytes: as long as the hash (RFC 7518, section 3.2).
pub const MIN_SECRET: usize = 32;
/// How long an access token holds, in seconds.
pub const ACCESS_SECONDS: u64 = 15 * 60;
/// How long a refresh token holds, in seconds.
pub const REFRESH_SECONDS: u64 = 30 * 24 * 3600;
/// The longest token that is looked at, in bytes; ours have about 250.
const MAX_TOKEN: usize = 2048;
const ISSUER: &str = "treebeard-api";

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads and writes what is the user's.
    Access,
    /// Gets new tokens, and nothing else.
    Refresh,
}

impl Kind {
    const fn audience(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }

    const fn seconds(self) -> u64 {
        match self {
            Self::Access => ACCESS_SECONDS,
            Self::Refresh => REFRESH_SECONDS,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: u64,
    exp: u64,
}

/// Signs and reads tokens.
pub struct Tokens {
    signing: EncodingKey,
    reading: DecodingKey,
}

impl Tokens {
    /// With a secret of [`MIN_SECRET`] bytes or more.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        hs256::install();
        Self { signing: EncodingKey::from_secret(secret), reading: DecodingKey::from_secret(secret) }
    }

    /// With a secret that nobody knows.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn with_random_secret() -> Result<Self, String> {
        let mut secret = [0; MIN_SECRET];
        getrandom::fill(&mut secret).map_err(|e| format!("no random numbers: {e}"))?;
        Ok(Self::new(&secret))
    }

    /// What a user who signs in now gets.
    ///
    /// # Errors
    /// When a token cannot be signed, which its types rule out.
    pub fn session(&self, user_id: UserId) -> Result<Session, Error> {
        Ok(Session {
            access_token: self.issue(&user_id, Kind::Access)?,
            refresh_token: self.issue(&user_id, Kind::Refresh)?,
            user_id,
            token_type: "Bearer",
            expires_in: ACCESS_SECONDS,
        })
    }

    fn issue(&self, user: &UserId, kind: Kind) -> Result<String, Error> {
        let now = get_current_timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: kind.audience().to_owned(),
            sub: user.clone(),
            iat: now,
            exp: now + kind.seconds(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing)
            .map_err(|e| Error::Internal(e.to_string().into()))
    }

    /// Whose token it is; `None` when it is not ours, not of that kind, or has expired.
    #[must_use]
    pub fn read(&self, token: &str, kind: Kind) -> Option<UserId> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0; // the clock that signed it is the one that reads it
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[kind.audience()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        decode::<Claims>(token, &self.reading, &validation).ok().map(|token| token.claims.sub)
    }
}

/// Says nothing of the secret.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_purpose_its_secret_and_its_time_only() {
        let tokens = Tokens::new(&[7; MIN_SECRET]);
        let user = UserId::try_from("user_7".to_owned()).unwrap();
        let session = tokens.session(user.clone()).unwrap();
        assert_eq!(tokens.read(&session.access_token, Kind::Access), Some(user.clone()));
        assert_eq!(tokens.read(&session.refresh_token, Kind::Refresh), Some(user));
        assert_eq!(tokens.read(&session.access_token, Kind::Refresh), None);
        assert_eq!(tokens.read(&session.refresh_token, Kind::Access), None);
        assert_eq!(Tokens::new(&[8; MIN_SECRET]).read(&session.access_token, Kind::Access), None);
        assert_eq!(Tokens::with_random_secret().unwrap().read(&session.access_token, Kind::Access), None);
    }
}
