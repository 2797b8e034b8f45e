//! The OpenAPI document, generated from the handlers. `api/openapi.json` is a copy of it that a test keeps up to date.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use utoipa::OpenApi;

use crate::routes::{health, plans, recommendations, usage, users};

/// The document.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "TreeBeard API", description = "Energy plans, and which of them suits whom. Money is in US cents."),
    paths(
        plans::catalog,
        plans::plan,
        recommendations::for_user,
        users::profile,
        usage::history,
        health::health,
        health::live,
        health::ready,
    )
)]
pub struct Document;

/// The document as it is stored in `api/openapi.json`.
///
/// # Errors
/// When it cannot be written as JSON, which its types rule out.
pub fn json() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json().map(|text| text + "\n")
}

/// `GET /openapi.json`.
pub async fn serve() -> impl IntoResponse {
    let cache_control = HeaderValue::from_static("public, max-age=300");
    ([(header::CACHE_CONTROL, cache_control)], Json(Document::openapi()))
}
