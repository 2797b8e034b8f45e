//! What a client may store, and in which form it gets it.

use axum::body::Body;
use axum::http::Request;

use crate::support::{App, Reply};

const CATALOG: &str = "/api/v1/plans/catalog";

async fn ask(app: &App, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    app.send_for_bytes(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_catalogue_may_be_stored_and_is_confirmed_by_304() {
    let app = App::demo().await;
    let first = app.get(CATALOG).await;
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with("W/\"") && first.header("cache-control").contains("must-revalidate"));
    for tags in [etag.as_str(), &format!("\"other\", {etag}"), "*"] {
        let reply = ask(&app, CATALOG, &[("if-none-match", tags)]).await;
        assert_eq!((reply.status, reply.text.as_str(), reply.header("x-cache")), (304, "", "HIT-L1"), "{tags}");
        assert_eq!((reply.header("etag"), reply.header("vary")), (etag.as_str(), "accept-encoding"));
        assert!(reply.headers.get("content-type").is_none());
    }
    assert_eq!(ask(&app, CATALOG, &[("if-none-match", "W/\"other\"")]).await.status, 200);
    assert_ne!(app.get(&format!("{CATALOG}?page=2")).await.header("etag"), etag);
}

#[tokio::test]
async fn what_belongs_to_a_user_and_errors_are_not_stored() {
    let app = App::demo().await;
    for path in
        ["/api/v1/users/profile", "/api/v1/recommendations/user_123", "/api/v1/usage/history", "/api/v1/plans/x"]
    {
        let reply = app.get(path).await;
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        assert!(reply.headers.get("etag").is_none(), "{path}");
    }
}

#[tokio::test]
async fn documents_are_sent_in_the_smallest_form_that_is_accepted() {
    let app = App::demo().await;
    let plain = app.get(CATALOG).await;
    assert!(plain.headers.get("content-encoding").is_none());
    for (accepted, encoding) in [("gzip", "gzip"), ("br, gzip", "br"), ("br;q=0, gzip", "gzip"), ("identity", "")] {
        let reply = ask(&app, CATALOG, &[("accept-encoding", accepted)]).await;
        assert_eq!((reply.header("content-encoding"), reply.header("etag")), (encoding, plain.header("etag")));
        assert_eq!(reply.text == plain.text, encoding.is_empty(), "{accepted}");
        assert!(encoding.is_empty() || reply.text.len() * 3 < plain.text.len(), "{accepted}");
    }
}

#[tokio::test]
async fn what_is_made_of_cached_values_is_compressed_too() {
    let app = App::demo().await;
    for path in ["/openapi.json", "/api/v1/usage/history?months=24", "/api/v1/usage/analysis"] {
        let plain = app.get(path).await;
        assert_eq!(plain.header("content-type"), "application/json", "{path}");
        for encoding in ["gzip", "br"] {
            let reply = ask(&app, path, &[("accept-encoding", encoding)]).await;
            assert_eq!(reply.header("content-encoding"), encoding, "{path}");
            assert_ne!(reply.text, plain.text, "{path}");
        }
    }
    let etag = app.get("/openapi.json").await.header("etag").to_owned();
    assert_eq!(ask(&app, "/openapi.json", &[("if-none-match", &etag)]).await.status, 304);
}

#[tokio::test]
async fn a_header_may_come_in_several_lines() {
    let app = App::demo().await;
    let reply = ask(&app, CATALOG, &[("accept-encoding", "identity"), ("accept-encoding", "br")]).await;
    assert_eq!(reply.header("content-encoding"), "br");
    let etag = reply.header("etag").to_owned();
    let reply = ask(&app, CATALOG, &[("if-none-match", "\"other\""), ("if-none-match", &etag)]).await;
    assert_eq!(reply.status, 304);
}

#[tokio::test]
async fn no_callers_headers_are_replayed_to_another() {
    let app = App::demo().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let first = ask(
        &app,
        CATALOG,
        &[("origin", "https://one.example"), ("cookie", "session=1"), ("x-request-id", "one"), ("traceparent", trace)],
    )
    .await;
    assert_eq!(
        (first.header("x-cache"), first.header("x-request-id"), first.header("traceparent")),
        ("MISS", "one", trace)
    );
    let second = ask(&app, CATALOG, &[("origin", "https://two.example")]).await;
    assert_eq!(second.header("x-cache"), "HIT-L1");
    for name in ["access-control-allow-origin", "set-cookie", "traceparent"] {
        assert!(second.headers.get(name).is_none(), "{name}");
    }
    assert_ne!(second.header("x-request-id"), "one");
    assert!(!format!("{:?}", second.headers).contains("one.example"));
}
