//! A response in parts that can be compared: a name, and what was found.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::requests::Request;
use crate::support::http::Reply;

/// `status` → `200`, `body` → its digest, `etag` → there, …
pub type Answer = BTreeMap<String, String>;

/// Headers of which only the presence can be compared: two servers never stamp alike.
const STAMPS: [&str; 5] = ["date", "etag", "last-modified", "via", "x-request-id"];

/// What says something of a connection, of a cache (which ministack does not have), or of who answered and when.
const OF_THE_SERVER: [&str; 5] = ["age", "connection", "transfer-encoding", "x-amz-cf-id", "x-amz-cf-pop"];

/// Longest body that is shown rather than hashed.
const SHOWN: usize = 200;

pub fn answer(reply: &Reply, request: &Request) -> Answer {
    let mut answer = Answer::new();
    answer.insert("status".to_owned(), reply.status.to_string());
    for (name, value) in &reply.headers {
        let name = name.to_ascii_lowercase();
        // The length of a body that is there is compared with the body.
        if OF_THE_SERVER.contains(&&*name) || (name == "content-length" && request.method != "HEAD") {
            continue;
        }
        let value = match value.as_str() {
            _ if STAMPS.contains(&&*name) => "there",
            "Hit from cloudfront" | "RefreshHit from cloudfront" if name == "x-cache" => "Miss from cloudfront",
            value => value,
        };
        let all = answer.entry(name).or_default();
        *all = if all.is_empty() { value.to_owned() } else { format!("{all} | {value}") };
    }
    match serde_json::from_slice::<serde_json::Value>(&reply.body) {
        Ok(echo) if request.target.starts_with("/api/echo") && echo["headers"].is_object() => {
            echoed(&mut answer, &echo);
        }
        _ => {
            answer.insert("body".to_owned(), shown(&reply.body));
        }
    }
    answer
}

/// What the API saw of the request.
fn echoed(answer: &mut Answer, echo: &serde_json::Value) {
    for part in ["method", "url", "size", "sha256"] {
        answer.insert(format!("api saw {part}"), echo[part].to_string());
    }
    for (name, value) in echo["headers"].as_object().into_iter().flatten() {
        answer.insert(format!("api saw {name}"), value.as_str().unwrap_or_default().to_owned());
    }
}

fn shown(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= SHOWN || text.starts_with('<') => text.to_owned(),
        _ => format!("{} bytes, {}", body.len(), hex::encode(&Sha256::digest(body)[..8])),
    }
}
