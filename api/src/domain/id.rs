//! Opaque ids: at most 64 characters of `[A-Za-z0-9_-]`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest id, in characters.
pub const MAX_LENGTH: usize = 64;

/// Why a text is not an id.
#[derive(Debug, thiserror::Error)]
#[error("an id has 1 to {MAX_LENGTH} characters of A-Z, a-z, 0-9, _ and -")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId)
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names a plan, for example `plan_0042`.
    PlanId
);
id!(
    /// Names a user, for example `user_123`.
    UserId
);

impl UserId {
    /// An id that nobody has: 128 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("user_{:032x}", fastrand::u128(..)))
    }
}
