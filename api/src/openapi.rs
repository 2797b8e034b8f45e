//! The OpenAPI document, generated from the handlers. `api/openapi.json` is a copy of it that a test keeps up to date.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue};
use axum::response::IntoResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::cache::{Cached, Namespace, Source};
use crate::error::Error;
use crate::routes::{auth, health, plans, recommendations, usage, users};

/// The document.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "TreeBeard API", description = "Energy plans, and which of them suits whom. Money is in US cents."),
    paths(
        plans::catalog,
        plans::plan,
        recommendations::for_user,
        recommendations::generate,
        users::profile,
        users::preferences,
        users::set_preferences,
        usage::history,
        usage::analysis,
        usage::upload,
        auth::register,
        auth::login,
        auth::refresh,
        health::health,
        health::live,
        health::ready,
    ),
    modifiers(&Bearer)
)]
pub struct Document;

/// How callers are told apart.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document as it is stored in `api/openapi.json`.
///
/// # Errors
/// When it cannot be written as JSON, which its types rule out.
pub fn json() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json().map(|text| text + "\n")
}

/// The commit that the service was built from, where `GIT_COMMIT` said so when it was compiled.
pub const COMMIT: Option<&str> = option_env!("GIT_COMMIT");
/// Where a response says so: the document itself is the same from one commit to the next.
const X_API_COMMIT: HeaderName = HeaderName::from_static("x-api-commit");

/// `GET /openapi.json`: written and compressed once. The service's version is the document's, in `info`.
///
/// # Errors
/// As [`json`].
pub async fn serve() -> Result<impl IntoResponse, Error> {
    static DOCUMENT: LazyLock<Result<Cached, Error>> =
        LazyLock::new(|| Cached::made(&Document::openapi(), Namespace::Response, Source::L1));
    let commit = COMMIT.map(|commit| [(X_API_COMMIT, HeaderValue::from_static(commit))]);
    Ok((commit, DOCUMENT.clone()?))
}
