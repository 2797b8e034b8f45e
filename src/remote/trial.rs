//! A version that nobody has met yet is asked before viewers are led to it.

use std::time::Duration;

use super::functions::{Answer, Functions};
use crate::error::{Class, Error, Result};

/// What every API answers: whether it can serve.
pub const HEALTH: &str = "/health";

/// How much of an answer is shown, in characters.
const SHOWN: usize = 300;

/// The first answer of `version` to `GET path` that is no failure of the server, else the last one: it is asked again
/// after each of the `pauses`.
pub async fn ask(functions: &dyn Functions, version: &str, path: &str, pauses: &[Duration]) -> Result<Answer> {
    let mut answer = functions.ask(version, path).await?;
    for pause in pauses {
        if answer.status < 500 {
            break;
        }
        tokio::time::sleep(*pause).await;
        answer = functions.ask(version, path).await?;
    }
    Ok(answer)
}

/// Fails unless the answer to `GET path` says that it went well.
pub fn succeeded(version: &str, path: &str, answer: Answer) -> Result<Answer> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    let text: String = String::from_utf8_lossy(&answer.body).chars().take(SHOWN).collect();
    Err(unfit(version, &format!("GET {path} answered {}: {text}", answer.status)))
}

/// The failure of a version that must not meet viewers.
#[must_use]
pub fn unfit(version: &str, why: &str) -> Error {
    Error::new(Class::Verification, "smoke-failed", format!("version {version} of the API does not work: {why}"))
        .help("viewers never met it, and the pages are as they were; its log group has what it wrote")
}
