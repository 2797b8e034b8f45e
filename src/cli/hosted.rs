//! An API that is hosted elsewhere: looked at before the pages that need it are published.

use crate::{
    apply::api::require_routes,
    config::{Config, Target},
    error::{Class, Error, Result},
    model::{api::ApiRecord, openapi::Document},
    verify::{Address, get},
};

const OPENAPI: &str = "/openapi.json";

/// What a release records of the API at `api_origin`, where something says what the pages need of it. Fails when it
/// lacks that.
pub async fn record(config: &Config, wanted: Option<&Document>) -> Result<Option<ApiRecord>> {
    let (Some(wanted), Target::Aws(aws)) = (wanted, &config.target) else { return Ok(None) };
    let Some(origin) = &aws.api_origin else { return Ok(None) };
    let url = format!("{origin}{OPENAPI}");
    let (status, body) =
        get(&Address::parse(origin)?, OPENAPI).await.map_err(|cause| unusable(&format!("{url}: {cause}")))?;
    if status != 200 {
        return Err(unusable(&format!("{url} answered {status}")));
    }
    let offered = Document::read(&body).map_err(|cause| unusable(&format!("{url} is no OpenAPI document: {cause}")))?;
    require_routes(&offered.operations.lacking(&wanted.operations), &format!("the API at {origin}"))?;
    Ok(Some(ApiRecord { version: offered.version, openapi: Some(offered.digest), ..ApiRecord::default() }))
}

fn unusable(why: &str) -> Error {
    Error::new(Class::Verification, "api-unknown", format!("what the API offers cannot be seen: {why}"))
        .help("the pages are as they were; have the API serve its document there, or take `api.openapi` out of the configuration")
}
