//! All routes on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::admin;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::middleware::{observe, panicked};
use crate::openapi;
use crate::routes::{auth, health, plans, recommendations, usage, users};
use crate::state::AppState;

/// The longest request body, in bytes: an upload of a thousand readings has some 80 KB.
const MAX_BODY: usize = 256 * 1024;

/// The service.
pub fn router(state: AppState) -> Router {
    let v1 = Router::new()
        .route("/plans/catalog", get(plans::catalog))
        .route("/plans/{plan_id}", get(plans::plan))
        .route("/recommendations/{user_id}", get(recommendations::for_user))
        .route("/recommendations/generate", post(recommendations::generate))
        .route("/users/profile", get(users::profile))
        .route("/users/preferences", get(users::preferences).put(users::set_preferences))
        .route("/usage/history", get(usage::history))
        .route("/usage/analysis", get(usage::analysis))
        .route("/usage/upload", post(usage::upload))
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .layer(DefaultBodyLimit::max(MAX_BODY));

    let metrics = Arc::clone(&state.metrics);
    let routes = Router::new()
        .nest("/api/v1", v1)
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(admin::metrics))
        .route("/openapi.json", get(openapi::serve))
        .fallback(async || Error::NotFound("route"))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(state);
    observed(routes, metrics)
}

/// What every response goes through, those of panics included.
fn observed(routes: Router, metrics: Arc<Metrics>) -> Router {
    routes.layer(CatchPanicLayer::custom(panicked)).layer(from_fn_with_state(metrics, observe))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::{Cache, Policy, Settings};
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use sqlx::postgres::PgPoolOptions;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_a_500_that_says_nothing_of_the_inside() {
        async fn panics() {
            panic!("the password is hunter2");
        }
        let policy = Policy { default_ttl: Duration::ZERO, stale_if_error: Duration::ZERO };
        let settings = Settings { max_bytes: 0, policy, redis: None };
        let request = Request::get("/").header("x-request-id", "from-the-edge").body(Body::empty()).unwrap();
        let cache = Cache::connect(&settings).await;
        let pool = PgPoolOptions::new().connect_lazy("postgres://localhost").unwrap();
        let metrics = Arc::new(Metrics::new(cache, pool));
        let response = observed(Router::new().route("/", get(panics)), metrics).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-request-id"], "from-the-edge");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = r#"{"error":{"code":"internal","message":"something went wrong on our side","request_id":"from-the-edge"}}"#;
        assert_eq!(body, expected);
    }
}
