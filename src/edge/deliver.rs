//! An object as the answer to one request: whole, in part, or only the news that it has not changed.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::{
    answer::text,
    body::{Body, full, streamed},
    bucket::Bucket,
    conditional,
    object::{Content, Object},
    range::{Selection, select},
};
use crate::error::Result;

/// Headers of the body, which a response without one does not have.
const OF_THE_BODY: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::ACCEPT_RANGES];

/// The response; none when the object's bytes are no longer the described ones.
pub async fn deliver(
    bucket: &Bucket,
    object: &Object,
    method: &Method,
    request: &HeaderMap,
) -> Result<Option<Response<Body>>> {
    let size = object.size();
    let validators = object.validators();
    if validators.as_ref().is_some_and(|current| conditional::is_refused(request, current)) {
        return Ok(Some(refused(StatusCode::PRECONDITION_FAILED)));
    }
    if validators.as_ref().is_some_and(|current| conditional::is_not_modified(request, current)) {
        return Ok(Some(not_modified(object)));
    }
    let selection = match &validators {
        Some(current) if *method == Method::GET && conditional::is_same_version(request, current) => {
            select(request.get(header::RANGE).and_then(|range| range.to_str().ok()), size)
        }
        _ => Selection::Whole,
    };
    let (status, part) = match selection {
        Selection::Whole => (object.status, 0..size),
        Selection::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Selection::Unsatisfiable => {
            let mut response = refused(StatusCode::RANGE_NOT_SATISFIABLE);
            insert(response.headers_mut(), header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(Some(response));
        }
    };
    let body = match (&object.content, &object.info) {
        (Content::Held(bytes), _) => {
            let index = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
            full(bytes.slice(index(part.start)..index(part.end)))
        }
        (Content::InBucket(key), Some(info)) => match bucket.open(key, info, part.clone()).await? {
            Some(stream) => streamed(stream, part.end - part.start),
            None => return Ok(None),
        },
        (Content::InBucket(_), None) => return Ok(None),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().clone_from(&object.headers);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        insert(response.headers_mut(), header::CONTENT_RANGE, &range);
    }
    Ok(Some(response))
}

/// As any error, it says nothing of the object.
fn refused(status: StatusCode) -> Response<Body> {
    text(status, format!("{status}\n"))
}

fn not_modified(object: &Object) -> Response<Body> {
    let mut response = Response::new(full(""));
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().clone_from(&object.headers);
    for name in OF_THE_BODY {
        response.headers_mut().remove(name);
    }
    response
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
