//! The event that CloudFront gives a viewer-request function, and what the function answers.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html>

use std::{collections::BTreeMap, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use serde::{Deserialize, Serialize};

use super::body::{Body, full};

/// What the function decided.
pub enum Verdict {
    /// Go on with this URI.
    Forward(String),
    /// Send this to the viewer.
    Respond(Response<Body>),
}

#[derive(Serialize)]
struct Event<'a> {
    version: &'static str,
    context: EventContext,
    viewer: Viewer,
    request: EventRequest<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventContext {
    event_type: &'static str,
}

#[derive(Serialize)]
struct Viewer {
    ip: IpAddr,
}

#[derive(Serialize)]
struct EventRequest<'a> {
    method: &'a str,
    uri: &'a str,
    querystring: BTreeMap<&'a str, Field<'a>>,
    headers: BTreeMap<&'a str, Field<'a>>,
    cookies: BTreeMap<&'a str, Field<'a>>,
}

/// A query parameter, header or cookie: the first value, and all of them when there are several.
#[derive(Serialize)]
struct Field<'a> {
    value: &'a str,
    #[serde(rename = "multiValue", skip_serializing_if = "Vec::is_empty")]
    multi_value: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    value: &'a str,
}

/// The event for a request, as JSON.
pub fn event(request: &Parts, viewer: IpAddr) -> serde_json::Result<String> {
    let headers = request.headers.iter().filter(|(name, _)| *name != header::COOKIE);
    let cookies = request.headers.get_all(header::COOKIE).iter().flat_map(|value| text(value).split(';'));
    let parameters = request.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    serde_json::to_string(&Event {
        version: "1.0",
        context: EventContext { event_type: "viewer-request" },
        viewer: Viewer { ip: viewer },
        request: EventRequest {
            method: request.method.as_str(),
            uri: request.uri.path(),
            querystring: fields(parameters.map(pair)),
            headers: fields(headers.map(|(name, value)| (name.as_str(), text(value)))),
            cookies: fields(cookies.map(|cookie| pair(cookie.trim()))),
        },
    })
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn pair(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or((text, ""))
}

fn fields<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, Field<'a>> {
    let mut fields: BTreeMap<&str, Field> = BTreeMap::new();
    for (name, value) in pairs {
        match fields.get_mut(name) {
            None => {
                fields.insert(name, Field { value, multi_value: Vec::new() });
            }
            Some(field) => {
                if field.multi_value.is_empty() {
                    field.multi_value.push(One { value: field.value });
                }
                field.multi_value.push(One { value });
            }
        }
    }
    fields
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    uri: Option<String>,
    status_code: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, ReplyField>,
    body: Option<ReplyBody>,
}

#[derive(Deserialize)]
struct ReplyField {
    value: String,
}

#[derive(Deserialize)]
struct ReplyBody {
    data: String,
}

/// Reads the function's reply: a response when it has a status code, else the request to go on with.
/// None when it is neither. Of a request only the URI counts: the bucket is sent nothing else.
pub fn verdict(json: &str) -> Option<Verdict> {
    let reply: Reply = serde_json::from_str(json).ok()?;
    let Some(status) = reply.status_code else { return reply.uri.map(Verdict::Forward) };
    let body = reply.body.map(|body| Bytes::from(body.data)).unwrap_or_default();
    let mut response = Response::new(full(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    *response.headers_mut() = headers(reply.headers)?;
    Some(Verdict::Respond(response))
}

fn headers(fields: BTreeMap<String, ReplyField>) -> Option<HeaderMap> {
    fields
        .into_iter()
        .map(|(name, field)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(field.value.as_bytes()).ok()?))
        })
        .collect()
}
