//! Request bodies, and what is wrong with them in our own words.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::domain::upload::{self, Entry, UploadError, UsageUpload};
use crate::error::Error;

/// A body of JSON.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let Json(value) = Json::from_request(request, state).await?;
        Ok(Self(value))
    }
}

/// Readings, as JSON or as CSV.
#[derive(Debug)]
pub struct UploadBody(pub Vec<Entry>);

impl<S: Send + Sync> FromRequest<S> for UploadBody {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("text/csv") {
            let body = Bytes::from_request(request, state).await?;
            return Ok(Self(upload::parse_csv(&body)?));
        }
        let JsonBody(UsageUpload { readings }) = JsonBody::from_request(request, state).await?;
        Ok(Self(readings))
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        of_status(rejection.status(), rejection.body_text())
    }
}

impl From<BytesRejection> for Error {
    fn from(rejection: BytesRejection) -> Self {
        of_status(rejection.status(), rejection.body_text())
    }
}

impl From<UploadError> for Error {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Malformed(words) => Self::BadRequest(words),
            UploadError::Invalid(words) => Self::Invalid(words),
        }
    }
}

fn of_status(status: StatusCode, words: String) -> Error {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Error::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Error::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => Error::Invalid(words),
        _ => Error::BadRequest(words),
    }
}
