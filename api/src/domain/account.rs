//! What an account is made of, and what a person signs in with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::UserId;

/// The shortest password, in characters (NIST SP 800-63B-4 asks for 15 where it is the only factor, 8 at the least).
pub const MIN_PASSWORD: usize = 10;
/// The longest, in characters.
pub const MAX_PASSWORD: usize = 256;
const MAX_EMAIL: usize = 254;
const MAX_NAME: usize = 100;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Mail address, the name of the account.
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = "^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$",
        example = "alex@example.com"
    )]
    pub email: String,
    /// 10 to 256 characters.
    #[schema(min_length = 10, max_length = 256, format = Password)]
    pub password: String,
    /// Display name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Five digits.
    #[schema(pattern = "^[0-9]{5}$", example = "77002")]
    pub zip_code: String,
}

/// What a person signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Mail address.
    #[schema(max_length = 254)]
    pub email: String,
    /// The password.
    #[schema(max_length = 256, format = Password)]
    pub password: String,
}

/// Asks for new tokens.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token of an earlier answer.
    #[schema(max_length = 2048)]
    pub refresh_token: String,
}

/// What a signed-in client holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Whose.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Gets a new session from `/auth/refresh`.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u64,
}

/// A mail address in the form that is compared and stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Trims, lowers and checks an address: one `@`, a domain with a dot, printable ASCII. Whether mail arrives there
    /// is not known until some is sent.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim().to_ascii_lowercase();
        let plain =
            text.len() <= MAX_EMAIL && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&b));
        let domain_ok = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        match text.split_once('@') {
            Some((local, domain)) if plain && !local.is_empty() && !domain.contains('@') && domain_ok(domain) => {
                Ok(Self(text))
            }
            _ => Err("email must be a mail address"),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A [`Registration`] whose fields are in bounds.
pub struct NewAccount {
    /// Mail address.
    pub email: Email,
    /// The password, not yet hashed.
    pub password: String,
    /// Display name.
    pub name: String,
    /// Five digits.
    pub zip_code: String,
}

impl TryFrom<Registration> for NewAccount {
    type Error = String;

    fn try_from(form: Registration) -> Result<Self, String> {
        let email = Email::parse(&form.email)?;
        if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&form.password.chars().count()) {
            return Err(format!("password must have {MIN_PASSWORD} to {MAX_PASSWORD} characters"));
        }
        let name = form.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(format!("name must have 1 to {MAX_NAME} characters"));
        }
        if !is_zip_code(&form.zip_code) {
            return Err("zip_code must be five digits".to_owned());
        }
        Ok(Self { email, password: form.password, name: name.to_owned(), zip_code: form.zip_code })
    }
}

/// Five digits.
#[must_use]
pub fn is_zip_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_one_form() {
        assert_eq!(Email::parse(" Alex@Example.COM ").unwrap().as_str(), "alex@example.com");
        for bad in [
            "",
            "alex",
            "@example.com",
            "alex@",
            "alex@example",
            "a@b@example.com",
            "a b@example.com",
            "a@example..com",
            "a\r\nBcc:x@example.com",
            "ä@example.com",
            "<a>@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn a_form_is_checked_field_by_field() {
        let form = |password: &str, name: &str, zip_code: &str| {
            let text = |text: &str| text.to_owned();
            let form = Registration {
                email: text("a@example.com"),
                password: text(password),
                name: text(name),
                zip_code: text(zip_code),
            };
            NewAccount::try_from(form).map(|account| account.name)
        };
        assert_eq!(form("correct horse", "  Alex  ", "77002").unwrap(), "Alex");
        assert!(form("short", "Alex", "77002").unwrap_err().starts_with("password"));
        assert!(form(&"ä".repeat(256), "Alex", "77002").is_ok(), "characters, not bytes");
        assert!(form(&"a".repeat(257), "Alex", "77002").unwrap_err().starts_with("password"));
        assert!(form("correct horse", " ", "77002").unwrap_err().starts_with("name"));
        assert!(form("correct horse", "A\nB", "77002").unwrap_err().starts_with("name"));
        assert!(form("correct horse", "Alex", "7700x").unwrap_err().starts_with("zip_code"));
    }
}
