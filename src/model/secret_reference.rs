//! Where the value of a secret is kept: what a configuration names in the place of the value.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A secret by its name: `ssm:/site/database-url` or `secretsmanager:site/jwt`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretReference {
    /// A parameter of Systems Manager's Parameter Store.
    Parameter(String),
    /// A secret of Secrets Manager.
    Secret(String),
}

/// What was written is no reference. It is not repeated: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no reference to a secret")]
pub struct NoReference;

/// Longest name of a parameter (Systems Manager API Reference, `PutParameter`), its ARN included.
const LONGEST_PARAMETER: usize = 1011;

/// Longest name of a secret (Secrets Manager API Reference, `CreateSecret`).
const LONGEST_SECRET: usize = 512;

impl FromStr for SecretReference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        let plain = |name: &str, more: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
        match text.split_once(':') {
            Some(("ssm", name)) if is_parameter(name) && plain(name, "_.-/") => Ok(Self::Parameter(name.to_owned())),
            Some(("secretsmanager", name)) if (1..=LONGEST_SECRET).contains(&name.len()) && plain(name, "/_+=.@-") => {
                Ok(Self::Secret(name.to_owned()))
            }
            _ => Err(NoReference),
        }
    }
}

/// In a hierarchy a name starts with a slash; names of AWS's own start with `aws` or `ssm`.
fn is_parameter(name: &str) -> bool {
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    let is_path = !name.contains('/') || (name.starts_with('/') && !name.contains("//") && !name.ends_with('/'));
    (1..=LONGEST_PARAMETER).contains(&name.len()) && is_path && !first.starts_with("aws") && !first.starts_with("ssm")
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(name) => write!(f, "ssm:{name}"),
            Self::Secret(name) => write!(f, "secretsmanager:{name}"),
        }
    }
}

impl Serialize for SecretReference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::SecretReference;

    #[test]
    fn references_are_read_and_written_alike() {
        for text in ["ssm:/site/production/url", "ssm:url", "secretsmanager:site/jwt", "secretsmanager:a+b=c@d"] {
            assert_eq!(text.parse::<SecretReference>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "",
            "ssm:",
            "ssm:/",
            "ssm:a/b",
            "ssm:/a//b",
            "ssm:/aws/x",
            "ssm:a*",
            "secretsmanager:",
            "postgres://u:p@h/d",
            "vault:x",
        ] {
            assert!(text.parse::<SecretReference>().is_err(), "{text}");
        }
    }
}
