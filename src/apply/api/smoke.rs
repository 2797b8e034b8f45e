//! Tries a version out before viewers meet it.

use std::time::Duration;

use super::Change;
use crate::{
    error::{Class, Error, Result},
    model::openapi::{Document, Operation, Operations},
    remote::{
        functions::Answer,
        trial::{self, require_health, succeeded, unfit},
    },
};

/// What every API answers, beside whether it can serve: what it offers.
const OPENAPI: &str = "/openapi.json";

/// Pauses between tries. A version that has just come to be opens its connections with the first one.
const PAUSES: [Duration; 2] = [Duration::from_secs(1); 2];

/// Fails unless the version is healthy, has the operations that the pages need, and answers the reads.
pub async fn try_out(change: &Change, version: &str) -> Result<Option<Document>> {
    require_health(change.functions.as_ref(), version, &change.before.version, &PAUSES).await?;
    let document = document(change, version).await?;
    for path in &change.reads {
        require(change, version, path).await?;
    }
    Ok(document)
}

/// The version's OpenAPI document, unless it has none and no page needs one.
pub async fn document(change: &Change, version: &str) -> Result<Option<Document>> {
    let answer = match ask(change, version, OPENAPI).await? {
        missing if missing.status == 404 && change.needs.is_empty() => return Ok(None),
        answer => succeeded(version, OPENAPI, answer)?,
    };
    let document = Document::read(&answer.body)
        .map_err(|cause| unfit(version, &format!("{OPENAPI} is no OpenAPI document: {cause}")))?;
    require_routes(&document.operations.lacking(&change.needs), &format!("version {version} of the API"))?;
    Ok(Some(document))
}

/// Fails when the version, whose document says what is `offered`, lacks an operation of the version that viewers meet.
/// One that does not say what it has holds up none that works.
pub async fn require_kept_routes(change: &Change, version: &str, offered: Option<&Document>) -> Result<()> {
    let before = &change.before.version;
    let answer = ask(change, before, OPENAPI).await?;
    let document = Some(answer).filter(|it| it.status == 200).and_then(|it| Document::read(&it.body).ok());
    let Some(Document { operations: met, .. }) = document else { return Ok(()) };
    let none = Operations::default();
    let lacking = offered.map_or(&none, |document| &document.operations).lacking(&met);
    if lacking.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = lacking.iter().map(ToString::to_string).collect();
    let message = format!(
        "version {version} of the API lacks routes of version {before}, which viewers meet: {}",
        names.join(", ")
    );
    Err(Error::new(Class::Brake, "api-drops-routes", message)
        .help("viewers never met it, and the pages are as they were; keep the routes until no page that viewers may have open needs them, or deploy with --allow-breaking; to go back to an earlier release, use `treebeard-cdn rollback`")
        .details(serde_json::json!({ "routes": names })))
}

/// Fails when `holder` lacks operations that the pages need.
pub fn require_routes(lacking: &[&Operation], holder: &str) -> Result<()> {
    if lacking.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = lacking.iter().map(ToString::to_string).collect();
    let message = format!("the pages need routes that {holder} does not have: {}", names.join(", "));
    Err(Error::new(Class::Brake, "api-lacks-routes", message)
        .help("the pages are as they were; deploy an API that has these routes, or generate the pages' client from the document of this one (`api.openapi`)")
        .details(serde_json::json!({ "routes": names })))
}

async fn require(change: &Change, version: &str, path: &str) -> Result<()> {
    succeeded(version, path, ask(change, version, path).await?).map(drop)
}

async fn ask(change: &Change, version: &str, path: &str) -> Result<Answer> {
    trial::ask(change.functions.as_ref(), version, path, &PAUSES).await
}
