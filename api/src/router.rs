//! All routes on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::routing::{get, post};

use crate::admin;
use crate::auth::guarded;
use crate::error::Error;
use crate::middleware::Observe;
use crate::openapi;
use crate::routes::{auth, health, plans, recommendations, usage, users};
use crate::state::AppState;

/// The longest request body, in bytes: an upload of a thousand readings has some 80 KB.
const MAX_BODY: usize = 256 * 1024;

/// The service.
pub fn router(state: AppState) -> Router {
    let origin = state.auth.origin.clone();
    let observe = Observe::new(Arc::clone(&state.metrics), state.writes.clone());
    // Whole paths rather than nested routers, which would take each request's address apart twice.
    let routes = Router::new()
        .route("/api/v1/plans/catalog", get(plans::catalog))
        .route("/api/v1/plans/{plan_id}", get(plans::plan))
        .route("/api/v1/recommendations/{user_id}", get(recommendations::for_user))
        .route("/api/v1/recommendations/generate", post(recommendations::generate))
        .route("/api/v1/users/profile", get(users::profile))
        .route("/api/v1/users/preferences", get(users::preferences).put(users::set_preferences.layer(body_limit())))
        .route("/api/v1/usage/history", get(usage::history))
        .route("/api/v1/usage/analysis", get(usage::analysis))
        .route("/api/v1/usage/upload", post(usage::upload).layer(body_limit()))
        .route("/api/v1/auth/register", post(auth::register).layer(body_limit()))
        .route("/api/v1/auth/login", post(auth::login).layer(body_limit()))
        .route("/api/v1/auth/refresh", post(auth::refresh).layer(body_limit()))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(admin::metrics))
        .route("/openapi.json", get(openapi::serve))
        .fallback(async || Error::NotFound("route"))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .with_state(state);
    guarded(routes, origin).layer(observe)
}

fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MAX_BODY)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::{Cache, Policy, Settings};
    use crate::metrics::Metrics;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use sqlx::postgres::PgPoolOptions;
    use tokio_util::task::TaskTracker;
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
        let observe = Observe::new(Arc::new(Metrics::new(cache, pool)), TaskTracker::new());
        let response = Router::new().route("/", get(panics)).layer(observe).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-request-id"], "from-the-edge");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = r#"{"error":{"code":"internal","message":"something went wrong on our side","request_id":"from-the-edge"}}"#;
        assert_eq!(body, expected);
    }
}
