//! The closed list of what a request can fail with, and the status that each has.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::middleware;

/// Why a request failed. Cheap to clone: callers that wait for one cache fill share its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// 400: the request cannot be read.
    #[error("{0}")]
    BadRequest(String),
    /// 401: nobody is logged in.
    #[error("log in to see this")]
    Unauthorized,
    /// 401: nobody signs in with that.
    #[error("email or password is wrong")]
    WrongCredentials,
    /// 403: it belongs to somebody else.
    #[error("this belongs to another user")]
    Forbidden,
    /// 403: it did not come through the distribution.
    #[error("this address answers only what comes through its CDN")]
    NotThroughCdn,
    /// 404: there is no such thing.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// 405: the route has no such method.
    #[error("this route does not support that method")]
    MethodNotAllowed,
    /// 409: it exists already.
    #[error("{0}")]
    Conflict(&'static str),
    /// 413: the body is longer than the route takes.
    #[error("the request body is too large")]
    PayloadTooLarge,
    /// 415: the body is not in a form that the route reads.
    #[error("the Content-Type is not one that this route reads")]
    UnsupportedMediaType,
    /// 422: the request can be read, but a value is out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// 429: too many failed attempts.
    #[error("too many attempts, try again in {} minutes", .retry_after.div_ceil(60))]
    TooManyRequests {
        /// When to try again, in seconds.
        retry_after: u64,
    },
    /// 500: our mistake.
    #[error("something went wrong on our side")]
    Internal(Arc<str>),
    /// 503: the database does not answer, or not in time.
    #[error("the service cannot reach its data at the moment, try again shortly")]
    Unavailable(Arc<str>),
}

/// How long a client should wait before it tries again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// What every failed request gets.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorResponse {
    /// What went wrong.
    pub error: ErrorBody,
}

/// What went wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// For programs, for example `not_found`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The response's X-Request-Id, by which the log can be searched.
    pub request_id: String,
}

impl Error {
    const fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad_request"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::WrongCredentials => (StatusCode::UNAUTHORIZED, "wrong_credentials"),
            Self::Forbidden | Self::NotThroughCdn => (StatusCode::FORBIDDEN, "forbidden"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_value"),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        }
    }

    /// What the log says and the client does not see.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Internal(detail) | Self::Unavailable(detail) => Some(detail),
            _ => None,
        }
    }
}

/// The log says what the client does not see.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        if let Some(detail) = self.detail() {
            let _request = middleware::span().entered();
            tracing::error!(status = status.as_u16(), detail, "request failed");
        }
        let error = ErrorBody { code, message: self.to_string(), request_id: middleware::id() };
        let mut response = (status, Json(ErrorResponse { error })).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized | Self::WrongCredentials => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::TooManyRequests { retry_after } => {
                headers.insert(header::RETRY_AFTER, retry_after.into());
            }
            Self::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            _ => {}
        }
        response
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::BadRequest(rejection.body_text())
    }
}

/// What comes from the network, the pool or the server's state is an outage; everything else is a mistake of ours.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let outage = match &error {
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::Protocol(_) => true,
            // Connection exceptions, insufficient resources, operator intervention (shutdown, statement timeout),
            // system errors; a server that only reads, as a standby or during a failover: PostgreSQL manual, appendix A.
            E::Database(database) => database
                .code()
                .is_some_and(|code| ["08", "53", "57", "58", "25006"].iter().any(|class| code.starts_with(class))),
            _ => false,
        };
        let detail = error.to_string().into();
        if outage { Self::Unavailable(detail) } else { Self::Internal(detail) }
    }
}
