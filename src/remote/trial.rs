//! A version that nobody has met yet is asked before viewers are led to it.

use std::time::Duration;

use super::functions::{Answer, Functions};
use crate::error::{Class, Error, Result};

/// What every API answers: whether it can serve. One that says `degraded` can, without its database or its cache.
const HEALTH: &str = "/health";

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

/// Fails unless `version` is as healthy as the one `before` it, which viewers meet: what only one of the two lacks is no
/// outage, but its own code's or its own settings' doing.
pub async fn require_health(functions: &dyn Functions, version: &str, before: &str, pauses: &[Duration]) -> Result<()> {
    let mut answer = succeeded(version, HEALTH, ask(functions, version, HEALTH, pauses).await?)?;
    for pause in pauses {
        if !is_degraded(&answer) {
            return Ok(());
        }
        tokio::time::sleep(*pause).await;
        answer = succeeded(version, HEALTH, functions.ask(version, HEALTH).await?)?;
    }
    if !is_degraded(&answer) {
        return Ok(());
    }
    let met = ask(functions, before, HEALTH, pauses).await?;
    if is_placeholder(&met) || is_success(&met) && !is_degraded(&met) {
        let why = format!("GET {HEALTH} answered, as version {before} does not: {}", shown(&answer));
        return Err(unfit(version, &why));
    }
    Ok(())
}

fn is_degraded(answer: &Answer) -> bool {
    let health = serde_json::from_slice::<serde_json::Value>(&answer.body);
    health.is_ok_and(|health| health["status"] == "degraded")
}

/// Whether nothing was deployed yet, so that an outage of what viewers meet is no excuse.
fn is_placeholder(answer: &Answer) -> bool {
    let error = serde_json::from_slice::<serde_json::Value>(&answer.body);
    error.is_ok_and(|document| document["error"]["code"] == "not_deployed")
}

fn is_success(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

fn shown(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).chars().take(SHOWN).collect()
}

/// Fails unless the answer to `GET path` says that it went well.
pub fn succeeded(version: &str, path: &str, answer: Answer) -> Result<Answer> {
    if is_success(&answer) {
        return Ok(answer);
    }
    Err(unfit(version, &format!("GET {path} answered {}: {}", answer.status, shown(&answer))))
}

/// The failure of a version that must not meet viewers.
#[must_use]
pub fn unfit(version: &str, why: &str) -> Error {
    Error::new(Class::Verification, "smoke-failed", format!("version {version} of the API does not work: {why}"))
        .help("viewers never met it, and the pages are as they were; its log group has what it wrote")
}
