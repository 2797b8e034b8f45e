//! Requests and answers as a function URL hands them to a function and takes them from it: payload format 2.0.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::remote::functions::Answer;

/// The host that the request seems to be for. Of a viewer's request Lambda itself sets the function URL's host, which
/// nobody can change over HTTP: so the API knows this caller as one whom IAM lets invoke the function.
const DOMAIN: &str = "smoke.internal";

/// Ends the head of an answer that was streamed: what follows is the body.
/// <https://docs.aws.amazon.com/lambda/latest/dg/response-streaming.html>
const HEAD_END: [u8; 8] = [0; 8];

/// `GET path`, a path with its query.
pub fn event(path: &str) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parameters: Map<String, Value> =
        url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into())).collect();
    let agent = concat!("treebeard-cdn/", env!("CARGO_PKG_VERSION"));
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "host": DOMAIN, "user-agent": agent, "accept": "*/*", "x-forwarded-proto": "https", "x-forwarded-port": "443" },
        "queryStringParameters": parameters,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "smoke",
            "domainName": DOMAIN,
            "domainPrefix": "smoke",
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": agent },
            "requestId": "smoke",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/1970:00:00:00 +0000",
            "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status_code: u16,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// What a viewer would get. What is no answer in the format is a body: Lambda makes a 200 of it.
pub fn answer(payload: Vec<u8>) -> Answer {
    let streamed = payload.windows(HEAD_END.len()).position(|window| window == HEAD_END);
    let head = streamed.map_or(&payload[..], |end| &payload[..end]);
    let Ok(head) = serde_json::from_slice::<Head>(head) else { return Answer { status: 200, body: payload } };
    let body = match (streamed, head.body) {
        (Some(end), _) => payload[end + HEAD_END.len()..].to_vec(),
        (None, Some(body)) if head.is_base64_encoded => BASE64_STANDARD.decode(&body).unwrap_or_else(|_| body.into()),
        (None, body) => body.unwrap_or_default().into(),
    };
    Answer { status: head.status_code, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &[u8]) -> (u16, String) {
        let answer = answer(payload.to_vec());
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    #[test]
    fn answers_are_buffered_encoded_streamed_or_plain() {
        for (payload, status, body) in [
            (&br#"{"statusCode":503,"headers":{"a":"b"},"body":"no"}"#[..], 503, "no"),
            (br#"{"statusCode":200,"body":"aGVsbG8=","isBase64Encoded":true}"#, 200, "hello"),
            (br#"{"statusCode":204}"#, 204, ""),
            (b"{\"statusCode\":404,\"headers\":{},\"cookies\":[]}\0\0\0\0\0\0\0\0gone", 404, "gone"),
            (br#"{"paths":{}}"#, 200, r#"{"paths":{}}"#),
            (b"\"text\"", 200, "\"text\""),
        ] {
            assert_eq!(read(payload), (status, body.to_owned()));
        }
    }

    #[test]
    fn a_query_is_no_part_of_the_path() {
        let event = event("/api/v1/plans?zip_code=78701&plan%20type=a+b");
        assert_eq!(
            (&event["rawPath"], &event["rawQueryString"]),
            (&json!("/api/v1/plans"), &json!("zip_code=78701&plan%20type=a+b"))
        );
        assert_eq!(event["queryStringParameters"], json!({ "zip_code": "78701", "plan type": "a b" }));
        assert_eq!(event["requestContext"]["domainName"], DOMAIN);
    }
}
