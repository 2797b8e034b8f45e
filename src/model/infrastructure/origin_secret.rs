//! The secret by which the API knows that a request came through the distribution.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::model::digest::Digest;

/// Stands for the digest of a secret that is made while the steps are carried out.
pub const NEW_SECRET: &str = "${new-secret}";

/// The header in which the distribution sends the secret to the API.
pub const SECRET_HEADER: &str = "X-Origin-Verify";

/// A secret. It exists in the distribution's settings and, while they are written, here; everything else has its
/// digest.
#[derive(Clone, PartialEq, Eq)]
pub struct OriginSecret(String);

impl OriginSecret {
    /// The secret that random bytes make.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random))
    }

    /// What stands for it everywhere else: its SHA-256 in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        Self::digest_of(&self.0)
    }

    /// The digest of a secret's value.
    #[must_use]
    pub fn digest_of(value: &str) -> String {
        Digest::of(value.as_bytes()).to_string()
    }

    /// Its value, for the one request that sets it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OriginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::OriginSecret;

    #[test]
    fn a_secret_fits_a_header_and_is_not_shown() {
        let secret = OriginSecret::new([0xfb; 32]);
        assert_eq!(secret.reveal().len(), 43);
        assert!(secret.reveal().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert_eq!(secret.digest().len(), 64);
    }
}
